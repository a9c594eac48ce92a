// Operations on each element: keras.ops of Keras 3 and TensorFlow's functions in models of Keras 2.

import type { Value } from "../../../onnx/index.ts";
import { activation } from "../activations.ts";
import type { KerasContext, LayerDefinition } from "../layer.ts";
import { operation } from "./arguments.ts";

const unary = (names: string, make: (x: Value, c: KerasContext) => Value): LayerDefinition => operation(names, (call, c) => make(call.floats(), c));
const node = (type: string) => (x: Value, c: KerasContext): Value => c.graph.op(type, [x]);
const named = (names: string, name: string): LayerDefinition => operation(names, (call, c) => activation(name, call.floats(), call.layer, c));
/** Keeps the type of whole numbers. */
const plain = (names: string, make: (x: Value, c: KerasContext) => Value): LayerDefinition => operation(names, (call, c) => make(call.x().type === "bool" ? call.floats() : call.x(), c));

const binary = (names: string, type: string): LayerDefinition => operation(names, (call, c) => {
  const [a, b] = call.pair();
  if (a.type === "string") throw call.layer.unsupported("texts are not compiled here");
  return a.type === "bool" ? c.graph.op(type, [c.float(a), c.float(b)]) : c.graph.op(type, [a, b]);
});
const floats = (names: string, make: (a: Value, b: Value, c: KerasContext) => Value): LayerDefinition => operation(names, (call, c) => {
  const [a, b] = call.pair();
  return make(c.float(a), c.float(b), c);
});
const compare = (names: string, type: string, negate = false): LayerDefinition => operation(names, (call, c) => {
  const [a, b] = call.pair();
  const [x, y] = a.type === "bool" && type !== "Equal" ? [c.float(a), c.float(b)] : [a, b];
  const made = c.graph.op(type, [x, y]);
  return negate ? c.o.not(made) : made;
});
const logical = (names: string, type: string): LayerDefinition => operation(names, (call, c) => {
  const [a, b] = call.pair();
  return c.graph.op(type, [c.o.cast(a, "bool"), c.o.cast(b, "bool")]);
});
/** Rounds down, as Python's // does. */
const floorDivide = (a: Value, b: Value, c: KerasContext): Value => c.graph.op("Floor", [c.o.div(a, b)]);
/** The remainder with the sign of the divisor. */
const modulo = (a: Value, b: Value, c: KerasContext): Value => {
  const rest = c.graph.op("Mod", [a, b], { fmod: 1 });
  return c.o.where(c.o.and(c.o.not(c.o.equal(rest, 0)), c.graph.op("Xor", [c.o.less(rest, 0), c.o.less(b, 0)])), c.o.add(rest, b), rest);
};
const MAX = 3.4028234663852886e38;

