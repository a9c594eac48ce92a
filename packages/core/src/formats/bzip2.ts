// bzip2, after the format specification by Joe Tsai (2016) and bzip2 1.0.8's decompress.c. Several streams may follow one
// another. Block and stream checksums are verified. Randomised blocks (before 0.9.5) are not read.

import { BoundedOutput, compressionError, cutOff, damaged, type Decompressed, type ExpansionLimits } from "./bounded-output.ts";
import { bzipCrc } from "./checksums.ts";

const maxCodeBits = 20;
const groupSize = 50;
const runA = 0;
const runB = 1;

class BitReader {
  readonly bytes: Uint8Array;
  at: number;
  #hold = 0;
  #held = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  /** At most 24 bits, most significant first. */
  bits(count: number): number {
    while (this.#held < count) {
      if (this.at >= this.bytes.length) throw cutOff("bzip2", this.at);
      this.#hold = ((this.#hold << 8) | this.bytes[this.at++]!) >>> 0;
      this.#held += 8;
    }
    this.#held -= count;
    const value = this.#hold >>> this.#held;
    this.#hold &= (1 << this.#held) - 1;
    return value;
  }

  /** Drops what is left of the current byte. */
  align(): void {
    this.#held = 0;
    this.#hold = 0;
  }
}

interface Code {
  /** By length: the largest code of that length, or -1. */
  readonly limits: Int32Array;
  /** By length: what to subtract from a code to index `symbols`. */
  readonly bases: Int32Array;
  readonly symbols: Uint16Array;
  readonly shortest: number;
}

function makeCode(lengths: Uint8Array): Code {
  const limits = new Int32Array(maxCodeBits + 2).fill(-1);
  const bases = new Int32Array(maxCodeBits + 2);
  const symbols = new Uint16Array(lengths.length);
  let shortest = maxCodeBits;
  let code = 0;
  let n = 0;
  for (let bits = 1; bits <= maxCodeBits; bits++) {
    bases[bits] = code - n;
    for (let s = 0; s < lengths.length; s++) {
      if (lengths[s] !== bits) continue;
      symbols[n++] = s;
      code++;
      if (bits < shortest) shortest = bits;
    }
    limits[bits] = code - 1;
    code <<= 1;
  }
  return { limits, bases, symbols, shortest };
}

/** One whole file. */
export function decompressBzip2(file: Uint8Array, limits: ExpansionLimits): Decompressed {
  const out = new BoundedOutput("bzip2", file.length, limits);
  let at = 0;
  do at = readStream(file, at, out);
  while (file[at] === 0x42 && file[at + 1] === 0x5a && file[at + 2] === 0x68);
  return { bytes: out.finish(), consumed: at };
}

function readStream(file: Uint8Array, start: number, out: BoundedOutput): number {
  if (start + 14 > file.length) throw cutOff("bzip2", file.length);
  const level = file[start + 3]! - 0x30;
  if (level < 1 || level > 9) throw damaged("bzip2", "an impossible block size", start + 3);
  const input = new BitReader(file, start + 4);
  const links = new Uint32Array(level * 100_000);
  let combined = 0;
  for (;;) {
    const high = input.bits(24);
    const low = input.bits(24);
    const expected = ((input.bits(16) << 16) | input.bits(16)) >>> 0;
    if (high === 0x177245 && low === 0x385090) {
      if (expected !== combined) throw damaged("bzip2", "the checksum is wrong", input.at);
      input.align();
      return input.at;
    }
    if (high !== 0x314159 || low !== 0x265359) throw damaged("bzip2", "a block has no beginning", input.at);
    const before = out.length;
    readBlock(input, links, out);
    const actual = bzipCrc(out.buffer, before, out.length);
    if (actual !== expected) throw damaged("bzip2", "a block's checksum is wrong", input.at);
    combined = (((combined << 1) | (combined >>> 31)) ^ actual) >>> 0;
  }
}

function readBlock(input: BitReader, links: Uint32Array, out: BoundedOutput): void {
  if (input.bits(1)) throw compressionError("compressed-unsupported", "the bzip2 data have a randomised block, which bzip2 stopped writing in 1998");
  const origin = input.bits(24);
  const alphabet = readAlphabet(input);
  const { selectors, codes } = readCodes(input, alphabet.length + 2);
  const counts = new Uint32Array(256);
  const length = readSymbols(input, alphabet, selectors, codes, links, counts);
  if (origin >= length) throw damaged("bzip2", "a block begins outside itself", input.at);
  unsort(links, length, origin, counts, out, input);
}

