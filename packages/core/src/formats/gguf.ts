// The head of a GGUF file (ggml's format, versions 2 and 3): what is told about the model, and where its tensors are. Looked
// through before an engine in native code reads the file: every length and offset lies within it.
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md

import { ByteReader, defineErrors, type ErrorDetails, type SlipwayError } from "../base/index.ts";

const table = {
  "gguf-malformed": { kind: "invalid", doc: "The file begins as a GGUF file does, but a length, type or offset in its head cannot be. It is damaged, or was copied incompletely." },
} as const;
const ggufError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);

export type GgufValue = number | bigint | boolean | string;
export interface GgufHead {
  readonly version: number;
  /** Single values; lists (the vocabulary) are looked through and left out. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: number;
  /** Of all tensors, by their shapes. */
  readonly parameters: number;
}

const MAGIC = 0x46554747;
const MAX_ENTRIES = 100_000;
const MAX_TENSORS = 1_000_000;
const MAX_LIST = 10_000_000;
const MAX_KEY = 65_535;
const MAX_TEXT = 64 * 2 ** 20;
const STRING = 8;
const LIST = 9;
const MAX_DEPTH = 4;

export function isGgufHead(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x47 && bytes[1] === 0x47 && bytes[2] === 0x55 && bytes[3] === 0x46;
}

/** @param head the file's beginning, at least up to its tensors @param size of the whole file @throws SlipwayError gguf-malformed, bytes-truncated */
export function readGgufHead(head: Uint8Array, size: number): GgufHead {
  const r = new ByteReader(head);
  if (r.u32("magic") !== MAGIC) throw bad("it does not begin with GGUF", 0);
  const version = r.u32("version");
  if (version !== 2 && version !== 3) throw bad(`version ${version}, and 2 and 3 are known`, 4);
  const tensors = bounded(r, MAX_TENSORS, "tensors");
  const entries = bounded(r, MAX_ENTRIES, "entries");
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < entries; i++) {
    const key = text(r, MAX_KEY);
    const value = read(r, r.u32("type"), 0);
    if (value !== undefined) metadata.set(key, value);
  }
  let parameters = 0;
  for (let i = 0; i < tensors; i++) {
    text(r, MAX_KEY);
    const dims = r.u32("dimensions");
    if (dims > 4) throw bad(`a tensor of ${dims} dimensions`, r.offset);
    let count = 1;
    for (let d = 0; d < dims; d++) count *= bounded(r, Number.MAX_SAFE_INTEGER, "a dimension");
    if (!Number.isSafeInteger(count)) throw bad("a tensor larger than any memory", r.offset);
    r.u32("type");
    if (bounded(r, Number.MAX_SAFE_INTEGER, "an offset") > size) throw bad("a tensor lies outside the file", r.offset);
    parameters += count;
  }
  return { version, metadata, tensors, parameters };
}

function read(r: ByteReader, type: number, depth: number): GgufValue | undefined {
  const at = r.offset;
  switch (type) {
    case 0: return r.u8("value");
    case 1: return r.view.getInt8(r.take(1, "value"));
    case 2: return r.u16("value");
    case 3: return r.view.getInt16(r.take(2, "value"), true);
    case 4: return r.u32("value");
    case 5: return r.i32("value");
    case 6: return r.view.getFloat32(r.take(4, "value"), true);
    case 7: return r.u8("value") !== 0;
    case STRING: return text(r, MAX_TEXT);
    case 10: return r.view.getBigUint64(r.take(8, "value"), true);
    case 11: return r.view.getBigInt64(r.take(8, "value"), true);
    case 12: return r.view.getFloat64(r.take(8, "value"), true);
    case LIST: {
      if (depth >= MAX_DEPTH) throw bad("lists of lists without end", at);
      const of = r.u32("type");
      const count = bounded(r, MAX_LIST, "values");
      const width = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8][of];
      if (width === undefined) throw bad(`values of the unknown type ${of}`, at);
      if (width > 0) r.take(count * width, "a list");
      else for (let i = 0; i < count; i++) read(r, of, depth + 1);
      return undefined;
    }
    default: throw bad(`a value of the unknown type ${type}`, at);
  }
}

function bounded(r: ByteReader, most: number, what: string): number {
  const at = r.offset;
  const value = r.view.getBigUint64(r.take(8, what), true);
  if (value > BigInt(most)) throw bad(`${value} ${what}`, at);
  return Number(value);
}
function text(r: ByteReader, most: number): string {
  const length = bounded(r, most, "bytes of text");
  const at = r.take(length, "a text");
  return new TextDecoder().decode(r.bytes.subarray(at, at + length));
}
function bad(what: string, at: number): SlipwayError {
  return ggufError("gguf-malformed", `the head of the GGUF file cannot be read: ${what}`, { where: `byte ${at}` });
}
