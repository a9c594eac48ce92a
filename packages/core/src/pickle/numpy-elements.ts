// One element of an array as a PyValue.

import { pickleError } from "./errors.ts";
import { NumpyDType, PyBytes, PyGlobal, PyObject, PyTuple, type PyValue } from "./values.ts";

const complexClass = new PyGlobal("builtins", "complex");

/** Half precision, IEEE 754 binary16. */
function readHalf(view: DataView, at: number, littleEndian: boolean): number {
  const bits = view.getUint16(at, littleEndian);
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** x87's 80-bit long double in 12 or 16 bytes, rounded to double. */
function readExtended(view: DataView, at: number): number {
  const mantissa = view.getBigUint64(at, true);
  const top = view.getUint16(at + 8, true);
  const sign = top & 0x8000 ? -1 : 1;
  const exponent = top & 0x7fff;
  if (exponent === 0x7fff) return mantissa << 1n & 0xffffffffffffffffn ? Number.NaN : sign * Infinity;
  const shift = exponent - 16383 - 63;
  // Two steps, so that neither power overflows before the product does.
  return sign * Number(mantissa) * 2 ** Math.max(-1000, Math.min(1000, shift)) * 2 ** Math.max(-1000, Math.min(960, shift - Math.max(-1000, Math.min(1000, shift))));
}

export function readFloat(view: DataView, at: number, size: number, littleEndian: boolean): number {
  switch (size) {
    case 8: return view.getFloat64(at, littleEndian);
    case 4: return view.getFloat32(at, littleEndian);
    case 2: return readHalf(view, at, littleEndian);
    default:
      if (!littleEndian) throw pickleError("pickle-array-type", "a big-endian long double", { hint: "Convert the array to float64 before saving." });
      return readExtended(view, at);
  }
}

/** UTF-32 without its trailing NULs. */
export function readUnicode(view: DataView, at: number, size: number, littleEndian: boolean): string {
  let end = at + size;
  while (end > at && view.getUint32(end - 4, true) === 0) end -= 4;
  let text = "";
  for (let i = at; i < end; i += 4) {
    const code = view.getUint32(i, littleEndian);
    if (code > 0x10ffff) throw pickleError("pickle-bad-array", `a string in an array has the impossible character ${code}`, { hint: "The file is damaged: save it again." });
    text += code < 0x10000 ? String.fromCharCode(code) : String.fromCodePoint(code);
  }
  return text;
}

/** The bytes of an "S" element without its trailing NULs. */
export function readByteString(view: DataView, at: number, size: number): Uint8Array {
  let end = at + size;
  while (end > at && view.getUint8(end - 1) === 0) end--;
  return new Uint8Array(view.buffer, view.byteOffset + at, end - at);
}

/** An element of any dtype but "O". Structured ones become tuples, subarrays tuples in row-major order. */
export function readElement(dtype: NumpyDType, view: DataView, at: number): PyValue {
  const { kind, itemSize: size, littleEndian: le } = dtype;
  switch (kind) {
    case "b": return view.getUint8(at) !== 0;
    case "i":
      return size === 8 ? view.getBigInt64(at, le) : BigInt(size === 4 ? view.getInt32(at, le) : size === 2 ? view.getInt16(at, le) : view.getInt8(at));
    case "u":
      return size === 8 ? view.getBigUint64(at, le) : BigInt(size === 4 ? view.getUint32(at, le) : size === 2 ? view.getUint16(at, le) : view.getUint8(at));
    case "M": case "m": return view.getBigInt64(at, le);
    case "f": return readFloat(view, at, size, le);
    case "c": return new PyObject(complexClass, "reduce", new PyTuple([readFloat(view, at, size / 2, le), readFloat(view, at + size / 2, size / 2, le)]));
    case "S": return new PyBytes(readByteString(view, at, size));
    case "U": return readUnicode(view, at, size, le);
    case "V": {
      if (dtype.fields) return new PyTuple(dtype.fields.map((f) => readElement(f.dtype, view, at + f.offset)));
      if (dtype.subarray) {
        const { base, shape } = dtype.subarray;
        const count = shape.reduce((a, b) => a * b, 1);
        return new PyTuple(Array.from({ length: count }, (_, i) => readElement(base, view, at + i * base.itemSize)));
      }
      return new PyBytes(new Uint8Array(view.buffer, view.byteOffset + at, size));
    }
    case "O": throw pickleError("pickle-array-type", "an object where plain bytes were expected");
  }
}

