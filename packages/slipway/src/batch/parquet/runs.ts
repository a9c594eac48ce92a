// Parquet's hybrid of runs and packed bits (RLE, https://parquet.apache.org/docs/file-format/data-pages/encodings/): levels, and
// places in dictionaries. Read some at a time.

/** Wider places than any dictionary needs that is held in memory. */
const WIDEST = 24;

export class RunReader {
  #at = 0;
  #end = 0;
  #width = 0;
  /** Numbers of the run that are left. */
  #left = 0;
  /** Of packed bits: those that were read and not yet given. Else the run's number. */
  #held = 0;
  #bits = 0;
  #packed = false;

  /** Numbers of `width` bits from byte `at` to before `end`. */
  begin(at: number, end: number, width: number): void {
    if (width > WIDEST) throw new Error(`places of ${width} bits`);
    [this.#at, this.#end, this.#width, this.#left] = [at, end, width, 0];
  }

  /** The next `count` numbers, where they are one and the same; undefined, and nothing is read, where that is not sure. */
  same(bytes: Uint8Array, count: number): number | undefined {
    if (this.#left === 0 && count > 0) this.#run(bytes);
    if (this.#packed || this.#left < count) return undefined;
    this.#left -= count;
    return this.#held;
  }

  /** Reads `count` numbers into the first places of `out`. @throws Error where there are not so many */
  read(bytes: Uint8Array, out: Int32Array | Uint8Array, count: number): void {
    const mask = 2 ** this.#width - 1;
    for (let i = 0; i < count; ) {
      if (this.#left === 0) this.#run(bytes);
      const last = Math.min(count, i + this.#left);
      this.#left -= last - i;
      if (!this.#packed) {
        out.fill(this.#held, i, last);
        i = last;
        continue;
      }
      const width = this.#width;
      let [at, held, bits] = [this.#at, this.#held, this.#bits];
      for (; i < last; i++) {
        while (bits < width) {
          held |= bytes[at++]! << bits;
          bits += 8;
        }
        out[i] = held & mask;
        held >>>= width;
        bits -= width;
      }
      [this.#at, this.#held, this.#bits] = [at, held, bits];
      if (at > this.#end) throw new Error("runs that are cut off");
    }
  }

  #run(bytes: Uint8Array): void {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (this.#at >= this.#end || shift > 28) throw new Error("runs that are cut off");
      const byte = bytes[this.#at++]!;
      header |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    this.#packed = (header & 1) === 1;
    this.#held = this.#bits = 0;
    this.#left = this.#packed ? (header >>> 1) * 8 : header >>> 1;
    if (this.#left === 0) throw new Error("a run of nothing");
    if (this.#packed) return;
    for (let b = 0; b < this.#width; b += 8) this.#held |= bytes[this.#at++]! << b;
    this.#held &= 2 ** this.#width - 1;
    if (this.#at > this.#end) throw new Error("runs that are cut off");
  }
}
