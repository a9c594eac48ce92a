// How many rows an input has: told by Parquet's footers, counted where that is cheap, else judged by the beginnings of some
// files.

import { gzipSync, zstdCompressSync } from "node:zlib";
import type { CsvHead } from "../input/csv-head.ts";
import type { InputFile } from "../input/sources.ts";
import { blocksOf, headOf } from "../input/text-shards.ts";
import { ROWS_PER_SHARD } from "../run/source.ts";
import { countRecords } from "../run/text-source.ts";

export interface RowCount {
  readonly rows: number;
  /** Otherwise an estimate. */
  readonly exact: boolean;
  /** Text as it is when it is decompressed; of other files as they are. */
  readonly bytes: number;
}

/** All of the text is counted where it has no more bytes than this. */
const COUNTED_BYTES = 32 * 2 ** 20;
const SAMPLED_FILES = 32;
const SAMPLED_BYTES = 2 ** 20;

/** @throws SlipwayError batch-input-damaged */
export async function countRows(files: readonly InputFile[], { query, delimiter, threads }: { readonly query?: string | undefined; readonly delimiter?: string | undefined; readonly threads: number }): Promise<RowCount> {
  const stored = files.reduce((n, f) => n + f.bytes, 0);
  const format = files[0]?.format;
  if (format === "image") return { rows: files.length, exact: true, bytes: stored };
  if (query === undefined && format === "arrow") return { rows: (await (await import("../input/arrow-tables.ts")).readArrowTables(files, ROWS_PER_SHARD)).rows, exact: true, bytes: stored };
  if (query !== undefined || format === "parquet" || format === "json") {
    // Of Parquet, DuckDB looks at the footers alone.
    const from = query === undefined ? "input" : subquery(query);
    const { askInput } = await import("../input/ask.ts");
    const [[rows]] = (await askInput(files, `SELECT CAST(count(*) AS DOUBLE) FROM ${from}`, threads)) as [[number]];
    return { rows, exact: true, bytes: stored };
  }
  const head = format === "jsonl" ? undefined : await headOf(files[0]!, delimiter ?? (format === "tsv" ? "\t" : undefined));
  const all = stored <= COUNTED_BYTES && files.every((f) => f.compression === "none");
  const step = all ? 1 : Math.max(1, files.length / SAMPLED_FILES);
  let [rows, read, sampled, expanded] = [0, 0, 0, 0];
  let exact = step === 1;
  for (let i = 0; Math.floor(i) < files.length; i += step) {
    const file = files[Math.floor(i)]!;
    const seen = await countFile(file, head, all ? Infinity : SAMPLED_BYTES);
    rows += seen.rows;
    read += seen.bytes;
    sampled += file.bytes;
    expanded += seen.whole ? seen.bytes : file.bytes * seen.ratio;
    exact &&= seen.whole;
  }
  const bytes = exact || sampled === 0 ? read : Math.round((expanded / sampled) * stored);
  return { rows: exact || read === 0 ? rows : Math.round((rows / read) * bytes), exact, bytes };
}

/** Whatever the query ends in, a comment too. */
export function subquery(query: string): string {
  return `(${query.replace(/;\s*$/, "")}\n)`;
}

interface Counted {
  readonly rows: number;
  /** Of those rows. */
  readonly bytes: number;
  readonly whole: boolean;
  /** How many bytes of text one byte of the file is, about. */
  readonly ratio: number;
}

async function countFile(file: InputFile, head: CsvHead | undefined, most: number): Promise<Counted> {
  let [rows, size, ratio] = [0, 0, 1];
  for await (const { bytes } of blocksOf([file], head, SAMPLED_BYTES)) {
    rows += countRecords(bytes, head?.delimiter.charCodeAt(0));
    size += bytes.length;
    if (file.compression !== "none") ratio = bytes.length / (file.compression === "gzip" ? gzipSync(bytes) : zstdCompressSync(bytes)).length;
    if (size >= most) return { rows, bytes: size, whole: false, ratio };
  }
  return { rows, bytes: size, whole: true, ratio };
}
