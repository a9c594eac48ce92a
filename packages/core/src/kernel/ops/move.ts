// Operators that only put elements elsewhere: within one row all of them are a list of places to copy from.

import {
  around, broadcastMap, checkSize, constantNumbers, innerAxis, kindOf, fromTensor, NotForMe, sizeOf, sourcesOf, Store, type Data, type Extent, type Kind, type Step, type Value,
} from "../value.ts";
import type { Build, NodeView, Planner } from "../node-view.ts";

/** The same memory in another shape. */
function view(value: Value, shape: readonly number[]): Value {
  return { store: value.store, shape, ...(value.origin ? { origin: value.origin } : {}) };
}

/** result[r, i] = value[r, map[i]]. */
function picked(build: Build, value: Value, shape: readonly number[], map: Int32Array): Value {
  const result = build.result(value.store.kind, shape, [value], (out): Step => {
    const from = map[0] ?? 0;
    const run = map.every((v, i) => v === from + i);
    const { stride } = value.store;
    const { width } = out;
    if (run && width > 8) {
      return (n) => {
        const [o, a] = [out.data, value.store.data];
        for (let r = 0; r < n; r++) for (let k = 0, i = r * width, j = r * stride + from; k < width; k++) o[i++] = a[j++]!;
      };
    }
    return (n) => {
      const [o, a] = [out.data, value.store.data];
      for (let r = 0, i = 0; r < n; r++) for (let k = 0; k < width; k++) o[i++] = a[r * stride + map[k]!]!;
    };
  });
  return value.origin ? { ...result, origin: map.map((i) => value.origin![i]!) } : result;
}

/** The places of the elements at `places` along an axis. */
function along(shape: readonly number[], axis: number, places: ArrayLike<number>): Int32Array {
  const [outer, size, inner] = around(shape, axis);
  const map = new Int32Array(checkSize(outer * places.length * inner));
  let at = 0;
  for (let o = 0; o < outer; o++) for (let p = 0; p < places.length; p++) for (let i = 0; i < inner; i++) map[at++] = (o * size + places[p]!) * inner + i;
  return map;
}

function gather(v: NodeView): readonly Value[] {
  const [data, indices] = [v.input(0), v.input(1)];
  const axis = v.int("axis", 0);
  if (data.extents) {
    const picks = constantNumbers(indices, "a place among dimensions");
    return [dimensions(v, Array.from(picks, (i) => data.extents!.at(i)), indices.shape)];
  }
  if (indices.store.constant) {
    const at = innerAxis(data, axis);
    const size = data.shape[at]!;
    const places = Array.from(constantNumbers(indices, "the places"), (i) => (i < 0 ? i + size : i));
    if (!places.every((i) => i >= 0 && i < size)) throw new NotForMe("a place beyond the axis");
    return [picked(v.build, data, [...data.shape.slice(0, at), ...indices.shape, ...data.shape.slice(at + 1)], along(data.shape, at, places))];
  }
  if (!data.store.constant || (axis !== 0 && axis !== -data.shape.length)) throw new NotForMe("Gather of rows by rows");
  return [rowsOf(v.build, data, indices)];
}

/** result[.., :] = table[indices[..], :]. */
function rowsOf(build: Build, table: Value, indices: Value): Value {
  const rows = table.shape[0] ?? 1;
  const inner = sizeOf(table.shape.slice(1));
  return build.result(table.store.kind, [...indices.shape, ...table.shape.slice(1)], [table, indices], (out): Step => {
    const count = indices.store.width;
    return (n) => {
      const [o, t, at] = [out.data, table.store.data, indices.store.numbers];
      for (let i = 0, j = 0; i < n * count; i++) {
        const given = at[i]!;
        const row = given < 0 ? given + rows : given;
        if (!(row >= 0 && row < rows)) throw new RangeError(`place ${given} of ${rows}`);
        for (let k = 0, from = row * inner; k < inner; k++) o[j++] = t[from++]!;
      }
    };
  });
}

/** Along the second of two dimensions. */
function gatherElements(v: NodeView): readonly Value[] {
  const [data, indices] = [v.input(0), v.input(1)];
  const axis = innerAxis(data, v.int("axis", 0));
  if (data.shape.length !== 2 || axis !== 1 || indices.shape.length !== 2 || indices.shape[0] !== data.shape[0] || data.store.constant || indices.store.constant) throw new NotForMe("GatherElements but along the columns");
  const width = data.shape[1]!;
  return [v.build.result(data.store.kind, indices.shape, [data, indices], (out) => (n) => {
    const [o, a, at] = [out.data, data.store.data, indices.store.numbers];
    const count = indices.store.width;
    for (let r = 0, i = 0; r < n; r++) {
      for (let k = 0; k < count; k++, i++) {
        const given = at[i]!;
        const place = given < 0 ? given + width : given;
        if (!(place >= 0 && place < width)) throw new RangeError(`place ${given} of ${width}`);
        o[i] = a[r * width + place]!;
      }
    }
  })];
}

