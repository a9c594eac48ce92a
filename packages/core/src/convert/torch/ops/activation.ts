// Activation functions, and dropout, which does nothing to a model in evaluation.

import type { Value } from "../../../onnx/index.ts";
import { SCALAR_TYPES, type Args } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { defineOperator, type Operator } from "../operator.ts";
import { TensorValue } from "../values.ts";
import { expm1, log1p } from "./exact.ts";

type Make = (x: Value, args: Args, c: TorchContext) => Value;
const activation = (names: readonly string[], params: string, make: Make): Operator =>
  defineOperator({ names, params, open: "through", convert: (args, c) => make(args.tensor("self"), args, c) });
const plain = (op: string): Make => (x, _args, c) => c.graph.op(op, [asFloat(x, c)]);

function clip(x: Value, low: number | undefined, high: number | undefined, c: TorchContext): Value {
  return c.graph.op("Clip", [x, low === undefined ? null : c.number(low, x), high === undefined ? null : c.number(high, x)]);
}
function softplus(x: Value, beta: number, threshold: number, c: TorchContext): Value {
  const scaled = c.o.mul(x, beta);
  const soft = x.type === "float" ? c.graph.op("Softplus", [scaled]) : log1p(c.o.exp(scaled), c);
  return c.o.where(c.o.greater(scaled, threshold), x, c.o.div(soft, beta));
}
/** scale * (x > 0 ? x : alpha * (exp(x * inner) - 1)), where the engine has no kernel of it. */
function elu(x: Value, alpha: number, scale: number, inner: number, c: TorchContext): Value {
  const y = c.o.where(c.o.greater(x, 0), x, c.o.mul(expm1(c.o.mul(c.o.minimum(x, 0), inner), c), alpha));
  return scale === 1 ? y : c.o.mul(y, scale);
}
export function gelu(x: Value, approximate: string, c: TorchContext): Value {
  if (approximate === "tanh" && x.type !== "float") {
    const inner = c.o.mul(c.o.add(x, c.o.mul(c.o.mul(c.o.mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI));
    return c.o.mul(c.o.mul(x, 0.5), c.o.add(c.o.tanh(inner), 1));
  }
  return c.graph.op("Gelu", [x], { approximate });
}

function softmax(op: "Softmax" | "LogSoftmax"): Make {
  return (x, args, c) => {
    const type = args.has("dtype") ? SCALAR_TYPES[args.int("dtype")] : undefined;
    if (args.has("dtype") && type !== "float" && type !== "double") throw args.refuse("this dtype", "Leave dtype out.");
    return c.graph.op(op, [type ? c.o.cast(x, type) : asFloat(x, c)], { axis: args.axis("dim", c.rank(x)) });
  };
}
const leaky = (x: Value, slope: number, c: TorchContext): Value => (x.type === "float" ? c.graph.op("LeakyRelu", [x], { alpha: slope }) : c.o.where(c.o.greater(x, 0), x, c.o.mul(x, slope)));
const isFloat = (x: Value): boolean => x.type === "double" || x.type === "float";
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
  activation(["relu"], "self", (x, _a, c) => (isFloat(x) ? c.graph.op("Relu", [x]) : c.o.cast(c.o.maximum(c.o.cast(x, "int64"), c.o.scalar(0, "int64")), x.type))),
  activation(["relu6"], "self", (x, _a, c) => clip(x, 0, 6, c)),
  activation(["sigmoid", "special_expit"], "self", plain("Sigmoid")),
  activation(["tanh"], "self", plain("Tanh")),
  activation(["softmax", "_softmax"], "self dim dtype", softmax("Softmax")),
  activation(["log_softmax", "_log_softmax"], "self dim dtype", softmax("LogSoftmax")),
  activation(["leaky_relu"], "self negative_slope", (x, a, c) => leaky(x, a.float("negative_slope", 0.01), c)),
  activation(["rrelu"], "self lower upper training generator", (x, a, c) => {
    a.training("training");
    return leaky(x, (a.float("lower", 1 / 8) + a.float("upper", 1 / 3)) / 2, c);
  }),
  activation(["rrelu_with_noise", "rrelu_with_noise_functional"], "self noise lower upper training generator", (x, a, c) => {
    a.training("training");
    a.get("noise");
    return leaky(x, (a.float("lower", 1 / 8) + a.float("upper", 1 / 3)) / 2, c);
  }),
  activation(["elu"], "self alpha scale input_scale", (x, a, c) => {
    const [alpha, scale, inner] = [a.float("alpha", 1), a.float("scale", 1), a.float("input_scale", 1)];
    return scale === 1 && inner === 1 && x.type === "float" ? c.graph.op("Elu", [x], { alpha }) : elu(x, alpha, scale, inner, c);
  }),
  activation(["selu"], "self", (x, _a, c) => elu(x, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946, 1, c)),
  activation(["celu"], "self alpha", (x, a, c) => elu(x, a.float("alpha", 1), 1, 1 / a.float("alpha", 1), c)),
  activation(["gelu"], "self approximate", (x, a, c) => gelu(x, a.string("approximate", "none"), c)),
  activation(["silu"], "self", (x, _a, c) => c.o.mul(x, c.graph.op("Sigmoid", [x]))),
  activation(["mish"], "self", (x, _a, c) => c.o.mul(x, c.o.tanh(softplus(x, 1, 20, c)))),
  activation(["hardswish"], "self", (x, _a, c) => c.o.div(c.o.mul(x, clip(c.o.add(x, 3), 0, 6, c)), 6)),
  activation(["hardsigmoid"], "self", (x, _a, c) => c.o.div(clip(c.o.add(x, 3), 0, 6, c), 6)),
  activation(["hardtanh"], "self min_val max_val", (x, a, c) => {
    const [low, high] = [a.float("min_val", -1), a.float("max_val", 1)];
    for (const bound of [low, high]) a.sureFor("self", bound);
    // Of whole numbers the bounds lose their fractions.
    return isFloat(x) ? clip(x, low, high, c) : c.o.minimum(c.o.maximum(x, c.o.cast(c.o.scalar(Math.trunc(low), "int64"), x.type)), c.o.cast(c.o.scalar(Math.trunc(high), "int64"), x.type));
  }),
  activation(["softplus"], "self beta threshold", (x, a, c) => softplus(x, a.float("beta", 1), a.float("threshold", 20), c)),
  activation(["softsign"], "self", (x, _a, c) => c.o.div(x, c.o.add(c.o.abs(x), 1))),
  activation(["log_sigmoid", "log_sigmoid_forward"], "self", (x, _a, c) => c.o.sub(c.o.minimum(x, 0), log1p(c.o.exp(c.o.neg(c.o.abs(x))), c))),
  activation(["threshold"], "self threshold value", (x, a, c) => {
    const [threshold, value] = [a.float("threshold"), a.float("value")];
    for (const bound of [threshold, value]) a.sureFor("self", bound);
    if (isFloat(x)) return c.o.where(c.o.greater(x, threshold), x, value);
    const whole = (n: number): Value => c.o.cast(c.o.scalar(Math.trunc(n), "int64"), x.type);
    return c.where(c.o.greater(x, whole(threshold)), x, whole(value));
  }),
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
