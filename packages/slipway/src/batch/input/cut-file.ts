// A plain file as blocks of whole records, read into one buffer over and over: where the blocks are is what is wanted, and who
// scores them reads them again.

import { closeSync, openSync, readSync } from "node:fs";
import { batchError } from "../errors.ts";
import { endOfRecords, type SplitOptions } from "./split.ts";

export interface FileBlock {
  /** Good until the next one is asked for. */
  readonly bytes: Buffer;
  readonly from: number;
}

/** The same blocks as `splitRecords` gives of the file's bytes behind `start`. @throws SlipwayError batch-input-damaged */
export function* cutFile(path: string, start: number, { blockBytes, delimiter }: SplitOptions): Generator<FileBlock> {
  let buffer = Buffer.allocUnsafeSlow(blockBytes);
  const file = openSync(path, "r");
  try {
    for (let from = start, wanted = blockBytes; ; ) {
      if (wanted > buffer.length) buffer = Buffer.allocUnsafeSlow(wanted);
      const bytes = buffer.subarray(0, readAt(file, path, buffer.subarray(0, wanted), from));
      if (bytes.length === 0) return;
      if (bytes.length < wanted) return yield { bytes, from };
      const end = endOfRecords(bytes, delimiter);
      if (end > 0) yield { bytes: bytes.subarray(0, end), from };
      from += end;
      // A record that is longer than a block.
      wanted = end > 0 ? Math.max(blockBytes, wanted - end + 1) : wanted + blockBytes;
    }
  } finally {
    closeSync(file);
  }
}

/** How many bytes of `into` are read; fewer only at the file's end. */
function readAt(file: number, path: string, into: Buffer, from: number): number {
  let done = 0;
  try {
    while (done < into.length) {
      const count = readSync(file, into, done, into.length - done, from + done);
      if (count === 0) break;
      done += count;
    }
  } catch (cause) {
    throw batchError("batch-input-damaged", `${path} cannot be read to its end: ${(cause as Error).message}`, { where: path, cause });
  }
  return done;
}

/** Ranges of files, each in the place of the one before. */
export class RangeReader {
  #buffer: Buffer = Buffer.alloc(0);
  #open: { readonly path: string; readonly file: number } | undefined;

  /** Into `room`, where there is one; else good until the next one is asked for. @throws SlipwayError batch-input-damaged */
  read({ path, from, to }: { readonly path: string; readonly from: number; readonly to: number }, room?: Buffer): Buffer {
    if (this.#open?.path !== path) {
      if (this.#open !== undefined) closeSync(this.#open.file);
      this.#open = { path, file: openSync(path, "r") };
    }
    if (room === undefined && this.#buffer.length < to - from) this.#buffer = Buffer.allocUnsafeSlow(to - from);
    const bytes = (room ?? this.#buffer).subarray(0, to - from);
    if (readAt(this.#open.file, path, bytes, from) < bytes.length) throw batchError("batch-input-damaged", `${path} ends before the byte ${to}: it changed while it was read`, { where: path });
    return bytes;
  }
}
