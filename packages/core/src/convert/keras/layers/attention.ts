// MultiHeadAttention, GroupedQueryAttention, Attention and AdditiveAttention, with the masks that Keras makes of its inputs'.

import type { Value } from "../../../onnx/index.ts";
import { elementCount, floats, type Tensor } from "../../../tensor/index.ts";
import { defineLayer, isSym, rankOf, type Call, type KerasContext, type LayerDefinition, type LayerView, type Sym } from "../layer.ts";
import { alongSecond } from "./core.ts";
import { repeatAxis } from "./shape.ts";

const isTrue = (call: Call, name: string): boolean => {
  const a = call.named.get(name);
  return a !== undefined && "json" in a && a.json === true;
};
function tensorNamed(call: Call, name: string, position: number): Sym | undefined {
  const a = call.named.get(name) ?? call.more[position];
  return isSym(a) ? a : undefined;
}

/** [1, Tq, Tk]: a step sees itself and those before. */
function causal(q: Value, k: Value, c: KerasContext): Value {
  const steps = (v: Value): Value => c.graph.op("Range", [c.o.scalar(0, "int64"), c.o.squeeze(c.graph.op("Shape", [v], { start: 1, end: 2 }), 0), c.o.scalar(1, "int64")]);
  return c.o.unsqueeze(c.o.greaterEqual(c.o.unsqueeze(steps(q), 1), c.o.unsqueeze(steps(k), 0)), 0);
}
/** [1, Tq, Tk]: a step sees those that are less than `window` steps away. */
function near(q: Value, k: Value, window: number, c: KerasContext): Value {
  const steps = (v: Value): Value => c.graph.op("Range", [c.o.scalar(0, "int64"), c.o.squeeze(c.graph.op("Shape", [v], { start: 1, end: 2 }), 0), c.o.scalar(1, "int64")]);
  return c.o.unsqueeze(c.o.less(c.o.abs(c.o.sub(c.o.unsqueeze(steps(q), 1), c.o.unsqueeze(steps(k), 0))), window), 0);
}
const all = (masks: readonly (Value | undefined)[], c: KerasContext): Value | undefined => masks.reduce<Value | undefined>((a, b) => (a && b ? c.o.and(a, b) : (a ?? b)), undefined);

interface Heads {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly size: number;
  readonly mask: Value | undefined;
}
/** x [N, T, F] W [F, H, D] + b [H, D] -> [N, H, T, D]. */
function projectHeads(x: Value, kernel: Tensor<"float">, bias: Tensor<"float"> | undefined, c: KerasContext): Value {
  const [features, heads, width] = kernel.shape as [number, number, number];
  let y = c.graph.op("MatMul", [x, c.constant(floats(kernel.data, [features, heads * width]))]);
  if (bias && alongSecond(bias.shape, [...c.shape(x).slice(0, 2), heads, width], c)) y = c.o.add(y, c.constant(floats(bias.data, [heads, 1])));
  else if (bias) y = c.o.add(y, c.constant(floats(bias.data, [heads * width])));
  return c.o.transpose(c.o.reshape(y, [0, 0, heads, width]), [0, 2, 1, 3]);
}
/** Queries [N, H, Tq, D], keys and values [N, H, Tk, D] -> [N, Tq, H * D] and the scores [N, H, Tq, Tk]. */
function attendHeads(layer: LayerView, call: Call, { q, k, v, size, mask }: Heads, c: KerasContext): [Value, Value] {
  const scaled = c.o.mul(q, Math.fround(1 / Math.sqrt(size)));
  let scores = c.graph.op("MatMul", [scaled, c.o.transpose(k, [0, 1, 3, 2])]);
  const spread = mask && c.o.unsqueeze(mask, 1);
  if (spread) scores = c.o.where(spread, scores, -1e9);
  let weights = c.graph.op("Softmax", [scores], { axis: -1 });
  // From 3.14 on a step that may see nothing gets nothing, but only where scores are computed one by one.
  if (spread && c.since(3, 14) && (layer.number("dropout", 0) > 0 || isTrue(call, "return_attention_scores"))) weights = c.o.where(spread, weights, 0);
  const joined = c.o.transpose(c.graph.op("MatMul", [weights, v]), [0, 2, 1, 3]);
  const [heads, width] = c.shape(v).flatMap((d, i) => (i === 1 || i === 3 ? [d as number] : [])) as [number, number];
  return [c.o.reshape(joined, [0, 0, heads * width]), weights];
}