function slice(v: NodeView): readonly Value[] {
  const data = v.input(0);
  const starts = constantNumbers(v.input(1), "the start of a slice");
  const ends = constantNumbers(v.input(2), "the end of a slice");
  const axes = v.inputs[3] ? constantNumbers(v.inputs[3], "the axes") : Float64Array.from(starts, (_, i) => i);
  const steps = v.inputs[4] ? constantNumbers(v.inputs[4], "the steps") : Float64Array.from(starts, () => 1);
  if (data.extents) {
    if (starts.length !== 1 || steps[0] !== 1) throw new NotForMe("a slice of dimensions");
    const part = data.extents.slice(starts[0], ends[0]);
    return [dimensions(v, part, [part.length])];
  }
  let value = data;
  for (let i = 0; i < starts.length; i++) {
    const axis = innerAxis(value, axes[i]!);
    const places = sliced(value.shape[axis]!, starts[i]!, ends[i]!, steps[i]!);
    value = picked(v.build, value, value.shape.map((d, k) => (k === axis ? places.length : d)), along(value.shape, axis, places));
  }
  return [value];
}
function sliced(size: number, start: number, end: number, step: number): number[] {
  const places: number[] = [];
  const clamp = (x: number, low: number, high: number): number => Math.max(low, Math.min(high, x < 0 ? x + size : x));
  if (step > 0) for (let i = clamp(start, 0, size), last = clamp(end, 0, size); i < last; i += step) places.push(i);
  else if (step < 0) for (let i = clamp(start, -1, size - 1), last = end < -size ? -1 : clamp(end, -1, size - 1); i > last; i += step) places.push(i);
  return places;
}

function split(v: NodeView): readonly Value[] {
  const data = v.input(0);
  const axis = innerAxis(data, v.int("axis", 0));
  const size = data.shape[axis]!;
  const count = v.node.outputs.length;
  const given = v.inputs[1] ? Array.from(constantNumbers(v.inputs[1], "the sizes")) : undefined;
  const each = Math.ceil(size / count);
  const sizes = given ?? v.node.outputs.map((_, i) => Math.min(each, size - i * each));
  if (sizes.length !== count || !sizes.every((s) => s >= 0) || sizes.reduce((a, b) => a + b, 0) !== size) throw new NotForMe("a Split that does not fit");
  let from = 0;
  return sizes.map((s) => {
    const places = Array.from({ length: s }, (_, i) => from + i);
    from += s;
    return picked(v.build, data, data.shape.map((d, k) => (k === axis ? s : d)), along(data.shape, axis, places));
  });
}

function concat(v: NodeView): readonly Value[] {
  const parts = v.inputs.map((_, i) => v.sources(i));
  if (parts.some((p) => p.extents)) {
    return [dimensions(v, parts.flatMap((p) => p.extents ?? Array.from(constantNumbers(p, "a dimension"), (size) => ({ rows: 0, size }))), [parts.reduce((n, p) => n + p.shape[0]!, 0)])];
  }
  const dependent = parts.find((p) => !p.store.constant);
  // A constant has no rows to stand beside others.
  if (dependent && parts.some((p) => p.store.constant)) throw new NotForMe("Concat of rows and constants");
  const [first] = parts as [Value];
  const axis = innerAxis(dependent ?? first, v.int("axis", 0));
  const shape = first.shape.map((d, i) => (i === axis ? parts.reduce((n, p) => n + p.shape[i]!, 0) : d));
  if (parts.some((p) => p.store.kind !== first.store.kind || p.shape.length !== first.shape.length || p.shape.some((d, i) => i !== axis && d !== first.shape[i]))) throw new NotForMe("a Concat that does not fit");
  if (parts.length === 1) return [first];
  const columns = axis === 1 && shape.length === 2 && shape[0] === 1;
  const make = (out: Store): Step => {
    const [outer] = around(shape, axis);
    const row = out.width / outer;
    let from = 0;
    const copies = parts.map((p) => {
      const length = p.store.width / outer;
      from += length;
      return { store: p.store, length, from: from - length };
    });
    return (n) => {
      const o = out.data;
      for (const { store, length, from: start } of copies) {
        const a = store.data;
        for (let r = 0, j = 0; r < n * outer; r++) for (let k = 0, i = r * row + start; k < length; k++) o[i++] = a[j++]!;
      }
    };
  };
  const made = parts.some((p) => p.sources !== undefined) && columns;
  if (!made) for (const part of parts) v.build.write(part);
  const result = made ? v.build.lazy(first.store.kind, shape, parts, parts.flatMap(sourcesOf), make) : v.build.result(first.store.kind, shape, parts, make);
  if (axis !== 1 || shape.length !== 2 || !parts.some((p) => p.origin)) return [result];
  return [{ ...result, origin: Int32Array.from(parts.flatMap((p) => Array.from(p.origin ?? new Int32Array(p.store.width).fill(-1)))) }];
}

