// Shapes of operators that move elements: gather, slice, reshape and their kin.

import type { Dim } from "../value.ts";
import { broadcast, InferenceError, plus, product, sameDim, times, type Dims, type Infer, type NodeContext } from "./context.ts";
import { typeOf } from "./types.ts";

const unknown = (rank: number | null): Dims => (rank === null ? null : Array.from({ length: rank }, () => null));

const concat: Infer = (n) => {
  const shapes = n.inputs.map((x) => x?.shape ?? null);
  const first = shapes.find((s) => s !== null);
  if (!first) return [{ shape: null }];
  const axis = n.axis(n.int("axis"), first.length);
  let out: readonly Dim[] = first.map((_, i) => (i === axis ? 0 : null));
  for (const s of shapes) {
    if (s !== null && s.length !== first.length) throw new InferenceError(`ranks ${first.length} and ${s.length} cannot be joined`);
    const x = out;
    out = first.map((_, i) => (i === axis ? plus(x[i]!, s?.[i] ?? null) : sameDim(x[i]!, s?.[i] ?? null, `dimension ${i}`)));
  }
  const contents = n.inputs.map((_, i) => n.content(i));
  const content = first.length === 1 && contents.every((c) => c !== undefined) ? contents.flat() as Dim[] : undefined;
  return [{ shape: out, content }];
};

const gather: Infer = (n) => {
  const data = n.shape(0);
  const indices = n.shape(1);
  if (data === null || indices === null) return [{ shape: null }];
  const axis = n.axis(n.int("axis"), data.length);
  const from = data.length === 1 ? n.content(0) : undefined;
  const at = n.numbers(1);
  const size = data[axis];
  if (at && typeof size === "number") {
    for (const i of at) if (i >= size || i < -size) throw new InferenceError(`index ${i} is outside a dimension of ${size}`);
  }
  const content = from && at ? at.map((i) => from.at(i) ?? null) : undefined;
  return [{ shape: [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)], content }];
};

const gatherND: Infer = (n) => {
  const data = n.shape(0);
  const indices = n.shape(1);
  const depth = indices?.at(-1);
  if (!data || !indices || typeof depth !== "number") return [{ shape: null }];
  return [{ shape: [...indices.slice(0, -1), ...data.slice(n.int("batch_dims") + depth)] }];
};

const slice: Infer = (n) => {
  const shape = n.shape(0);
  if (shape === null) return [{ shape: null }];
  const [starts, ends] = [n.numbers(1), n.numbers(2)];
  const axes = n.inputs[3] ? n.numbers(3) : starts?.map((_, i) => i);
  const steps = n.inputs[4] ? n.numbers(4) : starts?.map(() => 1);
  if (!starts || !ends || !axes || !steps) return [{ shape: axes ? shape.map((d, i) => (axes.some((a) => n.axis(a, shape.length) === i) ? null : d)) : unknown(shape.length) }];
  const out = [...shape];
  let content = shape.length === 1 ? n.content(0) : undefined;
  axes.forEach((a, k) => {
    const axis = n.axis(a, shape.length);
    const d = out[axis]!;
    const step = steps[k]!;
    if (step === 0) throw new InferenceError("a slice of step 0");
    const [start, end] = [starts[k]!, ends[k]!];
    if (typeof d !== "number") {
      const whole = start === 0 && end >= 2 ** 31 - 1 && step === 1;
      if (!whole) out[axis] = null;
      return;
    }
    const clamp = (v: number, low: number, high: number): number => Math.min(Math.max(v < 0 ? v + d : v, low), high);
    const [from, to] = step > 0 ? [clamp(start, 0, d), clamp(end, 0, d)] : [clamp(start, 0, d - 1), clamp(end, -1, d - 1)];
    out[axis] = Math.max(0, Math.ceil((to - from) / step));
    if (content) content = Array.from({ length: out[axis] as number }, (_, i) => content![from + i * step] ?? null);
  });
  return [{ shape: out, content }];
};

