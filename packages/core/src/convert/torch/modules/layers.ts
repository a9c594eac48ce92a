// torch.nn's layers in evaluation, as calls of the operators that their forward makes.

import type { TorchContext } from "../context.ts";
import { ShapeFound } from "../operator.ts";
import { ListValue, OpenInput, TensorValue, type TorchValue } from "../values.ts";
import { defineLayer, type Layer, type ModuleView } from "./module.ts";
import { RECURRENT_LAYERS } from "./recurrent.ts";

const call = (c: TorchContext, op: string, ...args: TorchValue[]): TorchValue => c.call(op, args);

/** An operator of the value and of settings, in the operator's order: "negative_slope" or "alpha=1". */
const simple = (name: string, op: string, settings = ""): Layer =>
  defineLayer({ names: [name], forward: (m, x, c) => c.call(op, [x], new Map(settings.split(" ").filter(Boolean).map((s) => {
    const [own, theirs] = s.split(":") as [string, string | undefined];
    return [theirs ?? own, m.get(own, null)] as const;
  }))) });

const pairs = (v: TorchValue): TorchValue => (typeof v === "bigint" ? new ListValue([v, v]) : v);
const dims = (m: ModuleView): number => Number(/(\d)d$/.exec(m.name)?.[1] ?? 1);

function convolution(m: ModuleView, x: TorchValue, c: TorchContext): TorchValue {
  const d = dims(m);
  const padding = m.get("padding");
  const zeros = m.get("padding_mode", "zeros") === "zeros";
  let input = x;
  if (!zeros && !(x instanceof OpenInput)) {
    input = call(c, "pad", x, m.get("_reversed_padding_repeated_twice"), m.get("padding_mode"), null);
  }
  return call(c, `conv${d}d`, input, m.weight(), m.tensor("bias"), m.get("stride"), zeros ? padding : 0n, m.get("dilation"), m.get("groups"));
}

/** Layers of one, two or three dimensions tell an input's number of dimensions by their names. */
function toldByName(m: ModuleView, x: TorchValue, channels: number | null, least = dims(m) + 2): void {
  if (x instanceof OpenInput) throw new ShapeFound(x.index, { type: "float", shape: ["N", channels, ...new Array<null>(least - 2).fill(null)] });
}

function batchNorm(m: ModuleView, x: TorchValue, c: TorchContext): TorchValue {
  if (/\dd$/.test(m.name)) toldByName(m, x, m.int("num_features"), dims(m) === 1 ? 2 : undefined);
  return call(c, "batch_norm", x, m.tensor("weight"), m.tensor("bias"), m.tensor("running_mean"), m.tensor("running_var"), false, 0.1, m.get("eps"), true);
}

function pool(op: string): Layer["forward"] {
  return (m, x, c) => {
    if (m.bool("return_indices", false)) throw m.refuse("return_indices=True");
    const average = op === "avg_pool";
    return c.call(`${op}${dims(m)}d`, [x], new Map<string, TorchValue>([
      ["kernel_size", m.get("kernel_size")], ["stride", m.get("stride", null)], ["padding", m.get("padding", 0n)], ["ceil_mode", m.get("ceil_mode", false)],
      ...(average ? [["count_include_pad", m.get("count_include_pad", true)] as const, ["divisor_override", m.get("divisor_override", null)] as const] : [["dilation", m.get("dilation", 1n)] as const]),
    ]));
  };
}
const adaptive = (kind: string): Layer["forward"] => (m, x, c) => {
  const result = call(c, `adaptive_${kind}_pool${dims(m)}d`, x, m.get("output_size"));
  return result instanceof ListValue ? result.items[0]! : result;
};

function softmaxAxis(m: ModuleView): TorchValue {
  const dim = m.get("dim", null);
  if (dim === null) throw m.refuse("dim=None, which depends on the number of dimensions,", "Give the layer its dim and save it again.");
  return dim;
}

/** nn.LazyLinear and the like become their plain classes once they have run. */
const linear = defineLayer({ names: ["Linear", "NonDynamicallyQuantizableLinear"], forward: (m, x, c) => call(c, "linear", x, m.weight(), m.tensor("bias")) });

const sequential = defineLayer({
  names: ["Sequential"],
  forward: (m, x) => m.children().reduce<TorchValue>((value, child) => child.apply(value), x),
});

