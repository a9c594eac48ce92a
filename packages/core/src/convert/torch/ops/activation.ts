// Activation functions, and dropout, which does nothing to a model in evaluation.

import type { Value } from "../../../onnx/index.ts";
import type { AttributeInput } from "../../../onnx/index.ts";
import { defineOperator, SCALAR_TYPES, type Args, type Operator, type TorchContext } from "../operator.ts";
import { TensorValue } from "../values.ts";

type Make = (x: Value, args: Args, c: TorchContext) => Value;
const activation = (names: readonly string[], params: string, make: Make): Operator =>
  defineOperator({ names, params, open: "through", convert: (args, c) => make(args.tensor("self"), args, c) });
const plain = (op: string): Make => (x, _args, c) => c.graph.op(op, [x]);
const withAttributes = (op: string, attributes: (args: Args) => Record<string, AttributeInput>): Make => (x, args, c) => c.graph.op(op, [x], attributes(args));

export function clip(x: Value, low: number | undefined, high: number | undefined, c: TorchContext): Value {
  return c.graph.op("Clip", [x, low === undefined ? null : c.number(low, x), high === undefined ? null : c.number(high, x)]);
}
export function softplus(x: Value, beta: number, threshold: number, c: TorchContext): Value {
  const scaled = c.o.mul(x, beta);
  return c.o.where(c.o.greater(scaled, threshold), x, c.o.div(c.graph.op("Softplus", [scaled]), beta));
}
export function gelu(x: Value, approximate: string, c: TorchContext): Value {
  return c.graph.op("Gelu", [x], { approximate });
}

function softmax(op: "Softmax" | "LogSoftmax"): Make {
  return (x, args, c) => {
    const type = args.has("dtype") ? SCALAR_TYPES[args.int("dtype")] : undefined;
    if (args.has("dtype") && type !== "float" && type !== "double") throw args.refuse("this dtype", "Leave dtype out.");
    return c.graph.op(op, [type ? c.o.cast(x, type) : asFloat(x, c)], { axis: args.axis("dim", c.rank(x)) });
  };
}
const asFloat = (x: Value, c: TorchContext): Value => (x.type === "double" || x.type === "float" ? x : c.o.cast(x, "float"));

const dropout = defineOperator({
  names: ["dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout", "native_dropout"], params: "input p train", open: "through",
  convert: (args) => {
    args.training("train");
    const input = args.get("input");
    if (!(input instanceof TensorValue)) throw args.bad("input", "a tensor");
    return input;
  },
});

export const ACTIVATION: readonly Operator[] = [
  activation(["relu"], "self", plain("Relu")),
  activation(["relu6"], "self", (x, _a, c) => clip(x, 0, 6, c)),
  activation(["sigmoid"], "self", plain("Sigmoid")),
  activation(["tanh"], "self", plain("Tanh")),
  activation(["softmax", "_softmax"], "self dim dtype", softmax("Softmax")),
  activation(["log_softmax", "_log_softmax"], "self dim dtype", softmax("LogSoftmax")),
  activation(["leaky_relu"], "self negative_slope", withAttributes("LeakyRelu", (a) => ({ alpha: a.float("negative_slope", 0.01) }))),
  activation(["elu"], "self alpha scale input_scale", (x, a, c) => {
    if (a.float("input_scale", 1) !== 1) throw a.refuse("input_scale");
    const y = c.graph.op("Elu", [x], { alpha: a.float("alpha", 1) });
    const scale = a.float("scale", 1);
    return scale === 1 ? y : c.o.mul(y, scale);
  }),
  activation(["selu"], "self", plain("Selu")),
  activation(["celu"], "self alpha", withAttributes("Celu", (a) => ({ alpha: a.float("alpha", 1) }))),
  activation(["gelu"], "self approximate", (x, a, c) => gelu(x, a.string("approximate", "none"), c)),
  activation(["silu"], "self", (x, _a, c) => c.o.mul(x, c.graph.op("Sigmoid", [x]))),
  activation(["mish"], "self", plain("Mish")),
  activation(["hardswish"], "self", (x, _a, c) => c.o.div(c.o.mul(x, clip(c.o.add(x, 3), 0, 6, c)), 6)),
  activation(["hardsigmoid"], "self", (x, _a, c) => c.o.div(clip(c.o.add(x, 3), 0, 6, c), 6)),
  activation(["hardtanh"], "self min_val max_val", (x, a, c) => clip(x, a.float("min_val", -1), a.float("max_val", 1), c)),
  activation(["softplus"], "self beta threshold", (x, a, c) => softplus(x, a.float("beta", 1), a.float("threshold", 20), c)),
  activation(["softsign"], "self", plain("Softsign")),
  activation(["log_sigmoid"], "self", (x, _a, c) => c.o.neg(c.graph.op("Softplus", [c.o.neg(x)]))),
  activation(["threshold"], "self threshold value", (x, a, c) => c.o.where(c.o.greater(x, a.float("threshold")), x, a.float("value"))),
  activation(["hardshrink"], "self lambd", (x, a, c) => c.o.where(c.o.lessEqual(c.o.abs(x), a.float("lambd", 0.5)), 0, x)),
  activation(["softshrink"], "self lambd", (x, a, c) => {
    const l = a.float("lambd", 0.5);
    return c.o.where(c.o.greater(x, l), c.o.sub(x, l), c.o.where(c.o.less(x, -l), c.o.add(x, l), 0));
  }),
  activation(["prelu", "_prelu_kernel"], "self weight", (x, a, c) => {
    const weight = a.tensor("weight");
    const rank = c.rank(x);
    return c.graph.op("PRelu", [x, rank > 2 && c.rank(weight) === 1 ? c.o.reshape(weight, [-1, ...new Array<number>(rank - 2).fill(1)]) : weight]);
  }),
  activation(["glu"], "self dim", (x, a, c) => {
    const axis = a.axis("dim", c.rank(x), -1);
    const half = c.size(x, axis, a) / 2;
    if (!Number.isInteger(half)) throw a.bad("self", "of an even size");
    return c.o.mul(c.o.slice(x, 0, half, axis), c.graph.op("Sigmoid", [c.o.slice(x, half, 2 * half, axis)]));
  }),
  dropout,
];