// ---- shapes ----

const fixed = (size: number): Extent => ({ rows: 0, size });

function dimensions(v: NodeView, extents: readonly (Extent | undefined)[], shape: readonly number[]): Value {
  if (!extents.every((e) => e !== undefined)) throw new NotForMe("a dimension that is not there");
  if (extents.every((e) => e.rows === 0)) return { store: new Store("int64", extents.length, true, Float64Array.from(extents, (e) => e.size)), shape };
  return { store: new Store("int64", 0, true), shape, extents };
}

function shapeOf(v: NodeView): readonly Value[] {
  const data = v.input(0);
  if (data.extents) throw new NotForMe("the shape of a shape");
  const all = data.shape.map((d, i) => (i === 0 && !data.store.constant ? { rows: d, size: 0 } : fixed(d)));
  const part = all.slice(v.int("start", 0), v.has("end") ? v.int("end", 0) : undefined);
  return [dimensions(v, part, [part.length])];
}

function extentsOf(value: Value): readonly Extent[] {
  return value.extents ?? Array.from(constantNumbers(value, "a shape"), fixed);
}

function reshape(v: NodeView): readonly Value[] {
  const data = v.input(0);
  const wanted = extentsOf(v.input(1));
  const total = data.store.width;
  if (data.extents) throw new NotForMe("Reshape of dimensions");
  const keep = v.int("allowzero", 0) === 0;
  const dims = wanted.map((e, i): Extent => {
    if (e.rows !== 0 || e.size !== 0 || !keep) return e;
    const d = data.shape[i] ?? 1;
    return i === 0 && !data.store.constant ? { rows: d, size: 0 } : fixed(d);
  });
  const open = dims.findIndex((e) => e.rows === 0 && e.size === -1);
  const rest = dims.reduce((n, e, i) => (i === open ? n : n * (e.rows !== 0 ? e.rows : e.size)), 1);
  if (open >= 0 && (rest === 0 || total % rest !== 0)) throw new NotForMe("a Reshape that does not fit");
  const shape = dims.map((e, i) => (i === open ? total / rest : e.rows !== 0 ? e.rows : e.size));
  if (!data.store.constant) {
    // The rows must stay where they are: named as such, or the one dimension that is left open.
    const named = dims.findIndex((e) => e.rows !== 0);
    if (dims.some((e, i) => i > 0 && e.rows !== 0) || (named !== 0 && open !== 0)) throw new NotForMe("a Reshape that moves the rows");
  } else if (dims.some((e) => e.rows !== 0)) throw new NotForMe("a Reshape of a constant to rows");
  if (sizeOf(shape) !== total || !shape.every((d) => Number.isInteger(d) && d >= 0)) throw new NotForMe("a Reshape that does not fit");
  return [view(data, shape)];
}

function axesOf(v: NodeView): number[] | undefined {
  return v.ints("axes") ?? (v.inputs[1] ? Array.from(constantNumbers(v.inputs[1], "the axes")) : undefined);
}
function squeeze(v: NodeView): readonly Value[] {
  const data = v.input(0);
  if (data.extents) throw new NotForMe("Squeeze of dimensions");
  const rank = data.shape.length;
  const gone = new Set((axesOf(v) ?? data.shape.flatMap((d, i) => (d === 1 ? [i] : []))).map((a) => (a < 0 ? a + rank : a)));
  if (!data.store.constant && gone.has(0)) throw new NotForMe("Squeeze of the rows");
  if ([...gone].some((a) => data.shape[a] !== 1)) throw new NotForMe("a Squeeze that does not fit");
  return [view(data, data.shape.filter((_, i) => !gone.has(i)))];
}
function unsqueeze(v: NodeView): readonly Value[] {
  const data = v.input(0);
  if (data.extents) throw new NotForMe("Unsqueeze of dimensions");
  const axes = axesOf(v) ?? [];
  const rank = data.shape.length + axes.length;
  const added = new Set(axes.map((a) => (a < 0 ? a + rank : a)));
  if (!data.store.constant && added.has(0)) throw new NotForMe("a dimension before the rows");
  if (added.size !== axes.length || [...added].some((a) => !(a >= 0 && a < rank))) throw new NotForMe("an Unsqueeze that does not fit");
  let at = 0;
  return [view(data, Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : data.shape[at++]!)))];
}
function flatten(v: NodeView): readonly Value[] {
  const data = v.input(0);
  const axis = v.int("axis", 1);
  if (axis < 1 || data.extents || axis > data.shape.length) throw new NotForMe("Flatten of the rows");
  return [view(data, [sizeOf(data.shape.slice(0, axis)), sizeOf(data.shape.slice(axis))])];
}