const embedding = defineLayer({
  names: ["Embedding"],
  forward: (m, x, c) => {
    if (m.get("max_norm", null) !== null) throw m.refuse("max_norm", "Leave max_norm out: it changes the weights while predicting.");
    return call(c, "embedding", m.weight(), x);
  },
});

const padding = defineLayer({
  names: ["ZeroPad", "ConstantPad", "ReflectionPad", "ReplicationPad", "CircularPad"].flatMap((n) => [1, 2, 3].map((d) => `${n}${d}d`)),
  forward: (m, x, c) => {
    toldByName(m, x, null);
    return call(c, "pad", x, m.get("padding"), m.name.startsWith("Reflection") ? "reflect" : m.name.startsWith("Replication") ? "replicate" : m.name.startsWith("Circular") ? "circular" : "constant", m.name.startsWith("Constant") ? m.get("value") : 0);
  },
});

const dropout = defineLayer({
  names: ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"], trains: true,
  forward: (_m, x) => x,
});

function encoderLayer(m: ModuleView, x: TorchValue, c: TorchContext): TorchValue {
  const attention = m.child("self_attn");
  const [norm1, norm2, linear1, linear2] = ["norm1", "norm2", "linear1", "linear2"].map((n) => m.child(n));
  if (!attention || !norm1 || !norm2 || !linear1 || !linear2) throw m.bad("a part of it is missing");
  const embed = attention.int("embed_dim");
  const batchFirst = attention.bool("batch_first", false);
  const activation = activationOf(m);
  const packed = attention.tensor("in_proj_weight");
  if (!packed || attention.tensor("bias_k") || attention.bool("add_zero_attn", false)) throw attention.refuse("kdim, vdim, add_bias_kv or add_zero_attn");
  const out = attention.child("out_proj");
  if (!out) throw attention.bad("it has no out_proj");
  const result = c.call("_transformer_encoder_layer_fwd", [
    x instanceof OpenInput || batchFirst ? x : call(c, "transpose", x, 0n, 1n), BigInt(embed), BigInt(attention.int("num_heads")),
    packed, attention.tensor("in_proj_bias"), out.weight(), out.tensor("bias"), activation === "gelu", m.bool("norm_first", false), norm1.get("eps"),
    norm1.tensor("weight"), norm1.tensor("bias"), norm2.tensor("weight"), norm2.tensor("bias"), linear1.weight(), linear1.tensor("bias"), linear2.weight(), linear2.tensor("bias")]);
  return batchFirst ? result : call(c, "transpose", result, 0n, 1n);
}
/** A function by its name; files of some versions only keep which fast path it has (1: relu, 2: gelu). */
function activationOf(m: ModuleView): "relu" | "gelu" {
  const known = m.get("activation_relu_or_gelu", 0n);
  if (known === 1n) return "relu";
  if (known === 2n) return "gelu";
  throw m.refuse("an activation other than relu and gelu");
}

const encoder = defineLayer({
  names: ["TransformerEncoder"], trains: true,
  forward: (m, x) => {
    const value = m.child("layers")?.children().reduce<TorchValue>((v, child) => child.apply(v), x) ?? x;
    return m.child("norm")?.apply(value) ?? value;
  },
});