const split: Infer = (n) => {
  const shape = n.shape(0);
  const none = Array.from({ length: n.outputCount }, () => ({ shape: unknown(shape?.length ?? null) }));
  if (shape === null) return none;
  const axis = n.axis(n.int("axis"), shape.length);
  const whole = shape[axis];
  let parts: readonly Dim[] | undefined = n.inputs[1] ? n.content(1) : undefined;
  if (!n.inputs[1] && typeof whole === "number") {
    const each = Math.ceil(whole / n.outputCount);
    parts = Array.from({ length: n.outputCount }, (_, i) => Math.max(0, Math.min(each, whole - each * i)));
  }
  return Array.from({ length: n.outputCount }, (_, k) => ({ shape: shape.map((d, i) => (i === axis ? (parts?.[k] ?? null) : d)) }));
};

const reshape: Infer = (n) => {
  const shape = n.shape(0);
  const target = n.content(1);
  if (!target) {
    const rank = n.shape(1)?.[0];
    return [{ shape: typeof rank === "number" && rank < 16 ? unknown(rank) : null }];
  }
  const out: Dim[] = target.map((d, i) => (d === 0 && !n.int("allowzero") ? (shape ? (shape[i] ?? null) : null) : d));
  const hole = out.indexOf(-1);
  if (hole >= 0) {
    if (out.lastIndexOf(-1) !== hole) throw new InferenceError("two dimensions of a reshape are -1");
    out[hole] = null;
    if (shape) out[hole] = divide([...shape], out.filter((_, i) => i !== hole));
  } else if (shape) {
    const [a, b] = [product(shape), product(out)];
    if (typeof a === "number" && typeof b === "number" && a !== b) throw new InferenceError(`${a} elements cannot be reshaped to ${b}`);
  }
  return [{ shape: out, content: out.length <= 1 ? n.content(0) : undefined }];
};

/** The dim that is left of `dims` after taking out `others`: equal names cancel. */
function divide(dims: Dim[], others: readonly Dim[]): Dim {
  if (others.includes(null)) return null;
  const rest: Dim[] = [];
  for (const d of others) {
    const at = typeof d === "string" ? dims.indexOf(d) : -1;
    if (at >= 0) dims.splice(at, 1);
    else rest.push(d);
  }
  const below = product(rest);
  const names = dims.filter((d) => typeof d !== "number");
  const above = product(dims.filter((d) => typeof d === "number"));
  if (typeof below !== "number" || typeof above !== "number" || below === 0) return null;
  if (names.length === 0) {
    if (above % below !== 0) throw new InferenceError(`${above} elements cannot be divided by ${below}`);
    return above / below;
  }
  return names.length === 1 && above === below ? names[0]! : null;
}

const flatten: Infer = (n) => {
  const shape = n.shape(0);
  if (shape === null) return [{ shape: [null, null] }];
  const at = n.int("axis") < 0 ? n.int("axis") + shape.length : n.int("axis");
  return [{ shape: [product(shape.slice(0, at)), product(shape.slice(at))] }];
};

const squeeze: Infer = (n) => {
  const shape = n.shape(0);
  const axes = n.inputs[1] ? n.numbers(1) : shape?.every((d) => typeof d === "number") ? shape.flatMap((d, i) => (d === 1 ? [i] : [])) : undefined;
  if (shape === null || !axes) return [{ shape: null }];
  const gone = axes.map((a) => n.axis(a, shape.length));
  for (const a of gone) sameDim(shape[a]!, 1, "a squeezed dimension is not 1");
  return [{ shape: shape.filter((_, i) => !gone.includes(i)), content: n.content(0) }];
};

const unsqueeze: Infer = (n) => {
  const shape = n.shape(0);
  const axes = n.numbers(1);
  if (shape === null || !axes) return [{ shape: null }];
  const rank = shape.length + axes.length;
  const at = new Set(axes.map((a) => n.axis(a, rank)));
  if (at.size !== axes.length) throw new InferenceError("an axis is given twice");
  let next = 0;
  return [{ shape: Array.from({ length: rank }, (_, i) => (at.has(i) ? 1 : shape[next++]!)), content: rank === 1 ? n.content(0) : undefined }];
};

const transpose: Infer = (n) => {
  const shape = n.shape(0);
  if (shape === null) return [{ shape: null }];
  const perm = n.ints("perm") ?? shape.map((_, i) => shape.length - 1 - i);
  if (perm.length !== shape.length || new Set(perm).size !== perm.length || perm.some((p) => !(p >= 0 && p < shape.length))) {
    throw new InferenceError(`perm [${perm.join(", ")}] does not fit rank ${shape.length}`);
  }
  return [{ shape: perm.map((p) => shape[p]!) }];
};

