// Short names for the operators converters use most. Operands may be plain numbers: they take the other side's type.

import { bools, doubles, floats, int64s, strings, type ElementType, type Tensor } from "../tensor/index.ts";
import type { GraphBuilder } from "./graph.ts";
import type { Value } from "./value.ts";

export type Operand = Value | number | Tensor;

const isValue = (x: Operand): x is Value => typeof x === "object" && "name" in x;

export class Ops {
  readonly graph: GraphBuilder;
  constructor(graph: GraphBuilder) {
    this.graph = graph;
  }

  /** A scalar constant of the given type. */
  scalar(value: number, type: ElementType = "double"): Value {
    switch (type) {
      case "double": return this.graph.constant(doubles([value], []));
      case "float": return this.graph.constant(floats([value], []));
      case "int64": return this.graph.constant(int64s([value], []));
      case "int32": return this.graph.constant({ type: "int32", shape: [], data: Int32Array.of(value) });
      case "bool": return this.graph.constant(bools([value !== 0], []));
      default: throw new TypeError(`no scalar constant of type ${type}`);
    }
  }
  /** A constant; `like` gives numbers their type. */
  value(x: Operand, like: ElementType = "double"): Value {
    if (typeof x === "number") return this.scalar(x, like);
    return isValue(x) ? x : this.graph.constant(x);
  }
  doubles(data: Float64Array | readonly number[], shape?: readonly number[]): Value { return this.graph.constant(doubles(data, shape)); }
  int64s(data: BigInt64Array | readonly (number | bigint)[], shape?: readonly number[]): Value { return this.graph.constant(int64s(data, shape)); }
  strings(data: readonly string[], shape?: readonly number[]): Value { return this.graph.constant(strings(data, shape)); }