/** Query, key and value [N, T, F], and the masks of all three and of the call as one [N or 1, Tq, Tk]. */
function readCall(layer: LayerView, call: Call, c: KerasContext): { readonly query: Sym; readonly x: readonly [Value, Value, Value]; readonly mask: Value | undefined } {
  const [query] = call.inputs;
  const value = tensorNamed(call, "value", 0) ?? call.inputs[1];
  if (!query || !value) throw layer.malformed("it is given no query or no value");
  const given = tensorNamed(call, "key", 1) ?? call.inputs[2];
  const key = given ?? value;
  const x = [query, key, value].map((s) => c.float(s.value)) as [Value, Value, Value];
  const rank = c.shape(x[0]).length;
  if (x.some((v) => c.shape(v).length !== rank) || rank < 3 || rank > (layer.className === "MultiHeadAttention" ? 6 : 3)) throw layer.refuse(`inputs of ${x.map((v) => c.shape(v).length).join(", ")} dimensions`, "only [rows, steps, features] can be");
  const window = layer.raw("sliding_window");
  const attention = tensorNamed(call, "attention_mask", 2);
  const asked = attention && (attention.value.type === "bool" ? attention.value : c.o.cast(attention.value, "bool"));
  if (asked && (c.shape(asked).length !== 3 || rank > 3)) throw layer.refuse(`an attention_mask of ${c.shape(asked).length} dimensions`, "only [rows, steps, steps] can be");
  const [qm, vm, km] = [[query, "query_mask"], [value, "value_mask"], [given, "key_mask"]].map(([s, name]) => tensorNamed(call, name as string, -1)?.value ?? (s as Sym | undefined)?.mask) as (Value | undefined)[];
  const mask = all([
    qm && c.o.unsqueeze(qm, 2), vm && c.o.unsqueeze(vm, 1), given && given.value !== value.value && km ? c.o.unsqueeze(km, 1) : undefined,
    isTrue(call, "use_causal_mask") ? causal(x[0], x[2], c) : undefined, asked, typeof window === "number" ? near(x[0], x[2], window, c) : undefined,
  ], c);
  if (mask && rank > 3) throw layer.refuse("a mask beside inputs of more than three dimensions", "how it is spread is not compiled");
  return { query, x, mask };
}

/** The axes that attend, from the front; all between rows and features where none are told. */
function attendingAxes(layer: LayerView, rank: number): number[] {
  const raw = layer.raw("attention_axes");
  const between = Array.from({ length: rank - 2 }, (_, i) => i + 1);
  if (raw === null || raw === undefined) return between;
  const axes = (Array.isArray(raw) ? raw : [raw]) as readonly unknown[];
  if (rank === 3 && axes.length === 1 && axes[0] === -2) return between;
  if (axes.length === 0 || new Set(axes).size !== axes.length || !axes.every((a) => between.includes(a as number))) throw layer.refuse(`attention_axes=${JSON.stringify(raw).slice(0, 60)}`, "only axes between the rows and the features, counted from the front, can be");
  return (axes as number[]).toSorted((a, b) => a - b);
}

/** Attention over some of the dimensions d1 ... dk of [N, d1 ... dk, F], the others taken one by one: [N, d1 ... dk, H * D]. */
function attendAxes(axes: readonly number[], x: readonly [Value, Value, Value], project: (x: Value, part: number) => { readonly value: Value; readonly heads: number; readonly width: number }, size: number, c: KerasContext): Value {
  const rank = c.shape(x[0]).length;
  const alone = Array.from({ length: rank - 2 }, (_, i) => i + 1).filter((i) => !axes.includes(i));
  const perm = [0, ...alone, rank - 1, ...axes, rank];
  const dim = (v: Value, axis: number): number | { readonly of: Value; readonly axis: number } => {
    const d = c.shape(v)[axis];
    return typeof d === "number" ? d : { of: v, axis };
  };
  const [q, k, v] = x.map((value, part) => {
    const made = project(value, part);
    const spread = c.graph.op("Reshape", [made.value, c.shapeValue([dim(value, 0), ...Array.from({ length: rank - 2 }, (_, i) => dim(value, i + 1)), made.heads, made.width])]);
    return { heads: made.heads, width: made.width, value: c.graph.op("Reshape", [c.o.transpose(spread, perm), c.shapeValue([dim(value, 0), ...alone.map((a) => dim(value, a)), made.heads, -1, made.width])]) };
  }) as [{ value: Value; heads: number; width: number }, { value: Value }, { value: Value; heads: number; width: number }];
  const n = alone.length + 4;
  const turned = c.o.transpose(k.value, [...Array.from({ length: n - 2 }, (_, i) => i), n - 1, n - 2]);
  const weights = c.graph.op("Softmax", [c.graph.op("MatMul", [c.o.mul(q.value, Math.fround(1 / Math.sqrt(size))), turned])], { axis: -1 });
  const made = c.graph.op("Reshape", [c.graph.op("MatMul", [weights, v.value]), c.shapeValue([dim(x[0], 0), ...alone.map((a) => dim(x[0], a)), v.heads, ...axes.map((a) => dim(x[0], a)), v.width])]);
  const back = c.o.transpose(made, perm.map((_, i) => perm.indexOf(i)));
  return c.graph.op("Reshape", [back, c.shapeValue([...Array.from({ length: rank - 1 }, (_, i) => dim(x[0], i)), v.heads * v.width])]);
}

