// MultiHeadAttention, Attention and AdditiveAttention, with the masks that Keras makes of its inputs'.

import type { Value } from "../../../onnx/index.ts";
import { defineLayer, isSym, rankOf, type Call, type KerasContext, type LayerDefinition, type LayerView, type Sym } from "../layer.ts";

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
const all = (masks: readonly (Value | undefined)[], c: KerasContext): Value | undefined => masks.reduce<Value | undefined>((a, b) => (a && b ? c.o.and(a, b) : (a ?? b)), undefined);

const multiHead = defineLayer({
  names: ["MultiHeadAttention"],
  parts: () => ["query_dense", "key_dense", "value_dense", "output_dense"],
  mask: "own",
  convert: (layer, call, c) => {
    const [query] = call.inputs;
    const value = tensorNamed(call, "value", 0) ?? call.inputs[1];
    if (!query || !value) throw layer.malformed("it is given no query or no value");
    const key = tensorNamed(call, "key", 1) ?? call.inputs[2] ?? value;
    const [q, k, v] = [query, key, value].map((s) => c.float(s.value)) as [Value, Value, Value];
    for (const x of [q, k, v]) rankOf(layer, x, 3);
    const axes = layer.raw("attention_axes");
    if (Array.isArray(axes) && (axes.length !== 1 || (axes[0] !== 1 && axes[0] !== -2))) throw layer.refuse("attention_axes", "only the steps can be");
    const [heads, size] = [layer.int("num_heads", undefined, 1), layer.int("key_dim", undefined, 1)];
    const width = layer.raw("value_dim") === null || layer.raw("value_dim") === undefined ? size : layer.int("value_dim", undefined, 1);
    const bias = layer.bool("use_bias", true);
    const each = bias ? 2 : 1;
    const count = 4 * each;
    const project = (x: Value, i: number, w: number): Value => {
      const y = c.graph.op("Einsum", [x, c.constant(layer.weight(i * each, count, [c.size(x, -1, layer), heads, w]))], { equation: "abc,cde->abde" });
      return bias ? c.o.add(y, c.constant(layer.weight(i * each + 1, count, [heads, w]))) : y;
    };
    const scaled = c.o.mul(project(q, 0, size), Math.fround(1 / Math.sqrt(size)));
    let scores = c.graph.op("Einsum", [scaled, project(k, 1, size)], { equation: "abcd,aecd->acbe" });
    const attention = tensorNamed(call, "attention_mask", 2);
    const asked = attention && (attention.value.type === "bool" ? attention.value : c.o.cast(attention.value, "bool"));
    const mask = all([
      query.mask && c.o.unsqueeze(query.mask, 2), value.mask && c.o.unsqueeze(value.mask, 1), key !== value && key.mask ? c.o.unsqueeze(key.mask, 1) : undefined,
      isTrue(call, "use_causal_mask") ? causal(q, v, c) : undefined, asked,
    ], c);
    if (mask) scores = c.o.add(scores, c.o.where(c.o.unsqueeze(mask, 1), c.scalar(0), c.scalar(-1e9)));
    const weights = c.graph.op("Softmax", [scores], { axis: -1 });
    const joined = c.graph.op("Einsum", [weights, project(v, 2, width)], { equation: "acbe,aecd->abcd" });
    const kernel = layer.weight(3 * each, count, [heads, width, -1]);
    const out = c.graph.op("Einsum", [joined, c.constant(kernel)], { equation: "abcd,cde->abe" });
    const y: Sym = { value: bias ? c.o.add(out, c.constant(layer.weight(3 * each + 1, count, [kernel.shape[2]!]))) : out, ...(query.mask ? { mask: query.mask } : {}) };
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

export const ATTENTION: readonly LayerDefinition[] = [multiHead, attention, additive];
