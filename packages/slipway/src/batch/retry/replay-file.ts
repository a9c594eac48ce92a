// Rows of a dead-letter file as an input of the kind that they came from. A row that would not be read as the one
// record that it is (a quote that is not closed would swallow the rows behind it) is not put there: it is as bad as it was.

import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { InputFormat } from "../input/sources.ts";
import { batchError } from "../errors.ts";
import { recordEnd } from "../input/split.ts";
import { csvField } from "../output/csv-field.ts";
import type { InputShape } from "../run/messages.ts";
import { deadLetters, type DeadLetter } from "./dead-letters.ts";

export interface Replay {
  /** Of an input. */
  readonly paths: readonly string[];
  readonly format: InputFormat;
  /** In the original input, of every row that is there. */
  readonly rows: readonly number[];
  /** Those that are not. */
  readonly left: readonly DeadLetter[];
}

/** @throws SlipwayError batch-retry-rows, batch-input-damaged */
export async function writeReplayFile(errors: string, input: InputShape, folder: string): Promise<Replay> {
  if (input.kind === "series") throw batchError("batch-retry-record", "these are series of a forecast, not rows: a series is forecast anew of its whole history", { where: errors, hint: "Mend the history, and run slipway batch --horizon with the same options and --overwrite." });
  if (input.kind === "image") return imagesAgain(errors);
  const delimiter = input.kind === "csv" ? input.delimiter : undefined;
  const path = join(folder, input.kind === "csv" ? "rows.csv" : "rows.jsonl");
  const rows: number[] = [];
  const left: DeadLetter[] = [];
  const file = openSync(path, "w");
  try {
    if (delimiter !== undefined) writeSync(file, `${input.names.map((name) => (name.includes(delimiter) ? `"${name.replaceAll('"', '""')}"` : csvField(name))).join(delimiter)}\n`);
    for await (const letter of deadLetters(errors)) {
      const record = Buffer.concat([letter.base64 === undefined ? Buffer.from(letter.text) : Buffer.from(letter.base64, "base64"), Buffer.from("\n")]);
      if (letter.cut === true || !isOneRecord(record, delimiter, input.kind)) left.push(letter);
      else {
        for (let at = 0; at < record.length; ) at += writeSync(file, record, at);
        rows.push(letter.row);
      }
    }
  } finally {
    closeSync(file);
  }
  if (input.kind !== "table") return { paths: [path], format: input.kind, rows, left };
  const { writeReplayTable } = await import("./replay-table.ts");
  return { paths: [await writeReplayTable(path, input, folder)], format: "parquet", rows, left };
}

/** A file is a row: those that are there still are read again. */
async function imagesAgain(errors: string): Promise<Replay> {
  const paths: string[] = [];
  const rows: number[] = [];
  const left: DeadLetter[] = [];
  for await (const letter of deadLetters(errors)) {
    if (letter.text === "" || statSync(letter.text, { throwIfNoEntry: false })?.isFile() !== true) left.push(letter);
    else {
      paths.push(letter.text);
      rows.push(letter.row);
    }
  }
  return { paths, format: "image", rows, left };
}

/** `record`: with its line end. */
function isOneRecord(record: Buffer, delimiter: string | undefined, kind: InputShape["kind"]): boolean {
  const text = record.toString("utf8").trim();
  if (text === "") return false;
  if (delimiter !== undefined) return recordEnd(record, 0, delimiter.charCodeAt(0)) === record.length;
  return record.indexOf(0x0a) === record.length - 1 && (kind === "jsonl" || text.startsWith("{"));
}
