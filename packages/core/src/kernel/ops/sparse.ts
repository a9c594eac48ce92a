// Operators on sparse rows; undefined where the rows have to be written out.

import { type EntryLoop, mapped, SparseRows, sparseValue } from "../sparse.ts";
import { Store, type Kind, type Step, type Value } from "../value.ts";
import type { NodeView } from "../node-view.ts";

type SparsePlanner = (v: NodeView) => readonly Value[] | undefined;

function add(v: NodeView, kind: Kind, width: number, step: (to: SparseRows) => Step): readonly Value[] {
  const to = new SparseRows();
  v.build.steps.push(step(to));
  return [sparseValue(kind, width, to)];
}

function floating(value: Value | undefined): value is Value {
  return value !== undefined && (value.store.kind === "float" || value.store.kind === "double");
}

const copy: EntryLoop = (o, a, n) => { for (let i = 0; i < n; i++) o[i] = a[i]!; };
const square: EntryLoop = (o, a, n) => { for (let i = 0; i < n; i++) o[i] = a[i]! * a[i]!; };
const absolutes: EntryLoop = (o, a, n) => { for (let i = 0; i < n; i++) o[i] = Math.abs(a[i]!); };

const cast: SparsePlanner = (v) => {
  const a = v.inputs[0]!;
  const kind = v.int("to", 0) === 1 ? "float" : v.int("to", 0) === 11 ? "double" : undefined;
  if (kind === undefined || !floating(a)) return undefined;
  return add(v, kind, a.store.width, (to) => mapped(a.sparse!, kind, to, copy));
};

/** By a constant row, by a scalar, or by itself. */
const multiply: SparsePlanner = (v) => {
  const [a, b] = [v.inputs[0], v.inputs[1]];
  if (!floating(a) || !floating(b) || a.store.kind !== b.store.kind) return undefined;
  const { kind, width } = a.store;
  if (a.sparse && a.sparse === b.sparse) return add(v, kind, width, (to) => mapped(a.sparse!, kind, to, square));
  const [rows, by] = a.sparse ? [a, b] : [b, a];
  if (!by.store.constant || by.sparse || (by.store.width !== 1 && by.store.width !== width) || by.shape.length > 2 || !by.store.numbers.every(Number.isFinite)) return undefined;
  const factors = by.store.numbers;
  const loop: EntryLoop = by.store.width === 1
    ? (o, a, n) => { for (let i = 0, factor = factors[0]!; i < n; i++) o[i] = a[i]! * factor; }
    : (o, a, n, { places }) => { for (let i = 0; i < n; i++) o[i] = a[i]! * factors[places[i]!]!; };
  return add(v, kind, width, (to) => mapped(rows.sparse!, kind, to, loop));
};

/** Each row by one number. A row by 0 would be NaN throughout. */
const divide: SparsePlanner = (v) => {
  const [a, b] = [v.inputs[0], v.inputs[1]];
  if (!floating(a) || !floating(b) || !a.sparse || b.sparse || a.store.kind !== b.store.kind || b.store.width !== 1 || b.store.constant || !b.neverZero) return undefined;
  const { store } = b;
  return add(v, a.store.kind, a.store.width, (to) => mapped(a.sparse!, a.store.kind, to, (o, x, n, { starts }) => {
    for (let row = 0, i = 0; i < n; row++) for (const end = starts[row + 1]!, by = store.numbers[row]!; i < end; i++) o[i] = x[i]! / by;
  }));
};

const absolute: SparsePlanner = (v) => {
  const a = v.inputs[0];
  return floating(a) ? add(v, a.store.kind, a.store.width, (to) => mapped(a.sparse!, a.store.kind, to, absolutes)) : undefined;
};

/** With a constant that is not below zero: counts cut off at 1. */
const minimum: SparsePlanner = (v) => {
  const [a, b] = [v.inputs[0], v.inputs[1]];
  if (!floating(a) || !floating(b) || !a.sparse || v.inputs.length !== 2 || !b.store.constant || b.store.width !== 1 || !(b.store.numbers[0]! >= 0)) return undefined;
  const most = b.store.numbers[0]!;
  return add(v, a.store.kind, a.store.width, (to) => mapped(a.sparse!, a.store.kind, to, (o, x, n) => { for (let i = 0; i < n; i++) o[i] = Math.min(x[i]!, most); }));
};

const sum: SparsePlanner = (v) => {
  const a = v.inputs[0];
  const axes = v.ints("axes") ?? (v.inputs[1]?.store.constant === true ? Array.from(v.inputs[1].store.numbers) : undefined);
  if (!floating(a) || axes?.length !== 1 || (axes[0] !== 1 && axes[0] !== -1)) return undefined;
  const store = new Store(a.store.kind, 1, false);
  v.build.stores.push(store);
  const rows = a.sparse!;
  v.build.steps.push((n) => {
    const o = store.numbers;
    for (let r = 0, i = 0; r < n; r++) {
      o[r] = 0;
      for (const end = rows.starts[r + 1]!; i < end; i++) o[r]! += rows.values[i]!;
    }
  });
  return [{ store, shape: v.int("keepdims", 1) === 1 ? [1, 1] : [1] }];
};

const gemm: SparsePlanner = (v) => {
  const [a, b, c] = [v.inputs[0], v.inputs[1], v.inputs[2]];
  if (!floating(a) || !floating(b) || !a.sparse || b.sparse || !b.store.constant || a.store.kind !== b.store.kind || b.shape.length !== 2 || v.int("transA", 0) === 1 || v.float("alpha", 1) !== 1 || v.float("beta", 1) !== 1) return undefined;
  const transposed = v.int("transB", 0) === 1;
  const [K, M] = transposed ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
  if (K !== a.store.width || !b.store.numbers.every(Number.isFinite) || (c && (!c.store.constant || (c.store.width !== 1 && c.store.width !== M) || c.store.kind !== a.store.kind))) return undefined;
  const lines = new Float64Array(K * M);
  for (let k = 0; k < K; k++) for (let m = 0; m < M; m++) lines[k * M + m] = b.store.numbers[transposed ? m * K + k : k * M + m]!;
  const start = Float64Array.from({ length: M }, (_, m) => (c ? c.store.numbers[c.store.width === 1 ? 0 : m]! : 0));
  const store = new Store(a.store.kind, M, false);
  store.approximate = true;
  v.build.stores.push(store);
  const rows = a.sparse;
  const sums = new Float64Array(M);
  v.build.steps.push((n) => {
    const o = store.numbers;
    for (let r = 0, i = 0; r < n; r++) {
      sums.fill(0);
      for (const end = rows.starts[r + 1]!; i < end; i++) for (let m = 0, x = rows.values[i]!, j = rows.places[i]! * M; m < M; m++) sums[m]! += x * lines[j++]!;
      for (let m = 0; m < M; m++) o[r * M + m] = sums[m]! + start[m]!;
    }
  });
  return [{ store, shape: [1, M] }];
};

export const sparsePlanners: Readonly<Record<string, SparsePlanner>> = {
  Cast: cast, Mul: multiply, Div: divide, Abs: absolute, Min: minimum, ReduceSum: sum, Gemm: gemm, MatMul: gemm,
};