/** The bytes that occur in the block. */
function readAlphabet(input: BitReader): Uint8Array {
  const ranges = input.bits(16);
  const found: number[] = [];
  for (let i = 0; i < 16; i++) {
    if (!(ranges & (0x8000 >> i))) continue;
    const used = input.bits(16);
    for (let j = 0; j < 16; j++) if (used & (0x8000 >> j)) found.push(i * 16 + j);
  }
  if (found.length === 0) throw damaged("bzip2", "a block uses no bytes", input.at);
  return Uint8Array.from(found);
}

function readCodes(input: BitReader, symbols: number): { selectors: Uint8Array; codes: Code[] } {
  const tables = input.bits(3);
  const selectorCount = input.bits(15);
  if (tables < 2 || tables > 6 || selectorCount === 0) throw damaged("bzip2", "an impossible number of codes", input.at);
  const order = Array.from({ length: tables }, (_, i) => i);
  const selectors = new Uint8Array(selectorCount);
  for (let i = 0; i < selectorCount; i++) {
    let place = 0;
    while (input.bits(1)) if (++place >= tables) throw damaged("bzip2", "an unknown code is selected", input.at);
    const [table] = order.splice(place, 1);
    order.unshift(table!);
    selectors[i] = table!;
  }
  const codes = Array.from({ length: tables }, () => {
    const lengths = new Uint8Array(symbols);
    let bits = input.bits(5);
    for (let s = 0; s < symbols; s++) {
      for (;;) {
        if (bits < 1 || bits > maxCodeBits) throw damaged("bzip2", "an impossible code length", input.at);
        if (!input.bits(1)) break;
        bits += input.bits(1) ? -1 : 1;
      }
      lengths[s] = bits;
    }
    return makeCode(lengths);
  });
  return { selectors, codes };
}

function readSymbol(input: BitReader, code: Code): number {
  let bits = code.shortest;
  let value = input.bits(bits);
  while (value > code.limits[bits]!) {
    if (++bits > maxCodeBits) throw damaged("bzip2", "an unknown code", input.at);
    value = (value << 1) | input.bits(1);
  }
  return code.symbols[value - code.bases[bits]!] ?? 0xffff;
}

/** Huffman, runs and move-to-front undone; bytes go to the low 8 bits of `links`. Returns how many. */
function readSymbols(input: BitReader, alphabet: Uint8Array, selectors: Uint8Array, codes: readonly Code[], links: Uint32Array, counts: Uint32Array): number {
  const end = alphabet.length + 1;
  let n = 0;
  let run = 0;
  let weight = 1;
  for (let group = 0; group < selectors.length; group++) {
    const code = codes[selectors[group]!]!;
    for (let k = 0; k < groupSize; k++) {
      const symbol = readSymbol(input, code);
      if (symbol === runA || symbol === runB) {
        run += weight << symbol;
        weight <<= 1;
        if (run > links.length) throw damaged("bzip2", "a run is longer than its block", input.at);
        continue;
      }
      if (run > 0) {
        const byte = alphabet[0]!;
        if (n + run > links.length) throw damaged("bzip2", "a block is too long", input.at);
        links.fill(byte, n, n + run);
        counts[byte]! += run;
        n += run;
        run = 0;
        weight = 1;
      }
      if (symbol === end) return n;
      if (symbol > end || n >= links.length) throw damaged("bzip2", "a block is too long", input.at);
      const place = symbol - 1;
      const byte = alphabet[place]!;
      alphabet.copyWithin(1, 0, place);
      alphabet[0] = byte;
      links[n++] = byte;
      counts[byte]!++;
    }
  }
  throw damaged("bzip2", "a block does not end", input.at);
}

/** The Burrows-Wheeler transform undone, then the run-length coding of four and more equal bytes. */
function unsort(links: Uint32Array, length: number, origin: number, counts: Uint32Array, out: BoundedOutput, input: BitReader): void {
  const starts = new Uint32Array(256);
  for (let b = 1; b < 256; b++) starts[b] = starts[b - 1]! + counts[b - 1]!;
  for (let i = 0; i < length; i++) {
    const byte = links[i]! & 0xff;
    links[starts[byte]!++]! |= i << 8;
  }
  let position = links[origin]! >>> 8;
  let previous = -1;
  let same = 0;
  for (let i = 0; i < length; i++) {
    const entry = links[position]!;
    const byte = entry & 0xff;
    position = entry >>> 8;
    if (same === 4) {
      out.room(byte, input.at);
      out.buffer.fill(previous, out.length, out.length + byte);
      out.length += byte;
      same = 0;
      previous = -1;
      continue;
    }
    same = byte === previous ? same + 1 : 1;
    previous = byte;
    if (out.length === out.buffer.length) out.room(1, input.at);
    out.buffer[out.length++] = byte;
  }
}
