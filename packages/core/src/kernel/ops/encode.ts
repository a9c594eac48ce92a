// LabelEncoder: a table from texts or numbers to texts or numbers (ai.onnx.ml 2 and 4); OneHot (ai.onnx 11) along the last axis.

import { constantNumbers, fromTensor, NotForMe, type Kind, type Source, type Step, type Value } from "../value.ts";
import type { NodeView, Planner } from "../node-view.ts";

interface Side {
  readonly kind: Kind;
  readonly values: ArrayLike<number | string>;
}

function sideOf(v: NodeView, which: "keys" | "values"): Side {
  const tensor = v.tensor(`${which}_tensor`);
  if (tensor) {
    const { store } = fromTensor(tensor);
    return { kind: store.kind, values: store.data };
  }
  const texts = v.strings(`${which}_strings`);
  if (texts) return { kind: "string", values: texts };
  const whole = v.ints(`${which}_int64s`);
  if (whole) {
    if (!whole.every(Number.isSafeInteger)) throw new NotForMe("whole numbers beyond 2^53");
    return { kind: "int64", values: whole };
  }
  const floats = v.floats(`${which}_floats`);
  if (floats) return { kind: "float", values: floats };
  throw new NotForMe(`a table without ${which}`);
}

function fallbackOf(v: NodeView, kind: Kind): number | string {
  const tensor = v.tensor("default_tensor");
  if (tensor) return fromTensor(tensor).store.data[0] ?? (kind === "string" ? "" : 0);
  switch (kind) {
    case "string": return v.string("default_string", "_Unused");
    case "int64": return v.int("default_int64", -1);
    default: return v.float("default_float", -0);
  }
}

function labelEncoder(v: NodeView): readonly Value[] {
  const a = v.input(0);
  const keys = sideOf(v, "keys");
  const values = sideOf(v, "values");
  if (keys.kind !== a.store.kind || keys.values.length !== values.values.length) throw new NotForMe("a table that does not fit");
  // The first of equal keys wins; Map takes NaN for equal to itself, as ONNX Runtime does.
  const table = new Map<number | string, number | string>();
  for (let i = 0; i < keys.values.length; i++) if (!table.has(keys.values[i]!)) table.set(keys.values[i]!, values.values[i]!);
  if (keys.kind === "string") for (let i = 0; i < keys.values.length && v.build.words.length < 256; i++) v.build.words.push(keys.values[i] as string);
  const fallback = fallbackOf(v, values.kind);
  return [v.build.result(values.kind, a.shape, [a], (out): Step => (n) => {
    const [o, x] = [out.data, a.store.data];
    for (let i = 0; i < n * out.width; i++) {
      const found = table.get(x[i]!);
      o[i] = found === undefined ? fallback : found;
    }
  })];
}

/** [codes, columns, categories]: 1 where the code in the column is the category, else 0. */
export function oneHot(v: NodeView, type: "float" | "double"): readonly Value[] {
  const [codes, categories] = [v.input(0), v.input(2)];
  const picks = constantNumbers(v.input(1), "the columns");
  const count = codes.shape[1]!;
  const wanted = categories.store.data;
  if (codes.shape.length !== 2 || codes.shape[0] !== 1 || codes.store.constant || categories.store.kind !== codes.store.kind || wanted.length !== picks.length || categories.shape.length > 2
    || v.input(1).shape.length !== 1 || (categories.shape.length === 2 && categories.shape[0] !== 1)) throw new NotForMe("one-hot columns of this form");
  const sources: Source[] = [];
  // By column, where each category goes.
  const places = Array.from({ length: count }, () => new Map<number | string, number[]>());
  picks.forEach((given, i) => {
    const at = given < 0 ? given + count : given;
    const column = places[at];
    if (!column) throw new NotForMe("a place beyond the axis");
    const value = wanted[i]!;
    sources.push({ store: codes.store, place: at, is: value });
    if (value !== value) return;
    const known = column.get(value);
    if (known) known.push(i);
    else column.set(value, [i]);
  });
  return [v.build.lazy(type, [1, picks.length], [codes], sources, (out): Step => (n) => {
    const [o, x, w] = [out.numbers, codes.store.data, out.width];
    if (n === 1) for (let i = 0; i < w; i++) o[i] = 0;
    else o.fill(0, 0, n * w);
    for (let r = 0, i = 0; r < n; r++) {
      for (let c = 0; c < count; c++) {
        const found = places[c]!.get(x[i++]!);
        if (found !== undefined) for (const place of found) o[r * w + place] = 1;
      }
    }
  })];
}

/** [indices, depth, [off, on]]: an index below zero counts from the end, one beyond the depth is nowhere. */
function oneHotNode(v: NodeView): readonly Value[] {
  const [indices, values] = [v.input(0), v.input(2)];
  const [depth] = constantNumbers(v.input(1), "the depth");
  const axis = v.int("axis", -1);
  if (depth === undefined || !(depth > 0) || indices.store.constant || indices.store.kind !== "int64" || !values.store.constant || values.store.kind === "string" || values.store.width !== 2 || (axis !== -1 && axis !== indices.shape.length)) throw new NotForMe("OneHot of this form");
  const [off, on] = values.store.numbers as unknown as readonly [number, number];
  return [v.build.result(values.store.kind, [...indices.shape, depth], [indices], (out): Step => (n) => {
    const [o, x] = [out.numbers, indices.store.numbers];
    o.fill(off, 0, n * out.width);
    for (let i = 0, at = 0; at < n * out.width; i++, at += depth) {
      const place = x[i]! < 0 ? x[i]! + depth : x[i]!;
      if (place >= 0 && place < depth) o[at + place] = on;
    }
  })];
}

export const encodePlanners: Readonly<Record<string, Planner>> = { LabelEncoder: labelEncoder, OneHot: oneHotNode };
