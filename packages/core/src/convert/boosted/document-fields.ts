// Checked reading of JSON and UBJSON model documents.

import type { Document, DocumentNumbers } from "../../formats/index.ts";
import type { Faults } from "./faults.ts";

export type Fields = { readonly [key: string]: Document };

export function isFields(v: Document | undefined): v is Fields {
  return typeof v === "object" && v !== null && !Array.isArray(v) && !ArrayBuffer.isView(v);
}
export function fieldsOf(v: Document | undefined, what: string, faults: Faults): Fields {
  if (isFields(v)) return v;
  throw faults.malformed(`${what} is not an object`);
}
export function listOf(v: Document | undefined, what: string, faults: Faults): readonly Document[] {
  if (Array.isArray(v)) return v as readonly Document[];
  if (v !== undefined && ArrayBuffer.isView(v)) return Array.from(v as DocumentNumbers);
  throw faults.malformed(`${what} is not a list`);
}
/** A number, or a text that is one. */
export function integerOf(v: Document | undefined, what: string, faults: Faults, fallback?: number): number {
  if (v === undefined && fallback !== undefined) return fallback;
  const n = typeof v === "string" && /^\s*[+-]?\d+\s*$/.test(v) ? Number(v) : v;
  if (typeof n === "number" && Number.isSafeInteger(n)) return n;
  throw faults.malformed(`${what} is not an integer`);
}
export function textOf(v: Document | undefined, what: string, faults: Faults): string {
  if (typeof v === "string") return v;
  throw faults.malformed(`${what} is not a text`);
}
export function numberList(v: Document | undefined): ArrayLike<Document> | undefined {
  if (Array.isArray(v)) return v as readonly Document[];
  return v !== undefined && ArrayBuffer.isView(v) ? (v as DocumentNumbers) : undefined;
}
function checked(v: Document | undefined, what: string, count: number | undefined, faults: Faults): ArrayLike<Document> {
  const list = numberList(v);
  if (!list) throw faults.malformed(`${what} is not a list`);
  if (count !== undefined && list.length !== count) throw faults.malformed(`${what} has ${list.length} entries, expected ${count}`);
  return list;
}
/** Integers of 32 bits; others become one that no check lets through. */
export function int32List(v: Document | undefined, what: string, count: number | undefined, faults: Faults): Int32Array {
  const list = checked(v, what, count, faults);
  if (list instanceof Int32Array) return list;
  const out = new Int32Array(list.length);
  for (let i = 0; i < out.length; i++) {
    const n = list[i] === true ? 1 : list[i] === false ? 0 : (list[i] as number);
    out[i] = n === (n | 0) ? n : -0x7fffffff;
  }
  return out;
}
export function float32List(v: Document | undefined, what: string, count: number | undefined, faults: Faults): Float32Array {
  const list = checked(v, what, count, faults);
  return list instanceof Float32Array ? list : fill(new Float32Array(list.length), list, what, faults);
}
export function float64List(v: Document | undefined, what: string, count: number | undefined, faults: Faults): Float64Array {
  const list = checked(v, what, count, faults);
  return list instanceof Float64Array ? list : fill(new Float64Array(list.length), list, what, faults);
}
function fill<T extends Float32Array | Float64Array>(out: T, list: ArrayLike<Document>, what: string, faults: Faults): T {
  for (let i = 0; i < out.length; i++) {
    const n = list[i];
    if (typeof n === "number") out[i] = n;
    else if (n === null) out[i] = NaN;
    else throw faults.malformed(`${what} holds something that is not a number`);
  }
  return out;
}
