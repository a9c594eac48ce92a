// A dead-letter file, and the record of the run that wrote it: together all that is needed to try its rows again.

import { existsSync, readFileSync } from "node:fs";
import { batchError } from "../errors.ts";
import { bytesOf } from "../input/sources.ts";
import { splitRecords } from "../input/split.ts";
import type { Keep } from "../rows/columns.ts";
import type { BadRow } from "../rows/row-block.ts";
import type { InputShape } from "../run/messages.ts";

/** `row`: in the input, from 1. */
export type DeadLetter = BadRow;

export interface RunRecord {
  readonly plan: { readonly keep: Keep; readonly outputs: readonly string[] | null; readonly ids: boolean };
  readonly input: InputShape;
  readonly summary: { readonly columns: readonly string[] };
}

const BLOCK = 2 ** 20;
const LONGEST_LINE = 2 ** 24;

/** Beside `scores.csv.errors.jsonl` or `folder/errors.jsonl`. @throws SlipwayError batch-retry-record */
export function readRecord(errors: string, path: string | undefined): RunRecord {
  const record = path ?? errors.replace(/(?:^|(?<=[/\\]))errors\.jsonl$/, "_run.json").replace(/\.errors\.jsonl$/, ".run.json");
  const hint = "It is written beside the output (OUTPUT.run.json); --record names it where it was moved. A run that ended for too many bad rows goes on with --resume and a larger --max-errors.";
  if (record === errors || !existsSync(record)) throw batchError("batch-retry-record", `${record === errors ? "the record of the run that wrote this file is not known by its name" : `there is no ${record}`}: it says how the rows are read`, { where: errors, hint });
  try {
    const found = JSON.parse(readFileSync(record, "utf8")) as RunRecord;
    if (!Array.isArray(found.input.names) || !["csv", "jsonl", "table", "image", "series"].includes(found.input.kind) || typeof found.plan.ids !== "boolean" || !Array.isArray(found.summary.columns)) throw new Error("it lacks what a run writes");
    return found;
  } catch (cause) {
    throw batchError("batch-retry-record", `${record} is no record of a run: ${(cause as Error).message}`, { where: record, hint, cause });
  }
}

/** In the file's order. @throws SlipwayError batch-retry-rows, batch-input-missing */
export async function* deadLetters(path: string): AsyncGenerator<DeadLetter> {
  if (!existsSync(path)) throw batchError("batch-input-missing", `there is no file ${JSON.stringify(path)}`, { hint: "It is written beside the output where rows could not be scored: OUTPUT.errors.jsonl." });
  let number = 0;
  let last = 0;
  for await (const block of splitRecords(bounded(path), { blockBytes: BLOCK, delimiter: undefined })) {
    for (const line of block.toString("utf8").split("\n")) {
      if (line.trim() === "") continue;
      number++;
      const letter = readLetter(line);
      // A file that could not be read: no row.
      if (letter !== undefined && "source" in letter) continue;
      if (letter === undefined || letter.row < last) throw batchError("batch-retry-rows", `line ${number} is no row that a run set aside: it has "row", "reason" and "text", and rows are in their order`, { where: path });
      last = letter.row;
      yield letter;
    }
  }
}

/** @throws SlipwayError batch-retry-rows where a line is endless */
async function* bounded(path: string): AsyncGenerator<Uint8Array> {
  let since = 0;
  for await (const piece of bytesOf({ path, format: "jsonl", compression: "none", bytes: 0, modifiedMs: 0 })) {
    const end = piece.lastIndexOf(0x0a);
    since = end < 0 ? since + piece.length : piece.length - end - 1;
    if (since > LONGEST_LINE) throw batchError("batch-retry-rows", `a line has more than ${LONGEST_LINE} bytes`, { where: path });
    yield piece;
  }
}

function readLetter(line: string): DeadLetter | undefined {
  try {
    const letter = JSON.parse(line) as Partial<DeadLetter>;
    const { row, column = null, reason, text, base64 } = letter;
    if (!Number.isSafeInteger(row) || row! < 1 || typeof reason !== "string" || typeof text !== "string" || (base64 !== undefined && typeof base64 !== "string")) return undefined;
    return { ...letter, row: row!, column, reason, text };
  } catch {
    return undefined;
  }
}
