// Arithmetic and activations: float, and int8 by fixed point or by a table of all 256 values.

import type { Value } from "../../../onnx/index.ts";
import { floats, type Tensor } from "../../../tensor/index.ts";
import { erf } from "../erf.ts";
import { type LiteContext, type Operator, type OperatorView } from "../context.ts";
import { inverseRoot, multiplyOne, nearestEven, quantizeMultiplier, shiftRight } from "../fixed-point.ts";

/** The input without its zero point, int64. */
const centred = (op: OperatorView, c: LiteContext, i: number): Value => c.o.sub(c.int64(op.value(i)), op.zeroPoint(op.tensor(i)));

/** xnn_init_qs8_add_minmax_params: both sides as multiples of 2^-shift of the output's step, the larger with 21 bits. */
function sum(op: OperatorView, c: LiteContext, sign: "Add" | "Sub"): Value {
  const activation = op.activation(0);
  if (!op.quantized(op.output)) return floatBinary(op, c, sign, activation);
  const ratios = [0, 1].map((i) => Math.fround(op.scale(op.tensor(i)) / op.scale(op.output)));
  const shift = 20 - Math.floor(Math.log2(Math.max(...ratios)));
  if (!(shift >= 12 && shift <= 30)) throw op.unsupported("inputs in steps that are so far from the result's are not compiled");
  const factors = ratios.map((r, i) => nearestEven(r * 2 ** shift) * (sign === "Sub" && i === 1 ? -1 : 1));
  const total = c.o.add(c.o.mul(centred(op, c, 0), factors[0]!), c.o.mul(centred(op, c, 1), factors[1]!));
  return c.clamp(c.o.add(shiftRight(c, c.o.add(total, 2 ** (shift - 1)), shift), op.zeroPoint(op.output)), op.range(activation), "int8");
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
    return c.requantize(c.o.mul(centred(op, c, 0), centred(op, c, 1)), [factor], op.zeroPoint(op.output), op.range(activation), "int8");
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
const unary = (name: string, type: string, exact?: (x: number) => number): Operator => ({
  names: [name],
  convert: (op, c) => (op.quantized(op.tensor(0)) ? table(op, c, exact) : c.graph.op(type, [op.value(0)])),
});

/** int8 functions look up each of the 256 inputs, as the interpreter's own kernels do. */
function table(op: OperatorView, c: LiteContext, exact: ((x: number) => number) | undefined): Value {
  if (!exact) throw op.unsupported("int8 is not compiled");
  const [input, output] = [op.tensor(0), op.output];
  const inverse = Math.fround(1 / op.scale(output));
  return lookUp(op, c, (v) => nearestEven(Math.fround(Math.fround(exact(Math.fround(op.scale(input) * (v - op.zeroPoint(input))))) * inverse)) + op.zeroPoint(output));
}
/** The result for each of the 256 inputs, clamped. */
function lookUp(op: OperatorView, c: LiteContext, result: (v: number) => number): Value {
  const values = Int8Array.from({ length: 256 }, (_, i) => Math.min(127, Math.max(-128, result(i - 128))));
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
    // In 256ths of the output's step, as XNNPACK has them.
    const x = centred(op, c, 0);
    const ratio = Math.fround(op.scale(op.tensor(0)) / op.scale(op.output));
    const y = c.o.add(c.o.where(c.o.greaterEqual(x, 0), c.o.mul(x, nearestEven(ratio * 256)), c.o.mul(x, nearestEven(Math.fround(ratio * Math.fround(alpha)) * 256))), 128);
    return c.clamp(c.o.add(shiftRight(c, y, 8), op.zeroPoint(op.output)), op.range("NONE"), "int8");
  },
};

