// Rows that a model was trained on, for its profile: as it takes them, a fair sample of a large file.

import type { Signature } from "@slipway/core/package";
import type { RowStream } from "../tables/index.ts";
import type { Row } from "./context.ts";
import { gateError } from "./errors.ts";
import { rowsFor } from "./labelled-data.ts";
import { Reservoir } from "./reservoir.ts";

const ROWS = 20_000;
const CELLS = 2e6;

/**
 * @param label a column that the rows keep beside the model's own, under `label`'s name, as a number
 * @throws gate-data where none of the model's columns is there
 */
export async function readTraining(rows: RowStream, signature: Signature, seed: number, label?: string): Promise<Row[]> {
  const used = signature.columns.filter((c) => c.used);
  if (label !== undefined && used.some((c) => c.name === label)) throw gateError("gate-data", `the model takes ${JSON.stringify(label)} itself: it is not what is to be predicted`);
  const kept: Row[] = [];
  const sample = new Reservoir(Math.min(ROWS, Math.max(1000, Math.floor(CELLS / Math.max(1, used.length)))), seed);
  for await (const batch of rows) {
    const lacking = used.filter((c) => batch.rows[0] !== undefined && !Object.hasOwn(batch.rows[0], c.name)).map((c) => c.name);
    if (lacking.length > 0) throw gateError("gate-data", `the training rows lack ${lacking.length === 1 ? "the column" : `${lacking.length} columns, the first is`} ${JSON.stringify(lacking[0])}, which the model takes`, { hint: `Their columns: ${Object.keys(batch.rows[0]!).slice(0, 40).join(", ")}.` });
    if (label !== undefined && batch.rows[0] !== undefined && !Object.hasOwn(batch.rows[0], label)) throw gateError("gate-data", `the training rows have no column ${JSON.stringify(label)}`, { hint: `Their columns: ${Object.keys(batch.rows[0]).slice(0, 40).join(", ")}.` });
    rowsFor({ whole: batch.rows, csv: batch.texts, target: "" }, signature).forEach((row, i) => {
      const at = sample.place();
      if (at !== undefined) kept[at] = label === undefined ? row : { ...row, [label]: numberOf(batch.rows[i]![label]) };
    });
  }
  if (kept.length === 0) throw gateError("gate-data", "there are no training rows");
  return kept;
}

/** NaN where it is none. */
function numberOf(value: unknown): number {
  return typeof value === "number" || typeof value === "bigint" || (typeof value === "string" && value.trim() !== "") ? Number(value) : NaN;
}
