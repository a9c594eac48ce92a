// Operations that move, join or cut, and products of matrices.

import type { Value } from "../../../onnx/index.ts";
import type { Json } from "../config.ts";
import { isObject } from "../config.ts";
import type { KerasContext, LayerDefinition } from "../layer.ts";
import { normalAxis } from "../layers/core.ts";
import { boundedSize, repeatAxis } from "../layers/shape.ts";
import { operation, type OperationCall } from "./arguments.ts";

const END = Number.MAX_SAFE_INTEGER;

function reshape(call: OperationCall, c: KerasContext): Value {
  const x = call.x();
  const target = call.wholes("newshape shape", 1);
  if (target.some((d) => d < -1) || target.filter((d) => d === -1).length > 1) throw call.layer.malformed(`the shape is [${target.join(", ")}]`);
  // The first dimension must stay the rows.
  const size = c.shape(x).slice(1).reduce<number>((n, d) => (typeof d === "number" ? n * d : NaN), 1);
  const rest = target.slice(1).reduce((n, d) => n * d, 1);
  if (target[0] === -1 && rest === size) return c.o.reshape(x, target);
  throw call.layer.refuse(`a reshape to [${target.join(", ")}]`, "the first dimension must stay that of the rows", "Use keras.layers.Reshape.");
}

/** numpy's indexing by numbers, slices, an ellipsis and new axes. */
function getItem(call: OperationCall, c: KerasContext): Value {
  let x = call.x();
  const raw = call.json("key slice_spec", 1);
  const key = Array.isArray(raw) ? (raw as readonly Json[]) : [raw ?? null];
  const isEllipsis = (k: Json): boolean => (isObject(k) && k["class_name"] === "__ellipsis__") || k === "...";
  const taken = key.filter((k) => k !== null && !isEllipsis(k)).length;
  const rank = call.rank(x);
  if (taken > rank || key.filter(isEllipsis).length > 1) throw call.layer.malformed("its index has more dimensions than the value");
  const full = key.some(isEllipsis) ? key.flatMap((k) => (isEllipsis(k) ? Array.from({ length: rank - taken }, (): Json => ({})) : [k])) : key;
  let axis = 0;
  full.forEach((k) => {
    if (k === null) {
      if (axis === 0) throw call.layer.refuse("a new first dimension", "the first dimension must stay that of the rows");
      x = c.o.unsqueeze(x, axis++);
    } else if (typeof k === "number" && Number.isSafeInteger(k)) {
      call.notRows([axis]);
      const size = c.shape(x)[axis];
      if (typeof size === "number" && (k >= size || k < -size)) throw call.layer.malformed(`its index ${k} is outside a dimension of ${size}`);
      x = c.o.gather(x, { type: "int64", shape: [], data: BigInt64Array.of(BigInt(k)) }, axis);
    } else if (isObject(k)) {
      const at = isObject(k["config"]) ? k["config"] : k;
      const [start, stop, step] = ["start", "stop", "step"].map((name) => at[name] ?? null);
      if (![start, stop, step].every((v) => v === null || Number.isSafeInteger(v)) || step === 0) throw call.layer.unsupported("an index that is computed in the model is not compiled");
      if (start !== null || stop !== null || step !== null) {
        const by = (step as number | null) ?? 1;
        if (!(start === null && stop === null && by === 1)) {
          call.notRows([axis]);
          x = c.o.slice(x, (start as number | null) ?? (by > 0 ? 0 : END), (stop as number | null) ?? (by > 0 ? END : -END), axis, by);
        }
      }
      axis++;
    } else throw call.layer.unsupported(`an index ${JSON.stringify(k).slice(0, 80)} is not compiled`);
  });
  return x;
}

function transposeBy(call: OperationCall, x: Value, perm: readonly number[], c: KerasContext): Value {
  if (perm[0] !== 0) throw call.layer.refuse("a transposed first dimension", "it must stay that of the rows");
  if ([...perm].sort((a, b) => a - b).some((p, i) => p !== i)) throw call.layer.malformed(`its axes are [${perm.join(", ")}]`);
  return c.o.transpose(x, perm);
}

