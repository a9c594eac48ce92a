// Shapes of operators that reduce along axes.

import type { Dim } from "../value.ts";
import { sameDim, type Infer, type NodeContext } from "./context.ts";

function reduced(n: NodeContext, axes: readonly number[] | undefined, keep: boolean): readonly Dim[] | null {
  const shape = n.shape(0);
  if (shape === null) return null;
  if (axes === undefined) return keep ? shape.map(() => null) : null;
  const gone = new Set(axes.map((a) => n.axis(a, shape.length)));
  return keep ? shape.map((d, i) => (gone.has(i) ? 1 : d)) : shape.filter((_, i) => !gone.has(i));
}

const reduce: Infer = (n) => {
  const shape = n.shape(0);
  const given = n.inputs[1] ? n.numbers(1) : n.ints("axes") ?? [];
  if (given?.length === 0) {
    if (n.int("noop_with_empty_axes")) return [{ shape }];
    return [{ shape: reduced(n, shape?.map((_, i) => i) ?? [], n.int("keepdims") !== 0) }];
  }
  return [{ shape: reduced(n, given, n.int("keepdims") !== 0) }];
};
const arg: Infer = (n) => [{ shape: reduced(n, [n.int("axis")], n.int("keepdims") !== 0) }];

const topK: Infer = (n) => {
  const shape = n.shape(0);
  if (shape === null) return [{ shape: null }, { shape: null }];
  const axis = n.axis(n.int("axis"), shape.length);
  const out = shape.map((d, i) => (i === axis ? (n.content(1)?.[0] ?? null) : d));
  return [{ shape: out }, { shape: out }];
};

const cdist: Infer = (n) => {
  const a = n.shape(0);
  const b = n.shape(1);
  if (a && b) sameDim(a.at(-1) ?? null, b.at(-1) ?? null, "widths differ");
  return [{ shape: [a?.[0] ?? null, b?.[0] ?? null] }];
};

export const REDUCTIONS: Readonly<Record<string, Infer>> = {
  ...Object.fromEntries(["Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp"].map((k) => [`Reduce${k}`, reduce])),
  ArgMax: arg,
  ArgMin: arg,
  TopK: topK,
  CDist: cdist,
};
