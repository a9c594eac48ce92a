// TensorProto: dims and data, in raw bytes or in the typed fields. The data must be as long as the dims say.

import type { ByteReader } from "../base/index.ts";
import { readFields, type ProtoField } from "../formats/index.ts";
import type { ElementType, Tensor } from "../tensor/index.ts";
import { onnxError } from "./errors.ts";
import { typeOf } from "./infer/types.ts";
import type { Initializer, NarrowType } from "./model.ts";
import { isLength, isNumber, malformed, part, readInts, text } from "./read-fields.ts";

type Numbers = Exclude<ElementType, "string">;
const ARRAYS: Readonly<Record<Numbers, new (buffer: ArrayBuffer) => ArrayBufferView>> = {
  float: Float32Array, double: Float64Array, float16: Uint16Array, int8: Int8Array, int16: Int16Array, int32: Int32Array, int64: BigInt64Array,
  uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, uint64: BigUint64Array, bool: Uint8Array,
};
const WIDTHS: Readonly<Record<Numbers, number>> = {
  float: 4, double: 8, float16: 2, int8: 1, int16: 2, int32: 4, int64: 8, uint8: 1, uint16: 2, uint32: 4, uint64: 8, bool: 1,
};
/** TensorProto.DataType of what is not read. */
const OTHERS: Readonly<Record<number, string>> = {
  14: "complex64", 15: "complex128", 16: "bfloat16", 17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4e2m1",
};
const NARROW: ReadonlyMap<number, NarrowType> = new Map([[16, "bfloat16"], [21, "uint4"], [22, "int4"]]);
/** ONNX itself has no limit; NumPy's is 64. */
const MAX_RANK = 64;

export function readTensor(r: ByteReader): Initializer {
  const start = r.offset;
  let dataType = 0;
  let name = "";
  let raw: ProtoField | undefined;
  const dims: ProtoField[] = [];
  const strings: string[] = [];
  const typed: ProtoField[] = [];
  for (const f of readFields(r)) {
    switch (f.number) {
      case 1: dims.push(f); break;
      case 2: dataType = Number(isNumber(f).value); break;
      case 3: throw onnxError("onnx-unsupported", "a tensor in segments is not read", { where: `byte ${f.at}` });
      case 4: case 5: case 7: case 10: case 11: typed.push(f); break;
      case 6: strings.push(text(r, f)); break;
      case 8: name = text(r, f); break;
      case 9: raw = isLength(f); break;
      case 13: throw external(r, f, name);
      case 14:
        if (isNumber(f).value !== 0n) throw onnxError("onnx-external-data", `tensor ${JSON.stringify(name)} keeps its data in another file`, { where: `byte ${f.at}`, hint: "Save the model as one file." });
        break;
      default: break;
    }
  }
  const where = name === "" ? `the tensor at byte ${start}` : `tensor ${JSON.stringify(name)}`;
  const narrow = NARROW.get(dataType);
  if (narrow !== undefined) return { name, tensor: widened(r, narrow, readShape(readInts(r, dims), where), raw, typed, where), narrow };
  const type = typeOf(dataType);
  if (type === undefined) {
    throw onnxError(dataType === 0 ? "onnx-malformed" : "onnx-unsupported", dataType === 0 ? `${where} has no element type` : `${where} is of element type ${OTHERS[dataType] ?? dataType}, which is not read`, { hint: "Keep the weights as float, float16 or 8-bit numbers: the engine has few operators for others on the CPU." });
  }
  const shape = readShape(readInts(r, dims), where);
  const count = shape.reduce((a, b) => a * b, 1);
  const fits = (found: number): void => {
    if (found === count) return;
    throw onnxError("onnx-malformed", `${where} has dimensions [${shape.join(", ")}], which is ${count} elements, but data for ${found}`, { hint: "The file is damaged, or made to exhaust memory." });
  };
  if (type === "string") {
    fits(strings.length);
    return { name, tensor: { type, shape, data: strings } };
  }
  let buffer: ArrayBuffer;
  if (raw && (raw.end > raw.start || typed.length === 0)) {
    fits((raw.end - raw.start) / WIDTHS[type]);
    // Not slice: that of Node's Buffer copies nothing.
    buffer = new Uint8Array(r.bytes.subarray(raw.start, raw.end)).buffer;
  } else buffer = readTyped(r, typed, type, fits);
  return { name, tensor: { type, shape, data: new ARRAYS[type](buffer) } as unknown as Tensor };
}

