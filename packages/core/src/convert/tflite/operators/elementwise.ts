// Arithmetic and activations: float, and int8 by fixed point or by a table of all 256 values.

import type { Value } from "../../../onnx/index.ts";
import { floats, type Tensor } from "../../../tensor/index.ts";
import { awayFromZero, type LiteContext, type Operator, type OperatorView } from "../context.ts";

const LEFT = 20;

/** The input without its zero point, int64. */
const centred = (op: OperatorView, c: LiteContext, i: number): Value => c.o.sub(c.int64(op.value(i)), op.zeroPoint(op.tensor(i)));

function sum(op: OperatorView, c: LiteContext, sign: "Add" | "Sub"): Value {
  const activation = op.activation(0);
  if (!op.quantized(op.output)) return floatBinary(op, c, sign, activation);
  const scales = [op.scale(op.tensor(0)), op.scale(op.tensor(1))];
  const twice = 2 * Math.max(...scales);
  const parts = scales.map((s, i) => c.multiply(c.o.mul(centred(op, c, i), 2 ** LEFT), [s / twice]));
  const total = c.graph.op(sign, parts);
  const scaled = c.multiply(total, [twice / (2 ** LEFT * op.scale(op.output))]);
  return c.clamp(c.o.add(scaled, op.zeroPoint(op.output)), op.range(activation), "int8");
}
function floatBinary(op: OperatorView, c: LiteContext, type: string, activation: string): Value {
  const y = c.graph.op(type, [op.value(0), op.value(1)]);
  return activation === "NONE" ? y : y.type === "float" ? op.activate(y, activation) : refuseActivation(op);
}
function refuseActivation(op: OperatorView): never {
  throw op.unsupported("a fused activation on whole numbers is not compiled");
}

const add: Operator = { names: ["ADD"], convert: (op, c) => sum(op, c, "Add") };
const sub: Operator = { names: ["SUB"], convert: (op, c) => sum(op, c, "Sub") };
const mul: Operator = {
  names: ["MUL"],
  convert: (op, c) => {
    const activation = op.activation(0);
    if (!op.quantized(op.output)) return floatBinary(op, c, "Mul", activation);
    const factor = Math.fround(Math.fround(op.scale(op.tensor(0)) * op.scale(op.tensor(1))) / op.scale(op.output));
    const scaled = c.multiply(c.o.mul(centred(op, c, 0), centred(op, c, 1)), [factor]);
    return c.clamp(c.o.add(scaled, op.zeroPoint(op.output)), op.range(activation), "int8");
  },
};
const div: Operator = {
  names: ["DIV"],
  convert: (op, c) => {
    if (op.quantized(op.output)) throw op.unsupported("int8 division is not compiled");
    return floatBinary(op, c, "Div", op.activation(0));
  },
};

/** Largest and smallest: the inputs and the output have one scale. */
const extreme = (name: string, type: string): Operator => ({ names: [name], convert: (op, c) => c.graph.op(type, [op.value(0), op.value(1)]) });
const compare = (name: string, type: string, negate = false): Operator => ({
  names: [name],
  convert: (op, c) => {
    if (op.quantized(op.tensor(0))) throw op.unsupported("int8 comparison is not compiled");
    const y = c.graph.op(type, [op.value(0), op.value(1)]);
    return negate ? c.o.not(y) : y;
  },
});

const unary = (name: string, type: string, exact?: (x: number) => number): Operator => ({
  names: [name],
  convert: (op, c) => (op.quantized(op.tensor(0)) ? table(op, c, exact) : c.graph.op(type, [op.value(0)])),
});

/** int8 functions look up each of the 256 inputs, as the interpreter's own kernels do. */
function table(op: OperatorView, c: LiteContext, exact: ((x: number) => number) | undefined): Value {
  if (!exact) throw op.unsupported("int8 is not compiled");
  const [input, output] = [op.tensor(0), op.output];
  const inverse = Math.fround(1 / op.scale(output));
  const values = Int8Array.from({ length: 256 }, (_, i) => {
    const x = Math.fround(op.scale(input) * (i - 128 - op.zeroPoint(input)));
    const scaled = awayFromZero(Math.fround(Math.fround(exact(x)) * inverse)) + op.zeroPoint(output);
    return Math.min(127, Math.max(-128, scaled));
  });
  return c.o.gather(c.graph.constant({ type: "int8", shape: [256], data: values }), c.o.add(c.o.cast(op.value(0), "int32"), 128), 0);
}

