// The elements of a dataset: compact, contiguous, or in chunks found by a version 1 B-tree (or one lone chunk), through
// the filters gzip, shuffle and fletcher32.

import { ByteReader } from "../../base/index.ts";
import type { Tensor } from "../../tensor/index.ts";
import { inflateZlib } from "../inflate.ts";
import { countElements, decode, type Datatype } from "./datatype.ts";
import { damaged, hdf5Error, unsupported } from "./errors.ts";
import type { Source } from "./source.ts";

interface Filter {
  readonly id: number;
}
interface Layout {
  readonly kind: "inline" | "contiguous" | "chunked";
  readonly at: number;
  readonly bytes: number;
  readonly address: number | undefined;
  /** Elements along each dimension of a chunk. */
  readonly chunk: readonly number[];
  /** One chunk and no index; its size and filter mask when filtered. */
  readonly lone?: { readonly bytes: number; readonly mask: number } | undefined;
}

const MAX_BYTES = 2 ** 31 - 1;
/** A chunked array that is larger than this may be at most `MAX_RATIO` times larger than the file. */
const FREE_BYTES = 2 ** 24;
const MAX_RATIO = 200;
const MAX_LEVEL = 32;

export function readElements(source: Source, type: Datatype, shape: readonly number[], layout: Layout, filters: readonly Filter[]): Tensor {
  const available = layout.kind === "chunked" ? Math.min(MAX_BYTES, Math.max(FREE_BYTES, source.bytes.length * MAX_RATIO)) : source.bytes.length;
  const bytes = countElements(shape, type.size, available, layout.at) * type.size;
  if (layout.kind === "inline") {
    if (layout.bytes < bytes) throw damaged(`an array needs ${bytes} bytes and has ${layout.bytes}`, layout.at);
    return decode(source, type, shape, source.bytes.subarray(layout.at, layout.at + bytes), layout.at);
  }
  // An array without an address was never written: it is all zeros.
  if (layout.address === undefined || bytes === 0) return decode(source, type, shape, new Uint8Array(bytes), layout.at);
  if (layout.kind === "contiguous") {
    if (layout.bytes < bytes) throw damaged(`an array needs ${bytes} bytes and has ${layout.bytes}`, layout.at);
    const r = source.at(layout.address, "an array");
    return decode(source, type, shape, r.slice(bytes, "an array"), layout.address);
  }
  return decode(source, type, shape, new Chunks(source, type.size, shape, layout, filters).read(bytes), layout.address);
}

export function readLayout(source: Source, r: ByteReader): Layout {
  const at = r.offset;
  const version = r.u8("a layout");
  if (version === 1 || version === 2) return readOldLayout(source, r);
  if (version !== 3 && version !== 4) throw unsupported(`a data layout of version ${version}`, at);
  const kind = r.u8("a layout");
  const none = { at, bytes: 0, address: undefined, chunk: [] };
  if (kind === 0) {
    const bytes = r.u16("a layout");
    return { ...none, kind: "inline", bytes, at: r.take(bytes, "an array") };
  }
  if (kind === 1) return { ...none, kind: "contiguous", address: source.address(r, "an array"), bytes: source.length(r, "an array's size") };
  if (kind !== 2) throw unsupported("a virtual dataset", at);
  if (version === 3) {
    const rank = r.u8("a layout");
    const address = source.address(r, "an array's chunks");
    return { ...none, kind: "chunked", address, chunk: Array.from({ length: Math.max(0, rank - 1) }, () => r.u32("a chunk")) };
  }
  const flags = r.u8("a layout");
  const rank = r.u8("a layout");
  const width = r.u8("a layout");
  const chunk = Array.from({ length: rank }, () => little(r, width)).slice(0, -1);
  const index = r.u8("a layout");
  if (index !== 1) throw unsupported("chunks with an index of the newest kind", at);
  const lone = flags & 2 ? { bytes: source.length(r, "a chunk"), mask: r.u32("a chunk") } : { bytes: 0, mask: 0xffffffff };
  return { ...none, kind: "chunked", address: source.address(r, "a chunk"), chunk, lone };
}

function readOldLayout(source: Source, r: ByteReader): Layout {
  const at = r.offset;
  const rank = r.u8("a layout");
  const kind = r.u8("a layout");
  r.take(5, "a layout");
  const address = kind === 0 ? undefined : source.address(r, "an array");
  const dims = Array.from({ length: rank }, () => r.u32("a layout"));
  if (kind === 2) return { kind: "chunked", at, bytes: 0, address, chunk: dims.slice(0, -1) };
  if (kind === 1) return { kind: "contiguous", at, bytes: MAX_BYTES, address, chunk: [] };
  const bytes = r.u32("a layout");
  return { kind: "inline", at: r.take(bytes, "an array"), bytes, address, chunk: [] };
}

export function readFilters(r: ByteReader): Filter[] {
  const version = r.u8("filters");
  const count = r.u8("filters");
  if (version !== 1 && version !== 2) throw damaged(`a filter pipeline has version ${version}`, r.offset - 2);
  if (version === 1) r.take(6, "filters");
  return Array.from({ length: count }, () => {
    const id = r.u16("a filter");
    const nameLength = version === 1 || id >= 256 ? r.u16("a filter") : 0;
    r.take(2, "a filter");
    const values = r.u16("a filter");
    r.take(version === 1 ? Math.ceil(nameLength / 8) * 8 : nameLength, "a filter");
    r.take(4 * values + (version === 1 && values % 2 === 1 ? 4 : 0), "a filter");
    return { id };
  });
}

