// Tensors as bytes, and back: what this process and Python's say to each other (assets/python/worker.py). A message is four
// bytes of header length, four of body length, a JSON header, a body.

import { MISSING_STRING } from "@slipway/core/package";
import type { EngineData, EngineTensor } from "@slipway/core/predict";

export interface Frame {
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}
interface WrittenTensor {
  readonly name: string;
  readonly type: string;
  readonly dims: readonly number[];
  readonly at: number;
  readonly bytes: number;
}

const MISSING = 0xffffffff;
/** More is no answer of ours: lengths come from a process whose memory its model may have overwritten. */
const MAX_FRAME = 2 ** 31 - 1;

export function writeFrame(header: object, body: readonly Uint8Array[] = []): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.allocUnsafe(8);
  head.writeUInt32LE(json.length, 0);
  head.writeUInt32LE(body.reduce((n, b) => n + b.byteLength, 0), 4);
  return Buffer.concat([head, json, ...body]);
}

/** Puts pieces of a stream together to frames. */
export class FrameReader {
  readonly #pieces: Buffer[] = [];
  #length = 0;

  /** @throws Error where the lengths cannot be */
  push(piece: Buffer): Frame[] {
    this.#pieces.push(piece);
    this.#length += piece.length;
    const frames: Frame[] = [];
    for (;;) {
      const head = this.#length < 8 ? undefined : this.#peek(8);
      if (head === undefined) return frames;
      const header = head.readUInt32LE(0);
      const body = head.readUInt32LE(4);
      if (header + body > MAX_FRAME) throw new Error("a message of the process has no sound length");
      if (this.#length < 8 + header + body) return frames;
      const whole = this.#take(8 + header + body);
      frames.push({ header: JSON.parse(whole.toString("utf8", 8, 8 + header)) as Frame["header"], body: whole.subarray(8 + header) });
    }
  }

  #peek(count: number): Buffer {
    if (this.#pieces[0]!.length < count) this.#pieces.splice(0, this.#pieces.length, Buffer.concat(this.#pieces));
    return this.#pieces[0]!;
  }
  #take(count: number): Buffer {
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces.splice(0, this.#pieces.length, ...(all.length > count ? [all.subarray(count)] : []));
    this.#length -= count;
    return all.subarray(0, count);
  }
}

/** Rows of numbers and of texts. */
export function writeRows(feeds: Readonly<Record<string, EngineTensor>>): { readonly rows: number; readonly tensors: object[]; readonly body: Uint8Array[] } {
  const tensors: object[] = [];
  const body: Uint8Array[] = [];
  let at = 0;
  let rows = 0;
  for (const [name, { type, dims, data }] of Object.entries(feeds)) {
    rows = dims[0] ?? 0;
    const bytes = Array.isArray(data) ? writeStrings(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    tensors.push({ name, type, count: data.length, at, bytes: bytes.byteLength });
    body.push(bytes);
    at += bytes.byteLength;
  }
  return { rows, tensors, body };
}

function writeStrings(texts: readonly string[]): Uint8Array {
  const encoded = texts.map((t) => (t === MISSING_STRING ? undefined : Buffer.from(t, "utf8")));
  const lengths = Uint32Array.from(encoded, (e) => e?.length ?? MISSING);
  return Buffer.concat([new Uint8Array(lengths.buffer), ...encoded.filter((e) => e !== undefined)]);
}

const KINDS: Readonly<Record<string, (body: ArrayBuffer) => EngineData>> = {
  float64: (b) => new Float64Array(b), float32: (b) => new Float32Array(b), int64: (b) => new BigInt64Array(b), bool: (b) => new Uint8Array(b),
};
const WIDTH: Readonly<Record<string, number>> = { float64: 8, float32: 4, int64: 8, bool: 1 };

/** @throws Error for what no worker of ours writes */
export function readTensors({ header, body }: Frame): Record<string, EngineTensor> {
  const found: Record<string, EngineTensor> = {};
  for (const { name, type, dims, at, bytes } of header["tensors"] as WrittenTensor[]) {
    const count = dims.reduce((n, d) => n * d, 1);
    if (!Number.isSafeInteger(count) || at < 0 || bytes < 0 || at + bytes > body.length) throw new Error(`${name} lies outside its message`);
    const part = body.buffer.slice(body.byteOffset + at, body.byteOffset + at + bytes) as ArrayBuffer;
    if (type === "string") found[name] = { type, dims, data: readStrings(part, count) };
    else {
      const make = KINDS[type];
      if (make === undefined || bytes !== count * WIDTH[type]!) throw new Error(`${name} has ${bytes} bytes for ${count} values of type ${type}`);
      found[name] = { type, dims, data: make(part) };
    }
  }
  return found;
}

function readStrings(part: ArrayBuffer, count: number): string[] {
  if (count * 4 > part.byteLength) throw new Error("fewer texts than were announced");
  const lengths = new Uint32Array(part, 0, count);
  const bytes = Buffer.from(part);
  let at = count * 4;
  return Array.from(lengths, (length) => {
    if (length === MISSING) return MISSING_STRING;
    at += length;
    return bytes.toString("utf8", at - length, at);
  });
}
