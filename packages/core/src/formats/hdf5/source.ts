// The bytes of an HDF5 file with its two sizes, and readers for addresses and lengths. Every block that is visited counts
// against one budget, so that trees that share or repeat their nodes end.

import { ByteReader } from "../../base/index.ts";
import { damaged, hdf5Error, unsupported } from "./errors.ts";

/** Blocks (headers, tree nodes, heaps, symbol nodes) that one file may make us visit. */
const MAX_BLOCKS = 2_000_000;

export class Source {
  readonly bytes: Uint8Array;
  base = 0;
  offsetSize = 8;
  lengthSize = 8;
  #left = MAX_BLOCKS;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
  /** A reader at an address; `what` is to be found there. */
  at(address: number, what: string): ByteReader {
    if (--this.#left < 0) throw hdf5Error("hdf5-limit", `the HDF5 file makes more than ${MAX_BLOCKS} blocks be visited`);
    const position = address + this.base;
    if (!(position >= 0 && position < this.bytes.length)) throw damaged(`${what} is said to lie at byte ${position} of ${this.bytes.length}`, 0);
    return new ByteReader(this.bytes, position);
  }
  /** undefined: "no address". */
  address(r: ByteReader, what: string): number | undefined {
    const at = r.offset;
    const value = this.#number(r, this.offsetSize, what);
    if (value === undefined) return undefined;
    if (value > this.bytes.length) throw damaged(`${what} is said to lie at byte ${value} of ${this.bytes.length}`, at);
    return value;
  }
  needed(r: ByteReader, what: string): number {
    const at = r.offset;
    const value = this.address(r, what);
    if (value === undefined) throw damaged(`${what} has no address`, at);
    return value;
  }
  length(r: ByteReader, what: string): number {
    const at = r.offset;
    const value = this.#number(r, this.lengthSize, what);
    if (value === undefined || value > Number.MAX_SAFE_INTEGER) throw damaged(`${what} is absurd`, at);
    return value;
  }
  /** All bits set is undefined. */
  #number(r: ByteReader, size: number, what: string): number | undefined {
    if (size === 8) {
      const value = r.u64(what);
      return value === 0xffff_ffff_ffff_ffffn ? undefined : Number(value);
    }
    const value = size === 4 ? r.u32(what) : r.u16(what);
    return value === 2 ** (size * 8) - 1 ? undefined : value;
  }
  signature(r: ByteReader, text: string): void {
    const at = r.offset;
    const found = String.fromCharCode(...r.slice(text.length, `a block "${text}"`));
    if (found !== text) throw damaged(`a block "${text}" begins with ${JSON.stringify(found)}`, at);
  }
}

/** The superblock, versions 0 to 3: sets the sizes and returns the address of the root group's header. */
export function readSuperblock(source: Source): number {
  const r = new ByteReader(source.bytes);
  source.signature(r, "\x89HDF\r\n\x1a\n");
  const version = r.u8("the superblock");
  if (version > 3) throw damaged(`its superblock has version ${version}`, r.offset - 1);
  if (version < 2) r.take(4, "the superblock");
  source.offsetSize = r.u8("the superblock");
  source.lengthSize = r.u8("the superblock");
  if (![2, 4, 8].includes(source.offsetSize) || ![2, 4, 8].includes(source.lengthSize)) {
    throw damaged(`its superblock gives addresses ${source.offsetSize} and lengths ${source.lengthSize} bytes`, r.offset - 2);
  }
  r.take(version < 2 ? 9 + (version === 1 ? 4 : 0) : 1, "the superblock");
  source.base = source.needed(r, "the base");
  if (source.base !== 0) throw unsupported("a user block", r.offset);
  source.address(r, "free space or the extension");
  const end = source.needed(r, "the end of the file");
  if (end > source.bytes.length) throw damaged(`it has ${source.bytes.length} of ${end} bytes`, 0);
  if (version < 2) {
    source.address(r, "driver information");
    source.length(r, "the root group's name");
  }
  return source.needed(r, "the root group");
}
