// Rows that the model answers, to test it with: those of the checks, else labelled ones, else made from the signature.

import { SlipwayError } from "@slipway/core/base";
import type { Checks, Signature } from "@slipway/core/package";
import { randomRows } from "../bench/index.ts";
import type { Model, Prediction } from "../runtime/index.ts";
import type { GateContext, Row } from "./context.ts";
import type { LabelledData } from "./labelled-data.ts";
import { predict, predictEach } from "./predictions.ts";

const SAMPLE_ROWS = 500;

export async function sampleRows(model: Model, checks: Checks | null, labelled: LabelledData | undefined, seed: number): Promise<Pick<GateContext, "rows" | "rowsFrom" | "noRows"> & { readonly answers: Prediction }> {
  const { signature } = model;
  for (const [rowsFrom, rows] of [["checks", checks?.inputs ?? []], ["labelled data", labelled?.rows ?? []]] as const) {
    const answered = await answeredOf(model, rows.slice(0, SAMPLE_ROWS));
    if (answered.length > 0) return { rows: answered, rowsFrom, answers: await predict(model, answered) };
  }
  try {
    const rows = await answeredOf(model, madeRows(signature, null, signature.layout === "tensors" ? 16 : 200, seed));
    return { rows, rowsFrom: "signature", answers: await predict(model, rows) };
  } catch (error) {
    // A signature can leave open what the model then does not take: sizes of images, texts of a certain form.
    if (!(error instanceof SlipwayError)) throw error;
    return { rows: [], rowsFrom: "signature", noRows: `those made from the signature are not answered (${error.message}); give rows with --check or --data`, answers: { rows: 0, outputs: [], computeMs: 0 } };
  }
}

/** Records, for every layout. */
export function madeRows(signature: Signature, checks: Checks | null, count: number, seed: number): Row[] {
  return randomRows(signature, checks, count, seed).map((row) => (Array.isArray(row) ? Object.fromEntries(signature.columns.map((c, i) => [c.name, row[i] as unknown])) : row as Row));
}

/** Those of the rows that are not refused. */
export async function answeredOf(model: Model, rows: readonly Row[]): Promise<Row[]> {
  if (rows.length === 0) return [];
  const { placeOf } = await predictEach(model, rows);
  return rows.filter((_, i) => placeOf(i) !== undefined);
}
