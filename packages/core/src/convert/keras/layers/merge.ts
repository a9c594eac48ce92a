// Layers that join several values: Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate, Dot.

import type { Value } from "../../../onnx/index.ts";
import { defineLayer, type Call, type KerasContext, type LayerDefinition, type LayerView, type Sym } from "../layer.ts";
import { normalAxis } from "./core.ts";

/** Values of fewer dimensions are spread over the others after the rows, as Keras does. */
function aligned(layer: LayerView, call: Call, c: KerasContext): Value[] {
  if (call.inputs.length < 1) throw layer.malformed("it is given no inputs");
  const values = call.inputs.map((s) => c.float(s.value));
  const rank = Math.max(...values.map((v) => c.shape(v).length));
  return values.map((v) => {
    let out = v;
    while (c.shape(out).length < rank) out = c.o.unsqueeze(out, 1);
    return out;
  });
}

const either = (a: Value, b: Value, c: KerasContext): Value => c.o.or(a, b);
const both = (a: Value, b: Value, c: KerasContext): Value => c.o.and(a, b);

/** From Keras 3.4 on a step is kept if one input keeps it, and only where all have masks; before, if all that have masks keep it. */
function joinMasks(layer: LayerView, inputs: readonly Sym[], c: KerasContext): Value | undefined {
  const masks = inputs.map((s) => s.mask);
  const given = masks.filter((m) => m !== undefined);
  if (given.length === 0 || (c.since(3, 4) && given.length < masks.length)) return undefined;
  if (inputs.some((s) => c.shape(s.value).length !== c.shape(inputs[0]!.value).length)) throw layer.refuse("masked inputs of different dimensions", "their masks' join is not compiled");
  return [...new Set(given)].reduce((a, b) => (c.since(3, 4) ? either : both)(a, b, c));
}
/** The mask of values that are joined along an axis. */
function joinAlong(layer: LayerView, inputs: readonly Sym[], axis: number, c: KerasContext): Value | undefined {
  if (inputs.every((s) => s.mask === undefined)) return undefined;
  const rank = c.shape(inputs[0]!.value).length;
  const ones = (s: Sym): Value => c.graph.op("Expand", [c.o.scalar(1, "bool"), c.graph.op("Shape", [s.value], { start: 0, end: 2 })]);
  const masks = inputs.map((s) => s.mask ?? ones(s));
  if (axis === 1) return c.o.concat(masks, 1);
  if (axis !== rank - 1) throw layer.refuse(`masked inputs along axis ${axis}`, "their masks' join is not compiled");
  return [...new Set(masks)].reduce((a, b) => (c.since(3, 4) ? either : both)(a, b, c));
}

type Join = (values: readonly Value[], c: KerasContext, layer: LayerView) => Value;
/** Values beside their masks, which are spread over the last dimension. */
type JoinMasked = (values: readonly { readonly value: Value; readonly kept: Value | undefined }[], c: KerasContext) => Value;

/** From Keras 3.4 on some layers leave out what is masked: `masked` tells how. */
const elementwise = (names: readonly string[], join: Join, masked?: JoinMasked): LayerDefinition => defineLayer({
  names,
  mask: "own",
  convert: (layer, call, c) => {
    const values = aligned(layer, call, c);
    const mask = joinMasks(layer, call.inputs, c);
    if (!masked || !c.since(3, 4) || call.inputs.every((s) => s.mask === undefined)) return { value: join(values, c, layer), mask };
    const kept = call.inputs.map((s) => s.mask && c.o.unsqueeze(s.mask, -1));
    if (kept.some((m, i) => m && c.shape(m).length !== c.shape(values[i]!).length)) throw layer.refuse("a mask of fewer dimensions than its input", "how it is spread is not compiled");
    return { value: masked(values.map((value, i) => ({ value, kept: kept[i] })), c), mask };
  },
});
const extreme = (op: string): JoinMasked => (list, c) => {
  let { value, kept } = list[0]!;
  for (const next of list.slice(1)) {
    const x = next.kept ? c.o.where(next.kept, next.value, value) : next.value;
    if (kept) value = c.o.where(kept, value, x);
    kept = next.kept && kept ? c.o.or(kept, next.kept) : undefined;
    value = c.graph.op(op, [value, x]);
  }
  return value;
};
const product: JoinMasked = (list, c) => {
  const y = list.map((s) => (s.kept ? c.o.where(s.kept, s.value, 1) : s.value)).reduce((a, b) => c.o.mul(a, b));
  const masks = list.map((s) => s.kept);
  return masks.every((m) => m !== undefined) ? c.o.where(masks.reduce((a, b) => c.o.or(a, b)), y, 0) : y;
};
const chain = (op: string) => (values: readonly Value[], c: KerasContext): Value => values.slice(1).reduce((a, b) => c.graph.op(op, [a, b]), values[0]!);

