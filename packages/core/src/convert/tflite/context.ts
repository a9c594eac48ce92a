// What operators' converters work with: tensors of the file as values of the graph, and their quantization.

import type { SlipwayError } from "../../base/index.ts";
import { Ops, type Dim, type GraphBuilder, type Value } from "../../onnx/index.ts";
import { floats, type ElementType, type Tensor } from "../../tensor/index.ts";
import { convertError } from "../conversion/errors.ts";
import { tfliteError } from "./errors.ts";
import { multiply, quantizeMultiplier, type Multiplier } from "./fixed-point.ts";
import type { LiteGraph, LiteOperator, LiteTensor } from "./model.ts";

export interface Operator {
  readonly names: readonly string[];
  readonly convert: (op: OperatorView, c: LiteContext) => Value | readonly Value[];
}

export class LiteContext {
  readonly model: LiteGraph;
  /** All graphs of the file. */
  readonly graphs: readonly LiteGraph[];
  readonly graph: GraphBuilder;
  readonly depth: number;
  /** Adds the nodes of all operators of a context's graph. */
  readonly run: (within: LiteContext) => void;
  readonly o: Ops;
  readonly values: Map<number, Value> = new Map();
  /** What a user should know, once each; bodies of loops share their model's. */
  readonly warnings: Set<string>;
  readonly #constants = new Map<number, Tensor>();

  constructor(model: LiteGraph, graphs: readonly LiteGraph[], graph: GraphBuilder, run: LiteContext["run"], depth = 0, warnings: Set<string> = new Set()) {
    this.run = run;
    this.warnings = warnings;
    this.model = model;
    this.graphs = graphs;
    this.depth = depth;
    this.graph = graph;
    this.o = new Ops(graph);
  }
  warn(message: string): void {
    this.warnings.add(message);
  }
  /** What an operator makes of constants is one too. */
  settle(t: LiteTensor, constant: Tensor): Value {
    this.#constants.set(t.index, constant);
    return this.graph.constant(constant);
  }
  constantOf(t: LiteTensor): Tensor | undefined {
    const known = this.#constants.get(t.index);
    if (known || !t.data) return known;
    const made = toTensor(t);
    this.#constants.set(t.index, made);
    return made;
  }
  int64(value: Value): Value {
    return this.o.cast(value, "int64");
  }
  float(value: Value): Value {
    return this.o.cast(value, "float");
  }
  multiply(x: Value, factors: readonly number[]): Value {
    return multiply(this.graph, x, factors.map(quantizeMultiplier));
  }
  multiplyBy(x: Value, multipliers: readonly Multiplier[]): Value {
    return multiply(this.graph, x, multipliers);
  }
  /** int32 sums [..., C] times float factors (one or C), to the nearest, ties to even, as XNNPACK's kernels requantize. */
  requantize(sums: Value, factors: readonly number[], zeroPoint: number, [low, high]: readonly [number, number], type: ElementType): Value {
    const factor = factors.every((f) => f === factors[0]) ? this.o.scalar(factors[0]!, "float") : this.graph.constant(floats(Float32Array.from(factors), [factors.length]));
    return this.quantize(this.o.mul(this.float(sums), factor), zeroPoint, [low, high], type);
  }
  /** float, in steps of the result -> the nearest, ties to even, clamped. */
  quantize(steps: Value, zeroPoint: number, [low, high]: readonly [number, number], type: ElementType): Value {
    const { o, graph } = this;
    const nearest = graph.op("Round", [graph.op("Clip", [steps, o.scalar(low - zeroPoint, "float"), o.scalar(high - zeroPoint, "float")])]);
    return o.cast(o.cast(o.add(nearest, zeroPoint), "int32"), type);
  }
  /** int64 -> the tensor's type, clamped. */
  clamp(x: Value, [low, high]: readonly [number, number], type: ElementType): Value {
    return this.o.cast(this.graph.op("Clip", [x, this.o.scalar(low, "int64"), this.o.scalar(high, "int64")]), type);
  }
}

