// TensorProto, TensorShapeProto and DataType of TensorFlow as Slipway's tensors.

import type { ElementType, Tensor } from "../../tensor/index.ts";
import { malformed, savedModelError } from "./errors.ts";
import type { Message } from "./message.ts";

/** tensorflow.DataType. */
const TYPES: Readonly<Record<number, ElementType>> = {
  1: "float", 2: "double", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "string", 9: "int64", 10: "bool", 17: "uint16", 19: "float16", 22: "uint32", 23: "uint64",
};
const TYPE_NAMES: Readonly<Record<number, string>> = { 8: "complex64", 14: "bfloat16", 18: "complex128", 20: "resource", 21: "variant" };
/** References of TensorFlow 1: the type plus 100. */
const REFERENCE = 100;

const MAX_ELEMENTS = 2 ** 29;
const MAX_RANK = 16;

export function elementType(number: number, where: string): ElementType {
  const type = TYPES[number > REFERENCE ? number - REFERENCE : number];
  if (!type) throw savedModelError("savedmodel-operator", `${where}: elements of type ${TYPE_NAMES[number] ?? number} are not compiled`, { where, hint: "Build the model with float32." });
  return type;
}

/** -1: open. null: rank unknown. */
export function readShape(message: Message | undefined, where: string): number[] | null {
  if (!message || message.bool(3)) return null;
  const dims = message.messages(2).map((d) => d.number(1));
  if (dims.length > MAX_RANK || dims.some((d) => !(d >= -1))) throw malformed(`${where}: a shape of [${dims.slice(0, 20).join(", ")}]`, where);
  return dims;
}

function countOf(shape: readonly number[], where: string): number {
  let n = 1;
  for (const d of shape) n *= d;
  if (!(n >= 0) || n > MAX_ELEMENTS || shape.some((d) => d < 0)) throw savedModelError("savedmodel-limit", `${where}: a tensor of shape [${shape.join(", ")}]`, { where });
  return n;
}

const ARRAYS = {
  float: Float32Array, double: Float64Array, int32: Int32Array, uint8: Uint8Array, int16: Int16Array, int8: Int8Array, int64: BigInt64Array, bool: Uint8Array,
  uint16: Uint16Array, uint32: Uint32Array, uint64: BigUint64Array,
} as const;
const BYTES: Readonly<Record<ElementType, number>> = { float: 4, double: 8, int32: 4, uint8: 1, int16: 2, int8: 1, int64: 8, bool: 1, uint16: 2, float16: 2, uint32: 4, uint64: 8, string: 0 };

/** Little-endian elements; float16 becomes float. */
export function tensorOfBytes(type: ElementType, shape: readonly number[], bytes: Uint8Array, where: string): Tensor {
  if (type === "string") throw savedModelError("savedmodel-operator", `${where}: texts kept among the weights are not compiled`, { where });
  const count = countOf(shape, where);
  if (bytes.length !== count * BYTES[type]) throw malformed(`${where}: ${bytes.length} bytes for ${type}[${shape.join(", ")}]`, where);
  const buffer = bytes.slice().buffer as ArrayBuffer;
  if (type === "float16") return { type: "float", shape, data: Float32Array.from(new Uint16Array(buffer), half) };
  return { type, shape, data: new ARRAYS[type](buffer) } as Tensor;
}

function half(bits: number): number {
  const [exponent, fraction, sign] = [(bits >> 10) & 31, bits & 1023, bits & 0x8000 ? -1 : 1];
  return exponent === 0 ? sign * fraction * 2 ** -24 : exponent === 31 ? (fraction ? NaN : sign * Infinity) : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A constant of the graph. A last value stands for all that follow; no value at all for zeros. */
export function readTensor(message: Message, where: string): Tensor {
  const type = elementType(message.number(1), where);
  const shape = readShape(message.message(2), where) ?? [];
  const count = countOf(shape, where);
  if (message.has(4)) return tensorOfBytes(type, shape, message.data(4), where);
  const fill = <T>(values: readonly T[], zero: T): T[] => {
    if (values.length > count && count > 0) throw malformed(`${where}: ${values.length} values for ${count} elements`, where);
    return Array.from({ length: count }, (_, i) => values[Math.min(i, values.length - 1)] ?? zero);
  };
  const whole = (field: number): number[] => fill(message.ints(field).map(Number), 0);
  switch (type) {
    case "string": {
      const decoder = new TextDecoder();
      return { type, shape, data: fill(message.dataList(8).map((b) => decoder.decode(b)), "") };
    }
    case "float": return { type, shape, data: Float32Array.from(fill(message.floats(5), 0)) };
    case "double": return { type, shape, data: Float64Array.from(fill(message.doubles(6), 0)) };
    case "float16": return { type: "float", shape, data: Float32Array.from(whole(13), half) };
    case "int64": return { type, shape, data: BigInt64Array.from(fill(message.ints(10), 0n)) };
    case "uint64": return { type, shape, data: BigUint64Array.from(fill(message.ints(17), 0n), (v) => BigInt.asUintN(64, v)) };
    case "bool": return { type, shape, data: Uint8Array.from(whole(11), (v) => (v ? 1 : 0)) };
    case "uint32": return { type, shape, data: Uint32Array.from(whole(16)) };
    default: return { type, shape, data: new ARRAYS[type](whole(7)) } as Tensor;
  }
}