const names = (prefix: string, count = 3): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i + 1}d`);

/** nn.Upsample and its older kin: factors or a size, as F.interpolate takes them. */
function upsample(m: ModuleView, x: TorchValue, c: TorchContext): TorchValue {
  const mode = m.name === "UpsamplingBilinear2d" ? "bilinear" : m.name === "UpsamplingNearest2d" ? "nearest" : String(m.get("mode", "nearest"));
  toldByName(m, x, null, { linear: 3, trilinear: 5 }[mode] ?? 4);
  if (!(x instanceof TensorValue)) throw m.bad("it is given no tensor");
  const d = c.rank(x.value) - 2;
  const spread = (v: TorchValue): TorchValue => (v === null || v instanceof ListValue ? v : new ListValue(new Array<TorchValue>(d).fill(typeof v === "bigint" && v === m.get("scale_factor", null) ? Number(v) : v)));
  const op = { nearest: `upsample_nearest${d}d`, "nearest-exact": `_upsample_nearest_exact${d}d`, linear: "upsample_linear1d", bilinear: "upsample_bilinear2d", trilinear: "upsample_trilinear3d", bicubic: "upsample_bicubic2d" }[mode];
  if (op === undefined || m.get("recompute_scale_factor", null) === true) throw m.refuse(`mode=${mode}`);
  const corners = mode.startsWith("nearest") ? [] : [m.name === "UpsamplingBilinear2d" ? true : m.get("align_corners", null) ?? false];
  return call(c, op, x, spread(m.get("size", null)), ...corners, spread(m.get("scale_factor", null)));
}

/** (sum of |x| ^ p over the window) ^ (1 / p), as F.lp_pool computes it. */
function lpPool(m: ModuleView, x: TorchValue, c: TorchContext): TorchValue {
  const d = dims(m);
  toldByName(m, x, null);
  const p = Number(m.get("norm_type"));
  const kernel = m.get("kernel_size");
  const size = kernel instanceof ListValue ? kernel.items.reduce<number>((a, b) => a * Number(b), 1) : Number(kernel) ** d;
  const mean = call(c, `avg_pool${d}d`, call(c, "pow", x, p), kernel, m.get("stride", null), 0n, m.get("ceil_mode", false));
  const positive = call(c, "mul", call(c, "mul", call(c, "sign", mean), call(c, "relu", call(c, "abs", mean))), size);
  return call(c, "pow", positive, 1 / p);
}

const layers: readonly Layer[] = [
  ...RECURRENT_LAYERS,
  defineLayer({ names: ["Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d"], forward: upsample }),
  defineLayer({ names: names("LPPool"), forward: lpPool }),
  defineLayer({ names: ["EmbeddingBag"], forward: (m, x, c) => {
    if (m.get("max_norm", null) !== null || m.get("padding_idx", null) !== null) throw m.refuse("max_norm or padding_idx");
    const mode = { sum: 0n, mean: 1n, max: 2n }[String(m.get("mode"))];
    if (mode === undefined) throw m.bad("its mode is unknown");
    if (x instanceof OpenInput) return call(c, "embedding", m.weight(), x);
    const rows = call(c, "embedding", m.weight(), x);
    return mode === 2n ? call(c, "amax", rows, 1n) : call(c, mode === 1n ? "mean" : "sum", rows, 1n);
  } }),
  defineLayer({ names: ["LocalResponseNorm"], forward: (m, x, c) => {
    toldByName(m, x, null, 4);
    if (!(x instanceof TensorValue)) throw m.bad("it is given no tensor");
    const size = m.int("size");
    const rank = c.rank(x.value);
    // A window over the channels, zeros around them.
    const squares = call(c, "unsqueeze", call(c, "mul", x, x), 1n);
    const [before, after] = [Math.floor(size / 2), Math.floor((size - 1) / 2)];
    const padded = call(c, "constant_pad_nd", squares, new ListValue([...new Array<bigint>(2 * (rank - 2)).fill(0n), BigInt(before), BigInt(after)]), 0);
    const flat = call(c, "flatten", padded, 3n);
    const mean = call(c, "view_as", call(c, "avg_pool2d", rank === 2 ? call(c, "unsqueeze", padded, 3n) : flat, new ListValue([BigInt(size), 1n]), new ListValue([1n, 1n])), x);
    return call(c, "div", x, call(c, "pow", call(c, "add", call(c, "mul", mean, m.get("alpha")), m.get("k")), m.get("beta")));
  } }),
  defineLayer({ names: ["PixelUnshuffle"], forward: (m, x, c) => call(c, "pixel_unshuffle", x, m.get("downscale_factor")) }),
  defineLayer({ names: ["ChannelShuffle"], forward: (m, x, c) => call(c, "channel_shuffle", x, m.get("groups")) }),
  defineLayer({ names: ["Unfold"], forward: (m, x, c) => call(c, "im2col", x, ...["kernel_size", "dilation", "padding", "stride"].map((n) => pairs(m.get(n)))) }),
  defineLayer({ names: ["Fold"], forward: (m, x, c) => call(c, "col2im", x, ...["output_size", "kernel_size", "dilation", "padding", "stride"].map((n) => pairs(m.get(n)))) }),
  sequential, linear, embedding, padding, dropout, encoder,
  defineLayer({ names: ["TransformerEncoderLayer"], trains: true, forward: encoderLayer }),
  defineLayer({ names: ["Identity"], forward: (_m, x) => x }),
  defineLayer({ names: names("Conv"), forward: convolution }),
  defineLayer({ names: names("ConvTranspose"), forward: (m, x, c) => call(c, `conv_transpose${dims(m)}d`, x, m.weight(), m.tensor("bias"), m.get("stride"), m.get("padding"), m.get("output_padding"), m.get("groups"), m.get("dilation")) }),
  defineLayer({ names: [...names("BatchNorm"), "SyncBatchNorm"], trains: true, forward: batchNorm }),
  defineLayer({ names: names("InstanceNorm"), trains: true, forward: (m, x, c) => toldByName(m, x, m.int("num_features")) ?? call(c, "instance_norm", x, m.tensor("weight"), m.tensor("bias"), m.tensor("running_mean"), m.tensor("running_var"), !m.bool("track_running_stats", false), 0.1, m.get("eps"), true) }),
  defineLayer({ names: ["LayerNorm"], forward: (m, x, c) => call(c, "layer_norm", x, m.get("normalized_shape"), m.tensor("weight"), m.tensor("bias"), m.get("eps")) }),
  defineLayer({ names: ["RMSNorm"], forward: (m, x, c) => call(c, "rms_norm", x, m.get("normalized_shape"), m.tensor("weight"), m.get("eps", null)) }),
  defineLayer({ names: ["GroupNorm"], forward: (m, x, c) => toldByName(m, x, m.int("num_channels"), 4) ?? call(c, "group_norm", x, m.get("num_groups"), m.tensor("weight"), m.tensor("bias"), m.get("eps")) }),
  defineLayer({ names: names("MaxPool"), forward: pool("max_pool") }),
  defineLayer({ names: names("AvgPool"), forward: pool("avg_pool") }),
  defineLayer({ names: names("AdaptiveAvgPool"), forward: adaptive("avg") }),
  defineLayer({ names: names("AdaptiveMaxPool"), forward: adaptive("max") }),
  defineLayer({ names: ["Flatten"], forward: (m, x, c) => call(c, "flatten", x, m.get("start_dim"), m.get("end_dim")) }),
  defineLayer({ names: ["Unflatten"], forward: (m, x, c) => call(c, "unflatten", x, m.get("dim"), m.get("unflattened_size")) }),
  defineLayer({ names: ["Softmax"], forward: (m, x, c) => call(c, "softmax", x, softmaxAxis(m)) }),
  defineLayer({ names: ["LogSoftmax"], forward: (m, x, c) => call(c, "log_softmax", x, softmaxAxis(m)) }),
  defineLayer({ names: ["Softmax2d"], forward: (_m, x, c) => call(c, "softmax", x, -3n) }),
  defineLayer({ names: ["Softmin"], forward: (m, x, c) => call(c, "softmax", call(c, "neg", x), softmaxAxis(m)) }),
  defineLayer({ names: ["PReLU"], forward: (m, x, c) => call(c, "prelu", x, m.weight()) }),
  defineLayer({ names: ["Tanhshrink"], forward: (_m, x, c) => call(c, "sub", x, call(c, "tanh", x)) }),
  defineLayer({ names: ["RReLU"], trains: true, forward: (m, x, c) => call(c, "leaky_relu", x, (Number(m.get("lower")) + Number(m.get("upper"))) / 2) }),
  defineLayer({ names: ["PixelShuffle"], forward: (m, x, c) => call(c, "pixel_shuffle", x, m.get("upscale_factor")) }),
  simple("ReLU", "relu"), simple("ReLU6", "relu6"), simple("Sigmoid", "sigmoid"), simple("Tanh", "tanh"), simple("SELU", "selu"), simple("SiLU", "silu"), simple("Mish", "mish"),
  simple("Softsign", "softsign"), simple("LogSigmoid", "log_sigmoid"), simple("Hardswish", "hardswish"), simple("Hardsigmoid", "hardsigmoid"),
  simple("LeakyReLU", "leaky_relu", "negative_slope"), simple("ELU", "elu", "alpha"), simple("CELU", "celu", "alpha"), simple("GELU", "gelu", "approximate"),
  simple("Hardtanh", "hardtanh", "min_val max_val"), simple("Softplus", "softplus", "beta threshold"), simple("Threshold", "threshold", "threshold value"),
  simple("Hardshrink", "hardshrink", "lambd"), simple("Softshrink", "softshrink", "lambd"), simple("GLU", "glu", "dim"),
];

export const torchLayers: ReadonlyMap<string, Layer> = new Map(layers.flatMap((l) => l.names.map((name) => [name, l] as const)));