function toTensor(t: LiteTensor): Tensor {
  const bytes = t.data!;
  if (t.type === "float16") return floats(halves(new Uint16Array(bytes.buffer)), t.shape);
  const arrays = { float: Float32Array, double: Float64Array, int8: Int8Array, int16: Int16Array, int32: Int32Array, int64: BigInt64Array, uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, uint64: BigUint64Array, bool: Uint8Array } as const;
  if (t.type === "string") throw tfliteError("unsupported-operator", `constant ${JSON.stringify(t.name.slice(0, 100))} holds texts, which are not compiled`);
  return { type: t.type, shape: t.shape, data: new arrays[t.type](bytes.buffer as ArrayBuffer) } as Tensor;
}
function halves(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (h) => {
    const exponent = (h >> 10) & 31;
    const fraction = h & 1023;
    const sign = h & 0x8000 ? -1 : 1;
    return exponent === 0 ? sign * fraction * 2 ** -24 : exponent === 31 ? (fraction ? NaN : sign * Infinity) : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

const RANGES: Readonly<Partial<Record<ElementType, readonly [number, number]>>> = { int8: [-128, 127], uint8: [0, 255], int16: [-32768, 32767], int32: [-(2 ** 31), 2 ** 31 - 1] };
/** Operators of uint8 that were compared with the interpreter; what only moves numbers is not among them, as it asks for no scale. */
const LOWERED = new Set([
  "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "SUB", "MUL", "MAX_POOL_2D", "AVERAGE_POOL_2D", "MEAN", "CONCATENATION", "PAD", "PADV2", "SOFTMAX", "LOGISTIC", "TANH", "RELU", "RELU6", "QUANTIZE", "DEQUANTIZE", "RESIZE_BILINEAR", "REDUCE_MAX", "REDUCE_MIN", "LEAKY_RELU", "PRELU",
]);
const ACTIVATIONS = ["NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"];

/** One operator of the file and its tensors. */
export class OperatorView {
  readonly op: LiteOperator;
  readonly #c: LiteContext;
  constructor(op: LiteOperator, c: LiteContext) {
    this.op = op;
    this.#c = c;
  }
  get name(): string {
    return this.op.name;
  }
  get count(): number {
    return this.op.inputs.length;
  }
  has(i: number): boolean {
    return (this.op.inputs[i] ?? -1) >= 0;
  }
  tensor(i: number): LiteTensor {
    const t = this.#c.model.tensors[this.op.inputs[i] ?? -1];
    if (!t) throw this.malformed(`it lacks input ${i}`);
    return t;
  }
  get output(): LiteTensor {
    const t = this.#c.model.tensors[this.op.outputs[0] ?? -1];
    if (!t) throw this.malformed("it has no output");
    return t;
  }
  outputAt(i: number): LiteTensor {
    return this.#c.model.tensors[this.op.outputs[i] ?? -1]!;
  }
  value(i: number): Value {
    const t = this.tensor(i);
    const known = this.#c.values.get(t.index);
    if (known) return known;
    const constant = this.#c.constantOf(t);
    if (!constant && t.variable) throw this.unsupported("it reads a state that the model keeps between calls, which is not compiled here");
    if (!constant) throw this.malformed(`tensor ${JSON.stringify(t.name.slice(0, 100))} is used before it is made`);
    const value = this.#c.graph.constant(constant);
    this.#c.values.set(t.index, value);
    return value;
  }
  constant(i: number, what: string): Tensor {
    const t = this.#c.constantOf(this.tensor(i));
    if (!t) throw this.unsupported(`${what} that are computed in the model are not compiled`);
    return t;
  }
  ints(i: number, what: string): number[] {
    const t = this.constant(i, what);
    if (t.type !== "int32" && t.type !== "int64") throw this.malformed(`${what} are ${t.type}`);
    return Array.from(t.data as ArrayLike<number | bigint>, Number);
  }
  shape(i: number): readonly Dim[] {
    const { shape } = this.value(i);
    if (!shape) throw this.unsupported("a value of unknown rank");
    return shape;
  }
  int(id: number, otherwise = 0): number {
    return this.op.options?.int32(id, otherwise) ?? otherwise;
  }
  byte(id: number, otherwise = 0): number {
    return this.op.options?.int8(id, otherwise) ?? otherwise;
  }
  flag(id: number): boolean {
    return this.op.options?.bool(id) ?? false;
  }
  number(id: number, otherwise = 0): number {
    return this.op.options?.float(id, otherwise) ?? otherwise;
  }
  malformed(message: string): SlipwayError {
    return convertError("malformed-model", `${this.op.where}: ${message}`, { where: this.op.where });
  }
  unsupported(message: string, hint?: string): SlipwayError {
    return tfliteError("unsupported-operator", `${this.op.where}: ${message}`, { where: this.op.where, hint });
  }
  /** Whether a tensor holds quantized numbers; those of 16 bits are refused, those of the old uint8 form where it is not known how they are computed. */
  quantized(t: LiteTensor): boolean {
    if (t.lowered && !LOWERED.has(this.name)) throw this.unsupported("uint8 quantization is not compiled here", "Convert the model with int8.");
    if (t.type === "int8") return t.quantization !== undefined;
    if (t.quantization && (t.type === "uint8" || t.type === "int16") && this.name !== "QUANTIZE" && this.name !== "DEQUANTIZE") throw this.unsupported(`${t.type} quantization is not compiled, only int8`, "Convert the model with int8.");
    return false;
  }
  scale(t: LiteTensor): number {
    const q = t.quantization;
    if (!q || q.scales.length !== 1) throw this.malformed(`tensor ${JSON.stringify(t.name.slice(0, 100))} has no single scale`);
    return q.scales[0]!;
  }
  zeroPoint(t: LiteTensor): number {
    return t.quantization?.zeroPoints[0] ?? 0;
  }
  get activation(): (id: number) => string {
    return (id) => ACTIVATIONS[this.byte(id)] ?? "?";
  }
  /** CalculateActivationRangeQuantized. */
  range(activation: string, t: LiteTensor = this.output): readonly [number, number] {
    const [least, most] = RANGES[t.type] ?? [-128, 127];
    const at = (x: number): number => this.zeroPoint(t) + awayFromZero(Math.fround(x / this.scale(t)));
    switch (activation) {
      case "NONE": return [least, most];
      case "RELU": return [Math.max(least, at(0)), most];
      case "RELU6": return [Math.max(least, at(0)), Math.min(most, at(6))];
      case "RELU_N1_TO_1": return [Math.max(least, at(-1)), Math.min(most, at(1))];
      case "RELU_0_TO_1": return [Math.max(least, at(0)), Math.min(most, at(1))];
      default: throw this.unsupported(`the fused activation ${activation} is not compiled`);
    }
  }
  activate(x: Value, activation: string): Value {
    const { graph, o } = this.#c;
    const clip = (low: number, high: number): Value => graph.op("Clip", [x, o.scalar(low, "float"), o.scalar(high, "float")]);
    switch (activation) {
      case "NONE": return x;
      case "RELU": return o.relu(x);
      case "RELU6": return clip(0, 6);
      case "RELU_N1_TO_1": return clip(-1, 1);
      case "RELU_0_TO_1": return clip(0, 1);
      case "TANH": return o.tanh(x);
      default: throw this.unsupported(`the fused activation ${activation} is not compiled`);
    }
  }
}

const awayFromZero = (x: number): number => Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
export const toNchw = (c: LiteContext, x: Value): Value => c.o.transpose(x, [0, 3, 1, 2]);
export const toNhwc = (c: LiteContext, x: Value): Value => c.o.transpose(x, [0, 2, 3, 1]);