class Chunks {
  readonly #source: Source;
  readonly #size: number;
  readonly #shape: readonly number[];
  readonly #layout: Layout;
  readonly #filters: readonly Filter[];
  readonly #chunkBytes: number;
  readonly #seen = new Set<number>();

  constructor(source: Source, size: number, shape: readonly number[], layout: Layout, filters: readonly Filter[]) {
    const { chunk, at } = layout;
    if (chunk.length !== shape.length || chunk.length === 0 || chunk.some((d) => d < 1)) throw damaged(`chunks [${chunk.join(", ")}] do not fit an array [${shape.join(", ")}]`, at);
    this.#source = source;
    this.#size = size;
    this.#shape = shape;
    this.#layout = layout;
    this.#filters = filters;
    this.#chunkBytes = countElements(chunk, size, Math.max(FREE_BYTES, source.bytes.length * MAX_RATIO), at) * size;
  }
  read(bytes: number): Uint8Array {
    const out = new Uint8Array(bytes);
    const { address, lone } = this.#layout;
    if (lone) this.#place(out, this.#shape.map(() => 0), address!, lone.bytes === 0 ? this.#chunkBytes : lone.bytes, lone.mask);
    else this.#walk(out, address!, MAX_LEVEL);
    return out;
  }
  #walk(out: Uint8Array, address: number, above: number): void {
    if (this.#seen.has(address)) throw damaged("an array's tree has a cycle", address);
    this.#seen.add(address);
    const source = this.#source;
    const r = source.at(address, "an array's tree");
    source.signature(r, "TREE");
    const type = r.u8("a tree");
    const level = r.u8("a tree");
    if (type !== 1 || level >= above) throw damaged(`an array's tree has a node of type ${type} and level ${level}`, r.offset - 2);
    const used = r.u16("a tree");
    source.address(r, "a sibling");
    source.address(r, "a sibling");
    for (let i = 0; i < used; i++) {
      const bytes = r.u32("a chunk");
      const mask = r.u32("a chunk");
      const start = this.#shape.map(() => Number(r.u64("a chunk")));
      r.take(8, "a chunk");
      const child = source.needed(r, "a chunk");
      if (level > 0) this.#walk(out, child, level);
      else {
        if (this.#seen.has(child)) throw damaged("two chunks lie at one place", child);
        this.#seen.add(child);
        this.#place(out, start, child, bytes, mask);
      }
    }
  }
  /** Copies a chunk to where it belongs; what reaches past the array's edge is left. */
  #place(out: Uint8Array, start: readonly number[], address: number, bytes: number, mask: number): void {
    const shape = this.#shape;
    if (start.some((s, i) => !(s >= 0 && s < shape[i]!))) throw damaged(`a chunk begins at [${start.join(", ")}] of an array [${shape.join(", ")}]`, address);
    const chunk = this.#layout.chunk;
    const data = this.#unfilter(this.#source.at(address, "a chunk").slice(bytes, "a chunk"), mask, address);
    const last = shape.length - 1;
    const run = Math.min(chunk[last]!, shape[last]! - start[last]!) * this.#size;
    const index = new Array<number>(last).fill(0);
    for (;;) {
      let from = 0;
      let to = 0;
      for (let i = 0; i < last; i++) {
        from = from * chunk[i]! + index[i]!;
        to = to * shape[i]! + start[i]! + index[i]!;
      }
      from *= chunk[last]! * this.#size;
      out.set(data.subarray(from, from + run), (to * shape[last]! + start[last]!) * this.#size);
      let axis = last - 1;
      while (axis >= 0 && ++index[axis]! >= Math.min(chunk[axis]!, shape[axis]! - start[axis]!)) index[axis--] = 0;
      if (axis < 0) return;
    }
  }
  /** `mask` tells by its bits which filters were left out. */
  #unfilter(stored: Uint8Array, mask: number, at: number): Uint8Array {
    let data = stored;
    for (let i = this.#filters.length - 1; i >= 0; i--) {
      if ((mask >>> i) & 1) continue;
      const { id } = this.#filters[i]!;
      if (id === 1) data = inflateZlib(data, { bytes: this.#chunkBytes + 4, freeBytes: this.#chunkBytes + 4 }).bytes;
      else if (id === 2) data = unshuffle(data, this.#size);
      else if (id === 3) data = data.subarray(0, Math.max(0, data.length - 4));
      else throw unsupported(`the compression filter ${id}`, at);
    }
    if (data.length < this.#chunkBytes) throw hdf5Error("hdf5-damaged", `the HDF5 file is damaged: a chunk has ${data.length} bytes instead of ${this.#chunkBytes}`, { where: `byte ${at}` });
    return data;
  }
}

/** Byte k of every element lies together. */
function unshuffle(data: Uint8Array, size: number): Uint8Array {
  const count = Math.floor(data.length / size);
  const out = new Uint8Array(data.length);
  for (let k = 0; k < size; k++) for (let i = 0; i < count; i++) out[i * size + k] = data[k * count + i]!;
  out.set(data.subarray(count * size), count * size);
  return out;
}

function little(r: ByteReader, width: number): number {
  let value = 0;
  const bytes = r.slice(width, "a chunk");
  for (let i = width - 1; i >= 0; i--) value = value * 256 + bytes[i]!;
  return value;
}
