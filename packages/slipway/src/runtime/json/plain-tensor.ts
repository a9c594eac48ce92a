// Nested lists of numbers in JSON (rows of a network, pictures as numbers) read from their bytes into the engine's own numbers,
// without a list for each row or a double for each float. For models of one input of floats or doubles whose rows have one
// shape; whatever is not plain, and every request that is to be refused, is left to the reader that explains it.

import type { Signature } from "@slipway/core/package";
import { onlyInput, type Batch } from "@slipway/core/predict";
import { NumberRows } from "./number-rows.ts";

export class PlainTensor {
  readonly #dims: readonly number[];
  readonly #type: "float32" | "float64";
  readonly #rows: NumberRows;

  /** Undefined where the model's input is another. */
  static of(signature: Signature): PlainTensor | undefined {
    const only = signature.layout === "tensors" && signature.task === undefined ? onlyInput(signature) : undefined;
    if (only === undefined || only.anyRank === true || only.least !== undefined || (only.type !== "float" && only.type !== "double")) return undefined;
    const dims = only.shape.slice(1);
    if (dims.length === 0 || !dims.every((d) => typeof d === "number" && d > 0)) return undefined;
    const rows = NumberRows.of(dims as number[], only.type === "float");
    return rows && new PlainTensor(dims as number[], only.type === "float" ? "float32" : "float64", rows);
  }

  private constructor(dims: readonly number[], type: "float32" | "float64", rows: NumberRows) {
    this.#dims = dims;
    this.#type = type;
    this.#rows = rows;
  }

  /** Undefined: to be read another way. */
  read(bytes: Uint8Array): Batch | undefined {
    const found = this.#rows.read(bytes);
    if (found === undefined) return undefined;
    const { rows, data } = found;
    return { rows, numbers: NO_NUMBERS, strings: [], tensors: [{ type: this.#type, dims: [rows, ...this.#dims], data }] };
  }
}

const NO_NUMBERS = new Float64Array(0);
