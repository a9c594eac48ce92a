// gRPC's frames: a byte that says whether the message is compressed, its length as a big-endian 32-bit number, the message.
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md; compression: doc/compression.md there.

import { promisify } from "node:util";
import type { InputType, ZlibOptions } from "node:zlib";
import { serverError } from "../errors.ts";

export const PREFIX = 5;
/** Smaller answers gain nothing from compression. */
const MIN_COMPRESSED = 1024;

export type Encoding = "identity" | "gzip" | "deflate";
export const ACCEPTED = "identity,gzip,deflate";

type Codec = (bytes: InputType, options: ZlibOptions) => Promise<Buffer>;
/** Taken when the first message is compressed, for a quick start. */
function codec(name: "gunzip" | "inflate" | "gzip"): Codec {
  return promisify(process.getBuiltinModule("node:zlib")[name]) as Codec;
}

/** @throws SlipwayError body-encoding */
export function encodingOf(header: string | undefined): Encoding {
  if (header === undefined || header === "identity" || header === "gzip" || header === "deflate") return header ?? "identity";
  throw serverError("body-encoding", `the message encoding ${JSON.stringify(header.slice(0, 40))} is not understood`, { hint: "Send messages plain, or as gzip or deflate." });
}

/** @throws SlipwayError body-damaged, body-too-large, grpc-message */
export function readFrame(frame: Buffer, encoding: Encoding, limit: number): Buffer | Promise<Buffer> {
  const flag = frame[0]!;
  const message = frame.subarray(PREFIX);
  if (flag === 0) return message;
  if (flag !== 1) throw serverError("grpc-message", `a message begins with ${flag}, where 0 or 1 says whether it is compressed`);
  if (encoding === "identity") throw serverError("grpc-message", "a message is compressed, and the call did not say how", { hint: "Send grpc-encoding." });
  return codec(encoding === "gzip" ? "gunzip" : "inflate")(message, { maxOutputLength: limit }).catch((cause: Error & { code?: string }) => {
    if (cause.code === "ERR_BUFFER_TOO_LARGE") throw messageTooLarge(undefined, limit);
    throw serverError("body-damaged", `a message cannot be decompressed as ${encoding}`, { cause });
  });
}

export function messageTooLarge(size: number | undefined, limit: number): Error {
  return serverError("body-too-large", `a message of ${size ?? "more than that many"} bytes is larger than ${limit}, this server's limit`, { hint: "Send the rows in parts, or raise the limit." });
}

/** Fills in the five bytes that were left free before the message. */
export function finishFrame(frame: Buffer): Buffer {
  frame[0] = 0;
  frame.writeUInt32BE(frame.length - PREFIX, 1);
  return frame;
}
export async function compressFrame(frame: Buffer): Promise<Buffer> {
  if (frame.length < MIN_COMPRESSED) return frame;
  const small = await codec("gzip")(frame.subarray(PREFIX), { level: 1 });
  const out = Buffer.allocUnsafe(small.length + PREFIX);
  out[0] = 1;
  out.writeUInt32BE(small.length, 1);
  small.copy(out, PREFIX);
  return out;
}

/** Gathers the pieces of frames as they come. */
export class FrameReader {
  readonly #limit: number;
  #pieces: Buffer[] = [];
  #size = 0;
  constructor(limit: number) {
    this.#limit = limit;
  }
  get pending(): number {
    return this.#size;
  }
  push(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#size += piece.length;
  }
  /** The next frame that is there as a whole. @throws SlipwayError body-too-large */
  next(): Buffer | undefined {
    if (this.#size < PREFIX) return undefined;
    if (this.#pieces[0]!.length < PREFIX) this.#join();
    const first = this.#pieces[0]!;
    const length = first.readUInt32BE(1);
    if (length > this.#limit) throw messageTooLarge(length, this.#limit);
    const total = PREFIX + length;
    if (this.#size < total) return undefined;
    if (first.length < total) this.#join();
    const all = this.#pieces[0]!;
    const rest = all.subarray(total);
    if (rest.length > 0) this.#pieces[0] = rest;
    else this.#pieces.shift();
    this.#size -= total;
    return all.subarray(0, total);
  }
  #join(): void {
    this.#pieces = [Buffer.concat(this.#pieces, this.#size)];
  }
}
