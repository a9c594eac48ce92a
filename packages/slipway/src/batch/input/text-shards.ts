// Text files as one row of blocks: heads are read and taken off, and must be the same in every file.

import { SlipwayError } from "@slipway/core/base";
import { batchError } from "../errors.ts";
import type { Broken } from "../run/messages.ts";
import { csvHead, type CsvHead } from "./csv-head.ts";
import { bytesOf, type InputFile } from "./sources.ts";
import { cutFile, type FileBlock } from "./cut-file.ts";
import { endOfRecords, splitRecords } from "./split.ts";

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

export function blocksOf(files: readonly InputFile[], head: CsvHead | undefined, blockBytes: number): AsyncGenerator<Block>;
export function blocksOf(files: readonly InputFile[], head: CsvHead | undefined, blockBytes: number, skip: SkipBroken | undefined): AsyncGenerator<Block | { readonly broken: Broken }>;
/** `head`: of CSV. `skip`: what cannot be read to its end is told where it breaks, behind its last whole record. */
export async function* blocksOf(files: readonly InputFile[], head: CsvHead | undefined, blockBytes: number, skip?: SkipBroken): AsyncGenerator<Block | { readonly broken: Broken }> {
  const delimiter = head?.delimiter.charCodeAt(0);
  for (const file of files) {
    let broken: Broken | undefined = file.broken === undefined ? undefined : { source: file.path, reason: file.broken };
    if (broken === undefined) {
      const onBroken = skip === undefined ? undefined : (reason: string): void => void (broken = { source: file.path, reason });
      const blocks = isPlain(file) ? plainBlocks(file, head, blockBytes) : streamBlocks(file, head, blockBytes, onBroken);
      for await (const { bytes, from } of untilBroken(blocks, onBroken)) {
        const known = skip?.();
        if (known?.source === file.path) {
          broken = known;
          break;
        }
        // The rest of a record says nothing, or something else.
        const whole = broken === undefined ? bytes : bytes.subarray(0, endOfRecords(bytes, delimiter));
        if (whole.length > 0) yield { bytes: whole, file, from };
      }
    }
    if (broken !== undefined) yield { broken };
  }
}

/** Can be read at any place. */
export function isPlain(file: InputFile): boolean {
  return file.compression === "none" && file.remote === undefined;
}

async function* plainBlocks(file: InputFile, head: CsvHead | undefined, blockBytes: number): AsyncGenerator<FileBlock> {
  let start = 0;
  if (head !== undefined && file.bytes > 0) {
    const own = await headOf(file, head.delimiter);
    sameHead(own, head, file.path);
    start = own.size;
  }
  yield* cutFile(file.path, start, { blockBytes, delimiter: head?.delimiter.charCodeAt(0) });
}

async function* streamBlocks(file: InputFile, head: CsvHead | undefined, blockBytes: number, onBroken: ((reason: string) => void) | undefined): AsyncGenerator<FileBlock> {
  let from = 0;
  const stream = untilBroken(head === undefined ? bytesOf(file) : withoutHead(file, head, (size) => (from = size)), onBroken);
  for await (const bytes of splitRecords(stream, { blockBytes, delimiter: head?.delimiter.charCodeAt(0) })) {
    yield { bytes, from };
    from += bytes.length;
  }
}

/** What is known of the next block: where a file broke before. */
export type SkipBroken = () => Broken | undefined;

async function* untilBroken<T>(stream: AsyncIterable<T>, onBroken: ((reason: string) => void) | undefined): AsyncGenerator<T> {
  try {
    yield* stream;
  } catch (error) {
    if (onBroken === undefined || !(error instanceof SlipwayError) || !BREAKS.has(error.code)) throw error;
    onBroken(error.message);
  }
}
/** What a file is broken by; another failure is not the file's. */
const BREAKS: ReadonlySet<string> = new Set(["batch-input-damaged", "batch-input-columns", "batch-source-unavailable", "batch-source-denied", "batch-input-missing"]);

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
    sameHead(head, expected, file.path);
    onHead(head.size);
    yield start.subarray(head.size);
    start = undefined;
  }
}

function sameHead(head: CsvHead, expected: CsvHead, path: string): void {
  if (head.names.join("\0") === expected.names.join("\0")) return;
  throw batchError("batch-input-columns", `${path} has other columns than the first file`, { where: path, hint: `The first file has ${expected.names.slice(0, 40).join(", ")}; this one has ${head.names.slice(0, 40).join(", ")}.` });
}
