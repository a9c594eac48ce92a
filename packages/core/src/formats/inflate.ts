// DEFLATE (RFC 1951), and around it zlib (RFC 1950) and gzip (RFC 1952, several members). Checksums are verified.
// Codes of up to 10 bits are looked up, longer ones are decoded bit by bit in canonical order.

import { BoundedOutput, compressionError, cutOff, damaged, type Decompressed, type ExpansionLimits } from "./bounded-output.ts";
import { adler32, crc32 } from "./checksums.ts";

const tableBits = 10;
const tableMask = (1 << tableBits) - 1;
const maxCodeBits = 15;

interface Huffman {
  /** By the next 10 bits: symbol * 16 + length, or 0 for longer or unused codes. */
  readonly table: Uint16Array;
  readonly counts: Uint16Array;
  /** Symbols in canonical order. */
  readonly symbols: Uint16Array;
}

/** Canonical codes from their lengths; undefined when over-subscribed, or incomplete with more than one code. */
function huffman(lengths: Uint8Array): Huffman | undefined {
  const counts = new Uint16Array(maxCodeBits + 1);
  for (const length of lengths) counts[length]!++;
  counts[0] = 0;
  const offsets = new Uint16Array(maxCodeBits + 2);
  const next = new Uint16Array(maxCodeBits + 2);
  let left = 1;
  let code = 0;
  for (let bits = 1; bits <= maxCodeBits; bits++) {
    left = left * 2 - counts[bits]!;
    if (left < 0) return undefined;
    next[bits] = code;
    code = (code + counts[bits]!) << 1;
    offsets[bits + 1] = offsets[bits]! + counts[bits]!;
  }
  const used = offsets[maxCodeBits + 1]!;
  if (left > 0 && (used > 1 || counts[1] !== used)) return undefined;
  const symbols = new Uint16Array(used);
  const table = new Uint16Array(1 << tableBits);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const bits = lengths[symbol]!;
    if (bits === 0) continue;
    symbols[offsets[bits]!++] = symbol;
    const own = next[bits]!++;
    if (bits > tableBits) continue;
    let reversed = 0;
    for (let b = 0; b < bits; b++) reversed |= ((own >> b) & 1) << (bits - 1 - b);
    for (let i = reversed; i < table.length; i += 1 << bits) table[i] = (symbol << 4) | bits;
  }
  return { table, counts, symbols };
}

const lengthBase = Uint16Array.of(3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258, 0, 0);
const lengthExtra = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0, 0, 0);
const distanceBase = Uint16Array.of(1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577, 0, 0);
const distanceExtra = Uint8Array.of(0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 0, 0);
const codeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const fixedLiterals = huffman(Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)))!;
const fixedDistances = huffman(new Uint8Array(32).fill(5))!;

class Inflater {
  readonly bytes: Uint8Array;
  readonly out: BoundedOutput;
  readonly format: string;
  readonly start: number;
  /** Output before this belongs to an earlier member: it is not in the window. */
  readonly windowStart: number;
  at: number;
  hold = 0;
  held = 0;

  constructor(bytes: Uint8Array, start: number, out: BoundedOutput, format: string) {
    this.bytes = bytes;
    this.start = start;
    this.at = start;
    this.out = out;
    this.format = format;
    this.windowStart = out.length;
  }

  /** At most 16 bits. */
  bits(count: number): number {
    while (this.held < count) {
      if (this.at >= this.bytes.length) throw cutOff(this.format, this.at);
      this.hold |= this.bytes[this.at++]! << this.held;
      this.held += 8;
    }
    const value = this.hold & ((1 << count) - 1);
    this.hold >>>= count;
    this.held -= count;
    return value;
  }