const subtract = elementwise(["Subtract"], (values, c, layer) => {
  if (values.length !== 2) throw layer.malformed(`it is given ${values.length} inputs instead of two`);
  return c.o.sub(values[0]!, values[1]!);
});

const concatenate = defineLayer({
  names: ["Concatenate"],
  mask: "own",
  convert: (layer, call, c) => {
    const values = call.inputs.map((s) => s.value);
    if (values.length === 0) throw layer.malformed("it is given no inputs");
    const mixed = new Set(values.map((v) => v.type)).size > 1;
    const axis = normalAxis(layer, layer.raw("axis") === undefined ? -1 : layer.number("axis"), c.shape(values[0]!).length);
    return { value: c.o.concat(mixed ? values.map((v) => c.float(v)) : values, axis), mask: joinAlong(layer, call.inputs, axis, c) };
  },
});

const dot = defineLayer({
  names: ["Dot"],
  mask: "stop",
  convert: (layer, call, c) => {
    const [a, b] = call.inputs.map((s) => c.float(s.value));
    if (!a || !b || call.inputs.length !== 2) throw layer.malformed(`it is given ${call.inputs.length} inputs instead of two`);
    const raw = layer.raw("axes");
    const axes = typeof raw === "number" ? [raw, raw] : layer.ints("axes");
    const ranks = [c.shape(a).length, c.shape(b).length];
    const at = [normalAxis(layer, axes[0] ?? 0, ranks[0]!), normalAxis(layer, axes[1] ?? 0, ranks[1]!)];
    if (at.includes(0)) throw layer.malformed("it multiplies along the rows");
    const unit = (v: Value, axis: number): Value => {
      if (!layer.bool("normalize", false)) return v;
      const squares = c.o.maximum(c.o.sum(c.o.mul(v, v), axis, true), 1e-12);
      return c.o.div(v, c.o.sqrt(squares));
    };
    const letters = "bcdefgh";
    const left = ["a", ...Array.from({ length: ranks[0]! - 1 }, (_, i) => letters[i]!)];
    const right = ["a", ...Array.from({ length: ranks[1]! - 1 }, (_, i) => "pqrstuv"[i]!)];
    right[at[1]!] = left[at[0]!]!;
    const out = [...left.filter((l) => l !== left[at[0]!]), ...right.slice(1).filter((l) => l !== left[at[0]!])];
    const y = c.graph.op("Einsum", [unit(a, at[0]!), unit(b, at[1]!)], { equation: `${left.join("")},${right.join("")}->${out.join("")}` });
    return c.shape(y).length === 1 ? c.o.unsqueeze(y, 1) : y;
  },
});

export const MERGE: readonly LayerDefinition[] = [
  elementwise(["Add"], chain("Add")), subtract, elementwise(["Multiply"], chain("Mul"), product),
  elementwise(["Average"], (values, c) => c.o.div(chain("Add")(values, c), values.length)),
  elementwise(["Maximum"], chain("Max"), extreme("Max")), elementwise(["Minimum"], chain("Min"), extreme("Min")), concatenate, dot,
];
