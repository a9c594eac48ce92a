// sklearn.metrics.pairwise.nan_euclidean_distances: the coordinates that both rows have, scaled up to all of them.

import type { Value } from "../../../onnx/index.ts";
import type { Emitter } from "../../conversion/conversion.ts";

/**
 * x [N, F] to `data` [M, F]: [N, M], NaN where two rows have no coordinate in common. `mask`: bool [N, F], what is missing of x;
 * `missing`: 1 where `data` is.
 */
export function nanEuclidean(c: Emitter, x: Value, mask: Value, data: Float64Array, missing: Float64Array, M: number, F: number): Value {
  const { o } = c;
  const filled = data.map((v, i) => (missing[i] === 1 ? 0 : v));
  const transposed = (f: (i: number) => number): Value => o.doubles(Float64Array.from({ length: M * F }, (_, at) => f((at % M) * F + Math.floor(at / M))), [F, M]);
  const norms = Float64Array.from({ length: M }, (_, i) => filled.subarray(i * F, (i + 1) * F).reduce((a, v) => a + v * v, 0));
  const x0 = o.where(mask, o.scalar(0), x);
  const absent = o.cast(mask, "double");
  const squares = o.mul(x0, x0);
  let d = o.mul(-2, o.matmul(x0, transposed((i) => filled[i]!)));
  d = o.maximum(o.add(o.add(d, o.sum(squares, 1, true)), o.doubles(norms, [1, M])), 0);
  d = o.sub(d, o.matmul(squares, transposed((i) => missing[i]!)));
  d = o.sub(d, o.matmul(absent, transposed((i) => filled[i]! * filled[i]!)));
  d = o.maximum(d, 0);
  const common = o.matmul(o.sub(1, absent), transposed((i) => 1 - missing[i]!));
  return o.where(o.equal(common, 0), o.scalar(NaN), o.sqrt(o.mul(o.div(d, o.maximum(common, 1)), F)));
}
