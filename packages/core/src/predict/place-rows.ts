// Predicted rows and the errors of others, in the request's order.

import { toRows, type PredictedRow, type Prediction } from "./decode.ts";
import type { Encoded } from "./encode.ts";
import { Problems } from "./problems.ts";
import type { Plan } from "./columns.ts";

/** A row that does not fit the model, with `onInvalid: "rows"`. */
export type RowError = {
  readonly error: { readonly code: "request-invalid" | "guard-refused"; readonly rule?: string; readonly message: string; readonly column: string | null; readonly expected: string; readonly found: string };
};

/** What stands in a problem where a whole row is refused. */
function refusedRow(reason: string): [expected: string, found: string] {
  return ["a row that the model can compute", reason];
}

/** @throws request-invalid where the graph refused a row */
export function refuseRows(prediction: Prediction, plan: Plan): void {
  if (prediction.refused === undefined) return;
  const problems = new Problems();
  for (const [row, reason] of prediction.refused) problems.add(row, null, ...refusedRow(reason));
  throw problems.toError(undefined, plan.usedNames);
}

export function placeRows(encoded: Encoded, prediction: Prediction): (PredictedRow | RowError)[] {
  const { kept, rowErrors } = encoded;
  const rows: (PredictedRow | RowError)[] = toRows(prediction);
  for (const [row, reason] of prediction.refused ?? []) {
    const [expected, found] = refusedRow(reason);
    const by = prediction.guarded?.get(row);
    rows[row] = by !== undefined ? { error: { code: "guard-refused", message: by.message, rule: by.rule, column: null, expected: "a row that keeps the rules", found: reason } } : { error: { code: "request-invalid", message: `expected ${expected}, found ${found}`, column: null, expected, found } };
  }
  if (kept === undefined) return rows;
  const placed: (PredictedRow | RowError)[] = [];
  kept.forEach((row, i) => (placed[row] = rows[i]!));
  for (const [row, p] of rowErrors) {
    placed[row] = { error: { code: "request-invalid", message: p.message, column: p.column, expected: p.expected, found: p.found } };
  }
  return placed;
}
