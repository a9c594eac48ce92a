// Data types and data spaces, and elements as tensors: integers, floats, fixed and variable-length strings, enumerations
// (as their integers). Others are refused when they are asked for.

import { ByteReader } from "../../base/index.ts";
import type { ElementType, Tensor } from "../../tensor/index.ts";
import { damaged, hdf5Error, unsupported } from "./errors.ts";
import type { Source } from "./source.ts";

export interface Datatype {
  readonly kind: "number" | "string" | "text";
  /** Bytes of an element as stored. */
  readonly size: number;
  readonly element: ElementType;
  readonly bigEndian: boolean;
}

const INTS: Readonly<Record<number, readonly [signed: ElementType, unsigned: ElementType]>> = {
  1: ["int8", "uint8"], 2: ["int16", "uint16"], 4: ["int32", "uint32"], 8: ["int64", "uint64"],
};
const MAX_RANK = 32;

export function readDatatype(r: ByteReader, depth = 0): Datatype {
  const at = r.offset;
  const head = r.u32("a data type");
  const size = r.u32("a data type");
  const bits = head >>> 8;
  const bigEndian = (bits & 1) === 1;
  switch (head & 15) {
    case 0: {
      const pair = INTS[size];
      if (!pair || r.u16("a data type") !== 0 || r.u16("a data type") !== size * 8) throw unsupported(`integers of ${size} bytes with unused bits`, at);
      return { kind: "number", size, element: pair[bits & 8 ? 0 : 1], bigEndian };
    }
    case 1: {
      r.take(4, "a data type");
      const exponentAt = r.u8("a data type");
      const exponent = r.u8("a data type");
      r.take(6, "a data type");
      const element = ([[2, 10, 5, "float16"], [4, 23, 8, "float"], [8, 52, 11, "double"]] as const).find((f) => f[0] === size && f[1] === exponentAt && f[2] === exponent)?.[3];
      if (!element) throw unsupported(`floats of ${size} bytes with an exponent of ${exponent} bits`, at);
      return { kind: "number", size, element, bigEndian };
    }
    case 3:
      return { kind: "string", size, element: "string", bigEndian: false };
    case 8:
      if (depth > 4) throw damaged("a data type is nested too deep", at);
      return readDatatype(r, depth + 1);
    case 9:
      if ((bits & 15) !== 1) throw unsupported("variable-length lists", at);
      return { kind: "text", size, element: "string", bigEndian: false };
    default:
      throw unsupported(["", "", "dates", "", "bit fields", "opaque data", "compound data", "references", "", "", "arrays as elements"][head & 15] ?? "an unknown data type", at);
  }
}

/** [] for a scalar; undefined for "no data". */
export function readDataspace(source: Source, r: ByteReader): number[] | undefined {
  const at = r.offset;
  const version = r.u8("a data space");
  if (version !== 1 && version !== 2) throw damaged(`a data space has version ${version}`, at);
  const rank = r.u8("a data space");
  r.take(1, "a data space");
  const kind = r.u8("a data space");
  if (version === 1) r.take(4, "a data space");
  else if (kind === 2) return undefined;
  if (rank > MAX_RANK) throw damaged(`an array has ${rank} dimensions`, at);
  return Array.from({ length: rank }, () => source.length(r, "a dimension"));
}

/** Elements, but never more bytes than could lie in `available`. */
export function countElements(shape: readonly number[], size: number, available: number, at: number): number {
  let count = 1;
  for (const d of shape) count *= d;
  if (!(count * size <= available)) throw hdf5Error("hdf5-limit", `an array [${shape.join(", ")}] of ${size} bytes each would need ${count * size} bytes; at most ${available} can be meant`, { where: `byte ${at}` });
  return count;
}

/** `bytes` holds the elements one after the other. */
export function decode(source: Source, type: Datatype, shape: readonly number[], bytes: Uint8Array, at: number): Tensor {
  const count = countElements(shape, Math.max(1, type.size), bytes.length, at);
  if (type.kind === "number") return { type: type.element, shape, data: numbers(type, bytes.subarray(0, count * type.size)) };
  const utf8 = new TextDecoder();
  const data = Array.from({ length: count }, (_, i) => {
    const cell = bytes.subarray(i * type.size, (i + 1) * type.size);
    const text = type.kind === "string" ? cell : heapText(source, cell, at);
    const end = text.indexOf(0);
    return utf8.decode(end < 0 ? text : text.subarray(0, end));
  });
  return { type: "string", shape, data };
}

function numbers(type: Datatype, bytes: Uint8Array): Tensor["data"] {
  const copy = bytes.slice();
  if (type.bigEndian) for (let i = 0; i + type.size <= copy.length; i += type.size) copy.subarray(i, i + type.size).reverse();
  const array = { float: Float32Array, double: Float64Array, float16: Uint16Array, int8: Int8Array, int16: Int16Array, int32: Int32Array, int64: BigInt64Array, uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, uint64: BigUint64Array, bool: Uint8Array, string: Uint8Array }[type.element];
  return new array(copy.buffer);
}

/** A variable-length string: its length, and where it lies in a global heap. */
function heapText(source: Source, cell: Uint8Array, at: number): Uint8Array {
  const r = new ByteReader(cell);
  const length = r.u32("a string");
  const address = source.address(r, "a string");
  const index = r.u32("a string");
  if (length === 0 || address === undefined || (address === 0 && index === 0)) return new Uint8Array(0);
  const heap = source.at(address, "a global heap");
  source.signature(heap, "GCOL");
  heap.take(4, "a global heap");
  const end = address + source.base + source.length(heap, "a global heap");
  const inner = new ByteReader(source.bytes, heap.offset, Math.min(end, source.bytes.length));
  while (inner.left >= 8 + source.lengthSize) {
    const found = inner.u16("a heap object");
    inner.take(6, "a heap object");
    const size = source.length(inner, "a heap object");
    if (found === 0) break;
    if (found !== index) {
      inner.take(Math.ceil(size / 8) * 8, "a heap object");
      continue;
    }
    if (length > size) throw damaged(`a string of ${length} bytes lies in a place of ${size}`, inner.offset);
    return inner.slice(length, "a string");
  }
  throw damaged(`a string is object ${index} of a heap that has none of that number`, at);
}
