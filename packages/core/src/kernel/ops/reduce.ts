// Sums, extremes and orders along an axis within a row. Sums go from the first element to the last, in the value's type.

import { around, checkSize, constantNumbers, innerAxis, NotForMe, refuseApproximate, sizeOf, type Kind, type Numbers, type Step, type Value } from "../value.ts";
import type { NodeView, Planner } from "../node-view.ts";

type Reduction = "sum" | "mean" | "max" | "min" | "sumSquare" | "l1" | "l2";

function reduce(how: Reduction): Planner {
  return (v) => {
    const a = v.input(0);
    const { kind } = a.store;
    if (kind !== "double" && kind !== "float" && !((kind === "int64" || (kind === "int32" && (how === "max" || how === "min"))) && how !== "mean" && how !== "l2" && how !== "sumSquare")) throw new NotForMe(`a ${how} of ${kind}`);
    const given = v.ints("axes") ?? (v.inputs[1] ? Array.from(constantNumbers(v.inputs[1], "the axes")) : []);
    if (given.length === 0 && v.int("noop_with_empty_axes", 0) === 1) return [a];
    const axes = new Set((given.length === 0 ? a.shape.map((_, i) => i) : given).map((axis) => innerAxis(a, axis)));
    const keep = v.int("keepdims", 1) === 1;
    const kept = a.shape.map((d, i) => (axes.has(i) ? 1 : d));
    const shape = keep ? kept : a.shape.filter((_, i) => !axes.has(i));
    return [v.build.result(kind, shape, [a], (out): Step => {
      const [from, to] = [a.store.width, out.width];
      const target = targets(a.shape, kept);
      const count = from / Math.max(1, to);
      return (n) => {
        const [o, x] = [out.numbers, a.store.numbers];
        for (let r = 0; r < n; r++) accumulate(how, o, x, r * to, r * from, from, to, target, count);
      };
    })];
  };
}

/** Where each element goes. */
function targets(from: readonly number[], to: readonly number[]): Int32Array {
  const map = new Int32Array(checkSize(sizeOf(from)));
  const steps = to.map((d, i) => (d === 1 ? 0 : sizeOf(to.slice(i + 1))));
  for (let i = 0; i < map.length; i++) for (let d = from.length - 1, rest = i; d >= 0; rest = Math.floor(rest / from[d]!), d--) map[i]! += (rest % from[d]!) * steps[d]!;
  return map;
}

function accumulate(how: Reduction, o: Numbers, x: Numbers, at: number, start: number, from: number, to: number, target: Int32Array, count: number): void {
  switch (how) {
    case "sum": case "mean":
      for (let k = 0; k < to; k++) o[at + k] = 0;
      for (let i = 0; i < from; i++) o[at + target[i]!]! += x[start + i]!;
      if (how === "mean") for (let k = 0; k < to; k++) o[at + k]! /= count;
      return;
    case "l1":
      for (let k = 0; k < to; k++) o[at + k] = 0;
      for (let i = 0; i < from; i++) o[at + target[i]!]! += Math.abs(x[start + i]!);
      return;
    case "sumSquare": case "l2":
      for (let k = 0; k < to; k++) o[at + k] = 0;
      for (let i = 0; i < from; i++) o[at + target[i]!]! += x[start + i]! * x[start + i]!;
      if (how === "l2") for (let k = 0; k < to; k++) o[at + k] = Math.sqrt(o[at + k]!);
      return;
    case "max":
      for (let k = 0; k < to; k++) o[at + k] = -Infinity;
      for (let i = 0; i < from; i++) {
        const k = at + target[i]!;
        if (!(x[start + i]! <= o[k]!)) o[k] = x[start + i]!;
      }
      return;
    case "min":
      for (let k = 0; k < to; k++) o[at + k] = Infinity;
      for (let i = 0; i < from; i++) {
        const k = at + target[i]!;
        if (!(x[start + i]! >= o[k]!)) o[k] = x[start + i]!;
      }
  }
}

function argExtreme(largest: boolean): Planner {
  return (v) => {
    const a = v.input(0);
    if (a.store.kind === "string" || a.store.kind === "bool") throw new NotForMe(`ArgMax of ${a.store.kind}`);
    const axis = innerAxis(a, v.int("axis", 0));
    const last = v.int("select_last_index", 0) === 1;
    const [outer, size, inner] = around(a.shape, axis);
    if (size === 0) throw new NotForMe("the largest of nothing");
    const shape = v.int("keepdims", 1) === 1 ? a.shape.map((d, i) => (i === axis ? 1 : d)) : a.shape.filter((_, i) => i !== axis);
    return [v.build.result("int64", shape, [a], (out) => (n) => {
      const [o, x] = [out.numbers, a.store.numbers];
      for (let r = 0, j = 0; r < n * outer; r++) {
        for (let i = 0; i < inner; i++) {
          const start = r * size * inner + i;
          let best = 0;
          let found = x[start]!;
          for (let k = 1; k < size; k++) {
            const value = x[start + k * inner]!;
            if (largest ? value > found || (last && value === found) : value < found || (last && value === found)) {
              found = value;
              best = k;
            }
          }
          o[j++] = best;
        }
      }
    })];
  };
}

