// About how many different values there were, in a fixed room that merges exactly: HyperLogLog (Flajolet et al. 2007) with
// linear counting while few registers are taken. Ranks stop at 15, so that a register is four bits when it is written: with
// 64 registers that still tells a million values from ten thousand.

export const MOST_RANK = 15;

/** The end of MurmurHash3: every bit of the input moves every bit of the output. */
export function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

export class DistinctCounter {
  /** A power of two of them. */
  readonly registers: Uint8Array;
  readonly #bits: number;
  #threshold: number | undefined;

  constructor(bits: number) {
    this.#bits = bits;
    this.registers = new Uint8Array(1 << bits);
  }
  /** @param hash 32 mixed bits */
  add(hash: number): void {
    const place = hash & (this.registers.length - 1);
    const rank = Math.min(MOST_RANK, Math.clz32(hash >>> this.#bits) - this.#bits + 1);
    if (rank <= this.registers[place]!) return;
    this.registers[place] = rank;
    this.#threshold = undefined;
  }
  /** Of many hashes, most of which change nothing. */
  addAll(hashes: Int32Array, count: number): void {
    const { threshold } = this;
    for (let i = 0; i < count; i++) {
      const hash = mixed(hashes[i]!);
      if (hash >>> this.#bits < threshold) this.add(hash);
    }
  }
  /** Hashes that are, without the bits of their place, not below it change nothing. */
  get threshold(): number {
    if (this.#threshold !== undefined) return this.#threshold;
    let least = MOST_RANK;
    for (let i = 0; i < this.registers.length; i++) if (this.registers[i]! < least) least = this.registers[i]!;
    return (this.#threshold = least === MOST_RANK ? 0 : 2 ** (32 - this.#bits - least));
  }
  merge({ registers }: DistinctCounter): void {
    this.take(registers);
  }
  /** Registers of another one with as many. */
  take(registers: Uint8Array): void {
    for (let i = 0; i < this.registers.length; i++) this.registers[i] = Math.max(this.registers[i]!, registers[i]!);
    this.#threshold = undefined;
  }
  /** With a standard error of 1.04 / sqrt(registers). */
  get count(): number {
    const m = this.registers.length;
    let sum = 0;
    let free = 0;
    for (const rank of this.registers) {
      sum += 2 ** -rank;
      if (rank === 0) free++;
    }
    const raw = ((0.7213 / (1 + 1.079 / m)) * m * m) / sum;
    return Math.round(raw <= 2.5 * m && free > 0 ? m * Math.log(m / free) : raw);
  }
}
