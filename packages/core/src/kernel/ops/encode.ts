// LabelEncoder: a table from texts or numbers to texts or numbers (ai.onnx.ml 2 and 4).

import { NotForMe, fromTensor, type Kind, type Step, type Value } from "../value.ts";
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

export const encodePlanners: Readonly<Record<string, Planner>> = { LabelEncoder: labelEncoder };
