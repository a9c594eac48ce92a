// NumPy's dtypes, arrays and scalars from what their __reduce__ writes (NumPy 1.7 to 2.4).
// Invariants: an array's bytes are exactly its elements (a view into the file, never a copy but for axis order "K");
// a dtype is frozen once it is complete or used, so that sizes that were checked stay true.

import type { SlipwayError } from "../base/index.ts";
import { pickleError } from "./errors.ts";
import { cost } from "./cost.ts";
import type { Machine } from "./machine.ts";
import { smallInteger } from "./numbers.ts";
import { readElement } from "./numpy-elements.ts";
import { encodeLatin1 } from "./text.ts";
import {
  NumpyArray, NumpyDType, NumpyScalar, PyByteArray, PyBytes, PyDict, PyGlobal, PyList, PyTuple,
  type NumpyField, type NumpyKind, type PyValue,
} from "./values.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const maxDimensions = 64;
const maxLeaves = 4096;
/** Of an array without elements: the product of its other sides. */
const maxEmptySides = 2 ** 22;
const noBytes = new Uint8Array(0);

export function badArray(m: Machine, message: string): SlipwayError {
  return pickleError("pickle-bad-array", message, { where: `byte ${m.at}`, hint: "The file is damaged or was made to look like a model: save it again." });
}

/** `numpy.dtype("f8", False, True)`; BUILD follows for all but the plainest. undefined for kinds without plain bytes. */
export function makeDType(m: Machine, args: PyTuple): PyValue | undefined {
  const code = textOf(args.items[0]);
  const match = code === undefined ? null : /^[<>|=]?([?biufcSaUOMmV])(\d{0,9})$/.exec(code);
  if (!match) return undefined;
  m.charge(cost.object);
  const letter = match[1]!;
  const kind = (letter === "?" ? "b" : letter === "a" ? "S" : letter) as NumpyKind;
  const size = match[2] === "" ? (kind === "b" ? 1 : 8) : Number(match[2]);
  const itemSize = kind === "O" ? 8 : kind === "U" ? size * 4 : match[2] === "" && "SUV".includes(kind) ? 0 : size;
  if (!sizeFits(kind, itemSize)) return undefined;
  return new NumpyDType(kind, itemSize, !code!.startsWith(">"));
}

function sizeFits(kind: NumpyKind, size: number): boolean {
  switch (kind) {
    case "b": return size === 1;
    case "i": case "u": return size === 1 || size === 2 || size === 4 || size === 8;
    case "f": return size === 2 || size === 4 || size === 8 || size === 12 || size === 16;
    case "c": return size === 8 || size === 16 || size === 24 || size === 32;
    case "M": case "m": case "O": return size === 8;
    default: return size < 2 ** 31;
  }
}

/** State (version, order, subarray, names, fields, size, alignment, flags[, metadata]), PyArray_Descr's __setstate__. */
export function setDTypeState(m: Machine, dtype: NumpyDType, state: PyValue): void {
  if (!(state instanceof PyTuple) || state.items.length < 5) throw badArray(m, "a dtype's state is not a tuple of five or more");
  if (Object.isFrozen(dtype)) throw badArray(m, "a dtype is given its state twice");
  const [, order, subarray, names, fields, size] = state.items;
  const target: Mutable<NumpyDType> = dtype;
  if (textOf(order) === ">") target.littleEndian = false;
  if (typeof size === "bigint" && size >= 0n && "SUV".includes(dtype.kind)) target.itemSize = plainSize(m, size);
  if (dtype.kind === "M" || dtype.kind === "m") target.unit = unitOf(state.items[8]);
  if (subarray instanceof PyTuple) {
    const [base, shape] = subarray.items;
    if (!(base instanceof NumpyDType)) throw badArray(m, "a subarray dtype has no base");
    Object.freeze(base);
    const sides = shapeOf(m, shape ?? null);
    if (product(sides) * base.itemSize !== dtype.itemSize || dtype.kind !== "V") throw badArray(m, "a subarray dtype's size is not its base times its shape");
    target.subarray = { base, shape: sides };
  } else if (names instanceof PyTuple && fields instanceof PyDict) {
    if (dtype.kind !== "V") throw badArray(m, "only void dtypes have fields");
    target.fields = names.items.map((name) => fieldOf(m, dtype, name, fields));
  }
  if (leavesOf(dtype, 0) > maxLeaves) throw badArray(m, "a structured dtype has too many parts");
  m.charge((dtype.fields?.length ?? 0) * cost.object);
  Object.freeze(dtype);
}

