// Reading arrays: whole columns at once into typed arrays, row-major, native byte order. Results are copies.

import { pickleError } from "./errors.ts";
import { readByteString, readElement, readFloat, readUnicode } from "./numpy-elements.ts";
import { decodeLatin1 } from "./text.ts";
import { NumpyArray, NumpyScalar, PyBytes, type NumpyDType, type PyValue } from "./values.ts";

export type NumericArray =
  | Float64Array | Float32Array | Int8Array | Int16Array | Int32Array | BigInt64Array | Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

const hostIsLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Number of elements; throws when shape and content disagree (the content of an object array can change while reading). */
export function arrayLength(a: NumpyArray): number {
  const count = a.shape.reduce((x, y) => x * y, 1);
  const held = a.dtype.kind === "O" ? (a.objects?.length ?? -1) : a.dtype.itemSize === 0 ? count : a.bytes.length / a.dtype.itemSize;
  if (held !== count) throw pickleError("pickle-bad-array", `an array of shape (${a.shape.join(", ")}) holds ${held} elements`);
  return count;
}

function wrongType(a: NumpyArray, wanted: string): never {
  throw pickleError("pickle-array-type", `an array of dtype ${a.dtype.code} cannot be read as ${wanted}`);
}

/** Fills `out` row-major from `get(i)`, the i-th element as stored. */
function inRowMajor<T>(a: NumpyArray, count: number, out: { [i: number]: T }, get: (i: number) => T): void {
  if (!a.fortran || a.shape.length < 2) {
    for (let i = 0; i < count; i++) out[i] = get(i);
    return;
  }
  const rank = a.shape.length;
  const strides = new Array<number>(rank).fill(1);
  for (let d = 1; d < rank; d++) strides[d] = strides[d - 1]! * a.shape[d - 1]!;
  const index = new Array<number>(rank).fill(0);
  let from = 0;
  for (let i = 0; i < count; i++) {
    out[i] = get(from);
    for (let d = rank - 1; d >= 0; d--) {
      from += strides[d]!;
      if (++index[d]! < a.shape[d]!) break;
      from -= strides[d]! * a.shape[d]!;
      index[d] = 0;
    }
  }
}

function viewOf(a: NumpyArray): DataView {
  return new DataView(a.bytes.buffer, a.bytes.byteOffset, a.bytes.byteLength);
}

/** Doubles, row-major, of any real or boolean dtype, or of objects that are numbers. 64-bit integers are rounded. */
export function arrayFloat64(a: NumpyArray): Float64Array {
  const count = arrayLength(a);
  const { kind, itemSize: size, littleEndian: le } = a.dtype;
  if (kind === "f" && size === 8 && le === hostIsLittle && !(a.fortran && a.shape.length > 1)) {
    return new Float64Array(a.bytes.slice().buffer);
  }
  if (!"biufO".includes(kind)) wrongType(a, "numbers");
  const out = new Float64Array(count);
  if (kind === "O") {
    inRowMajor(a, count, out, (i) => numberOf(a, a.objects![i]!));
    return out;
  }
  const view = viewOf(a);
  inRowMajor(a, count, out, numberReader(a.dtype, view, size, 0, le));
  return out;
}

function numberOf(a: NumpyArray, object: PyValue): number {
  const value = object instanceof NumpyScalar ? object.value : object;
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return Number(value);
  return wrongType(a, "numbers");
}

/** The i-th number of a column: `stride` bytes apart, `offset` bytes into each. */
function numberReader(dtype: NumpyDType, view: DataView, stride: number, offset: number, le: boolean): (i: number) => number {
  const { kind, itemSize: size } = dtype;
  if (kind === "f") {
    if (size === 8) return (i) => view.getFloat64(i * stride + offset, le);
    if (size === 4) return (i) => view.getFloat32(i * stride + offset, le);
    return (i) => readFloat(view, i * stride + offset, size, le);
  }
  const signed = kind === "i";
  switch (size) {
    case 1: return kind === "b" ? (i) => (view.getUint8(i * stride + offset) === 0 ? 0 : 1) : signed ? (i) => view.getInt8(i * stride + offset) : (i) => view.getUint8(i * stride + offset);
    case 2: return signed ? (i) => view.getInt16(i * stride + offset, le) : (i) => view.getUint16(i * stride + offset, le);
    case 4: return signed ? (i) => view.getInt32(i * stride + offset, le) : (i) => view.getUint32(i * stride + offset, le);
    default: return signed ? (i) => Number(view.getBigInt64(i * stride + offset, le)) : (i) => Number(view.getBigUint64(i * stride + offset, le));
  }
}

