// Products of rows with a constant matrix. Sums are taken in double, in the order of the columns; ONNX Runtime adds in
// several lanes and with fused steps, so results agree to the last bits, not bit for bit.

import { mapOf, sameKind } from "./binary.ts";
import { broadcastShape, NotForMe, sizeOf, type Numbers, type Step, type Store, type Value } from "../value.ts";
import type { Build, NodeView, Planner } from "../node-view.ts";

/** Outputs that are summed up side by side. */
const ABREAST = 4;
/** A single row of so many is still answered sooner than by an engine call; in bulk ONNX Runtime is ahead from far fewer on. */
const MOST_PRODUCTS = 2 ** 12;

/** a [.., K] of rows, b [K, M] constant, and what is added to every product. */
function product(build: Build, a: Value, b: Value, transposed: boolean, alpha: number, added: Value | undefined, beta: number): Value {
  const kind = sameKind(added ? [a, b, added] : [a, b]);
  if (kind !== "double" && kind !== "float") throw new NotForMe(`a product of ${kind}`);
  if (b.shape.length !== 2 || !b.store.constant || a.shape.length < 2) throw new NotForMe("a product of two matrices of rows");
  const [K, M] = transposed ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
  if (a.shape.at(-1) !== K) throw new NotForMe("a product that does not fit");
  const shape = [...a.shape.slice(0, -1), M];
  if (added && (!added.store.constant || sizeOf(broadcastShape([{ ...a, shape }, added])) !== sizeOf(shape))) throw new NotForMe("a sum that does not fit");
  const perRow = sizeOf(shape) / Math.max(1, M);
  if (perRow * K * M > MOST_PRODUCTS) throw new NotForMe(`a product of ${perRow * K * M} multiplications a row, in which ONNX Runtime is faster`);
  const result = build.result(kind, shape, added ? [a, b, added] : [a, b], (out): Step => {
    // Four outputs beside each other: [M / 4, K, 4].
    const groups = Math.ceil(M / ABREAST);
    const lines = new Float64Array(groups * K * ABREAST);
    for (let k = 0; k < K; k++) {
      for (let m = 0; m < M; m++) lines[(Math.floor(m / ABREAST) * K + k) * ABREAST + (m % ABREAST)] = b.store.numbers[transposed ? m * K + k : k * M + m]! * alpha;
    }
    const start = new Float64Array(out.width);
    if (added) {
      const map = mapOf(added, shape);
      for (let i = 0; i < start.length; i++) start[i] = added.store.numbers[map[i]!]! * beta;
    }
    return M === 1 ? dots(out, a.store, lines, K, start) : times(out, a.store, lines, K, M, start);
  });
  result.store.approximate = true;
  return result;
}

/** The weights of a single output stand four apart. */
function dots(out: Store, a: Store, lines: Float64Array, K: number, start: Float64Array): Step {
  const weights = Float64Array.from({ length: K }, (_, k) => lines[k * ABREAST]!);
  const perRow = out.width;
  return (n) => {
    const [o, x] = [out.numbers, a.numbers];
    for (let r = 0; r < n * perRow; r++) {
      let sum = 0;
      for (let k = 0, i = r * K; k < K; k++) sum += x[i++]! * weights[k]!;
      o[r] = sum + start[r % perRow]!;
    }
  };
}

function times(out: Store, a: Store, lines: Float64Array, K: number, M: number, start: Float64Array): Step {
  const perRow = out.width / M;
  return (n) => {
    const [o, x]: [Numbers, Numbers] = [out.numbers, a.numbers];
    for (let r = 0; r < n * perRow; r++) {
      const from = (r % perRow) * M;
      for (let m = 0, j = 0; m < M; m += ABREAST) {
        let [s0, s1, s2, s3] = [0, 0, 0, 0];
        for (let k = 0, i = r * K; k < K; k++, j += ABREAST) {
          const value = x[i++]!;
          s0 += value * lines[j]!;
          s1 += value * lines[j + 1]!;
          s2 += value * lines[j + 2]!;
          s3 += value * lines[j + 3]!;
        }
        const to = r * M + m;
        o[to] = s0 + start[from + m]!;
        if (m + 1 < M) o[to + 1] = s1 + start[from + m + 1]!;
        if (m + 2 < M) o[to + 2] = s2 + start[from + m + 2]!;
        if (m + 3 < M) o[to + 3] = s3 + start[from + m + 3]!;
      }
    }
  };
}

function gemm(v: NodeView): readonly Value[] {
  if (v.int("transA", 0) === 1) throw new NotForMe("a transposed matrix of rows");
  return [product(v.build, v.input(0), v.input(1), v.int("transB", 0) === 1, v.float("alpha", 1), v.inputs[2], v.float("beta", 1))];
}

export const matmulPlanners: Readonly<Record<string, Planner>> = {
  Gemm: gemm,
  MatMul: (v) => [product(v.build, v.input(0), v.input(1), false, 1, undefined, 1)],
};