function cumSum(v: NodeView): readonly Value[] {
  const a = v.input(0);
  const { kind } = a.store;
  if (kind !== "double" && kind !== "float" && kind !== "int64") throw new NotForMe(`CumSum of ${kind}`);
  const [given] = constantNumbers(v.input(1), "the axis");
  const axis = innerAxis(a, given ?? 0);
  if (v.int("exclusive", 0) === 1 || v.int("reverse", 0) === 1) throw new NotForMe("CumSum backwards or exclusive");
  const [outer, size, inner] = around(a.shape, axis);
  return [v.build.result(kind, a.shape, [a], (out) => (n) => {
    const [o, x] = [out.numbers, a.store.numbers];
    for (let r = 0; r < n * outer; r++) {
      const start = r * size * inner;
      for (let i = start; i < start + inner; i++) o[i] = x[i]!;
      for (let i = start + inner; i < start + size * inner; i++) o[i] = o[i - inner]! + x[i]!;
    }
  })];
}

/** The k largest or smallest along an axis, in order; of equals the first. */
function topK(v: NodeView): readonly Value[] {
  const a = v.input(0);
  const { kind } = a.store;
  refuseApproximate(a, "the order of");
  const [k] = constantNumbers(v.input(1), "how many");
  const axis = innerAxis(a, v.int("axis", -1));
  const largest = v.int("largest", 1) === 1;
  const [outer, size, inner] = around(a.shape, axis);
  if (kind === "string" || kind === "bool" || inner !== 1 || k === undefined || k > size || k < 0) throw new NotForMe("TopK of this kind");
  const shape = a.shape.map((d, i) => (i === axis ? k : d));
  const order = new Uint32Array(size);
  const indices = v.build.result("int64", shape, [a], (out) => (n) => {
    const x = a.store.numbers;
    for (let r = 0; r < n * outer; r++) {
      const row = x.subarray(r * size, (r + 1) * size);
      for (let i = 0; i < size; i++) order[i] = i;
      order.sort(largest ? (i, j) => row[j]! - row[i]! || i - j : (i, j) => row[i]! - row[j]! || i - j);
      for (let i = 0; i < k; i++) out.numbers[r * k + i] = order[i]!;
    }
  });
  const values = v.build.result(kind as Kind, shape, [a, indices], (out) => (n) => {
    const [x, at] = [a.store.numbers, indices.store.numbers];
    for (let r = 0; r < n * outer; r++) for (let i = 0; i < k; i++) out.numbers[r * k + i] = x[r * size + at[r * k + i]!]!;
  });
  return [values, indices];
}

/** exp(x - max) / sum along one axis, as ONNX Runtime. */
function softmax(v: NodeView): readonly Value[] {
  const a = v.input(0);
  const { kind } = a.store;
  const axis = innerAxis(a, v.int("axis", -1));
  const [outer, size, inner] = around(a.shape, axis);
  if ((kind !== "double" && kind !== "float") || inner !== 1) throw new NotForMe("Softmax of this kind");
  return [v.build.result(kind, a.shape, [a], (out) => (n) => {
    const [o, x] = [out.numbers, a.store.numbers];
    for (let r = 0; r < n * outer; r++) {
      const start = r * size;
      let most = -Infinity;
      for (let i = start; i < start + size; i++) most = Math.max(most, x[i]!);
      let sum = 0;
      for (let i = start; i < start + size; i++) sum += o[i] = Math.exp(x[i]! - most);
      for (let i = start; i < start + size; i++) o[i] = o[i]! / sum;
    }
  })];
}

export const reducePlanners: Readonly<Record<string, Planner>> = {
  ReduceSum: reduce("sum"), ReduceMean: reduce("mean"), ReduceMax: reduce("max"), ReduceMin: reduce("min"), ReduceSumSquare: reduce("sumSquare"),
  ReduceL1: reduce("l1"), ReduceL2: reduce("l2"), ArgMax: argExtreme(true), ArgMin: argExtreme(false), CumSum: cumSum, TopK: topK, Softmax: softmax,
};