const multiHead = defineLayer({
  names: ["MultiHeadAttention"],
  parts: (config) => ["query_dense", "key_dense", ...(config.bool("use_gate", false) ? ["gate_dense"] : []), "value_dense", "output_dense"],
  mask: "own",
  convert: (layer, call, c) => {
    const { query, x, mask } = readCall(layer, call, c);
    const [q, k, v] = x;
    const gated = layer.bool("use_gate", false);
    const inner = c.shape(q).length;
    const axes = attendingAxes(layer, inner);
    const [heads, size] = [layer.int("num_heads", undefined, 1), layer.int("key_dim", undefined, 1)];
    const width = layer.raw("value_dim") === null || layer.raw("value_dim") === undefined ? size : layer.int("value_dim", undefined, 1);
    const bias = layer.bool("use_bias", true);
    const each = bias ? 2 : 1;
    const [gate, value, last] = gated ? [2, 3, 4] : [-1, 2, 3];
    const count = (last + 1) * each;
    const kernelOf = (x: Value, i: number, w: number): [Tensor<"float">, Tensor<"float"> | undefined] => [layer.weight(i * each, count, [c.size(x, -1, layer), heads, w]), bias ? layer.weight(i * each + 1, count, [heads, w]) : undefined];
    const project = (x: Value, i: number, w: number): Value => projectHeads(x, ...kernelOf(x, i, w), c);
    const flatly = (x: Value, i: number, w: number): Value => {
      const [kernel, b] = kernelOf(x, i, w);
      const y = c.graph.op("MatMul", [x, c.constant(floats(kernel.data, [kernel.shape[0]!, heads * w]))]);
      return b ? c.o.add(y, c.constant(floats(b.data, [heads * w]))) : y;
    };
    const scored = isTrue(call, "return_attention_scores");
    if (scored && inner > 3) throw layer.refuse("return_attention_scores beside inputs of more than three dimensions", "only the attention itself can be");
    const [attended, weights] = inner === 3 ? attendHeads(layer, call, { q: project(q, 0, size), k: project(k, 1, size), v: project(v, value, width), size, mask }, c)
      : [attendAxes(axes, x, (y, part) => ({ value: flatly(y, part === 2 ? value : part, part === 2 ? width : size), heads, width: part === 2 ? width : size }), size, c), undefined];
    const joined = gated ? c.o.mul(attended, c.graph.op("Sigmoid", [flatly(q, gate, width)])) : attended;
    const rank = layer.weights[last * each]?.shape.length ?? 3;
    if (rank < 3 || rank > 6) throw layer.malformed("its last weight has another form than its output");
    const kernel = layer.weight(last * each, count, [heads, width, ...new Array<number>(rank - 2).fill(-1)]);
    const shape = kernel.shape.slice(2);
    const flat = c.graph.op("MatMul", [joined, c.constant(floats(kernel.data, [heads * width, elementCount(shape)]))]);
    const out = shape.length === 1 ? flat : c.o.reshape(flat, [...new Array<number>(inner - 1).fill(0), ...shape]);
    const y: Sym = { value: bias ? c.o.add(out, c.constant(layer.weight(last * each + 1, count, kernel.shape.slice(2)))) : out, ...(query.mask ? { mask: query.mask } : {}) };
    return scored && weights ? [y, { value: weights }] : y;
  },
});