  #binary(op: string, a: Operand, b: Operand): Value {
    const type = isValue(a) ? a.type : isValue(b) ? b.type : typeof a === "object" ? a.type : typeof b === "object" ? b.type : "double";
    return this.graph.op(op, [this.value(a, type), this.value(b, type)]);
  }
  add(a: Operand, b: Operand): Value { return this.#binary("Add", a, b); }
  sub(a: Operand, b: Operand): Value { return this.#binary("Sub", a, b); }
  mul(a: Operand, b: Operand): Value { return this.#binary("Mul", a, b); }
  div(a: Operand, b: Operand): Value { return this.#binary("Div", a, b); }
  pow(a: Operand, b: Operand): Value { return this.#binary("Pow", a, b); }
  /**
   * Matrices go through Gemm: ONNX Runtime folds a factor before or after a MatMul into FusedMatMul's `alpha`, which is a
   * float, so that a double factor loses its last 29 bits without a word. It does no such thing to Gemm.
   */
  matmul(a: Operand, b: Operand): Value {
    const [x, y] = [this.value(a), this.value(b)];
    const matrices = x.shape?.length === 2 && y.shape?.length === 2 && (x.type === "double" || x.type === "float");
    return matrices ? this.graph.op("Gemm", [x, y]) : this.#binary("MatMul", x, y);
  }
  minimum(a: Operand, b: Operand): Value { return this.#binary("Min", a, b); }
  maximum(a: Operand, b: Operand): Value { return this.#binary("Max", a, b); }
  equal(a: Operand, b: Operand): Value { return this.#binary("Equal", a, b); }
  less(a: Operand, b: Operand): Value { return this.#binary("Less", a, b); }
  lessEqual(a: Operand, b: Operand): Value { return this.#binary("LessOrEqual", a, b); }
  greater(a: Operand, b: Operand): Value { return this.#binary("Greater", a, b); }
  greaterEqual(a: Operand, b: Operand): Value { return this.#binary("GreaterOrEqual", a, b); }
  and(a: Value, b: Value): Value { return this.graph.op("And", [a, b]); }
  or(a: Value, b: Value): Value { return this.graph.op("Or", [a, b]); }
  not(a: Value): Value { return this.graph.op("Not", [a]); }
  neg(a: Value): Value { return this.graph.op("Neg", [a]); }
  abs(a: Value): Value { return this.graph.op("Abs", [a]); }
  exp(a: Value): Value { return this.graph.op("Exp", [a]); }
  log(a: Value): Value { return this.graph.op("Log", [a]); }
  sqrt(a: Value): Value { return this.graph.op("Sqrt", [a]); }
  tanh(a: Value): Value { return this.graph.op("Tanh", [a]); }
  relu(a: Value): Value { return this.graph.op("Relu", [a]); }
  /** 1 / (1 + exp(-x)) spelled out: ONNX Runtime's Sigmoid is an approximation in float and not as exact in double. */
  sigmoid(a: Value): Value { return this.div(1, this.add(this.exp(this.neg(a)), 1)); }
  isNaN(a: Value): Value { return this.graph.op("IsNaN", [a]); }
  where(condition: Value, a: Operand, b: Operand): Value {
    const type = isValue(a) ? a.type : isValue(b) ? b.type : typeof a === "object" ? a.type : typeof b === "object" ? b.type : "double";
    return this.graph.op("Where", [condition, this.value(a, type), this.value(b, type)]);
  }
  cast(a: Value, to: ElementType): Value { return a.type === to ? a : this.graph.op("Cast", [a], { to: ONNX_TYPE[to] }); }
  concat(parts: readonly Value[], axis = 1): Value { return parts.length === 1 ? parts[0]! : this.graph.op("Concat", parts, { axis }); }
  gather(a: Value, indices: Operand, axis: number): Value { return this.graph.op("Gather", [a, this.value(indices, "int64")], { axis }); }
  /** Picks columns of [N, F]. */
  columns(a: Value, indices: readonly number[]): Value { return this.gather(a, int64s(indices), 1); }
  slice(a: Value, start: number, end: number, axis: number, step = 1): Value {
    return this.graph.op("Slice", [a, this.int64s([start]), this.int64s([end]), this.int64s([axis]), this.int64s([step])]);
  }
  /** 0 keeps a dimension, -1 infers one. */
  reshape(a: Value, shape: readonly number[]): Value { return this.graph.op("Reshape", [a, this.int64s(shape)]); }
  squeeze(a: Value, axis: number): Value { return this.graph.op("Squeeze", [a, this.int64s([axis])]); }
  unsqueeze(a: Value, axis: number): Value { return this.graph.op("Unsqueeze", [a, this.int64s([axis])]); }
  transpose(a: Value, perm: readonly number[]): Value { return this.graph.op("Transpose", [a], { perm }); }
  #reduce(op: string, a: Value, axis: number, keep: boolean): Value { return this.graph.op(op, [a, this.int64s([axis])], { keepdims: keep ? 1 : 0 }); }
  sum(a: Value, axis: number, keep = false): Value { return this.#reduce("ReduceSum", a, axis, keep); }
  mean(a: Value, axis: number, keep = false): Value { return this.#reduce("ReduceMean", a, axis, keep); }
  /** Over several axes (all where none are told); of no elements it is not a number, where ONNX Runtime says 0. */
  meanOver(a: Value, axes: readonly number[] | null, keep = false): Value {
    const made = this.graph.op("ReduceMean", [a, axes && this.int64s(axes)], { keepdims: keep ? 1 : 0 });
    if (axes && a.shape && axes.every((axis) => typeof a.shape![axis] === "number" && a.shape![axis] !== 0)) return made;
    const count = axes ? this.graph.op("ReduceProd", [this.gather(this.graph.op("Shape", [a]), int64s(axes), 0)], { keepdims: 0 }) : this.graph.op("Size", [a]);
    return this.where(this.equal(count, 0), NaN, made);
  }
  max(a: Value, axis: number, keep = false): Value { return this.#reduce("ReduceMax", a, axis, keep); }
  min(a: Value, axis: number, keep = false): Value { return this.#reduce("ReduceMin", a, axis, keep); }
  /** First of the largest, as NumPy does. */
  argmax(a: Value, axis: number): Value { return this.graph.op("ArgMax", [a], { axis, keepdims: 0, select_last_index: 0 }); }
  argmin(a: Value, axis: number): Value { return this.graph.op("ArgMin", [a], { axis, keepdims: 0, select_last_index: 0 }); }
  /** exp(x - max) / sum, as scipy.special.softmax. */
  softmax(a: Value, axis = 1): Value {
    const e = this.exp(this.sub(a, this.max(a, axis, true)));
    return this.div(e, this.sum(e, axis, true));
  }
}

/** onnx.TensorProto.DataType. */
export const ONNX_TYPE: Readonly<Record<ElementType, number>> = {
  float: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, string: 8, bool: 9, float16: 10, double: 11, uint32: 12, uint64: 13,
};