export const ELEMENTWISE: readonly LayerDefinition[] = [
  binary("ops.Add tf.math.add tf.__operators__.add", "Add"), binary("ops.Subtract tf.math.subtract", "Sub"), binary("ops.Multiply tf.math.multiply", "Mul"), binary("ops.Maximum tf.math.maximum", "Max"), binary("ops.Minimum tf.math.minimum", "Min"),
  floats("ops.Divide ops.TrueDivide tf.math.truediv tf.math.divide", (a, b, c) => c.o.div(a, b)), floats("ops.DivideNoNan tf.math.divide_no_nan", (a, b, c) => c.o.where(c.o.equal(b, 0), 0, c.o.div(a, b))),
  floats("ops.FloorDivide tf.math.floordiv", floorDivide), floats("ops.Mod tf.math.floormod", modulo), floats("ops.Power tf.math.pow", (a, b, c) => c.o.pow(a, b)),
  floats("tf.math.squared_difference", (a, b, c) => {
    const d = c.o.sub(a, b);
    return c.o.mul(d, d);
  }),
  floats("ops.Hypot", (a, b, c) => c.o.sqrt(c.o.add(c.o.mul(a, a), c.o.mul(b, b)))),
  compare("ops.Equal tf.math.equal tf.__operators__.eq", "Equal"), compare("ops.NotEqual tf.math.not_equal tf.__operators__.ne", "Equal", true), compare("ops.Greater tf.math.greater", "Greater"), compare("ops.Less tf.math.less", "Less"),
  compare("ops.GreaterEqual tf.math.greater_equal", "GreaterOrEqual"), compare("ops.LessEqual tf.math.less_equal", "LessOrEqual"),
  logical("ops.LogicalAnd tf.math.logical_and", "And"), logical("ops.LogicalOr tf.math.logical_or", "Or"), logical("ops.LogicalXor tf.math.logical_xor", "Xor"), operation("ops.LogicalNot tf.math.logical_not", (call, c) => c.o.not(c.o.cast(call.x(), "bool"))),
  unary("ops.Exp tf.math.exp", node("Exp")), unary("ops.Log tf.math.log", node("Log")), unary("ops.Sqrt tf.math.sqrt", node("Sqrt")), unary("ops.Rsqrt tf.math.rsqrt", (x, c) => c.o.div(1, c.o.sqrt(x))), unary("ops.Erf tf.math.erf", node("Erf")),
  unary("ops.Log1p tf.math.log1p", (x, c) => {
    // Exact where x is small: log(u) * x / (u - 1) with u = 1 + x.
    const u = c.o.add(x, 1);
    const difference = c.o.sub(u, 1);
    return c.o.where(c.o.equal(difference, 0), x, c.o.div(c.o.mul(c.o.log(u), x), difference));
  }),
  unary("ops.Expm1 tf.math.expm1", (x, c) => c.graph.op("Where", [c.o.less(x, 0), c.graph.op("Elu", [x]), c.o.sub(c.o.exp(x), 1)])), unary("ops.Log2", (x, c) => c.o.div(c.o.log(x), Math.fround(Math.LN2))), unary("ops.Log10", (x, c) => c.o.div(c.o.log(x), Math.fround(Math.LN10))),
  unary("ops.Exp2", (x, c) => c.graph.op("Pow", [c.scalar(2), x])), unary("ops.Sin tf.math.sin", node("Sin")), unary("ops.Cos tf.math.cos", node("Cos")), unary("ops.Tan tf.math.tan", node("Tan")), unary("ops.Arcsin tf.math.asin", node("Asin")), unary("ops.Arccos tf.math.acos", node("Acos")),
  unary("ops.Arctan tf.math.atan", node("Atan")), unary("ops.Sinh tf.math.sinh", node("Sinh")), unary("ops.Cosh tf.math.cosh", node("Cosh")), unary("ops.Arcsinh tf.math.asinh", node("Asinh")), unary("ops.Arccosh tf.math.acosh", node("Acosh")), unary("ops.Arctanh tf.math.atanh", node("Atanh")),
  plain("ops.Absolute ops.Abs tf.math.abs", node("Abs")), plain("ops.Negative tf.math.negative", node("Neg")), plain("ops.Sign tf.math.sign", node("Sign")), plain("ops.Square tf.math.square", (x, c) => c.o.mul(x, x)), unary("ops.Reciprocal tf.math.reciprocal", (x, c) => c.o.div(1, x)),
  unary("ops.Floor tf.math.floor", node("Floor")), unary("ops.Ceil tf.math.ceil", node("Ceil")), unary("ops.Trunc", (x, c) => c.o.where(c.o.less(x, 0), c.graph.op("Ceil", [x]), c.graph.op("Floor", [x]))),
  operation("ops.Round tf.math.round", (call, c) => {
    const decimals = call.whole("decimals", -1, 0);
    if (Math.abs(decimals) > 8) throw call.layer.unsupported(`decimals=${decimals} is not compiled`);
    const x = call.floats();
    const factor = Math.fround(10 ** decimals);
    return decimals === 0 ? c.graph.op("Round", [x]) : c.o.div(c.graph.op("Round", [c.o.mul(x, factor)]), factor);
  }),
  unary("ops.Isnan tf.math.is_nan", (x, c) => c.o.isNaN(x)), unary("ops.Isinf tf.math.is_inf", node("IsInf")), unary("ops.Isfinite tf.math.is_finite", (x, c) => c.o.not(c.o.or(c.o.isNaN(x), c.graph.op("IsInf", [x])))),
  operation("ops.NanToNum", (call, c) => {
    const x = call.floats();
    const bounded = c.graph.op("Clip", [x, c.scalar(call.number("neginf", -1, -MAX)), c.scalar(call.number("posinf", -1, MAX))]);
    return c.o.where(c.o.isNaN(x), call.number("nan", -1, 0), bounded);
  }),
  operation("ops.Clip tf.clip_by_value", (call, c) => {
    const x = call.x();
    const [low, high] = [call.operand("x_min clip_value_min", 1, x), call.operand("x_max clip_value_max", 2, x)];
    if (!low || !high) throw call.layer.malformed("it lacks a bound");
    return c.graph.op("Min", call.alike(c.graph.op("Max", call.alike(x, low)), high));
  }),
  operation("ops.Where tf.where", (call, c) => {
    const condition = call.x();
    const sym = [call.argument("x1 x", 1), call.argument("x2 y", 2)].find((a) => a !== undefined && "value" in a && !Array.isArray(a));
    const like = sym && "value" in sym ? (sym as { readonly value: Value }).value : undefined;
    const [a, b] = [call.operand("x1 x", 1, like), call.operand("x2 y", 2, like)];
    if (!a || !b) throw call.layer.unsupported("the places where a condition holds are not compiled, only a choice between two values");
    return c.graph.op("Where", [c.o.cast(condition, "bool"), ...call.alike(a, b)]);
  }),
  operation("ops.Cast ops.SaturateCast tf.cast", (call, c) => c.o.cast(call.x(), call.dtype(1))), operation("ops.StopGradient ops.Copy ops.ConvertToTensor ops.Identity tf.stop_gradient tf.identity tf.convert_to_tensor", (call) => call.x()),
  operation("ops.ZerosLike tf.zeros_like", (call, c) => c.o.mul(call.floats(), 0)), operation("ops.OnesLike tf.ones_like", (call, c) => c.graph.op("Expand", [c.scalar(1), c.graph.op("Shape", [call.x()])])),
  operation("ops.FullLike", (call, c) => c.graph.op("Expand", [c.float(call.operand("fill_value", 1) ?? c.scalar(0)), c.graph.op("Shape", [call.x()])])),
  named("ops.Relu tf.nn.relu", "relu"), named("ops.Relu6 tf.nn.relu6", "relu6"), named("ops.Sigmoid tf.math.sigmoid tf.nn.sigmoid", "sigmoid"), named("ops.Tanh tf.math.tanh tf.nn.tanh", "tanh"), named("ops.Softplus tf.math.softplus tf.nn.softplus", "softplus"), named("ops.Softsign tf.nn.softsign", "softsign"),
  named("ops.Silu tf.nn.silu tf.nn.swish", "silu"), named("ops.LogSigmoid tf.math.log_sigmoid", "log_sigmoid"), named("ops.HardSigmoid", "hard_sigmoid"), named("ops.HardSilu", "hard_silu"), named("ops.Selu tf.nn.selu", "selu"), named("ops.HardTanh", "hard_tanh"),
  named("ops.TanhShrink", "tanh_shrink"), named("ops.Mish", "mish"), named("ops.SparsePlus", "sparse_plus"), named("ops.SparseSigmoid", "sparse_sigmoid"),
  operation("ops.LeakyRelu tf.nn.leaky_relu", (call, c) => c.graph.op("LeakyRelu", [call.floats()], { alpha: call.number("negative_slope alpha", 1, 0.2) })),
  operation("ops.Elu tf.nn.elu", (call, c) => c.graph.op("Elu", [call.floats()], { alpha: call.number("alpha", 1, 1) })), operation("ops.Celu", (call, c) => c.graph.op("Celu", [call.floats()], { alpha: call.number("alpha", 1, 1) })),
  operation("ops.Gelu tf.nn.gelu", (call, c) => c.graph.op("Gelu", [call.floats()], { approximate: call.flag("approximate", call.layer.className === "Gelu") ? "tanh" : "none" })),
  operation("ops.HardShrink", (call, c) => {
    const x = call.floats();
    return c.o.where(c.o.greater(c.o.abs(x), call.number("threshold", 1, 0.5)), x, 0);
  }),
  operation("ops.SoftShrink", (call, c) => {
    const [x, t] = [call.floats(), call.number("threshold", 1, 0.5)];
    return c.o.where(c.o.greater(x, t), c.o.sub(x, t), c.o.where(c.o.less(x, -t), c.o.add(x, t), 0));
  }),
  operation("ops.Threshold", (call, c) => {
    const x = call.floats();
    return c.o.where(c.o.greater(x, call.number("threshold threshold_value", 1)), x, call.number("default_value value", 2));
  }),
  operation("ops.Squareplus", (call, c) => {
    const x = call.floats();
    return c.o.div(c.o.add(x, c.o.sqrt(c.o.add(c.o.mul(x, x), call.number("b", 1, 4)))), 2);
  }),
];