/** Numbers of 4 bits, two in a byte, the lower half first; or the upper halves of float32. */
function widened(r: ByteReader, type: NarrowType, shape: number[], raw: ProtoField | undefined, typed: readonly ProtoField[], where: string): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  const half = type !== "bfloat16";
  const units = half ? Math.ceil(count / 2) : count;
  for (const f of typed) if (f.number !== 5) throw malformed(`a ${type} tensor has its data in field ${f.number}`, f);
  let words: ArrayLike<number>;
  if (raw && (raw.end > raw.start || typed.length === 0)) {
    const bytes = r.bytes.subarray(raw.start, raw.end);
    words = half ? bytes : Uint16Array.from({ length: bytes.length >> 1 }, (_, i) => bytes[2 * i]! | (bytes[2 * i + 1]! << 8));
    if (!half && bytes.length % 2 !== 0) words = [];
  } else words = Uint16Array.from(readInts(r, typed), (v) => Number(BigInt.asUintN(16, v)));
  if (words.length !== units) throw onnxError("onnx-malformed", `${where} has dimensions [${shape.join(", ")}], which is ${count} elements, but not the data for them`, { hint: "The file is damaged, or made to exhaust memory." });
  if (!half) return { type: "float", shape, data: new Float32Array(Uint32Array.from(words, (w) => (w << 16) >>> 0).buffer) };
  const nibble = (i: number): number => (words[i >> 1]! >> (i % 2 === 0 ? 0 : 4)) & 15;
  if (type === "uint4") return { type: "uint8", shape, data: Uint8Array.from({ length: count }, (_, i) => nibble(i)) };
  return { type: "int8", shape, data: Int8Array.from({ length: count }, (_, i) => (nibble(i) << 28) >> 28) };
}

function readShape(dims: BigInt64Array, where: string): number[] {
  if (dims.length > MAX_RANK) throw onnxError("onnx-limit", `${where} has ${dims.length} dimensions`);
  return Array.from(dims, (d) => {
    if (d < 0n || d > BigInt(Number.MAX_SAFE_INTEGER)) throw onnxError("onnx-malformed", `${where} has a dimension of ${d}`);
    return Number(d);
  });
}

/** float_data, double_data, and the varints of int32_data, int64_data, uint64_data (which carry the small types as well). */
function readTyped(r: ByteReader, fields: readonly ProtoField[], type: Numbers, fits: (found: number) => void): ArrayBuffer {
  const wanted = type === "float" ? 4 : type === "double" ? 10 : type === "int64" ? 7 : type === "uint32" || type === "uint64" ? 11 : 5;
  for (const f of fields) if (f.number !== wanted) throw malformed(`a ${type} tensor has its data in field ${f.number}`, f);
  if (type === "float" || type === "double") {
    const width = WIDTHS[type];
    let bytes = 0;
    for (const f of fields) bytes += f.wire === 2 ? f.end - f.start : f.wire === (width === 4 ? 5 : 1) ? width : Number.NaN;
    fits(bytes / width);
    const out = new Uint8Array(bytes);
    let at = 0;
    for (const f of fields) {
      out.set(r.bytes.subarray(f.start, f.end), at);
      at += f.end - f.start;
    }
    return out.buffer;
  }
  const values = readInts(r, fields);
  fits(values.length);
  if (type === "int64" || type === "uint64") return values.buffer as ArrayBuffer;
  const out = new ARRAYS[type](new ArrayBuffer(values.length * WIDTHS[type])) as Int32Array;
  for (let i = 0; i < values.length; i++) out[i] = Number(BigInt.asIntN(32, values[i]!));
  return out.buffer as ArrayBuffer;
}

function external(r: ByteReader, f: ProtoField, name: string): Error {
  const entry = part(r, f);
  let key = "";
  let value = "";
  for (const g of readFields(entry)) {
    if (g.number === 1) key = text(entry, g);
    else if (g.number === 2) value = text(entry, g);
  }
  const outside = key === "location" && (/^([/\\]|[A-Za-z]:)/.test(value) || value.split(/[/\\]/).includes(".."));
  const who = name === "" ? "a tensor" : `tensor ${JSON.stringify(name)}`;
  return onnxError("onnx-external-data", `${who} keeps its data in ${key === "location" ? JSON.stringify(value.slice(0, 200)) : "another file"}${outside ? ", which lies outside the model's folder" : ""}`, {
    where: `byte ${f.at}`, hint: outside ? "Do not use this file: it would read other files of the machine into the model." : "Save the model as one file." });
}
