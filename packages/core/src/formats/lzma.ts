// LZMA after Igor Pavlov's LZMA specification (lzma-specification.txt, 2015), and the old .lzma ("alone") file around it.
// LZMA2, the variant inside .xz files, drives the same decoder chunk by chunk (xz.ts).

import { BoundedOutput, cutOff, damaged, type Decompressed, type ExpansionLimits } from "./bounded-output.ts";

const half = 1024;
const topBits = 0x1000000;
const states = 12;
const minMatch = 2;
const alignBits = 4;
const endOfStream = 0xffffffff;

function probabilities(count: number): Uint16Array {
  return new Uint16Array(count).fill(half);
}

/** Length: two choices, then 8 short and 8 middle trees by position, then one long one. */
class LengthDecoder {
  readonly choices: Uint16Array = probabilities(2);
  readonly low: Uint16Array = probabilities(16 << 3);
  readonly middle: Uint16Array = probabilities(16 << 3);
  readonly high: Uint16Array = probabilities(256);

  decode(d: LzmaDecoder, positionState: number): number {
    if (d.bit(this.choices, 0) === 0) return d.tree(this.low, positionState << 3, 3);
    if (d.bit(this.choices, 1) === 0) return 8 + d.tree(this.middle, positionState << 3, 3);
    return 16 + d.tree(this.high, 0, 8);
  }
}

export interface LzmaProperties {
  /** Bits of the previous byte that choose a literal's probabilities. */
  readonly lc: number;
  /** Bits of the position that do. */
  readonly lp: number;
  /** Bits of the position that choose other probabilities. */
  readonly pb: number;
}

/** undefined when the byte is not one of properties. */
export function lzmaProperties(byte: number): LzmaProperties | undefined {
  return byte < 225 ? { lc: byte % 9, lp: Math.trunc(byte / 9) % 5, pb: Math.trunc(byte / 45) } : undefined;
}

export class LzmaDecoder {
  readonly #input: Uint8Array;
  readonly #out: BoundedOutput;
  readonly #format: string;
  /** Next byte of input, and where the coded data must end. */
  at = 0;
  end = 0;
  #range = 0;
  #code = 0;
  /** Where in the output the dictionary begins, and how far back it reaches. */
  dictionaryStart = 0;
  dictionarySize = 0;

  #lc = 0;
  #positionMask = 0;
  #literalPositionMask = 0;
  #literals: Uint16Array = probabilities(0);
  #isMatch = probabilities(0);
  #isRep = probabilities(0);
  #isRepG0 = probabilities(0);
  #isRepG1 = probabilities(0);
  #isRepG2 = probabilities(0);
  #isRep0Long = probabilities(0);
  #slots: readonly Uint16Array[] = [];
  #distances = probabilities(0);
  #align = probabilities(0);
  #lengths = new LengthDecoder();
  #repLengths = new LengthDecoder();
  #state = 0;
  #rep0 = 0;
  #rep1 = 0;
  #rep2 = 0;
  #rep3 = 0;
  /** What is left of a match that a size limit cut: LZMA2 chunks never do, and .lzma files with a size must not. */
  ended = false;

  constructor(input: Uint8Array, out: BoundedOutput, format: string) {
    this.#input = input;
    this.#out = out;
    this.#format = format;
  }

  setProperties(p: LzmaProperties): void {
    this.#lc = p.lc;
    this.#positionMask = (1 << p.pb) - 1;
    this.#literalPositionMask = (1 << p.lp) - 1;
    this.#literals = new Uint16Array(0x300 << (p.lc + p.lp));
  }

  resetState(): void {
    this.#literals.fill(half);
    this.#isMatch = probabilities(states << 4);
    this.#isRep = probabilities(states);
    this.#isRepG0 = probabilities(states);
    this.#isRepG1 = probabilities(states);
    this.#isRepG2 = probabilities(states);
    this.#isRep0Long = probabilities(states << 4);
    this.#slots = Array.from({ length: 4 }, () => probabilities(64));
    this.#distances = probabilities(1 + 128 - 14);
    this.#align = probabilities(1 << alignBits);
    this.#lengths = new LengthDecoder();
    this.#repLengths = new LengthDecoder();
    this.#state = 0;
    this.#rep0 = this.#rep1 = this.#rep2 = this.#rep3 = 0;
  }

