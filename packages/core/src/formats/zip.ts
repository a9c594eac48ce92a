// Zip archives (PKWARE APPNOTE 6.3): entries stored or deflated, zip64 included. The central directory rules; what the local
// headers say must agree with it, as readers that trust different ones would see different files. Nothing is inflated
// before it is asked for, and never past what the directory announced or an absurd ratio.

import { ByteReader, defineErrors, type ErrorDefinition, type ErrorDetails, type SlipwayError } from "../base/index.ts";
import { BoundedOutput } from "./bounded-output.ts";
import { crc32 } from "./checksums.ts";
import { inflateRaw } from "./inflate.ts";

type ZipCode = "zip-damaged" | "zip-bomb" | "zip-unsupported";

export const zipError: ((code: ZipCode, message: string, details?: ErrorDetails) => SlipwayError) & {
  readonly table: Readonly<Record<ZipCode, ErrorDefinition>>;
} = defineErrors({
  "zip-damaged": { kind: "invalid", doc: "A zip archive contradicts itself, fails a checksum or was cut off. Copy, download or save the file again." },
  "zip-bomb": { kind: "limit", doc: "An entry of a zip archive expands past the allowed size or by an absurd factor. Nothing that a model needs does that." },
  "zip-unsupported": { kind: "unsupported", doc: "A zip archive is encrypted, spans several files, or uses a compression other than deflate." },
});

export interface ZipLimits {
  readonly entries: number;
  /** Of one entry, inflated. */
  readonly bytes: number;
  /** The largest factor by which an entry may expand, once it is larger than `freeBytes`. */
  readonly ratio: number;
  readonly freeBytes: number;
}
const ZIP_LIMITS: ZipLimits = { entries: 100_000, bytes: 2 ** 31 - 1, ratio: 200, freeBytes: 2 ** 24 };

interface Entry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly executable: boolean;
  readonly local: number;
  readonly at: number;
}

const END = 0x06054b50;
const END64_LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const FULL32 = 0xffffffff;

const damaged = (message: string, at: number): SlipwayError => zipError("zip-damaged", `the zip archive is damaged: ${message}`, { where: `byte ${at}`, hint: "Copy, download or save the file again." });

export class ZipArchive {
  readonly #bytes: Uint8Array;
  readonly #limits: ZipLimits;
  readonly #entries: ReadonlyMap<string, Entry>;