const grouped = defineLayer({
  names: ["GroupedQueryAttention", "GroupQueryAttention"],
  parts: () => ["query_dense", "key_dense", "value_dense", "output_dense"],
  mask: "own",
  convert: (layer, call, c) => {
    const { query, x: [q, k, v], mask } = readCall(layer, call, c);
    if (layer.bool("use_gate", false)) throw layer.refuse("use_gate=True", "this is not compiled");
    const [heads, groups, size] = [layer.int("num_query_heads", undefined, 1), layer.int("num_key_value_heads", undefined, 1), layer.int("head_dim", undefined, 1)];
    if (heads % groups !== 0) throw layer.malformed(`${heads} heads in ${groups} groups`);
    const bias = layer.bool("use_bias", true);
    const each = bias ? 2 : 1;
    const project = (x: Value, i: number, n: number): Value => projectHeads(x, layer.weight(i * each, 4 * each, [c.size(x, -1, layer), n, size]), bias ? layer.weight(i * each + 1, 4 * each, [n, size]) : undefined, c);
    const shared = (x: Value, i: number): Value => repeatAxis(project(x, i, groups), 1, heads / groups, layer, c);
    const [joined, weights] = attendHeads(layer, call, { q: project(q, 0, heads), k: shared(k, 1), v: shared(v, 2), size, mask }, c);
    const features = c.size(q, -1, layer);
    const out = c.graph.op("MatMul", [joined, c.constant(floats(layer.weight(3 * each, 4 * each, [heads, size, features]).data, [heads * size, features]))]);
    const y: Sym = { value: bias ? c.o.add(out, c.constant(layer.weight(3 * each + 1, 4 * each, [features]))) : out, ...(query.mask ? { mask: query.mask } : {}) };
    return isTrue(call, "return_attention_scores") ? [y, { value: weights }] : y;
  },
});

function attend(layer: LayerView, call: Call, c: KerasContext, score: (q: Value, k: Value) => Value): Sym | Sym[] {
  const [query, value] = call.inputs;
  const key = call.inputs[2] ?? value;
  if (!query || !value || !key) throw layer.malformed(`it is given ${call.inputs.length} inputs instead of query and value`);
  const [q, k, v] = [query, key, value].map((s) => c.float(s.value)) as [Value, Value, Value];
  for (const x of [q, k, v]) rankOf(layer, x, 3);
  let scores = score(q, k);
  const mask = all([value.mask && c.o.unsqueeze(value.mask, 1), isTrue(call, "use_causal_mask") || layer.bool("causal", false) ? causal(q, v, c) : undefined], c);
  if (mask) scores = c.o.where(mask, scores, c.o.sub(scores, 1e9));
  const weights = c.graph.op("Softmax", [scores], { axis: -1 });
  let out = c.graph.op("MatMul", [weights, v]);
  if (query.mask) out = c.o.where(c.o.unsqueeze(query.mask, 2), out, 0);
  const y: Sym = { value: out, ...(query.mask ? { mask: query.mask } : {}) };
  return isTrue(call, "return_attention_scores") ? [y, { value: weights }] : y;
}

const attention = defineLayer({
  names: ["Attention"],
  mask: "own",
  convert: (layer, call, c) => {
    const mode = layer.word("score_mode", ["dot", "concat"], "dot");
    const scaled = layer.bool("use_scale", false);
    const count = Number(scaled) + Number(mode === "concat");
    const scale = scaled ? c.constant(layer.weight(0, count, [])) : undefined;
    return attend(layer, call, c, (q, k) => {
      if (mode === "dot") {
        const scores = c.graph.op("MatMul", [q, c.o.transpose(k, [0, 2, 1])]);
        return scale ? c.o.mul(scores, scale) : scores;
      }
      const sum = c.o.add(c.o.unsqueeze(q, 2), c.o.unsqueeze(k, 1));
      return c.o.mul(c.constant(layer.weight(count - 1, count, [])), c.o.sum(c.o.tanh(scale ? c.o.mul(scale, sum) : sum), -1));
    });
  },
});

const additive = defineLayer({
  names: ["AdditiveAttention"],
  mask: "own",
  convert: (layer, call, c) => attend(layer, call, c, (q, k) => {
    const t = c.o.tanh(c.o.add(c.o.unsqueeze(q, 2), c.o.unsqueeze(k, 1)));
    return c.o.sum(layer.bool("use_scale", true) ? c.o.mul(c.constant(layer.weight(0, 1, [c.size(q, -1, layer)])), t) : t, -1);
  }),
});

export const ATTENTION: readonly LayerDefinition[] = [multiHead, grouped, attention, additive];
