// The rows that a run set aside, tried again: after they were mended in the dead-letter file, or with a model that takes
// them. What is good now is written with the columns that the run wrote, what is still bad into a new dead-letter file under
// the rows' numbers in the original input. The output is put in place last: when it is there, everything is.

import { closeSync, existsSync, fsyncSync, mkdirSync, mkdtempSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { batchError } from "../errors.ts";
import { putInPlace } from "../run/files.ts";
import { placeOutput, type OutputPlace } from "../run/output-place.ts";
import type { BatchOptions, BatchSummary } from "../run/options.ts";
import { runBatch } from "../run/run-batch.ts";
import { deadLetters, readRecord, type DeadLetter } from "./dead-letters.ts";
import { writeReplayFile } from "./replay-file.ts";

export interface RetryOptions extends Pick<BatchOptions, "package" | "engine" | "threads" | "shardBytes" | "overwrite" | "onProgress"> {
  /** The dead-letter file. */
  readonly rows: string;
  /** What the run was, where that is not beside it. */
  readonly record?: string | undefined;
  readonly output: OutputPlace;
}
export type RetrySummary = Pick<BatchSummary, "output" | "rows" | "scored" | "bad" | "errors" | "columns" | "seconds" | "outputs">;

/** @throws SlipwayError batch-retry-..., batch-output-exists, batch-errors where not one row is good */
export async function retryBatch({ rows: letters, record: recordPath, output, ...options }: RetryOptions): Promise<RetrySummary> {
  if (output.destination !== undefined) throw batchError("batch-output-format", "rows that are tried again go into a file here", { where: output.path, hint: "Name a file that ends in .csv, .tsv, .jsonl, .parquet, .arrow or .arrows." });
  if (output.folder) throw batchError("batch-output-format", "rows that are tried again go into one file", { where: output.path, hint: "Name a file that ends in .csv, .tsv, .jsonl or .parquet; it may lie in the folder of the run's parts." });
  if (!options.overwrite && existsSync(output.path)) throw batchError("batch-output-exists", `${output.path} is there already`, { where: output.path, hint: "--overwrite replaces it; or choose another name." });
  const record = readRecord(letters, recordPath);
  mkdirSync(dirname(output.path), { recursive: true });
  const folder = mkdtempSync(join(dirname(output.path), `.${basename(output.path)}.retry-`));
  try {
    const replay = await writeReplayFile(letters, record.input, folder);
    if (replay.rows.length === 0) throw nothingGood(letters, replay.left.length);
    const place = { ...placeOutput(join(folder, `out.${output.format}`)), errors: join(folder, "errors.jsonl") };
    const done = await runBatch({
      ...options, input: replay.paths, format: replay.format, output: place, keep: record.plan.keep, outputs: record.plan.outputs ?? undefined, ids: record.plan.ids,
      ...(record.input.kind === "csv" ? { delimiter: record.input.delimiter } : record.input.kind === "jsonl" ? { columns: record.input.names } : record.input.kind === "image" ? { image: record.input.options, ...(record.input.masks === undefined ? {} : { masks: record.input.masks }) } : {}),
      resume: false, maxErrors: { count: Number.MAX_SAFE_INTEGER, text: "all" },
    }).catch((error: unknown) => {
      throw (error as { code?: string }).code === "batch-errors" ? nothingGood(letters, replay.rows.length + replay.left.length) : error;
    });
    if (done.scored === 0) throw nothingGood(letters, replay.rows.length + replay.left.length);
    if (done.rows !== replay.rows.length) throw batchError("batch-retry-rows", `${replay.rows.length} rows were read as ${done.rows}`, { where: letters, hint: "A text that was mended holds a line end or a quote too many." });
    const { columns } = record.summary;
    if (columns.length > 0 && columns.join("\0") !== done.columns.join("\0")) {
      throw batchError("batch-retry-columns", `the run wrote the columns ${columns.join(", ")}; this model gives ${done.columns.join(", ")}`, { where: output.path, hint: "Rows of other columns cannot be put together. Score the whole input with this model, or take the one of the run." });
    }
    const bad = await writeStillBad(output.errors, place.errors, done.bad, replay.rows, replay.left);
    renameSync(place.record, output.record);
    renameSync(place.path, `${output.path}.tmp`);
    putInPlace(output.path);
    return { output: output.path, rows: done.rows + replay.left.length, scored: done.scored, bad, errors: bad > 0 ? output.errors : undefined, columns: done.columns, seconds: done.seconds, outputs: done.outputs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function nothingGood(letters: string, rows: number): Error {
  return batchError("batch-errors", rows === 0 ? "there is no row to try again" : `none of ${rows} rows can be scored yet`, { where: letters, hint: "Mend the rows' texts in that file, or take a model that knows what they hold." });
}

/** Both in the order of their rows. `rows`: the original number of each row that was tried. */
async function writeStillBad(path: string, tried: string, triedBad: number, rows: readonly number[], left: readonly DeadLetter[]): Promise<number> {
  if (triedBad + left.length === 0) {
    rmSync(path, { force: true });
    return 0;
  }
  const file = openSync(`${path}.tmp`, "w");
  const write = (letter: DeadLetter): void => void writeSync(file, `${JSON.stringify(letter)}\n`);
  let next = 0;
  if (triedBad > 0) {
    for await (const letter of deadLetters(tried)) {
      const row = rows[letter.row - 1]!;
      while (next < left.length && left[next]!.row < row) write(left[next++]!);
      write({ ...letter, row });
    }
  }
  while (next < left.length) write(left[next++]!);
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.tmp`, path);
  return triedBad + left.length;
}
