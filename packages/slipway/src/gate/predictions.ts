// Predictions laid side by side: what one run gave is what another must give.

import { compareOutputs, MISSING_STRING, type ActualOutput, type Checks, type CheckValue, type Comparison, type Output, type Signature, type Tolerance } from "@slipway/core/package";
import { keysOf, type Model, type OutputData, type Prediction } from "../runtime/index.ts";
import type { Row } from "./context.ts";
import type { Table } from "./define-gate-test.ts";

/** @throws what encode and run throw, request-invalid for a row that the graph refuses */
export async function predict(model: Model, rows: readonly Row[]): Promise<Prediction> {
  return model.run(model.encode({ kind: "records", records: rows }).batch);
}

/** The answers that there are, by place; undefined where a row is refused. */
export async function predictEach(model: Model, rows: readonly Row[]): Promise<{ readonly prediction: Prediction; readonly placeOf: (row: number) => number | undefined }> {
  const encoded = model.encode({ kind: "records", records: rows }, "rows");
  const prediction = await model.run(encoded.batch, { onInvalid: "rows" });
  const places = encoded.kept === undefined ? undefined : new Map(encoded.kept.map((row, place) => [row, place]));
  return {
    prediction,
    placeOf: (row) => {
      const place = places === undefined ? row : places.get(row);
      return place === undefined || prediction.refused?.has(place) === true ? undefined : place;
    },
  };
}

function toleranceOf(output: Output): Tolerance {
  if (output.kind === "label" || output.type === "string" || output.type === "bool") return "exact";
  const size = output.type === "float16" ? 1e-2 : output.type === "float" ? 1e-5 : 1e-9;
  return { rtol: size, atol: size };
}

export function cellOf({ output, data }: { readonly output: Output; readonly data: ArrayLike<number | bigint | string> }, i: number): CheckValue {
  const value = data[i]!;
  if (output.type === "bool") return value !== 0 && value !== 0n;
  return value === MISSING_STRING ? null : value;
}

/** As the expected outputs of a check; rows in the order of `order` where it is given. */
export function asExpected(prediction: Pick<Prediction, "rows" | "outputs">, order?: ArrayLike<number>): Checks["expected"] {
  return Object.fromEntries(prediction.outputs.map((o) => [o.output.name, Array.from({ length: order?.length ?? prediction.rows }, (_, i) => {
    const row = order === undefined ? i : order[i]!;
    return Array.from({ length: o.width }, (__, j) => cellOf(o, row * o.width + j));
  })]));
}

export function compare(expected: Checks["expected"], outputs: readonly ActualOutput[], signature: Signature): Comparison {
  return compareOutputs(expected, outputs, Object.fromEntries(signature.outputs.map((o) => [o.name, toleranceOf(o)])));
}

/** Rows of an answer in JSON, as the expected outputs of a check. */
export function servedAsExpected(rows: readonly Row[], given: readonly OutputData[]): Checks["expected"] {
  return Object.fromEntries(given.map(({ output, width }) => {
    const keys = keysOf(output, width);
    return [output.name, rows.map((row): CheckValue[] => {
      const value = row[output.name];
      const cells = keys !== undefined && typeof value === "object" && value !== null && !Array.isArray(value) ? keys.map((k) => (value as Row)[k]) : [value].flat(Infinity);
      return cells.map((cell) => ((output.type === "int64" || output.type === "uint64") && typeof cell === "string" ? BigInt(cell) : cell as CheckValue));
    })];
  }));
}

/**
 * Whether the only outputs that differ are transformed columns. Some transformers (NMF) iterate over a whole batch until all
 * of it is near enough, in the source library too: a row's numbers then depend on the rows beside it.
 */
export function onlyTransformed(comparisons: readonly Comparison[], signature: Signature): boolean {
  const differing = comparisons.flatMap((c) => c.outputs.filter((o) => o.beyond > 0).map((o) => o.output));
  return differing.length > 0 && differing.every((name) => signature.outputs.some((o) => o.name === name && o.kind === "transformed"));
}
export const ITERATES = "the transformed numbers of a row depend on the rows beside it, as with methods that iterate over a batch";

export function worstTable(comparison: Comparison, title = "Worst rows"): readonly Table[] {
  if (comparison.worst.length === 0) return [];
  return [{
    title, columns: ["row", "output", "entry", "expected", "found", "difference"],
    rows: comparison.worst.map((w) => [w.row + 1, w.output, w.entry, plain(w.expected), plain(w.actual), w.difference]),
  }];
}
function plain(value: CheckValue): string | number | boolean | null {
  return typeof value === "bigint" ? String(value) : value;
}