function split(call: OperationCall, c: KerasContext): Value[] {
  const x = call.x();
  const axis = call.axis(call.rank(x), 2, 0);
  call.notRows([axis]);
  const size = c.size(x, axis, call.layer);
  const raw = call.json("indices_or_sections num_or_size_splits", 1);
  let parts: number[];
  if (typeof raw === "number") parts = raw >= 1 && size % raw === 0 ? new Array<number>(boundedSize(raw, call.layer)).fill(size / raw) : [];
  else {
    const list = call.wholes("indices_or_sections num_or_size_splits", 1);
    // keras.ops cuts at places, TensorFlow into sizes.
    parts = c.keras >= 3 ? [...list, size].map((v, i) => v - (i === 0 ? 0 : list[i - 1]!)) : list.map((v) => (v === -1 ? size - list.reduce((n, w) => n + Math.max(0, w), 0) : v));
  }
  if (parts.length === 0 || parts.length > 4096 || parts.some((v) => v < 0) || parts.reduce((n, v) => n + v, 0) !== size) throw call.layer.malformed(`${size} cannot be split like this`);
  return c.graph.ops("Split", [x, c.o.int64s(parts)], { axis }, parts.length);
}

function pad(call: OperationCall, c: KerasContext): Value {
  const x = call.floats();
  const raw = call.json("pad_width paddings", 1);
  const rank = call.rank(x);
  const pairs = typeof raw === "number" ? Array.from({ length: rank }, (): Json => [raw, raw]) : raw;
  if (!Array.isArray(pairs) || !pairs.every((p) => Array.isArray(p) && p.length === 2 && (p as readonly Json[]).every((v) => typeof v === "number" && Number.isSafeInteger(v) && v >= 0))) throw call.layer.malformed("its paddings are not readable");
  const list = (pairs.length === 1 ? new Array<Json>(rank).fill(pairs[0] as Json) : pairs) as (readonly [number, number])[];
  if (list.length !== rank) throw call.layer.malformed(`it has ${list.length} paddings for ${rank} dimensions`);
  if (list[0]![0] !== 0 || list[0]![1] !== 0) throw call.layer.refuse("padding of the first dimension", "it must stay that of the rows");
  list.flat().forEach((v) => boundedSize(v, call.layer));
  const mode = String(call.json("mode") ?? "constant").toLowerCase();
  if (mode !== "constant" && mode !== "reflect") throw call.layer.unsupported(`mode ${JSON.stringify(mode.slice(0, 40))} is not compiled`);
  return c.graph.op("Pad", [x, c.o.int64s([...list.map((p) => p[0]), ...list.map((p) => p[1])]), mode === "constant" ? c.scalar(call.number("constant_values", -1, 0)) : null], { mode });
}

function oneHot(call: OperationCall, c: KerasContext): Value {
  const index = c.o.cast(call.operand("indices x", 0) ?? call.x(), "int64");
  const depth = boundedSize(call.whole("num_classes depth", 1), call.layer);
  if (call.number("on_value", -1, 1) !== 1 || call.number("off_value", -1, 0) !== 0) throw call.layer.unsupported("other values than 1 and 0 are not compiled");
  const within = c.o.where(c.o.less(index, 0), c.o.scalar(depth, "int64"), index);
  return c.graph.op("OneHot", [within, c.o.scalar(depth, "int64"), c.floats([0, 1])], { axis: call.whole("axis", -1, -1) });
}

function multiply(call: OperationCall, c: KerasContext): Value {
  const [a, b] = call.pair("x1 x a", "x2 y b");
  const turned = (v: Value, flag: string): Value => {
    if (!call.flag(flag)) return v;
    const rank = call.rank(v);
    return c.o.transpose(v, [...Array.from({ length: rank - 2 }, (_, i) => i), rank - 1, rank - 2]);
  };
  return c.graph.op("MatMul", [turned(c.float(a), "transpose_a"), turned(c.float(b), "transpose_b")]);
}