function expand(v: NodeView): readonly Value[] {
  const data = v.input(0);
  const wanted = extentsOf(v.input(1));
  const rank = Math.max(wanted.length, data.shape.length);
  const shift = rank - data.shape.length;
  let rows = 0;
  const shape = Array.from({ length: rank }, (_, i) => {
    const e = wanted[i - rank + wanted.length] ?? fixed(1);
    const d = data.shape[i - shift] ?? 1;
    const own = !data.store.constant && i === shift ? d : 0;
    if (e.rows !== 0 || own !== 0) {
      if (i !== 0 || (own !== 0 && shift !== 0)) throw new NotForMe("rows that do not stand in the first dimension");
      if (e.rows !== 0 && own !== 0 && e.rows !== own) throw new NotForMe("rows of several numbers");
      if (own === 0 && d !== 1) throw new NotForMe("a constant as long as the rows");
      if (e.rows === 0 && e.size !== 1) throw new NotForMe("rows beside a constant");
      rows = e.rows || own;
      return rows;
    }
    if (d !== e.size && d !== 1 && e.size !== 1) throw new NotForMe("an Expand that does not fit");
    return Math.max(d, e.size);
  });
  const map = broadcastMap(data.shape, shape) ?? Int32Array.from({ length: checkSize(sizeOf(shape)) }, (_, i) => i);
  if (rows === 0 || !data.store.constant) return [picked(v.build, data, shape, map)];
  return [repeated(v.build, data.store.kind, shape, Array.from(map, (i) => data.store.data[i]!))];
}

/** A constant row for every row of the batch, written once. */
function repeated(build: Build, kind: Kind, shape: readonly number[], row: readonly (number | string)[]): Value {
  const store = new Store(kind, row.length, false);
  build.stores.push(store);
  let filled: Data | undefined;
  build.steps.push(() => {
    const { data } = store;
    if (filled === data) return;
    for (let i = 0; i < data.length; i++) data[i] = row[i % row.length]!;
    filled = data;
  });
  return { store, shape };
}

function constantOfShape(v: NodeView): readonly Value[] {
  const dims = extentsOf(v.input(0));
  const value = v.tensor("value");
  const { store } = value ? fromTensor(value) : { store: new Store(kindOf("float", ""), 1, true) };
  if (dims.some((e, i) => e.rows !== 0 && i > 0)) throw new NotForMe("rows that do not stand in the first dimension");
  const shape = dims.map((e) => e.rows || e.size);
  const row = new Array<number | string>(new Store(store.kind, sizeOf(shape), true).width).fill(store.data[0] ?? 0);
  if (dims[0]?.rows) return [repeated(v.build, store.kind, shape, row)];
  const constant = new Store(store.kind, row.length, true);
  row.forEach((x, i) => (constant.data[i] = x));
  return [{ store: constant, shape }];
}

function transpose(v: NodeView): readonly Value[] {
  const data = v.input(0);
  const rank = data.shape.length;
  const perm = v.ints("perm") ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  if (perm.length !== rank || new Set(perm).size !== rank || !perm.every((p) => p >= 0 && p < rank)) throw new NotForMe("a Transpose that does not fit");
  if (!data.store.constant && perm[0] !== 0) throw new NotForMe("a Transpose of the rows");
  const shape = perm.map((p) => data.shape[p]!);
  const steps = perm.map((p) => sizeOf(data.shape.slice(p + 1)));
  const map = new Int32Array(checkSize(sizeOf(shape)));
  for (let i = 0; i < map.length; i++) for (let d = rank - 1, rest = i; d >= 0; rest = Math.floor(rest / shape[d]!), d--) map[i]! += (rest % shape[d]!) * steps[d]!;
  return [picked(v.build, data, shape, map)];
}

function constant(v: NodeView): readonly Value[] {
  const value = v.tensor("value");
  if (!value) throw new NotForMe("a constant without a tensor");
  return [fromTensor(value)];
}

export const movePlanners: Readonly<Record<string, Planner>> = {
  Gather: gather, GatherElements: gatherElements, Slice: slice, Split: split, Concat: concat, Shape: shapeOf, Reshape: reshape, Squeeze: squeeze,
  Unsqueeze: unsqueeze, Flatten: flatten, Expand: expand, ConstantOfShape: constantOfShape, Transpose: transpose, Constant: constant,
};