  constructor(bytes: Uint8Array, limits: ZipLimits = ZIP_LIMITS) {
    this.#bytes = bytes;
    this.#limits = limits;
    this.#entries = readDirectory(bytes, limits);
  }
  /** Files, in the directory's order; folders are left out. */
  get names(): string[] {
    return [...this.#entries.keys()];
  }
  has(name: string): boolean {
    return this.#entries.has(name);
  }
  /** Whether the archive says so of a file. */
  isExecutable(name: string): boolean {
    return this.#entries.get(name)?.executable === true;
  }
  /** The content of an entry, checked; a view of the archive where it is stored. undefined: there is none of this name. */
  read(name: string): Uint8Array | undefined {
    const entry = this.#entries.get(name);
    if (!entry) return undefined;
    const start = dataStart(this.#bytes, entry);
    if (entry.packed > this.#bytes.length - start) throw damaged(`${shown(name)} needs ${entry.packed} bytes, but ${this.#bytes.length - start} are left`, start);
    const packed = this.#bytes.subarray(start, start + entry.packed);
    const content = entry.method === 0 ? packed : this.#inflate(entry, packed);
    if (content.length !== entry.size) throw damaged(`${shown(name)} has ${content.length} bytes, not ${entry.size}`, entry.at);
    if (crc32(content, 0, content.length) !== entry.crc) throw damaged(`the checksum of ${shown(name)} is wrong`, entry.at);
    return content;
  }
  #inflate(entry: Entry, packed: Uint8Array): Uint8Array {
    const allowed = Math.min(this.#limits.bytes, Math.max(this.#limits.freeBytes, entry.packed * this.#limits.ratio));
    if (entry.size > allowed) {
      throw zipError("zip-bomb", `${shown(entry.name)} would expand from ${entry.packed} to ${entry.size} bytes`, {
        where: `byte ${entry.at}`, hint: "A model does not compress this well: the file was made to exhaust memory, or holds nothing. If you trust it, save it again without compression." });
    }
    const out = new BoundedOutput("zip", packed.length, { bytes: entry.size, ratio: this.#limits.ratio, freeBytes: entry.size });
    inflateRaw(packed, 0, out, "zip");
    return out.finish();
  }
}

function readDirectory(bytes: Uint8Array, limits: ZipLimits): Map<string, Entry> {
  const end = findEnd(bytes);
  const r = new ByteReader(bytes, end.directory, end.at);
  if (end.count > limits.entries) throw zipError("zip-bomb", `the zip archive has ${end.count} entries; the limit is ${limits.entries}`);
  const entries = new Map<string, Entry>();
  for (let i = 0; i < end.count; i++) {
    const at = r.offset;
    if (r.u32("a directory entry") !== CENTRAL) throw damaged("a directory entry does not begin as one", at);
    r.take(4, "versions");
    const flags = r.u16("flags");
    const method = r.u16("the method");
    r.take(4, "a date");
    const crc = r.u32("a checksum");
    let packed = r.u32("a size");
    let size = r.u32("a size");
    const [nameLength, extraLength, commentLength] = [r.u16("a length"), r.u16("a length"), r.u16("a length")];
    const disk = r.u16("a disk");
    r.take(2, "attributes");
    // The high half is the mode of Unix, where the archive was made there (APPNOTE 4.4.15).
    const executable = (r.u32("attributes") >>> 16 & 0o111) !== 0;
    let local = r.u32("an offset");
    const name = new TextDecoder().decode(r.slice(nameLength, "a name"));
    const extra = wideSizes(new ByteReader(bytes, r.take(extraLength, "extra fields"), r.offset));
    if (size === FULL32) size = extra() ?? size;
    if (packed === FULL32) packed = extra() ?? packed;
    if (local === FULL32) local = extra() ?? local;
    r.take(commentLength, "a comment");
    if (name.endsWith("/")) continue;
    if (disk !== 0 && disk !== 0xffff) throw zipError("zip-unsupported", "the zip archive spans several files");
    if (flags & 1) throw zipError("zip-unsupported", `${shown(name)} is encrypted`, { hint: "Save the model without encryption." });
    if (method !== 0 && method !== 8) throw zipError("zip-unsupported", `${shown(name)} is compressed by method ${method}; only deflate is read`);
    if (method === 0 && packed !== size) throw damaged(`${shown(name)} is stored, but has two sizes`, at);
    if (entries.has(name)) throw damaged(`${shown(name)} is there twice`, at);
    entries.set(name, { name, flags, method, crc, packed, size, executable, local, at });
  }
  return entries;
}

function findEnd(bytes: Uint8Array): { at: number; count: number; directory: number } {
  const r = new ByteReader(bytes);
  for (let at = bytes.length - END_BYTES; at >= Math.max(0, bytes.length - END_BYTES - 0xffff); at--) {
    if (bytes[at] !== 0x50 || r.view.getUint32(at, true) !== END || r.view.getUint16(at + 20, true) !== bytes.length - at - END_BYTES) continue;
    if (r.view.getUint16(at + 4, true) !== r.view.getUint16(at + 6, true)) throw zipError("zip-unsupported", "the zip archive spans several files");
    let count = r.view.getUint16(at + 10, true);
    let directory = r.view.getUint32(at + 16, true);
    let end = at;
    if (at >= 20 && r.view.getUint32(at - 20, true) === END64_LOCATOR) {
      const wide = new ByteReader(bytes, small(r.view.getBigUint64(at - 12, true), at), at - 20);
      end = wide.offset;
      if (wide.u32("the zip64 end") !== END64) throw damaged("the zip64 end does not begin as one", wide.offset - 4);
      wide.take(28, "the zip64 end");
      count = small(wide.u64("a count"), at);
      wide.take(8, "the zip64 end");
      directory = small(wide.u64("an offset"), at);
    }
    if (directory > end) throw damaged("the directory lies after its end", at);
    return { at: end, count, directory };
  }
  throw damaged("it has no directory at its end (it was cut off)", bytes.length);
}

/** The next 64-bit value of the zip64 extra field, in the order of the fields that are full. */
function wideSizes(r: ByteReader): () => number | undefined {
  while (r.left >= 4) {
    const id = r.u16("an extra field");
    const length = r.u16("an extra field");
    const at = r.take(length, "an extra field");
    if (id !== 1) continue;
    const inner = new ByteReader(r.bytes, at, at + length);
    return () => (inner.left >= 8 ? small(inner.u64("a size"), at) : undefined);
  }
  return () => undefined;
}

/** Where an entry's data begin, after its local header, which must say what the directory says. */
function dataStart(bytes: Uint8Array, entry: Entry): number {
  const r = new ByteReader(bytes, 0);
  r.take(entry.local, "a local header");
  if (r.u32("a local header") !== LOCAL) throw damaged(`there is no local header of ${shown(entry.name)}`, entry.local);
  r.take(2, "a version");
  const flags = r.u16("flags");
  const method = r.u16("the method");
  r.take(4, "a date");
  const sizes = [r.u32("a checksum"), r.u32("a size"), r.u32("a size")];
  const [nameLength, extraLength] = [r.u16("a length"), r.u16("a length")];
  const name = new TextDecoder().decode(r.slice(nameLength, "a name"));
  if (name !== entry.name) throw damaged(`the directory calls it ${shown(entry.name)}, its own header ${shown(name)}`, entry.local);
  const known = [entry.crc, entry.packed, entry.size];
  // Bit 3: the sizes follow the data; they are zero here.
  const differs = (flags & 8) === 0 && sizes.some((v, i) => v !== known[i] && v !== FULL32);
  if (method !== entry.method || differs) throw damaged(`the directory and the header of ${shown(name)} disagree`, entry.local);
  r.take(extraLength, "extra fields");
  return r.offset;
}

function small(value: bigint, at: number): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged("a size is absurd", at);
  return Number(value);
}

function shown(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}...` : name);
}
