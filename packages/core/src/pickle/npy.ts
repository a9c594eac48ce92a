// NumPy's .npy files (format 1.0 to 3.0): a header that is a Python dict in text, and the elements.

import { plainBytes } from "../base/index.ts";
import { pickleError } from "./errors.ts";
import { NumpyArray, NumpyDType, type NumpyKind } from "./values.ts";

/** A field of a structured dtype; `size` in bytes. */
export interface NpyField {
  /** Empty: room between fields. */
  readonly name: string;
  readonly type: string;
  readonly size: number;
}
export interface NpyParts {
  /** "<f8", or the fields of a structure. */
  readonly descr: string | readonly NpyField[];
  readonly fortran: boolean;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const TYPE = /^[<>|=]?[?biufcSaUOmMV]\d{0,9}$/;
const MAX_HEADER = 1 << 20;

/** @param fail makes the error of a file that is none */
export function npyParts(bytes: Uint8Array, fail: (message: string) => Error): NpyParts {
  if (bytes.length < 10 || String.fromCharCode(...bytes.subarray(0, 6)) !== "\x93NUMPY") throw fail("an array is not in NumPy's format");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6]! > 1;
  if (wide && bytes.length < 12) throw fail("an array's header is cut off");
  const [start, length] = wide ? [12, view.getUint32(8, true)] : [10, view.getUint16(8, true)];
  if (length > MAX_HEADER || start + length > bytes.length) throw fail("an array's header is cut off");
  const header = new TextDecoder("latin1").decode(bytes.subarray(start, start + length));
  const shape = /'shape':\s*\(([\d, ]*)\)/.exec(header)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const plain = /'descr':\s*'([^']{1,20})'/.exec(header)?.[1];
  const fields = /'descr':\s*\[((?:\s*\('[^']*',\s*'[^']{1,20}'\),?)+)\s*\]/.exec(header)?.[1];
  if (shape === undefined || fortran === undefined || (plain === undefined && fields === undefined)) throw fail("an array's header is not understood");
  const descr = plain ?? [...fields!.matchAll(/\('([^']*)',\s*'([^']{1,20})'\)/g)].map(([, name, type]) => ({ name: name!, type: type!, size: sizeOf(type!) }));
  const types = typeof descr === "string" ? [descr] : descr.map((f) => f.type);
  if (types.some((type) => !TYPE.test(type) || type.includes("O"))) throw fail("an array's type is not understood");
  return {
    descr, fortran: fortran === "True", data: bytes.subarray(start + length),
    shape: shape.split(",").map((side) => side.trim()).filter((side) => side !== "").map(Number),
  };
}

function sizeOf(type: string): number {
  const digits = Number(/\d+$/.exec(type)?.[0] ?? 1);
  return type.includes("U") ? digits * 4 : digits;
}

/** @throws pickle-bad-array */
export function readNpy(bytes: Uint8Array): NumpyArray {
  const fail = (message: string): Error => pickleError("pickle-bad-array", message, { hint: "Save the array again: numpy.save." });
  const { descr, fortran, shape, data } = npyParts(plainBytes(bytes), fail);
  const match = typeof descr === "string" ? /^([<>|=]?)([biufSU])(\d{1,9})$/.exec(descr) : null;
  if (!match) throw fail("an array of this type is not read");
  const kind = match[2] as NumpyKind;
  const size = Number(match[3]) * (kind === "U" ? 4 : 1);
  const count = shape.reduce((n, side) => n * side, 1);
  if (!Number.isSafeInteger(count * size) || size === 0 || data.length < count * size) throw fail("an array is cut off");
  return new NumpyArray(new NumpyDType(kind, size, match[1] !== ">"), shape, fortran, data.subarray(0, count * size));
}