const relu = (name: string, activation: string): Operator => ({
  names: [name],
  convert: (op, c) => {
    if (!op.quantized(op.tensor(0))) return op.activate(op.value(0), activation);
    const [input, output] = [op.tensor(0), op.output];
    const scaled = c.multiply(centred(op, c, 0), [op.scale(input) / op.scale(output)]);
    return c.clamp(c.o.add(scaled, op.zeroPoint(output)), op.range(activation), "int8");
  },
});

const leaky: Operator = {
  names: ["LEAKY_RELU"],
  convert: (op, c) => {
    const alpha = op.number(0);
    if (!op.quantized(op.tensor(0))) return c.graph.op("LeakyRelu", [op.value(0)], { alpha });
    const x = centred(op, c, 0);
    const ratio = Math.fround(op.scale(op.tensor(0)) / op.scale(op.output));
    const y = c.o.where(c.o.greaterEqual(x, 0), c.multiply(x, [ratio]), c.multiply(x, [Math.fround(Math.fround(op.scale(op.tensor(0)) * alpha) / op.scale(op.output))]));
    return c.clamp(c.o.add(y, op.zeroPoint(op.output)), op.range("NONE"), "int8");
  },
};

const prelu: Operator = {
  names: ["PRELU"],
  convert: (op, c) => {
    if (op.quantized(op.tensor(0))) throw op.unsupported("int8 is not compiled");
    const x = op.value(0);
    return c.o.where(c.o.greaterEqual(x, 0), x, c.o.mul(x, op.value(1)));
  },
};

const softmax: Operator = {
  names: ["SOFTMAX"],
  convert: (op, c) => {
    const beta = op.number(0, 1);
    const x = op.value(0);
    if (!op.quantized(op.tensor(0))) return c.graph.op("Softmax", [beta === 1 ? x : c.o.mul(x, beta)], { axis: -1 });
    // exp of every distance from the largest, from a table.
    const step = -Math.fround(op.scale(op.tensor(0)) * beta);
    const exps = c.graph.constant(floats(Float32Array.from({ length: 256 }, (_, i) => Math.exp(Math.fround(step * i)))));
    const wide = c.o.cast(x, "int32");
    const e = c.o.gather(exps, c.o.sub(c.o.max(wide, -1, true), wide), 0);
    const scale = c.o.div(1, c.o.mul(c.o.sum(e, -1, true), op.scale(op.output)));
    const rounded = c.graph.op("Floor", [c.o.add(c.o.mul(e, scale), 0.5)]);
    return c.clamp(c.o.add(c.int64(rounded), op.zeroPoint(op.output)), op.range("NONE"), "int8");
  },
};

const quantize: Operator = {
  names: ["QUANTIZE"],
  convert: (op, c) => {
    const [input, output] = [op.tensor(0), op.output];
    if (!op.quantized(output)) throw op.unsupported(`a result in ${output.type} is not compiled`);
    if (input.type === "float") {
      // To the nearest, ties away from zero; the halves are added in double, where they are exact.
      const x = c.o.cast(c.o.div(op.value(0), op.scale(output)), "double");
      const rounded = c.o.mul(c.graph.op("Sign", [x]), c.graph.op("Floor", [c.o.add(c.o.abs(x), 0.5)]));
      const bounded = c.graph.op("Clip", [rounded, c.o.scalar(-65536), c.o.scalar(65536)]);
      return c.clamp(c.o.add(c.int64(bounded), op.zeroPoint(output)), op.range("NONE"), "int8");
    }
    if (!op.quantized(input)) throw op.unsupported(`an input in ${input.type} is not compiled`);
    const scaled = c.multiply(centred(op, c, 0), [op.scale(input) / op.scale(output)]);
    return c.clamp(c.o.add(scaled, op.zeroPoint(output)), op.range("NONE"), "int8");
  },
};

