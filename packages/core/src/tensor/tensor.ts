// Tensors with ONNX's element types; dense, row-major.

export type ElementType =
  | "float" | "double" | "float16"
  | "int8" | "int16" | "int32" | "int64"
  | "uint8" | "uint16" | "uint32" | "uint64"
  | "bool" | "string";

export interface TensorDataMap {
  readonly float: Float32Array;
  readonly double: Float64Array;
  readonly float16: Uint16Array;
  readonly int8: Int8Array;
  readonly int16: Int16Array;
  readonly int32: Int32Array;
  readonly int64: BigInt64Array;
  readonly uint8: Uint8Array;
  readonly uint16: Uint16Array;
  readonly uint32: Uint32Array;
  readonly uint64: BigUint64Array;
  readonly bool: Uint8Array;
  readonly string: readonly string[];
}

/** A dense tensor, row-major. `data.length` is the product of `shape`; a scalar has shape []. */
export interface Tensor<T extends ElementType = ElementType> {
  readonly type: T;
  readonly shape: readonly number[];
  readonly data: TensorDataMap[T];
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}
export function doubles(data: Float64Array | readonly number[], shape: readonly number[] = [data.length]): Tensor<"double"> {
  return { type: "double", shape, data: data instanceof Float64Array ? data : Float64Array.from(data) };
}
export function floats(data: Float32Array | readonly number[], shape: readonly number[] = [data.length]): Tensor<"float"> {
  return { type: "float", shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}
export function int64s(data: BigInt64Array | readonly (number | bigint)[], shape: readonly number[] = [data.length]): Tensor<"int64"> {
  return { type: "int64", shape, data: data instanceof BigInt64Array ? data : BigInt64Array.from(data, (v) => BigInt(v)) };
}
export function bools(data: readonly boolean[], shape: readonly number[] = [data.length]): Tensor<"bool"> {
  return { type: "bool", shape, data: Uint8Array.from(data, Number) };
}
export function strings(data: readonly string[], shape: readonly number[] = [data.length]): Tensor<"string"> {
  return { type: "string", shape, data };
}
