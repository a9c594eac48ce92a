// Normalisations, by the statistics of the file (batch) or of the value itself (layer, group, instance), in float32.

import type { Dim, Value } from "../../../onnx/index.ts";
import { doubles, floats, type Tensor } from "../../../tensor/index.ts";
import type { Args } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { defineOperator, type Operator } from "../operator.ts";
import { torchError } from "../errors.ts";
import { TensorValue } from "../values.ts";

function perChannel(value: Value, rank: number, c: TorchContext): Value {
  return rank <= 2 ? value : c.o.reshape(value, [-1, ...new Array<number>(rank - 2).fill(1)]);
}

/** weight / sqrt(var + eps) and bias - mean * that, folded in double. */
function fold(args: Args, mean: Tensor, variance: Tensor): { scale: Tensor<"double">; shift: Tensor<"double"> } {
  const n = mean.data.length;
  const [weight, bias] = [args.weight("weight"), args.weight("bias")];
  for (const t of [variance, weight, bias]) if (t && t.data.length !== n) throw torchError("torch-malformed", `${args.op}: the statistics have ${n} channels, a parameter ${t.data.length}`);
  const eps = args.float("eps", 1e-5);
  const scale = new Float64Array(n);
  const shift = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const s = Number(weight?.data[i] ?? 1) / Math.sqrt(Number(variance.data[i]) + eps);
    scale[i] = s;
    shift[i] = Number(bias?.data[i] ?? 0) - Number(mean.data[i]) * s;
  }
  return { scale: doubles(scale), shift: doubles(shift) };
}

function batchNorm(args: Args, c: TorchContext): Value {
  args.training("training");
  const x = args.tensor("input");
  const rank = c.rank(x);
  const [mean, variance] = [args.weight("running_mean"), args.weight("running_var")];
  if (!mean || !variance) {
    throw torchError("torch-training", `${args.op} has no running statistics: it would normalise by the batch it is given`, { where: args.op, hint: "Use track_running_stats=True, and call model.eval() before saving." });
  }
  if (x.type !== "float" && x.type !== "double") throw args.refuse(`an input of type ${x.type}`, "Call model.float() and save it again.");
  const { scale, shift } = fold(args, mean, variance);
  const constant = (t: Tensor<"double">): Value => perChannel(c.graph.constant(x.type === "double" ? t : floats(Float32Array.from(t.data))), rank, c);
  return c.o.add(c.o.mul(x, constant(scale)), constant(shift));
}

/** (x - mean) / sqrt(var + eps) over the axes. */
function standardized(x: Value, axes: readonly number[], eps: number, c: TorchContext): Value {
  const over = c.o.int64s(axes);
  const centred = c.o.sub(x, c.graph.op("ReduceMean", [x, over], { keepdims: 1 }));
  const variance = c.graph.op("ReduceMean", [c.o.mul(centred, centred), over], { keepdims: 1 });
  return c.o.div(centred, c.o.sqrt(c.o.add(variance, eps)));
}

export function layerNorm(x: Value, dims: number, weight: Value | null, bias: Value | null, eps: number, c: TorchContext): Value {
  const rank = c.rank(x);
  let y = standardized(x, Array.from({ length: dims }, (_, i) => rank - dims + i), eps, c);
  if (weight) y = c.o.mul(y, weight);
  return bias ? c.o.add(y, bias) : y;
}

function affine(y: Value, weight: Value | null, bias: Value | null, rank: number, c: TorchContext): Value {
  const scaled = weight ? c.o.mul(y, perChannel(weight, rank, c)) : y;
  return bias ? c.o.add(scaled, perChannel(bias, rank, c)) : scaled;
}

const known = (args: Args, name: string): readonly Dim[] | undefined => {
  const value = args.get(name);
  return value instanceof TensorValue ? (value.value.shape ?? undefined) : undefined;
};

export const NORMALIZATION: readonly Operator[] = [
  defineOperator({
    names: ["batch_norm", "_native_batch_norm_legit_no_training", "native_batch_norm"], params: "input weight bias running_mean running_var training momentum eps cudnn_enabled",
    open: (args) => {
      const d = known(args, "running_mean")?.[0];
      return typeof d === "number" ? { type: "float", shape: ["N", d] } : undefined;
    },
    convert: batchNorm,
  }),
  defineOperator({
    names: ["layer_norm", "native_layer_norm"], params: "input normalized_shape weight bias eps cudnn_enable",
    open: (args) => ({ type: "float", shape: ["N", ...args.ints("normalized_shape")] }),
    convert: (args, c) => layerNorm(args.tensor("input"), args.ints("normalized_shape").length, args.optional("weight"), args.optional("bias"), args.float("eps", 1e-5), c),
  }),
  defineOperator({
    names: ["rms_norm"], params: "input normalized_shape weight eps",
    open: (args) => ({ type: "float", shape: ["N", ...args.ints("normalized_shape")] }),
    convert: (args, c) => {
      const x = args.tensor("input");
      const rank = c.rank(x);
      const dims = args.ints("normalized_shape").length;
      const mean = c.graph.op("ReduceMean", [c.o.mul(x, x), c.o.int64s(Array.from({ length: dims }, (_, i) => rank - dims + i))], { keepdims: 1 });
      const y = c.o.div(x, c.o.sqrt(c.o.add(mean, args.float("eps", 1.1920928955078125e-7))));
      const weight = args.optional("weight");
      return weight ? c.o.mul(y, weight) : y;
    },
  }),
  defineOperator({
    names: ["group_norm"], params: "input num_groups weight bias eps cudnn_enabled",
    convert: (args, c) => {
      const x = args.tensor("input");
      const rank = c.rank(x);
      const y = standardized(c.o.reshape(x, [0, args.int("num_groups"), -1]), [2], args.float("eps", 1e-5), c);
      return affine(c.graph.op("Reshape", [y, c.graph.op("Shape", [x])]), args.optional("weight"), args.optional("bias"), rank, c);
    },
  }),
  defineOperator({
    names: ["instance_norm"], params: "input weight bias running_mean running_var use_input_stats momentum eps cudnn_enabled",
    convert: (args, c) => {
      const x = args.tensor("input");
      const rank = c.rank(x);
      if (!args.bool("use_input_stats", true)) return batchNorm(args, c);
      const y = standardized(x, Array.from({ length: rank - 2 }, (_, i) => i + 2), args.float("eps", 1e-5), c);
      return affine(y, args.optional("weight"), args.optional("bias"), rank, c);
    },
  }),
];