const prelu: Operator = {
  names: ["PRELU"],
  convert: (op, c) => {
    if (op.quantized(op.tensor(0))) {
      const [x, alpha] = [centred(op, c, 0), centred(op, c, 1)];
      const ratio = op.scale(op.tensor(0)) / op.scale(op.output);
      const y = c.o.where(c.o.greaterEqual(x, 0), c.multiply(x, [ratio]), c.multiply(c.o.mul(x, alpha), [ratio * op.scale(op.tensor(1))]));
      return c.clamp(c.o.add(y, op.zeroPoint(op.output)), op.range("NONE"), "int8");
    }
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

const WHOLE = new Set(["int8", "uint8", "int16"]);

const quantize: Operator = {
  names: ["QUANTIZE"],
  convert: (op, c) => {
    const [input, output] = [op.tensor(0), op.output];
    if (!output.quantization || !WHOLE.has(output.type)) throw op.unsupported(`a result in ${output.type} is not compiled`);
    const range = op.range("NONE");
    if (input.type === "float") return c.quantize(c.o.mul(op.value(0), Math.fround(1 / op.scale(output))), op.zeroPoint(output), range, output.type);
    if (!input.quantization || !WHOLE.has(input.type)) throw op.unsupported(`an input in ${input.type} is not compiled`);
    if (input.type === output.type && input.lowered === output.lowered && input.type !== "int16") {
      // In 256ths of the output's step, as XNNPACK has them.
      const ratio = Math.fround(op.scale(input) / op.scale(output));
      const y = c.o.add(c.o.mul(centred(op, c, 0), nearestEven(ratio * 256)), 128);
      return c.clamp(c.o.add(shiftRight(c, y, 8), op.zeroPoint(output)), range, output.type);
    }
    const scaled = c.multiply(centred(op, c, 0), [op.scale(input) / op.scale(output)]);
    return c.clamp(c.o.add(scaled, op.zeroPoint(output)), range, output.type);
  },
};

const dequantize: Operator = {
  names: ["DEQUANTIZE"],
  convert: (op, c) => {
    const input = op.tensor(0);
    const constant: Tensor | undefined = c.constantOf(input);
    if (input.type === "float16") return constant ? c.settle(op.output, constant) : c.float(op.value(0));
    const q = input.quantization;
    if (!q || !WHOLE.has(input.type)) throw op.unsupported(`an input in ${input.type} is not compiled`);
    if (constant) {
      const inner = q.scales.length > 1 ? input.shape.slice(q.axis + 1).reduce((n, d) => n * d, 1) : 1;
      const at = (i: number): number => (q.scales.length > 1 ? Math.floor(i / inner) % q.scales.length : 0);
      return c.settle(op.output, floats(Float32Array.from(constant.data as Int8Array, (v, i) => (v - q.zeroPoints[at(i)]!) * q.scales[at(i)]!), input.shape));
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
const rsqrt: Operator = { names: ["RSQRT"], convert: (op, c) => (op.quantized(op.tensor(0)) ? wholeRsqrt(op, c) : c.o.div(1, c.o.sqrt(floatOnly(op)))) };
/** The interpreter's own kernel, in fixed point. It ends with an error where an input is below its zero point. */
function wholeRsqrt(op: OperatorView, c: LiteContext): Value {
  const [input, output] = [op.tensor(0), op.output];
  if (op.zeroPoint(input) !== -128) throw op.unsupported("int8 inputs that can be negative are not compiled");
  const { mantissa, shift } = quantizeMultiplier(1 / Math.fround(Math.fround(Math.sqrt(op.scale(input))) * op.scale(output)));
  return lookUp(op, c, (v) => {
    const x = v - op.zeroPoint(input);
    if (x <= 0) return 127;
    const root = inverseRoot(x);
    return multiplyOne(multiplyOne(1, { mantissa: root.mantissa, shift: root.shift + 20 }), { mantissa, shift: shift - 20 }) + op.zeroPoint(output);
  });
}
const log: Operator = { names: ["LOG"], convert: (op, c) => (op.quantized(op.tensor(0)) ? table(op, c, (x) => (x > 0 ? Math.log(x) : -Infinity)) : c.graph.op("Log", [op.value(0)])) };
/** Cut off rather than rounded. */
const sqrt: Operator = {
  names: ["SQRT"],
  convert: (op, c) => {
    if (!op.quantized(op.tensor(0))) return c.o.sqrt(op.value(0));
    const [input, output] = [op.tensor(0), op.output];
    if (op.zeroPoint(input) !== -128) throw op.unsupported("int8 inputs that can be negative are not compiled");
    return lookUp(op, c, (v) => Math.floor(Math.fround(Math.fround(Math.sqrt(Math.fround(op.scale(input) * (v + 128)))) / op.scale(output))) + op.zeroPoint(output));
  },
};
const squaredDifference: Operator = {
  names: ["SQUARED_DIFFERENCE"],
  convert: (op, c) => {
    if (op.quantized(op.output)) {
      // SquaredDifference of the interpreter's own kernels: both sides in 128ths of twice the larger step.
      const scales = [op.scale(op.tensor(0)), op.scale(op.tensor(1))];
      const twice = 2 * Math.max(...scales);
      const [a, b] = scales.map((s, i) => c.multiply(c.o.mul(centred(op, c, i), 128), [s / twice]));
      const difference = c.o.sub(a!, b!);
      const scaled = c.multiply(c.o.mul(difference, difference), [(twice * twice) / (2 ** 14 * op.scale(op.output))]);
      return c.clamp(c.o.add(scaled, op.zeroPoint(op.output)), op.range("NONE"), "int8");
    }
    const d = c.o.sub(op.value(0), op.value(1));
    return c.o.mul(d, d);
  },
};
function floatOnly(op: OperatorView): Value {
  if (op.tensor(0).type !== "float") throw op.unsupported("only float is compiled");
  return op.value(0);
}
const geluTanh = (x: number): number => 0.5 * x * (1 + Math.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
const gelu = (x: number): number => 0.5 * x * (1 + erf(x * Math.SQRT1_2));
const hardSwish = (x: number): number => (x * Math.min(6, Math.max(0, x + 3))) / 6;

export const ELEMENTWISE: readonly Operator[] = [
  add, sub, mul, div, extreme("MAXIMUM", "Max"), extreme("MINIMUM", "Min"),
  unary("LOGISTIC", "Sigmoid", (x) => 1 / (1 + Math.exp(-x))), unary("TANH", "Tanh", Math.tanh), unary("ELU", "Elu", (x) => (x < 0 ? Math.expm1(x) : x)), unary("EXP", "Exp", Math.exp),
  unary("ABS", "Abs", Math.abs), unary("NEG", "Neg"), log, sqrt, unary("SIN", "Sin"), unary("COS", "Cos"), unary("SIGN", "Sign"), unary("FLOOR", "Floor"), unary("CEIL", "Ceil"), unary("ROUND", "Round"),
  unary("HARD_SWISH", "HardSwish", hardSwish), unary("LOGICAL_NOT", "Not"), unary("LOG_SOFTMAX", "LogSoftmax"),
  {
    names: ["GELU"],
    convert: (op, c) => (op.quantized(op.tensor(0)) ? table(op, c, op.flag(0) ? geluTanh : gelu) : c.graph.op("Gelu", [floatOnly(op)], { approximate: op.flag(0) ? "tanh" : "none" })),
  },
  { names: ["POW"], convert: (op, c) => c.o.pow(floatOnly(op), op.value(1)) },
  relu("RELU", "RELU"), relu("RELU6", "RELU6"), relu("RELU_N1_TO_1", "RELU_N1_TO_1"), relu("RELU_0_TO_1", "RELU_0_TO_1"), leaky, prelu, softmax, quantize, dequantize, cast, squared, rsqrt, squaredDifference,
];