const dequantize: Operator = {
  names: ["DEQUANTIZE"],
  convert: (op, c) => {
    const input = op.tensor(0);
    if (input.type === "float16") return op.value(0);
    const q = input.quantization;
    if (!q || input.type !== "int8") throw op.unsupported(`an input in ${input.type} is not compiled`);
    const constant: Tensor | undefined = input.data ? op.constant(0, "") : undefined;
    if (constant && q.scales.length > 1) {
      const inner = input.shape.slice(q.axis + 1).reduce((n, d) => n * d, 1);
      return c.graph.constant(floats(Float32Array.from(constant.data as Int8Array, (v, i) => (v - q.zeroPoints[Math.floor(i / inner) % q.scales.length]!) * q.scales[Math.floor(i / inner) % q.scales.length]!), input.shape));
    }
    return c.o.mul(c.float(c.o.sub(c.o.cast(op.value(0), "int32"), op.zeroPoint(input))), op.scale(input));
  },
};

const cast: Operator = {
  names: ["CAST"],
  convert: (op, c) => {
    if (op.quantized(op.tensor(0)) || op.output.type === "string") throw op.unsupported("this cast is not compiled");
    return c.o.cast(op.value(0), op.output.type);
  },
};
const squared: Operator = { names: ["SQUARE"], convert: (op, c) => c.o.mul(floatOnly(op), op.value(0)) };
const rsqrt: Operator = { names: ["RSQRT"], convert: (op, c) => c.o.div(1, c.o.sqrt(floatOnly(op))) };
const squaredDifference: Operator = {
  names: ["SQUARED_DIFFERENCE"],
  convert: (op, c) => {
    const d = c.o.sub(floatOnly(op), op.value(1));
    return c.o.mul(d, d);
  },
};
function floatOnly(op: OperatorView): Value {
  if (op.tensor(0).type !== "float") throw op.unsupported("only float is compiled");
  return op.value(0);
}
const hardSwish = (x: number): number => (x * Math.min(6, Math.max(0, x + 3))) / 6;

export const ELEMENTWISE: readonly Operator[] = [
  add, sub, mul, div, extreme("MAXIMUM", "Max"), extreme("MINIMUM", "Min"),
  compare("LESS", "Less"), compare("GREATER", "Greater"), compare("LESS_EQUAL", "LessOrEqual"), compare("GREATER_EQUAL", "GreaterOrEqual"), compare("EQUAL", "Equal"), compare("NOT_EQUAL", "Equal", true),
  unary("LOGISTIC", "Sigmoid", (x) => 1 / (1 + Math.exp(-x))), unary("TANH", "Tanh", Math.tanh), unary("ELU", "Elu", (x) => (x < 0 ? Math.expm1(x) : x)), unary("EXP", "Exp", Math.exp),
  unary("ABS", "Abs"), unary("NEG", "Neg"), unary("LOG", "Log"), unary("SQRT", "Sqrt"), unary("SIN", "Sin"), unary("COS", "Cos"), unary("FLOOR", "Floor"), unary("CEIL", "Ceil"), unary("ROUND", "Round"),
  unary("HARD_SWISH", "HardSwish", hardSwish), unary("LOGICAL_NOT", "Not"), unary("LOG_SOFTMAX", "LogSoftmax"),
  { names: ["GELU"], convert: (op, c) => c.graph.op("Gelu", [floatOnly(op)], { approximate: op.flag(0) ? "tanh" : "none" }) },
  { names: ["POW"], convert: (op, c) => c.o.pow(floatOnly(op), op.value(1)) },
  { names: ["LOGICAL_AND"], convert: (op, c) => c.o.and(op.value(0), op.value(1)) },
  { names: ["LOGICAL_OR"], convert: (op, c) => c.o.or(op.value(0), op.value(1)) },
  relu("RELU", "RELU"), relu("RELU6", "RELU6"), relu("RELU_N1_TO_1", "RELU_N1_TO_1"), leaky, prelu, softmax, quantize, dequantize, cast, squared, rsqrt, squaredDifference,
];
