// Attention: the fused function, and the two fast paths that nn.MultiheadAttention and nn.TransformerEncoderLayer take in
// evaluation, spelled out.

import type { Operand, Value } from "../../../onnx/index.ts";
import type { Args } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { defineOperator, type Operator } from "../operator.ts";
import { ListValue, OpenInput, TensorValue } from "../values.ts";
import { gelu } from "./activation.ts";
import { linear } from "./linear.ts";
import { layerNorm } from "./normalization.ts";

function swapLast(x: Value, c: TorchContext): Value {
  const rank = c.rank(x);
  const perm = Array.from({ length: rank }, (_, i) => i);
  [perm[rank - 1], perm[rank - 2]] = [rank - 2, rank - 1];
  return c.o.transpose(x, perm);
}

/** Minus infinity where a row may not look; a boolean mask is True where it may (`allowed`) or where it may not. */
function additive(mask: Value, allowed: boolean, c: TorchContext, type: "float" | "double" = "float"): Value {
  if (mask.type !== "bool") return mask;
  const [none, full] = [c.o.scalar(0, type), c.o.scalar(-Infinity, type)];
  return allowed ? c.o.where(mask, none, full) : c.o.where(mask, full, none);
}

/** softmax(q k' * scale + mask) v for [..., L, E]. */
function attend(q: Value, k: Value, v: Value, mask: Value | null, scale: Operand, c: TorchContext): { readonly value: Value; readonly weights: Value } {
  let scores = c.o.mul(c.graph.op("MatMul", [q, swapLast(k, c)]), scale);
  if (mask) scores = c.o.add(scores, mask);
  const weights = c.graph.op("Softmax", [scores], { axis: -1 });
  return { value: c.graph.op("MatMul", [weights, v]), weights };
}

function causal(q: Value, k: Value, c: TorchContext): Value {
  const [l, s] = [q, k].map((x) => c.graph.op("Shape", [x], { start: c.rank(x) - 2, end: c.rank(x) - 1 })) as [Value, Value];
  const ones = c.graph.op("Expand", [c.o.scalar(1, "float"), c.o.concat([l, s], 0)]);
  return additive(c.o.cast(c.graph.op("Trilu", [ones], { upper: 0 }), "bool"), true, c, q.type === "double" ? "double" : "float");
}

export interface HeadWeights {
  readonly qkv: Value;
  readonly qkvBias: Value | null;
  readonly out: Value;
  readonly outBias: Value | null;
}

/** Attention of query, key and value [N, L, E] by packed weights [3E, E]; the weights of the heads are [N, H, L, S]. */
function headAttention(given: readonly Value[], embed: number, heads: number, w: HeadWeights, mask: Value | null, c: TorchContext): { readonly value: Value; readonly weights: Value } {
  const each = embed / heads;
  const [q, k, v] = given.map((x, i) => {
    const rows = c.o.slice(w.qkv, i * embed, (i + 1) * embed, 0);
    const part = linear(x, rows, w.qkvBias && c.o.slice(w.qkvBias, i * embed, (i + 1) * embed, 0), c);
    return c.o.transpose(c.o.reshape(part, [0, 0, heads, each]), [0, 2, 1, 3]);
  }) as [Value, Value, Value];
  const { value, weights } = attend(q, k, v, mask, 1 / Math.sqrt(each), c);
  const joined = c.o.reshape(c.o.transpose(value, [0, 2, 1, 3]), [0, 0, embed]);
  return { value: linear(joined, w.out, w.outBias, c), weights };
}
const selfAttention = (x: Value, embed: number, heads: number, w: HeadWeights, mask: Value | null, c: TorchContext): Value => headAttention([x, x, x], embed, heads, w, mask, c).value;

/** mask_type 0: [L, L]; 1: padding [N, L]; 2: both, joined to [N, H, L, L] already. */
function fastMask(args: Args, c: TorchContext): Value | null {
  const mask = args.optional("mask");
  if (!mask) return null;
  const added = additive(mask, false, c);
  args.get("mask_type");
  if (c.rank(mask) === 2 && args.int("mask_type", 0) === 1) return c.graph.op("Unsqueeze", [added, c.o.int64s([1, 2])]);
  return added;
}

