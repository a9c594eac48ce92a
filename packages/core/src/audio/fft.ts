// The discrete Fourier transform of any length, in doubles: by its prime factors (Cooley and Tukey).

/** Real numbers of a fixed count -> the first half of their spectrum and its middle, as real and imaginary parts. */
export class Fourier {
  readonly size: number;
  readonly bins: number;
  readonly #factors: readonly number[];
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;
  readonly #outRe: Float64Array;
  readonly #outIm: Float64Array;
  /** Of one place of all parts, while they are joined. */
  readonly #partRe: Float64Array;
  readonly #partIm: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.bins = Math.floor(size / 2) + 1;
    this.#factors = factorsOf(size);
    this.#cos = Float64Array.from({ length: size }, (_, i) => Math.cos((2 * Math.PI * i) / size));
    this.#sin = Float64Array.from({ length: size }, (_, i) => -Math.sin((2 * Math.PI * i) / size));
    [this.#re, this.#im, this.#outRe, this.#outIm] = Array.from({ length: 4 }, () => new Float64Array(size)) as [Float64Array, Float64Array, Float64Array, Float64Array];
    [this.#partRe, this.#partIm] = [new Float64Array(Math.max(1, ...this.#factors)), new Float64Array(Math.max(1, ...this.#factors))];
  }

  /** The squared sizes, or the sizes (`power` 1), of the bins; parts rounded to single precision before, as NumPy's complex64. */
  spectrum(input: Float64Array, power: 1 | 2, out: Float64Array): void {
    this.#re.set(input);
    this.#im.fill(0);
    this.#transform(0, 1, this.size, 0, 0);
    for (let i = 0; i < this.bins; i++) {
      const [re, im] = [Math.fround(this.#outRe[i]!), Math.fround(this.#outIm[i]!)];
      const squared = re * re + im * im;
      out[i] = power === 2 ? squared : Math.sqrt(squared);
    }
  }

  /** `count` inputs from `at` on, `stride` apart, into outputs from `to` on. */
  #transform(at: number, stride: number, count: number, to: number, depth: number): void {
    if (count === 1) {
      this.#outRe[to] = this.#re[at]!;
      this.#outIm[to] = this.#im[at]!;
      return;
    }
    const factor = this.#factors[depth]!;
    const part = count / factor;
    for (let f = 0; f < factor; f++) this.#transform(at + f * stride, stride * factor, part, to + f * part, depth + 1);
    const [re, im] = [this.#partRe, this.#partIm];
    for (let k = 0; k < part; k++) {
      for (let f = 0; f < factor; f++) {
        const w = (f * k * stride) % this.size;
        const [a, b] = [this.#outRe[to + f * part + k]!, this.#outIm[to + f * part + k]!];
        re[f] = a * this.#cos[w]! - b * this.#sin[w]!;
        im[f] = a * this.#sin[w]! + b * this.#cos[w]!;
      }
      if (factor === 4) {
        this.#joinFour(to + k, part);
        continue;
      }
      for (let q = 0; q < factor; q++) {
        let [sumRe, sumIm] = [0, 0];
        for (let f = 0; f < factor; f++) {
          const w = (f * q * part * stride) % this.size;
          sumRe += re[f]! * this.#cos[w]! - im[f]! * this.#sin[w]!;
          sumIm += re[f]! * this.#sin[w]! + im[f]! * this.#cos[w]!;
        }
        this.#outRe[to + q * part + k] = sumRe;
        this.#outIm[to + q * part + k] = sumIm;
      }
    }
  }

  /** The roots of four are 1, -i, -1 and i. */
  #joinFour(at: number, part: number): void {
    const [re, im, outRe, outIm] = [this.#partRe, this.#partIm, this.#outRe, this.#outIm];
    const [evenRe, evenIm, oddRe, oddIm] = [re[0]! + re[2]!, im[0]! + im[2]!, re[1]! + re[3]!, im[1]! + im[3]!];
    const [crossRe, crossIm, turnRe, turnIm] = [re[0]! - re[2]!, im[0]! - im[2]!, re[1]! - re[3]!, im[1]! - im[3]!];
    outRe[at] = evenRe + oddRe;
    outIm[at] = evenIm + oddIm;
    outRe[at + part] = crossRe + turnIm;
    outIm[at + part] = crossIm - turnRe;
    outRe[at + 2 * part] = evenRe - oddRe;
    outIm[at + 2 * part] = evenIm - oddIm;
    outRe[at + 3 * part] = crossRe - turnIm;
    outIm[at + 3 * part] = crossIm + turnRe;
  }
}

function factorsOf(size: number): number[] {
  const found: number[] = [];
  for (let f = 4, left = size; left > 1; ) {
    if (left % f === 0) {
      found.push(f);
      left /= f;
    } else f = f === 4 ? 2 : f === 2 ? 3 : f + 2;
  }
  return found;
}