  /** The range coder's five first bytes; its data end at `end`. */
  startRange(at: number, end: number): void {
    if (at + 5 > end) throw cutOff(this.#format, at);
    const b = this.#input;
    if (b[at] !== 0) throw damaged(this.#format, "the coder does not begin with zero", at);
    this.#code = ((b[at + 1]! << 24) | (b[at + 2]! << 16) | (b[at + 3]! << 8) | b[at + 4]!) >>> 0;
    this.#range = 0xffffffff;
    this.at = at + 5;
    this.end = end;
  }

  get isRangeFinished(): boolean {
    return this.#code === 0;
  }

  #normalize(): void {
    if (this.#range >= topBits) return;
    if (this.at >= this.end) throw cutOff(this.#format, this.at);
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | this.#input[this.at++]!) >>> 0;
  }

  bit(probs: Uint16Array, index: number): 0 | 1 {
    const p = probs[index]!;
    const bound = (this.#range >>> 11) * p;
    let bit: 0 | 1;
    if (this.#code < bound) {
      probs[index] = p + ((2048 - p) >> 5);
      this.#range = bound;
      bit = 0;
    } else {
      probs[index] = p - (p >> 5);
      this.#range -= bound;
      this.#code -= bound;
      bit = 1;
    }
    if (this.#range < topBits) this.#normalize();
    return bit;
  }

  #direct(count: number): number {
    let result = 0;
    for (let i = 0; i < count; i++) {
      this.#range >>>= 1;
      const bit = this.#code >= this.#range ? 1 : 0;
      if (bit) this.#code -= this.#range;
      result = result * 2 + bit;
      this.#normalize();
    }
    return result;
  }

  tree(probs: Uint16Array, offset: number, bits: number): number {
    let m = 1;
    for (let i = 0; i < bits; i++) m = (m << 1) | this.bit(probs, offset + m);
    return m - (1 << bits);
  }

  #reverseTree(probs: Uint16Array, offset: number, bits: number): number {
    let m = 1;
    let value = 0;
    for (let i = 0; i < bits; i++) {
      const bit = this.bit(probs, offset + m);
      m = (m << 1) | bit;
      value |= bit << i;
    }
    return value;
  }

  #literal(): void {
    const out = this.#out;
    const position = out.length - this.dictionaryStart;
    const previous = position > 0 ? out.buffer[out.length - 1]! : 0;
    const offset = 0x300 * (((position & this.#literalPositionMask) << this.#lc) + (previous >> (8 - this.#lc)));
    const probs = this.#literals;
    let symbol = 1;
    if (this.#state >= 7) {
      let match = out.buffer[out.length - this.#rep0 - 1]!;
      do {
        const matchBit = (match >> 7) & 1;
        match <<= 1;
        const bit = this.bit(probs, offset + ((1 + matchBit) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (matchBit !== bit) break;
      } while (symbol < 0x100);
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.bit(probs, offset + symbol);
    if (out.length === out.buffer.length) out.room(1, this.at);
    out.buffer[out.length++] = symbol & 0xff;
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6;
  }

  #distance(length: number): number {
    const slot = this.tree(this.#slots[Math.min(length, 3)]!, 0, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = ((2 | (slot & 1)) << bits) >>> 0;
    if (slot < 14) return base + this.#reverseTree(this.#distances, base - slot, bits);
    return base + this.#direct(bits - alignBits) * 16 + this.#reverseTree(this.#align, 0, alignBits);
  }

  /** Decodes until the output has grown to `target` or the end marker. `ended` tells which. */
  decode(target: number): void {
    const out = this.#out;
    while (out.length < target) {
      const positionState = (out.length - this.dictionaryStart) & this.#positionMask;
      const state = this.#state;
      if (this.bit(this.#isMatch, (state << 4) + positionState) === 0) {
        this.#literal();
        continue;
      }
      let length: number;
      if (this.bit(this.#isRep, state) !== 0) {
        if (out.length === this.dictionaryStart) throw damaged(this.#format, "it repeats what is not there", this.at);
        if (this.bit(this.#isRepG0, state) === 0) {
          if (this.bit(this.#isRep0Long, (state << 4) + positionState) === 0) {
            this.#state = state < 7 ? 9 : 11;
            this.#copy(1, target);
            continue;
          }
        } else {
          let distance: number;
          if (this.bit(this.#isRepG1, state) === 0) distance = this.#rep1;
          else {
            if (this.bit(this.#isRepG2, state) === 0) distance = this.#rep2;
            else {
              distance = this.#rep3;
              this.#rep3 = this.#rep2;
            }
            this.#rep2 = this.#rep1;
          }
          this.#rep1 = this.#rep0;
          this.#rep0 = distance;
        }
        length = this.#repLengths.decode(this, positionState);
        this.#state = state < 7 ? 8 : 11;
      } else {
        this.#rep3 = this.#rep2;
        this.#rep2 = this.#rep1;
        this.#rep1 = this.#rep0;
        length = this.#lengths.decode(this, positionState);
        this.#state = state < 7 ? 7 : 10;
        this.#rep0 = this.#distance(length);
        if (this.#rep0 === endOfStream) {
          this.ended = true;
          return;
        }
      }
      this.#copy(length + minMatch, target);
    }
  }

  #copy(length: number, target: number): void {
    const out = this.#out;
    const distance = this.#rep0 + 1;
    if (distance > out.length - this.dictionaryStart || distance > this.dictionarySize) throw damaged(this.#format, "a distance reaches before the dictionary", this.at);
    if (out.length + length > target) throw damaged(this.#format, "a match reaches past the end", this.at);
    out.repeat(distance, length, this.at);
  }
}

/** A .lzma file (FORMAT_ALONE): properties, dictionary size, size or all ones when an end marker tells. */
export function decompressLzmaAlone(file: Uint8Array, limits: ExpansionLimits): Decompressed {
  if (file.length < 18) throw cutOff("lzma", file.length);
  const properties = lzmaProperties(file[0]!);
  if (!properties) throw damaged("lzma", "impossible properties", 0);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const size = view.getBigUint64(5, true);
  const known = size !== 0xffffffffffffffffn;
  const out = new BoundedOutput("lzma", file.length, limits);
  const decoder = new LzmaDecoder(file, out, "lzma");
  decoder.setProperties(properties);
  decoder.resetState();
  decoder.dictionarySize = Math.max(4096, view.getUint32(1, true));
  decoder.startRange(13, file.length);
  decoder.decode(known ? Number(size) : Infinity);
  if (known && out.length < size) throw damaged("lzma", "it ends before its announced size", decoder.at);
  if (!decoder.ended && !known) throw cutOff("lzma", file.length);
  if (!decoder.isRangeFinished && decoder.ended) throw damaged("lzma", "the end does not add up", decoder.at);
  return { bytes: out.finish(), consumed: decoder.at };
}
