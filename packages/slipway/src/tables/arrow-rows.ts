// Apache Arrow IPC, one record batch at a time: each is read as a stream of its own, with the schema and the dictionaries
// before it. A file has the stream behind its first eight bytes.

import type { FileHandle } from "node:fs/promises";
import { messageOf, readArrow, tableFailure } from "../server/decoding/index.ts";
import type { RowBatch } from "./batch.ts";
import { tablesError } from "./errors.ts";
import { tableRows } from "./table-rows.ts";

const MAX_FRAME = 512 << 20;
const MAX_DICTIONARIES = 256 << 20;
const END: Uint8Array<ArrayBuffer> = Uint8Array.from([255, 255, 255, 255, 0, 0, 0, 0]);
const SCHEMA = 1;
const DICTIONARY = 2;

/** @throws table-damaged, table-limit */
export async function* arrowRows(handle: FileHandle, size: number, isFile: boolean, file: string): AsyncGenerator<RowBatch> {
  let at = isFile ? 8 : 0;
  const before: Uint8Array[] = [];
  let held = 0;
  const read = async (from: number, length: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(length);
    const { bytesRead } = await handle.read(bytes, 0, length, from);
    return bytes.subarray(0, bytesRead);
  };
  while (at + 8 <= size) {
    const head = await read(at, 8);
    let head0: { metadata: number; start: number };
    let described: { kind: number; body: number };
    try {
      head0 = messageOf.frame(head);
      if (head0.metadata === 0) return;
      described = messageOf.describe(await read(at + head0.start, head0.metadata));
    } catch (error) {
      throw tableFailure("Arrow", error);
    }
    const { metadata, start } = head0;
    const { kind, body } = described;
    const length = start + metadata + body;
    if (length > MAX_FRAME) throw tablesError("table-limit", `a batch of the Arrow table has ${length} bytes; at most ${MAX_FRAME} are read at once`, { where: file, hint: "Write it in smaller record batches." });
    const frame = await read(at, length);
    at += length;
    if (kind === SCHEMA || kind === DICTIONARY) {
      before.push(frame);
      held += frame.length;
      if (held > MAX_DICTIONARIES) throw tablesError("table-limit", `the dictionaries of the Arrow table have more than ${MAX_DICTIONARIES} bytes`, { where: file });
      continue;
    }
    yield* tableRows(readArrow(Buffer.concat([...before, frame, END])));
  }
}