  symbol(code: Huffman): number {
    let value = 0;
    let first = 0;
    let index = 0;
    for (let bits = 1; bits <= maxCodeBits; bits++) {
      value |= this.bits(1);
      const count = code.counts[bits]!;
      if (value - count < first) return code.symbols[index + value - first]!;
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    throw damaged(this.format, "an unknown code", this.at);
  }

  /** Runs to the end of the last block and returns where the next byte of input is. */
  run(): number {
    for (let last = 0; last === 0; ) {
      last = this.bits(1);
      const type = this.bits(2);
      if (type === 0) this.stored();
      else if (type === 1) this.compressed(fixedLiterals, fixedDistances);
      else if (type === 2) this.dynamic();
      else throw damaged(this.format, "a block of unknown type", this.at);
    }
    // Whole bytes that were taken ahead are given back.
    return this.at - (this.held >> 3);
  }

  stored(): void {
    this.at -= this.held >> 3;
    this.hold = 0;
    this.held = 0;
    const { bytes, at } = this;
    if (at + 4 > bytes.length) throw cutOff(this.format, at);
    const length = bytes[at]! | (bytes[at + 1]! << 8);
    if ((length ^ 0xffff) !== (bytes[at + 2]! | (bytes[at + 3]! << 8))) throw damaged(this.format, "a stored block's length contradicts itself", at);
    if (at + 4 + length > bytes.length) throw cutOff(this.format, at);
    this.at = at + 4 + length;
    this.out.append(bytes.subarray(at + 4, this.at), this.at);
  }

  dynamic(): void {
    const literals = this.bits(5) + 257;
    const distances = this.bits(5) + 1;
    const codes = this.bits(4) + 4;
    if (literals > 286 || distances > 30) throw damaged(this.format, "too many codes", this.at);
    const codeLengths = new Uint8Array(19);
    for (let i = 0; i < codes; i++) codeLengths[codeLengthOrder[i]!] = this.bits(3);
    const lengthCode = huffman(codeLengths);
    if (!lengthCode) throw damaged(this.format, "impossible code lengths", this.at);
    const lengths = new Uint8Array(literals + distances);
    for (let i = 0; i < lengths.length; ) {
      const symbol = this.symbol(lengthCode);
      if (symbol < 16) {
        lengths[i++] = symbol;
        continue;
      }
      if (symbol === 16 && i === 0) throw damaged(this.format, "a code length repeats nothing", this.at);
      const value = symbol === 16 ? lengths[i - 1]! : 0;
      const times = symbol === 16 ? 3 + this.bits(2) : symbol === 17 ? 3 + this.bits(3) : 11 + this.bits(7);
      if (i + times > lengths.length) throw damaged(this.format, "too many code lengths", this.at);
      lengths.fill(value, i, i + times);
      i += times;
    }
    if (lengths[256] === 0) throw damaged(this.format, "a block without an end", this.at);
    const literalCode = huffman(lengths.subarray(0, literals));
    const distanceCode = huffman(lengths.subarray(literals));
    if (!literalCode || !distanceCode) throw damaged(this.format, "impossible codes", this.at);
    this.compressed(literalCode, distanceCode);
  }

  /** The hot loop: state in locals, written back when something else needs it. */
  compressed(literalCode: Huffman, distanceCode: Huffman): void {
    const { bytes, out } = this;
    const end = bytes.length;
    const literalTable = literalCode.table;
    const distanceTable = distanceCode.table;
    let { at, hold, held } = this;
    let buffer = out.buffer;
    let to = out.length;
    for (;;) {
      while (held <= 24 && at < end) {
        hold |= bytes[at++]! << held;
        held += 8;
      }
      let entry = literalTable[hold & tableMask]!;
      let bits = entry & 15;
      let symbol = entry >> 4;
      if (bits === 0 || bits > held) {
        this.at = at;
        this.hold = hold;
        this.held = held;
        symbol = this.symbol(literalCode);
        ({ at, hold, held } = this);
        // symbol() takes only what it needs, so there may be fewer bits than below is counted on.
        while (held <= 24 && at < end) {
          hold |= bytes[at++]! << held;
          held += 8;
        }
      } else {
        hold >>>= bits;
        held -= bits;
      }
      if (symbol < 256) {
        if (to === buffer.length) {
          out.length = to;
          out.room(1, at);
          buffer = out.buffer;
        }
        buffer[to++] = symbol;
        continue;
      }
      if (symbol === 256) break;
      symbol -= 257;
      const extra = lengthExtra[symbol]!;
      if (extra > held) throw cutOff(this.format, end);
      const length = lengthBase[symbol]! + (hold & ((1 << extra) - 1));
      hold >>>= extra;
      held -= extra;
      while (held <= 24 && at < end) {
        hold |= bytes[at++]! << held;
        held += 8;
      }
      entry = distanceTable[hold & tableMask]!;
      bits = entry & 15;
      symbol = entry >> 4;
      if (bits === 0 || bits > held) {
        this.at = at;
        this.hold = hold;
        this.held = held;
        symbol = this.symbol(distanceCode);
        ({ at, hold, held } = this);
      } else {
        hold >>>= bits;
        held -= bits;
      }
      while (held <= 24 && at < end) {
        hold |= bytes[at++]! << held;
        held += 8;
      }
      const more = distanceExtra[symbol]!;
      if (more > held) throw cutOff(this.format, end);
      const distance = distanceBase[symbol]! + (hold & ((1 << more) - 1));
      hold >>>= more;
      held -= more;
      if (length === 0 || distance === 0) throw damaged(this.format, "an unknown length or distance", at);
      let from = to - distance;
      if (from < this.windowStart) throw damaged(this.format, "a distance reaches before the beginning", at);
      const stop = to + length;
      if (stop > buffer.length) {
        out.length = to;
        out.room(length, at);
        buffer = out.buffer;
      }
      while (to < stop) buffer[to++] = buffer[from++]!;
    }
    out.length = to;
    this.at = at;
    this.hold = hold;
    this.held = held;
  }
}

/** Raw DEFLATE from `start`, appended to `out`. Returns where the input continues. */
export function inflateRaw(bytes: Uint8Array, start: number, out: BoundedOutput, format = "deflate"): number {
  return new Inflater(bytes, start, out, format).run();
}

function be32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function le32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

export function inflateZlib(file: Uint8Array, limits: ExpansionLimits): Decompressed {
  if (file.length < 6) throw cutOff("zlib", file.length);
  if ((file[0]! & 0x0f) !== 8 || ((file[0]! << 8) | file[1]!) % 31 !== 0) throw damaged("zlib", "an impossible header", 0);
  if (file[1]! & 0x20) throw compressionError("compressed-unsupported", "the zlib data need a preset dictionary");
  const out = new BoundedOutput("zlib", file.length, limits);
  const end = inflateRaw(file, 2, out, "zlib");
  if (end + 4 > file.length) throw cutOff("zlib", end);
  const bytes = out.finish();
  if (adler32(bytes) !== be32(file, end)) throw damaged("zlib", "the checksum is wrong", end);
  return { bytes, consumed: end + 4 };
}

export function inflateGzip(file: Uint8Array, limits: ExpansionLimits): Decompressed {
  const out = new BoundedOutput("gzip", file.length, limits);
  let at = 0;
  do {
    const start = out.length;
    at = inflateRaw(file, gzipHeader(file, at), out, "gzip");
    if (at + 8 > file.length) throw cutOff("gzip", at);
    if (crc32(out.buffer, start, out.length) !== le32(file, at)) throw damaged("gzip", "the checksum is wrong", at);
    if ((out.length - start) % 2 ** 32 !== le32(file, at + 4)) throw damaged("gzip", "the length is wrong", at);
    at += 8;
  } while (file[at] === 0x1f && file[at + 1] === 0x8b);
  return { bytes: out.finish(), consumed: at };
}

/** Returns where the member's data begin. */
function gzipHeader(file: Uint8Array, start: number): number {
  if (start + 18 > file.length) throw cutOff("gzip", file.length);
  if (file[start + 2] !== 8) throw compressionError("compressed-unsupported", "the gzip data use an unknown method");
  const flags = file[start + 3]!;
  if (flags & 0xe0) throw damaged("gzip", "unknown flags", start + 3);
  let at = start + 10;
  if (flags & 4) at += 2 + (file[at]! | (file[at + 1]! << 8));
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue;
    const end = file.indexOf(0, at);
    if (end < 0) throw cutOff("gzip", file.length);
    at = end + 1;
  }
  if (flags & 2) at += 2;
  if (at >= file.length) throw cutOff("gzip", file.length);
  return at;
}
