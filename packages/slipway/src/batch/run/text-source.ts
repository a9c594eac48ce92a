// Text files as shards: blocks of whole records, CSV without its heads.

import type { CsvHead } from "../input/csv-head.ts";
import { batchError } from "../errors.ts";
import type { InputFile } from "../input/sources.ts";
import { recordEnd } from "../input/split.ts";
import { blocksOf, headOf, isPlain } from "../input/text-shards.ts";
import { isBucketAddress } from "../remote/bucket-address.ts";
import type { Source, SourceOptions, SourceWork } from "./source.ts";

/** @throws SlipwayError batch-input-damaged, batch-input-columns */
export async function textSource(options: SourceOptions, files: readonly InputFile[]): Promise<Source> {
  const csv = files[0]!.format !== "jsonl";
  const head = csv ? await firstHead(files, options) : undefined;
  const names = head?.names ?? options.columns ?? await firstNames(files, options);
  const total = files.reduce((n, f) => n + f.bytes, 0);
  return {
    shape: csv ? { kind: "csv", names, delimiter: head!.delimiter } : { kind: "jsonl", names },
    total, most: files.some((f) => f.compression !== "none") ? options.threads : Math.ceil(total / options.shardBytes), works: textWorks(files, head, options),
  };
}

/** Of the first file that has one. */
async function firstHead(files: readonly InputFile[], { delimiter, skipBroken }: SourceOptions): Promise<CsvHead> {
  for (const file of files) {
    if (file.broken !== undefined) continue;
    try {
      return await headOf(file, delimiter ?? (file.format === "tsv" ? "\t" : undefined));
    } catch (error) {
      if (skipBroken !== true) throw error;
    }
  }
  throw batchError("batch-input-damaged", "not one file of the input can be read", { where: files[0]!.path });
}

async function* textWorks(files: readonly InputFile[], head: CsvHead | undefined, { shardBytes, limit, skipBroken = false, broken: before }: SourceOptions): AsyncGenerator<SourceWork> {
  let shard = 0;
  let end = 0;
  let left = limit ?? Infinity;
  // Where a file broke that a run before read, it ends, though it may be whole now.
  const blocks = blocksOf(files, head, shardBytes, skipBroken ? () => before?.get(shard) : undefined);
  for await (const block of blocks) {
    if ("broken" in block) {
      yield { shard: shard++, broken: block.broken, end };
      continue;
    }
    const { bytes, file, from } = block;
    let taken = bytes;
    if (limit !== undefined) {
      taken = bytes.subarray(0, firstRecords(bytes, head?.delimiter.charCodeAt(0), left));
      left -= countRecords(taken, head?.delimiter.charCodeAt(0));
    }
    end += bytes.length;
    if (taken.length > 0) {
      if (isPlain(file)) yield { shard: shard++, text: { path: file.path, from, to: from + taken.length }, end };
      else {
        // A copy of its own, which the thread takes over.
        const own = new ArrayBuffer(taken.length);
        new Uint8Array(own).set(taken);
        yield { shard: shard++, bytes: own, end, ...placeOf(file, from, from + taken.length) };
      }
    }
    if (left <= 0) return;
  }
}

/** Where others can read the same. */
function placeOf({ path, compression, remote }: InputFile, from: number, to: number): Pick<SourceWork, "at"> {
  return compression !== "none" || remote?.version === undefined || !isBucketAddress(path) ? {} : { at: { file: path, from, to, version: remote.version } };
}

/** Behind so many records. */
function firstRecords(bytes: Buffer, delimiter: number | undefined, count: number): number {
  let at = 0;
  for (let i = 0; i < count && at < bytes.length; i++) at = nextRecord(bytes, at, delimiter);
  return at;
}
export function countRecords(bytes: Buffer, delimiter: number | undefined): number {
  let count = 0;
  for (let at = 0; at < bytes.length; count++) at = nextRecord(bytes, at, delimiter);
  return count;
}
function nextRecord(bytes: Buffer, at: number, delimiter: number | undefined): number {
  const next = delimiter === undefined ? bytes.indexOf(0x0a, at) + 1 : recordEnd(bytes, at, delimiter);
  return next <= at ? bytes.length : next;
}

/** The names of the first record, for what is kept of JSON lines. */
async function firstNames(files: readonly InputFile[], { skipBroken }: SourceOptions): Promise<string[]> {
  for await (const block of blocksOf(files, undefined, 2 ** 16, skipBroken === true ? () => undefined : undefined)) {
    if ("broken" in block) continue;
    for (const line of block.bytes.toString("utf8").split("\n")) {
      try {
        const value = JSON.parse(line) as unknown;
        if (typeof value === "object" && value !== null && !Array.isArray(value)) return Object.keys(value);
      } catch {
        // Told as a bad row later.
      }
    }
    break;
  }
  return [];
}

