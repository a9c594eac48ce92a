// Products of rows with a constant matrix. Sums are taken in double, in the order of the columns; ONNX Runtime adds in
// several lanes and with fused steps, so results agree to the last bits, not bit for bit.

import { mapOf, sameKind } from "./binary.ts";
import { broadcastShape, NotForMe, sizeOf, type Numbers, type Step, type Store, type Value } from "../value.ts";
import type { Build, NodeView, Planner } from "../node-view.ts";

/** a [.., K] of rows, b [K, M] constant, and what is added to every product. */
function product(build: Build, a: Value, b: Value, transposed: boolean, alpha: number, added: Value | undefined, beta: number): Value {
  const kind = sameKind(added ? [a, b, added] : [a, b]);
  if (kind !== "double" && kind !== "float") throw new NotForMe(`a product of ${kind}`);
  if (b.shape.length !== 2 || !b.store.constant || a.shape.length < 2) throw new NotForMe("a product of two matrices of rows");
  const [K, M] = transposed ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
  if (a.shape.at(-1) !== K) throw new NotForMe("a product that does not fit");
  const shape = [...a.shape.slice(0, -1), M];
  if (added && (!added.store.constant || sizeOf(broadcastShape([{ ...a, shape }, added])) !== sizeOf(shape))) throw new NotForMe("a sum that does not fit");
  const result = build.result(kind, shape, added ? [a, b, added] : [a, b], (out): Step => {
    // [K, M], so that a zero of the row skips a whole line.
    const lines = new Float64Array(K * M);
    for (let k = 0; k < K; k++) for (let m = 0; m < M; m++) lines[k * M + m] = b.store.numbers[transposed ? m * K + k : k * M + m]! * alpha;
    const finite = lines.every((x) => Number.isFinite(x));
    const start = new Float64Array(out.width);
    if (added) {
      const map = mapOf(added, shape);
      for (let i = 0; i < start.length; i++) start[i] = added.store.numbers[map[i]!]! * beta;
    }
    return times(out, a.store, lines, K, M, start, finite);
  });
  result.store.approximate = true;
  return result;
}

function times(out: Store, a: Store, lines: Float64Array, K: number, M: number, start: Float64Array, finite: boolean): Step {
  const sums = new Float64Array(M);
  const perRow = out.width / Math.max(1, M);
  if (M === 1) {
    return (n) => {
      const [o, x] = [out.numbers, a.numbers];
      for (let r = 0; r < n * perRow; r++) {
        let sum = 0;
        for (let k = 0, i = r * K; k < K; k++) sum += x[i++]! * lines[k]!;
        o[r] = sum + start[r % perRow]!;
      }
    };
  }
  return (n) => {
    const [o, x]: [Numbers, Numbers] = [out.numbers, a.numbers];
    for (let r = 0; r < n * perRow; r++) {
      sums.fill(0);
      for (let k = 0, i = r * K; k < K; k++) {
        const value = x[i++]!;
        if (value === 0 && finite) continue;
        for (let m = 0, j = k * M; m < M; m++) sums[m]! += value * lines[j++]!;
      }
      const from = (r % perRow) * M;
      for (let m = 0; m < M; m++) o[r * M + m] = sums[m]! + start[from + m]!;
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
