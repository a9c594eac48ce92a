// Nested lists of numbers in JSON (rows of a network, pictures as numbers) read from their bytes into the engine's own numbers,
// without a list for each row or a double for each float. RFC 8259, in UTF-8. For models of one input of floats or doubles
// whose rows have one shape; whatever is not plain, and every request that is to be refused, is left to the reader that explains it.

import type { Signature } from "@slipway/core/package";
import { onlyInput, type Batch } from "@slipway/core/predict";
import { DecimalReader } from "../decimal.ts";
import { DONE, NUMBER, NumberScan } from "./scan-numbers.ts";

const MAX_ELEMENTS = 2 ** 28;
const OPEN = 0x5b, CLOSE = 0x5d, COMMA = 0x2c;

type Numbers = Float32Array | Float64Array;

export class PlainTensor {
  /** Of one row. */
  readonly #dims: readonly number[];
  readonly #width: number;
  readonly #single: boolean;
  readonly #scan: NumberScan;
  readonly #decimals = new DecimalReader();

  /** Undefined where the model's input is another. */
  static of(signature: Signature): PlainTensor | undefined {
    const only = signature.layout === "tensors" && signature.task === undefined ? onlyInput(signature) : undefined;
    if (only === undefined || only.anyRank === true || only.least !== undefined || (only.type !== "float" && only.type !== "double")) return undefined;
    const dims = only.shape.slice(1);
    if (dims.length === 0 || !dims.every((d) => typeof d === "number" && d > 0)) return undefined;
    const scan = NumberScan.of(dims as number[], only.type === "float");
    return scan && new PlainTensor(dims as number[], only.type === "float", scan);
  }

  private constructor(dims: readonly number[], single: boolean, scan: NumberScan) {
    this.#dims = dims;
    this.#width = dims.reduce((n, d) => n * d, 1);
    this.#single = single;
    this.#scan = scan;
  }

  /** Undefined: to be read another way. */
  read(bytes: Uint8Array): Batch | undefined {
    let at = spaceBefore(bytes, 0);
    if (bytes[at++] !== OPEN || !this.#scan.begin(bytes)) return undefined;
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
    return { rows, numbers: NO_NUMBERS, strings: [], tensors: [{ type: this.#single ? "float32" : "float64", dims: [rows, ...this.#dims], data: data.length === length ? data : data.subarray(0, length) }] };
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

const NO_NUMBERS = new Float64Array(0);

/** The place of the next byte that is no white space. */
function spaceBefore(bytes: Uint8Array, from: number): number {
  let at = from;
  let c = bytes[at];
  while (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) c = bytes[++at];
  return at;
}