/** 64-bit integers, row-major, of any integer, boolean, datetime or timedelta dtype, or of objects that are integers. */
export function arrayInt64(a: NumpyArray): BigInt64Array {
  const count = arrayLength(a);
  const { kind, itemSize: size, littleEndian: le } = a.dtype;
  const out = new BigInt64Array(count);
  if (kind === "O") {
    inRowMajor(a, count, out, (i) => integerOf(a, a.objects![i]!));
    return out;
  }
  if (!"biuMm".includes(kind)) wrongType(a, "integers");
  const view = viewOf(a);
  if (size === 8) {
    if (kind === "u") {
      inRowMajor(a, count, out, (i) => {
        const value = view.getBigUint64(i * 8, le);
        return value > 0x7fffffffffffffffn ? wrongType(a, "64-bit integers: one is too large") : value;
      });
    } else inRowMajor(a, count, out, (i) => view.getBigInt64(i * 8, le));
    return out;
  }
  const get = numberReader(a.dtype, view, size, 0, le);
  inRowMajor(a, count, out, (i) => BigInt(get(i)));
  return out;
}

function integerOf(a: NumpyArray, object: PyValue): bigint {
  const value = object instanceof NumpyScalar ? object.value : object;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "bigint" && BigInt.asIntN(64, value) === value) return value;
  return wrongType(a, "integers");
}

/** Strings, row-major, of dtype U or S (as Latin-1), or of objects that are all strings. */
export function arrayStrings(a: NumpyArray): string[] {
  const count = arrayLength(a);
  const { kind, itemSize: size, littleEndian: le } = a.dtype;
  const out: string[] = new Array<string>(count);
  if (kind === "O") {
    inRowMajor(a, count, out, (i) => {
      const object = a.objects![i]!;
      const value = object instanceof NumpyScalar ? object.value : object;
      if (typeof value === "string") return value;
      return value instanceof PyBytes ? decodeLatin1(value.bytes) : wrongType(a, "strings");
    });
    return out;
  }
  if (kind !== "U" && kind !== "S") wrongType(a, "strings");
  const view = viewOf(a);
  inRowMajor(a, count, out, kind === "U"
    ? (i) => readUnicode(view, i * size, size, le)
    : (i) => decodeLatin1(readByteString(view, i * size, size)));
  return out;
}

/** Elements of any dtype as values, row-major; structured ones are tuples. For small arrays. */
export function arrayValues(a: NumpyArray): PyValue[] {
  const count = arrayLength(a);
  const out: PyValue[] = new Array<PyValue>(count);
  if (a.dtype.kind === "O") inRowMajor(a, count, out, (i) => a.objects![i]!);
  else {
    const view = viewOf(a);
    inRowMajor(a, count, out, (i) => readElement(a.dtype, view, i * a.dtype.itemSize));
  }
  return out;
}

/** One field of a structured array in its own type, row after row; `width` values a row (1 unless it is a subarray). */
export function structuredColumn(a: NumpyArray, field: string): { readonly dtype: NumpyDType; readonly width: number; readonly data: NumericArray } {
  const count = arrayLength(a);
  const found = a.dtype.fields?.find((f) => f.name === field);
  if (!found) {
    throw pickleError("pickle-array-type", `an array has no field "${field}"; it has ${a.dtype.fields?.map((f) => f.name).join(", ") ?? "no fields"}`);
  }
  const dtype = found.dtype.subarray?.base ?? found.dtype;
  const width = found.dtype.subarray?.shape.reduce((x, y) => x * y, 1) ?? 1;
  if (!"biuf".includes(dtype.kind) || dtype.fields || dtype.subarray || dtype.itemSize > 8) {
    throw pickleError("pickle-array-type", `field "${field}" of dtype ${dtype.code} is not a column of numbers`);
  }
  const view = viewOf(a);
  const stride = a.dtype.itemSize;
  const { kind, itemSize: size, littleEndian: le } = dtype;
  const data = emptyColumn(kind, size, count * width);
  const fill = <T>(out: { [i: number]: T }, read: (at: number) => T): void => {
    for (let i = 0, k = 0; i < count; i++) {
      for (let w = 0, at = i * stride + found.offset; w < width; w++, at += size) out[k++] = read(at);
    }
  };
  if (data instanceof BigInt64Array) fill(data, (at) => view.getBigInt64(at, le));
  else if (data instanceof BigUint64Array) fill(data, (at) => view.getBigUint64(at, le));
  else if (data instanceof Float64Array && size === 8) fill(data, (at) => view.getFloat64(at, le));
  else if (data instanceof Float32Array) fill(data, (at) => view.getFloat32(at, le));
  else {
    const read = numberReader(dtype, view, 1, 0, le);
    fill<number>(data, read);
  }
  return { dtype, width, data };
}

function emptyColumn(kind: string, size: number, length: number): NumericArray {
  if (kind === "f") return size === 4 ? new Float32Array(length) : new Float64Array(length);
  if (kind === "i") return size === 8 ? new BigInt64Array(length) : size === 4 ? new Int32Array(length) : size === 2 ? new Int16Array(length) : new Int8Array(length);
  return size === 8 ? new BigUint64Array(length) : size === 4 ? new Uint32Array(length) : size === 2 ? new Uint16Array(length) : new Uint8Array(length);
}
