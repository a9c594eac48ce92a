// Small linear systems solved in the graph, one for each row.

import type { Value } from "../../onnx/index.ts";
import type { Conversion } from "../conversion/conversion.ts";

/** x with A x = b for symmetric positive definite A [N, k, k] and b [N, k, m]: Gauss-Jordan without pivoting, which such a matrix needs none of. */
export function solvePositive(c: Pick<Conversion, "o" | "graph">, A: Value, b: Value, k: number): Value {
  const { o } = c;
  let rows = o.concat([A, b], 2);
  for (let p = 0; p < k; p++) {
    const row = o.slice(rows, p, p + 1, 1);
    const pivot = o.div(row, o.slice(row, p, p + 1, 2));
    const factors = o.mul(o.slice(rows, p, p + 1, 2), o.doubles(Array.from({ length: k }, (_, i) => (i === p ? 0 : 1)), [1, k, 1]));
    const here = c.graph.constant({ type: "bool", shape: [1, k, 1], data: Uint8Array.from({ length: k }, (_, i) => (i === p ? 1 : 0)) });
    rows = o.where(here, pivot, o.sub(rows, o.mul(factors, pivot)));
  }
  return o.slice(rows, k, Number.MAX_SAFE_INTEGER, 2);
}
