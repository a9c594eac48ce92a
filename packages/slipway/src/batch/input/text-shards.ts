// Text files as one row of blocks: heads are read and taken off, and must be the same in every file.

import { batchError } from "../errors.ts";
import { csvHead, type CsvHead } from "./csv-head.ts";
import { bytesOf, type InputFile } from "./sources.ts";
import { splitRecords } from "./split.ts";

export interface Block {
  readonly bytes: Buffer;
  readonly file: InputFile;
  /** Where they begin in the file, decompressed. */
  readonly from: number;
}

/** Of the first file. Reads no further than its first line. @throws SlipwayError batch-input-damaged */
export async function headOf(file: InputFile, delimiter?: string): Promise<CsvHead> {
  let start = Buffer.alloc(0);
  for await (const piece of bytesOf(file)) {
    start = Buffer.concat([start, piece]);
    const head = csvHead(start, file.path, delimiter);
    if (head !== undefined) return head;
  }
  const head = start.length === 0 ? undefined : csvHead(Buffer.concat([start, Buffer.from("\n")]), file.path, delimiter);
  if (head === undefined) throw batchError("batch-input-damaged", `${file.path} is empty; its first line names the columns`, { where: file.path });
  return head;
}

/** `head`: of CSV. */
export async function* blocksOf(files: readonly InputFile[], head: CsvHead | undefined, blockBytes: number): AsyncGenerator<Block> {
  for (const file of files) {
    let from = 0;
    const stream = head === undefined ? bytesOf(file) : withoutHead(file, head, (size) => (from = size));
    for await (const bytes of splitRecords(stream, { blockBytes, delimiter: head?.delimiter.charCodeAt(0) })) {
      yield { bytes, file, from };
      from += bytes.length;
    }
  }
}

/** `onHead`: its size in this file. */
async function* withoutHead(file: InputFile, expected: CsvHead, onHead: (size: number) => void): AsyncGenerator<Uint8Array> {
  let start: Buffer | undefined = Buffer.alloc(0);
  for await (const piece of bytesOf(file)) {
    if (start === undefined) {
      yield piece;
      continue;
    }
    start = start.length === 0 ? Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength) : Buffer.concat([start, piece]);
    const head = csvHead(start, file.path, expected.delimiter);
    if (head === undefined) continue;
    if (head.names.join("\0") !== expected.names.join("\0")) {
      throw batchError("batch-input-columns", `${file.path} has other columns than the first file`, { where: file.path, hint: `The first file has ${expected.names.slice(0, 40).join(", ")}; this one has ${head.names.slice(0, 40).join(", ")}.` });
    }
    onHead(head.size);
    yield start.subarray(head.size);
    start = undefined;
  }
}