function encoderLayer(args: Args, c: TorchContext): Value {
  const x = args.tensor("src");
  const weights = { qkv: args.tensor("qkv_weight"), qkvBias: args.optional("qkv_bias"), out: args.tensor("proj_weight"), outBias: args.optional("proj_bias") };
  const eps = args.float("eps");
  const norm = (v: Value, n: 1 | 2): Value => layerNorm(v, 1, args.optional(`norm_weight_${n}`), args.optional(`norm_bias_${n}`), eps, c);
  const attention = (v: Value): Value => selfAttention(v, args.int("embed_dim"), args.int("num_heads"), weights, fastMask(args, c), c);
  const feed = (v: Value): Value => {
    const inner = linear(v, args.tensor("ffn_weight_1"), args.optional("ffn_bias_1"), c);
    return linear(args.bool("use_gelu", false) ? gelu(inner, "none", c) : c.o.relu(inner), args.tensor("ffn_weight_2"), args.optional("ffn_bias_2"), c);
  };
  if (args.bool("norm_first", false)) {
    const h = c.o.add(x, attention(norm(x, 1)));
    return c.o.add(h, feed(norm(h, 2)));
  }
  const h = norm(c.o.add(x, attention(x)), 1);
  return norm(c.o.add(h, feed(h)), 2);
}

export const ATTENTION: readonly Operator[] = [
  defineOperator({
    names: ["scaled_dot_product_attention"], params: "query key value attn_mask dropout_p is_causal scale enable_gqa",
    open: (args) => {
      // A mask of bools and one of floats mean different things.
      if (args.get("attn_mask") instanceof OpenInput) throw args.refuse("a mask whose type the file does not tell", "Trace the model with an example, or export it with torch.export.");
      return { type: "float", shape: ["N", null, null, null] };
    },
    convert: (args, c) => {
      if (args.float("dropout_p", 0) !== 0) args.training("dropout_p");
      const q = args.tensor("query");
      const grouped = args.bool("enable_gqa", false);
      // Fewer heads of keys and values than of queries: each serves several.
      const heads = (x: Value): Value => {
        const times = grouped ? c.size(q, -3, args) / c.size(x, -3, args) : 1;
        if (!Number.isInteger(times)) throw args.bad("key", "of a number of heads that divides the query's");
        if (times === 1) return x;
        const axis = c.rank(x) - 3;
        const n = c.size(x, axis, args);
        return c.o.gather(x, c.o.int64s(Array.from({ length: n * times }, (_, i) => Math.floor(i / times))), axis);
      };
      const [k, v] = [heads(args.tensor("key")), heads(args.tensor("value"))];
      const mask = args.bool("is_causal", false) ? causal(q, k, c) : args.has("attn_mask") ? additive(args.tensor("attn_mask"), true, c, q.type === "double" ? "double" : "float") : null;
      const width = q.shape?.at(-1);
      const scale = args.has("scale") ? args.float("scale") : typeof width === "number" ? 1 / Math.sqrt(width)
        : c.o.div(1, c.o.sqrt(c.o.cast(c.o.squeeze(c.graph.op("Shape", [q], { start: c.rank(q) - 1, end: c.rank(q) }), 0), q.type)));
      return attend(q, k, v, mask, scale, c).value;
    },
  }),
  defineOperator({
    names: ["_transformer_encoder_layer_fwd"],
    params: "src embed_dim num_heads qkv_weight qkv_bias proj_weight proj_bias use_gelu norm_first eps norm_weight_1 norm_bias_1 norm_weight_2 norm_bias_2 ffn_weight_1 ffn_bias_1 ffn_weight_2 ffn_bias_2 mask mask_type",
    open: (args) => ({ type: "float", shape: ["N", null, args.int("embed_dim")] }),
    convert: encoderLayer,
  }),
  defineOperator({
    names: ["_native_multi_head_attention"], params: "query key value embed_dim num_head qkv_weight qkv_bias proj_weight proj_bias mask need_weights average_attn_weights mask_type",
    convert: (args, c) => {
      const parts = [args.tensor("query"), args.tensor("key"), args.tensor("value")];
      const { value, weights } = headAttention(parts, args.int("embed_dim"), args.int("num_head"), {
        qkv: args.tensor("qkv_weight"), qkvBias: args.optional("qkv_bias"), out: args.tensor("proj_weight"), outBias: args.optional("proj_bias") }, fastMask(args, c), c);
      const shown = args.bool("need_weights", true) ? new TensorValue(args.bool("average_attn_weights", true) ? c.o.mean(weights, 1) : weights) : null;
      return new ListValue([new TensorValue(value), shown], true);
    },
  }),
];