function fieldOf(m: Machine, owner: NumpyDType, name: PyValue, fields: PyDict): NumpyField {
  const entry = fields.get(name);
  const text = textOf(name);
  if (text === undefined || !(entry instanceof PyTuple)) throw badArray(m, "a structured dtype has a field without a description");
  const [dtype, offset] = entry.items;
  if (!(dtype instanceof NumpyDType) || typeof offset !== "bigint") throw badArray(m, `field "${text}" has no dtype or offset`);
  Object.freeze(dtype);
  if (dtype.itemSize === 0 || offset < 0n || offset + BigInt(dtype.itemSize) > BigInt(owner.itemSize)) {
    throw badArray(m, `field "${text}" lies outside its record`);
  }
  return { name: text, dtype, offset: Number(offset) };
}

/** How many plain values one element has; bounds what reading it can cost, as fields may share dtypes. */
function leavesOf(dtype: NumpyDType, depth: number): number {
  if (depth > 4) return Infinity;
  if (dtype.subarray) return product(dtype.subarray.shape) * leavesOf(dtype.subarray.base, depth + 1);
  let leaves = dtype.fields ? 0 : 1;
  for (const field of dtype.fields ?? []) {
    leaves += leavesOf(field.dtype, depth + 1);
    if (leaves > maxLeaves) return leaves;
  }
  return leaves;
}

/** [["ns", 1], ...] from (metadata, ("ns", 1, 1, 1)). */
function unitOf(metadata: PyValue | undefined): readonly [string, number] {
  const parts = metadata instanceof PyTuple ? metadata.items[1] : undefined;
  const unit = parts instanceof PyTuple ? textOf(parts.items[0]) : undefined;
  const multiple = parts instanceof PyTuple ? parts.items[1] : undefined;
  return [unit ?? "generic", typeof multiple === "bigint" ? Number(multiple) : 1];
}

const arrayClasses: ReadonlyMap<string, readonly string[]> = new Map([
  ["numpy", ["ndarray", "matrix", "memmap"]],
  ["numpy.matrixlib.defmatrix", ["matrix"]],
  ["numpy.core.memmap", ["memmap"]],
  ["numpy._core.memmap", ["memmap"]],
]);

/** Whether a class is an array whose elements say all (so not a masked array). */
export function isArrayClass(cls: PyValue | undefined): boolean {
  return cls instanceof PyGlobal && (arrayClasses.get(cls.module)?.includes(cls.name) ?? false);
}

/** `_reconstruct(ndarray, (0,), b"b")`: an empty array that BUILD fills. */
export function reconstructArray(m: Machine, args: PyTuple): PyValue | undefined {
  if (!isArrayClass(args.items[0])) return undefined;
  m.charge(cost.object + cost.bytes);
  return new NumpyArray(new NumpyDType("i", 1), [0], false, noBytes);
}

/** State ([version,] shape, dtype, is_fortran, data); data are bytes, or a list for objects. */
export function setArrayState(m: Machine, array: NumpyArray, state: PyValue): void {
  if (!(state instanceof PyTuple) || state.items.length < 4) throw badArray(m, "an array's state is not a tuple of five");
  const [shape, dtype, fortran, data] = state.items.length === 4 ? state.items : state.items.slice(1);
  const made = makeArray(m, dtype ?? null, shapeOf(m, shape ?? null), truth(fortran), data ?? null);
  Object.assign(array as Mutable<NumpyArray>, made);
}

/** `_frombuffer(buffer, dtype, shape, order[, axis_order])`: protocol 5. */
export function frombuffer(m: Machine, args: PyTuple): PyValue | undefined {
  const [buffer, dtype, shape, order, axes] = args.items;
  if (!(buffer instanceof PyBytes || buffer instanceof PyByteArray) || !(dtype instanceof NumpyDType)) return undefined;
  const sides = shapeOf(m, shape ?? null);
  const layout = textOf(order);
  if (layout === "K" && axes instanceof PyTuple) return transpose(m, makeArray(m, dtype, sides, false, buffer), axes);
  if (layout !== "C" && layout !== "F") throw badArray(m, `an array has the unknown order ${String(layout)}`);
  return makeArray(m, dtype, sides, layout === "F", buffer);
}

/** Checks everything about an array and makes it; `data` is what holds its elements. */
export function makeArray(m: Machine, dtype: PyValue, shape: readonly number[], fortran: boolean, data: PyValue): NumpyArray {
  if (!(dtype instanceof NumpyDType)) {
    throw pickleError("pickle-array-type", "an array has a dtype that is not one of NumPy's plain ones", { where: `byte ${m.at}`, hint: "Convert the array (for example with .astype(object)) before fitting, and save again." });
  }
  Object.freeze(dtype);
  const count = checkedCount(m, shape, dtype.itemSize);
  m.charge(cost.object + cost.bytes + shape.length * cost.item);
  if (dtype.kind === "O") {
    if (!(data instanceof PyList)) throw badArray(m, "an array of objects has no list of them");
    if (data.items.length !== count) throw badArray(m, `an array of shape (${shape.join(", ")}) has ${data.items.length} objects`);
    // NumPy lists objects in row-major order whatever the array's own order is.
    return new NumpyArray(dtype, shape, false, noBytes, data.items);
  }
  if (hasObjects(dtype)) {
    throw pickleError("pickle-array-type", "a structured array holds Python objects", { where: `byte ${m.at}`, hint: "Keep objects in a plain object array." });
  }
  const bytes = data instanceof PyBytes || data instanceof PyByteArray ? data.bytes : typeof data === "string" ? encodeLatin1(data) : undefined;
  if (bytes === undefined) throw badArray(m, "an array has no bytes");
  if (bytes.length !== count * dtype.itemSize) {
    throw badArray(m, `an array of shape (${shape.join(", ")}) and ${dtype.itemSize} bytes an item has ${bytes.length} bytes`);
  }
  return new NumpyArray(dtype, shape, fortran && shape.length > 1, bytes);
}

