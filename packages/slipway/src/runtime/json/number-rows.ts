// A list of rows of one shape in JSON (RFC 8259, in UTF-8), whose numbers are read into one array.

import { DecimalReader } from "../decimal.ts";
import { DONE, NUMBER, NumberScan } from "./scan-numbers.ts";

const MAX_ELEMENTS = 2 ** 28;
const OPEN = 0x5b, CLOSE = 0x5d, COMMA = 0x2c;

type Numbers = Float32Array | Float64Array;

export class NumberRows {
  /** Of one row. */
  readonly #width: number;
  readonly #single: boolean;
  readonly #scan: NumberScan;
  readonly #decimals = new DecimalReader();

  /** `dims`: of one row. `single`: floats. Undefined where they cannot be read so. */
  static of(dims: readonly number[], single: boolean): NumberRows | undefined {
    const scan = NumberScan.of(dims, single);
    return scan && new NumberRows(dims, single, scan);
  }

  private constructor(dims: readonly number[], single: boolean, scan: NumberScan) {
    this.#width = dims.reduce((n, d) => n * d, 1);
    this.#single = single;
    this.#scan = scan;
  }

  /** Undefined: something else, a number that is not finite, or one that floats do not hold. */
  read(bytes: Uint8Array): { readonly rows: number; readonly data: Numbers } | undefined {
    let at = spaceBefore(bytes, 0);
    if (bytes[at++] !== OPEN || bytes[spaceBefore(bytes, at)] !== OPEN || !this.#scan.begin(bytes)) return undefined;
    const start = at;
    let data = this.#allocate(1);
    let rows = 0;
    for (;;) {
      const row = this.#row(bytes, at);
      if (row === undefined) return undefined;
      if (rows * this.#width === data.length) {
        // For as many rows as there will be if they are as long as those so far, and some more.
        const expected = Math.ceil((bytes.length - start) / ((at - start) / rows) * 1.02) + 1;
        const size = Math.max(rows + 1, Math.min(expected, rows * 64)) * this.#width;
        if (size > MAX_ELEMENTS) return undefined;
        const more = this.#allocate(size / this.#width);
        more.set(data);
        data = more;
      }
      data.set(row, rows++ * this.#width);
      at = spaceBefore(bytes, this.#scan.at);
      const c = bytes[at++];
      if (c === CLOSE) break;
      if (c !== COMMA) return undefined;
    }
    if (spaceBefore(bytes, at) !== bytes.length) return undefined;
    const length = rows * this.#width;
    return { rows, data: data.length === length ? data : data.subarray(0, length) };
  }

  #allocate(rows: number): Numbers {
    return this.#single ? new Float32Array(rows * this.#width) : new Float64Array(rows * this.#width);
  }

  /** The row that begins here. */
  #row(bytes: Uint8Array, at: number): Numbers | undefined {
    const [scan, decimals] = [this.#scan, this.#decimals];
    let state = scan.row(at);
    while (state === NUMBER) {
      const value = decimals.readJson(bytes, scan.at);
      const rounded = this.#single ? Math.fround(value) : value;
      // No number, or one that is beyond the engine's.
      if (rounded - rounded !== 0) return undefined;
      state = scan.goOn(value, decimals.end);
    }
    return state === DONE ? scan.values : undefined;
  }
}

/** The place of the next byte that is no white space. */
function spaceBefore(bytes: Uint8Array, from: number): number {
  let at = from;
  let c = bytes[at];
  while (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) c = bytes[++at];
  return at;
}