const expand: Infer = (n) => {
  const target = n.content(1);
  if (target) return [{ shape: broadcast(n.shape(0), target) }];
  const rank = n.shape(1)?.[0];
  return [{ shape: n.shape(0) && typeof rank === "number" && rank < 16 ? unknown(Math.max(n.shape(0)!.length, rank)) : null }];
};

const tile: Infer = (n) => {
  const shape = n.shape(0);
  const repeats = n.content(1);
  if (shape === null || !repeats) return [{ shape: unknown(n.rank(0)) }];
  if (repeats.length !== shape.length) throw new InferenceError(`${repeats.length} repeats for rank ${shape.length}`);
  return [{ shape: shape.map((d, i) => times(d, repeats[i]!)) }];
};

const shapeOf: Infer = (n) => {
  const shape = n.shape(0);
  if (shape === null) return [{ shape: [null] }];
  const end = n.has("end") ? n.int("end") : shape.length;
  const content = shape.slice(n.int("start"), end);
  return [{ shape: [content.length], content }];
};

const constantOfShape: Infer = (n) => {
  const rank = n.shape(0)?.[0];
  return [{ type: n.tensor("value")?.type ?? "float", shape: n.content(0) ?? (typeof rank === "number" && rank < 16 ? unknown(rank) : null) }];
};

const range: Infer = (n) => {
  const [start, limit, delta] = [n.content(0)?.[0], n.content(1)?.[0], n.content(2)?.[0]];
  if (typeof start === "number" && typeof limit === "number" && typeof delta === "number" && delta !== 0) return [{ shape: [Math.max(0, Math.ceil((limit - start) / delta))] }];
  return [{ shape: [start === 0 && delta === 1 && limit !== undefined ? limit : null] }];
};

const oneHot: Infer = (n) => {
  const shape = n.shape(0);
  if (shape === null) return [{ shape: null }];
  const axis = n.axis(n.int("axis"), shape.length + 1);
  return [{ shape: [...shape.slice(0, axis), n.content(1)?.[0] ?? null, ...shape.slice(axis)] }];
};

const compress: Infer = (n) => {
  const shape = n.shape(0);
  if (!n.has("axis")) return [{ shape: [null] }];
  if (shape === null) return [{ shape: null }];
  const axis = n.axis(n.int("axis"), shape.length);
  return [{ shape: shape.map((d, i) => (i === axis ? null : d)) }];
};

function last(n: NodeContext, width: Dim): Dims {
  const shape = n.shape(0);
  return shape === null ? null : [...shape.slice(0, -1), width];
}

export const SHAPES: Readonly<Record<string, Infer>> = {
  Concat: concat, Gather: gather, GatherND: gatherND, Slice: slice, Split: split, Reshape: reshape, Flatten: flatten, Squeeze: squeeze,
  Unsqueeze: unsqueeze, Transpose: transpose, Expand: expand, Tile: tile, Shape: shapeOf, ConstantOfShape: constantOfShape, Range: range,
  OneHot: oneHot, Compress: compress,
  GatherElements: (n) => [{ shape: n.shape(1) }],
  Size: (n) => [{ shape: [], content: n.shape(0) ? [product(n.shape(0)!)] : undefined }],
  NonZero: (n) => [{ shape: [n.rank(0), null] }],
  Constant: (n) => {
    const t = n.tensor("value");
    return [t ? { type: t.type, shape: t.shape } : { shape: null }];
  },
  EyeLike: (n) => [{ type: n.has("dtype") ? typeOf(n.int("dtype")) : n.inputs[0]?.type, shape: n.shape(0) }],
  StringNormalizer: (n) => [{ shape: n.has("stopwords") ? unknown(n.rank(0)) : n.shape(0) }],
  StringSplit: (n) => [{ shape: n.shape(0) ? [...n.shape(0)!, null] : null }, { shape: n.shape(0) }],
  Tokenizer: (n) => [{ shape: n.shape(0) ? [...n.shape(0)!, null] : null }],
  TfIdfVectorizer: (n) => {
    const columns = n.ints("ngram_indexes");
    return [{ shape: last(n, columns ? columns.reduce((a, b) => Math.max(a, b), -1) + 1 : null) }];
  },
};