export function hasObjects(dtype: NumpyDType): boolean {
  return dtype.kind === "O" || (dtype.fields?.some((f) => hasObjects(f.dtype)) ?? false) || (dtype.subarray ? hasObjects(dtype.subarray.base) : false);
}

/** The number of elements; a side that nothing backs with bytes is bounded, as somebody may loop over it. */
export function checkedCount(m: Machine, shape: readonly number[], itemSize: number): number {
  const count = product(shape);
  if (!Number.isSafeInteger(count * Math.max(itemSize, 1))) throw badArray(m, `an array has the impossible shape (${shape.join(", ")})`);
  if (count === 0 ? product(shape.filter((n) => n > 0)) > maxEmptySides : itemSize === 0 && count > 65_536) {
    throw badArray(m, `an array of shape (${shape.join(", ")}) has no bytes behind it`);
  }
  return count;
}

export function shapeOf(m: Machine, shape: PyValue): number[] {
  const sides = shape instanceof PyTuple || shape instanceof PyList ? shape.items : [shape];
  if (sides.length > maxDimensions) throw badArray(m, `an array has ${sides.length} dimensions`);
  return sides.map((n) => {
    const side = n instanceof NumpyScalar ? n.value : n;
    if (typeof side !== "bigint" || side < 0n || side > BigInt(Number.MAX_SAFE_INTEGER)) throw badArray(m, "an array's shape is not made of whole numbers");
    return Number(side);
  });
}

function product(sides: readonly number[]): number {
  return sides.includes(0) ? 0 : sides.reduce((a, b) => a * b, 1);
}

function plainSize(m: Machine, size: bigint): number {
  if (size >= 2n ** 31n) throw badArray(m, `a dtype has items of ${size} bytes`);
  return Number(size);
}

/** array.transpose(axes) in row-major order; the only place where bytes are copied. */
function transpose(m: Machine, array: NumpyArray, axes: PyTuple): NumpyArray {
  const order = axes.items.map(Number);
  const rank = array.shape.length;
  if (order.length !== rank || new Set(order).size !== rank || order.some((a) => !(a >= 0 && a < rank))) throw badArray(m, "an array's order of axes is not a permutation");
  const size = array.dtype.itemSize;
  m.charge(array.bytes.length);
  const strides = new Array<number>(rank).fill(size);
  for (let d = rank - 2; d >= 0; d--) strides[d] = strides[d + 1]! * array.shape[d + 1]!;
  const shape = order.map((a) => array.shape[a]!);
  const steps = order.map((a) => strides[a]!);
  const out = new Uint8Array(array.bytes.length);
  const index = new Array<number>(rank).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to += size) {
    for (let b = 0; b < size; b++) out[to + b] = array.bytes[from + b]!;
    for (let d = rank - 1; d >= 0; d--) {
      from += steps[d]!;
      if (++index[d]! < shape[d]!) break;
      from -= steps[d]! * shape[d]!;
      index[d] = 0;
    }
  }
  return new NumpyArray(array.dtype, shape, false, out);
}

/** `scalar(dtype, bytes)`, or `scalar(dtype("O"), object)`, which is the object. */
export function makeScalar(m: Machine, args: PyTuple): PyValue | undefined {
  const [dtype, data] = args.items;
  if (!(dtype instanceof NumpyDType) || data === undefined) return undefined;
  Object.freeze(dtype);
  if (dtype.kind === "O") return data;
  const bytes = data instanceof PyBytes ? data.bytes : typeof data === "string" ? encodeLatin1(data) : undefined;
  if (bytes === undefined || hasObjects(dtype)) return undefined;
  if (bytes.length !== dtype.itemSize) throw badArray(m, `a scalar of ${dtype.itemSize} bytes has ${bytes.length}`);
  m.charge(cost.object + bytes.length);
  return new NumpyScalar(dtype, readElement(dtype, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0));
}

function textOf(value: PyValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  if (value instanceof PyBytes && value.bytes.length <= 1024) return String.fromCharCode(...value.bytes);
  return undefined;
}

function truth(value: PyValue | undefined): boolean {
  return value === true || (typeof value === "bigint" && value !== smallInteger(0));
}