const moved = (rank: number, from: number, to: number): number[] => {
  const rest = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== from);
  rest.splice(to, 0, from);
  return rest;
};
const triangle = (names: string, upper: number): LayerDefinition => operation(names, (call, c) => {
  const x = call.floats();
  if (call.rank(x) < 3) throw call.layer.refuse("a matrix of rows", "the rows of a request would be mixed");
  return c.graph.op("Trilu", [x, c.o.scalar(call.whole("k", 1, 0), "int64")], { upper });
});

export const SHAPES: readonly LayerDefinition[] = [
  operation("ops.Reshape tf.reshape", reshape), operation("ops.GetItem tf.__operators__.getitem", getItem), operation("ops.Split tf.split", split), operation("ops.Pad tf.pad tf.compat.v1.pad", pad), operation("ops.OneHot tf.one_hot", oneHot),
  operation("ops.Matmul tf.linalg.matmul tf.matmul", multiply), triangle("ops.Tril", 0), triangle("ops.Triu", 1),
  operation("ops.Einsum", (call, c) => {
    const equation = call.json("subscripts");
    const sides = typeof equation === "string" ? /^([A-Za-z,]{1,64})->([A-Za-z]{0,16})$/.exec(equation.replaceAll(" ", "")) : null;
    const values = [...call.call.inputs, ...call.call.more].map((a) => ("value" in a && !Array.isArray(a) ? c.float((a as { readonly value: Value }).value) : undefined));
    if (!sides || values.some((v) => v === undefined)) throw call.layer.unsupported(`the equation ${JSON.stringify(equation ?? null).slice(0, 80)} is not compiled`);
    const row = sides[2]![0];
    if (row === undefined || !sides[1]!.split(",").every((s) => !s.includes(row) || s[0] === row)) throw call.layer.refuse(`the equation ${sides[0]}`, "the first dimension must stay that of the rows");
    return c.graph.op("Einsum", values as Value[], { equation: sides[0] });
  }),
  operation("ops.Transpose tf.transpose tf.compat.v1.transpose", (call, c) => {
    const x = call.x();
    const rank = call.rank(x);
    const raw = call.json("axes perm", 1) ?? null;
    return transposeBy(call, x, raw === null ? Array.from({ length: rank }, (_, i) => rank - 1 - i) : call.wholes("axes perm", 1).map((a) => normalAxis(call.layer, a, rank)), c);
  }),
  operation("ops.Swapaxes", (call, c) => {
    const x = call.x();
    const rank = call.rank(x);
    const [a, b] = [normalAxis(call.layer, call.whole("axis1", 1), rank), normalAxis(call.layer, call.whole("axis2", 2), rank)];
    return transposeBy(call, x, Array.from({ length: rank }, (_, i) => (i === a ? b : i === b ? a : i)), c);
  }),
  operation("ops.Moveaxis", (call, c) => {
    const x = call.x();
    const rank = call.rank(x);
    const [from, to] = [call.wholes("source", 1), call.wholes("destination", 2)];
    if (from.length !== 1 || to.length !== 1) throw call.layer.unsupported("only one axis at a time is compiled");
    return transposeBy(call, x, moved(rank, normalAxis(call.layer, from[0]!, rank), normalAxis(call.layer, to[0]!, rank)), c);
  }),
  operation("ops.Concatenate tf.concat", (call, c) => {
    const values = call.list();
    const axis = call.axis(call.rank(values[0]!), 1, 0);
    call.notRows([axis]);
    return c.o.concat(values.some((v) => v.type !== values[0]!.type) ? values.map((v) => c.float(v)) : values, axis);
  }),
  operation("ops.Stack tf.stack", (call, c) => {
    const values = call.list();
    const axis = normalAxis(call.layer, call.whole("axis", 1, 0), call.rank(values[0]!) + 1);
    call.notRows([axis]);
    return c.graph.op("Concat", values.map((v) => c.o.unsqueeze(v, axis)), { axis });
  }),
  operation("ops.Unstack tf.unstack", (call, c) => {
    const x = call.x();
    const axis = call.axis(call.rank(x), 2, 0);
    call.notRows([axis]);
    const size = c.size(x, axis, call.layer);
    if (size > 4096) throw call.layer.unsupported(`${size} parts are not compiled`);
    return Array.from({ length: size }, (_, i) => c.o.gather(x, { type: "int64", shape: [], data: BigInt64Array.of(BigInt(i)) }, axis));
  }),
  operation("ops.ExpandDims tf.expand_dims", (call, c) => {
    const x = call.x();
    const axes = call.wholes("axis", 1).map((a) => normalAxis(call.layer, a, call.rank(x) + 1));
    call.notRows(axes);
    return c.graph.op("Unsqueeze", [x, c.o.int64s(axes)]);
  }),
  operation("ops.Squeeze tf.squeeze tf.compat.v1.squeeze", (call, c) => {
    const x = call.x();
    const raw = call.json("axis", 1) ?? null;
    const axes = raw === null || (Array.isArray(raw) && raw.length === 0) ? c.shape(x).flatMap((d, i) => (d === 1 && i > 0 ? [i] : [])) : call.axes(call.rank(x), 1);
    call.notRows(axes);
    return axes.length === 0 ? x : c.graph.op("Squeeze", [x, c.o.int64s(axes)]);
  }),
  operation("ops.Flip tf.reverse", (call, c) => {
    const x = call.x();
    const axes = call.axes(call.rank(x), 1);
    call.notRows(axes);
    return axes.reduce((v, axis) => c.o.slice(v, -1, -END, axis, -1), x);
  }),
  operation("ops.Roll", (call, c) => {
    const x = call.x();
    const axis = call.axis(call.rank(x), 2, 0);
    call.notRows([axis]);
    const size = c.size(x, axis, call.layer);
    const by = ((call.whole("shift", 1) % size) + size) % size;
    return by === 0 ? x : c.o.concat([c.o.slice(x, size - by, END, axis), c.o.slice(x, 0, size - by, axis)], axis);
  }),
  operation("ops.Repeat tf.repeat", (call, c) => {
    const x = call.x();
    const axis = call.axis(call.rank(x), 2, 0);
    call.notRows([axis]);
    const times = call.wholes("repeats", 1);
    if (times.length !== 1 || times[0]! < 1) throw call.layer.unsupported("only one number of repeats is compiled");
    return repeatAxis(x, axis, times[0]!, call.layer, c);
  }),
  operation("ops.Tile tf.tile", (call, c) => {
    const x = call.x();
    const times = call.wholes("repeats multiples", 1);
    const rank = call.rank(x);
    const all = [...new Array<number>(Math.max(0, rank - times.length)).fill(1), ...times];
    if (all.length !== rank || all[0] !== 1) throw call.layer.refuse("repeats of the first dimension", "it must stay that of the rows");
    all.forEach((v) => boundedSize(v, call.layer));
    return c.graph.op("Tile", [x, c.o.int64s(all)]);
  }),
  operation("ops.Take tf.gather tf.compat.v1.gather", (call, c) => {
    const x = call.x();
    const axis = call.axis(call.rank(x), 2, 0);
    if (call.whole("batch_dims", -1, 0) !== 0) throw call.layer.unsupported("batch_dims is not compiled");
    call.notRows([axis]);
    const size = c.size(x, axis, call.layer);
    const indices = call.wholes("indices", 1);
    if (indices.some((i) => i < -size || i >= size)) throw call.layer.malformed(`an index is outside a dimension of ${size}`);
    const scalar = typeof call.json("indices", 1) === "number";
    return c.o.gather(x, { type: "int64", shape: scalar ? [] : [indices.length], data: BigInt64Array.from(indices, (i) => BigInt(i < 0 ? i + size : i)) }, axis);
  }),
  operation("ops.Ravel", (call) => {
    throw call.layer.refuse("ravel", "it joins the rows of a request", "Use keras.layers.Flatten.");
  }),
];
