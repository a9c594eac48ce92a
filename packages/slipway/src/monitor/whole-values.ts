// Measures of pictures, tensors and vectors (whole-specs.ts) of some rows of each request, counted in a window.

import type { Signature } from "@slipway/core/package";
import { halfToNumber, type EngineTensor } from "@slipway/core/predict";
import { HASH_WORDS, normalNumbers, randomNumbers, type WindowCounter } from "@slipway/core/stats";
import type { Batch, Prediction } from "../runtime/index.ts";
import { lookAt, type Look } from "./picture-look.ts";
import { MOST_SCORED_ROWS, spread } from "./row-scores.ts";
import { DIRECTIONS, pictureOf, type WholeMeasure, type WholeSpec } from "./whole-specs.ts";

/** Of a tensor's values those that its level and length are told from, spread evenly; fewer where it is shorter. */
const VALUES = 8192;
type Counted = WholeSpec & { readonly series: number };
interface Watched {
  readonly of: string;
  readonly specs: readonly Counted[];
}

/** Measures rows and counts them, one by one: of each request as many as are scored (row-scores.ts). */
export class WholeValues {
  readonly #pictures: readonly Counted[];
  /** By place among the model's inputs. */
  readonly #tensors: readonly (readonly [at: number, specs: readonly Counted[]])[];
  readonly #outputs: readonly Watched[];
  readonly #plan: ReturnType<typeof pictureOf>;
  readonly #directions = new Map<number, readonly Float64Array[]>();
  readonly #scratch = new Int32Array(HASH_WORDS);
  readonly #most: number;

  constructor(signature: Signature, specs: readonly Counted[], most: number = MOST_SCORED_ROWS) {
    this.#most = most;
    this.#plan = pictureOf(signature);
    const inputs = specs.filter((s) => s.kind === "input");
    this.#pictures = inputs.filter((s) => s.of === this.#plan?.name);
    this.#tensors = (signature.tensors ?? []).flatMap(({ name }, at) => {
      const mine = inputs.filter((s) => s.of === name && name !== this.#plan?.name);
      return mine.length === 0 ? [] : [[at, mine] as const];
    });
    this.#outputs = signature.outputs.flatMap(({ name: of }) => {
      const mine = specs.filter((s) => s.kind === "output" && s.of === of);
      return mine.length === 0 ? [] : [{ of, specs: mine }];
    });
  }

  add(window: WindowCounter, batch: Batch, prediction: Prediction, start: number, count: number): void {
    const rows = spread(batch.rows, this.#most, start, count);
    if (batch.tensors !== undefined) {
      if (this.#plan !== undefined) this.#addPictures(window, batch, rows, this.#plan);
      for (const [at, specs] of this.#tensors) this.#addTensor(window, specs, batch.tensors[at]!, batch.rows, rows);
    }
    for (const { of, specs } of this.#outputs) {
      const found = prediction.outputs.find((o) => o.output.name === of);
      if (found === undefined) continue;
      for (const row of rows) if (prediction.refused?.has(row) !== true) this.#put(window, specs, found.data as ArrayLike<number>, row * found.width, found.width);
    }
  }

  #addPictures(window: WindowCounter, { tensors, pictures, rows: all }: Batch, rows: readonly number[], { plan }: NonNullable<ReturnType<typeof pictureOf>>): void {
    const tensor = tensors![0]!;
    const length = tensor.data.length / Math.max(1, all);
    for (const row of rows) {
      const found = lookAt(tensor.data as ArrayLike<number>, row * length, length, plan);
      for (const { measure, series } of this.#pictures) {
        if (measure !== "size" && measure !== "ratio") this.#count(window, series, found[measure as keyof Look]);
        // Tensors that came as they are tell nothing of a picture's size.
        else if (pictures !== undefined) this.#count(window, series, measure === "size" ? Math.sqrt(pictures[2 * row]! * pictures[2 * row + 1]!) : pictures[2 * row]! / pictures[2 * row + 1]!);
      }
    }
  }
  #addTensor(window: WindowCounter, specs: readonly Counted[], { data, type }: EngineTensor, all: number, rows: readonly number[]): void {
    const length = data.length / Math.max(1, all);
    for (const row of rows) {
      if (type === "float16") this.#put(window, specs, Float64Array.from((data as Uint16Array).subarray(row * length, (row + 1) * length), halfToNumber), 0, length);
      else this.#put(window, specs, data as ArrayLike<number>, row * length, length);
    }
  }

  #put(window: WindowCounter, specs: readonly Counted[], data: ArrayLike<number>, start: number, width: number): void {
    const { norm, level } = momentsIn(data, start, width);
    const values: Partial<Record<WholeMeasure, number>> = { length: Math.log(norm), level, entries: width };
    for (const { measure, series } of specs) {
      const value = values[measure];
      this.#count(window, series, value ?? (norm > 0 ? projected(data, start, this.#directionsOf(width)[Number(measure.slice(10)) - 1]!) / norm : NaN));
    }
  }
  #count(window: WindowCounter, series: number, value: number): void {
    window.series[series]!.addNumbers([value], 0, 1, 1, this.#scratch);
  }

  /** Of unit length times the root of the width, so that a vector at random has a projection with a deviation of 1. */
  #directionsOf(width: number): readonly Float64Array[] {
    let known = this.#directions.get(width);
    if (known === undefined) {
      known = Array.from({ length: DIRECTIONS }, (_, k) => {
        const direction = Float64Array.from({ length: width }, normalNumbers(randomNumbers(k + 1)));
        const { norm } = momentsIn(direction, 0, width, Infinity);
        return direction.map((v) => (v / norm) * Math.sqrt(width));
      });
      this.#directions.set(width, known);
    }
    return known;
  }
}

/** The length of a vector, and its mean over the root of its mean square; of very long ones from a part of the values. */
function momentsIn(data: ArrayLike<number>, start: number, width: number, most: number = VALUES): { readonly norm: number; readonly level: number } {
  const step = Math.max(1, Math.ceil(width / most));
  let [n, sum, squares] = [0, 0, 0];
  for (let i = 0; i < width; i += step) {
    const value = Number(data[start + i]);
    n++;
    sum += value;
    squares += value * value;
  }
  const root = Math.sqrt(squares / n);
  return { norm: root * Math.sqrt(width), level: root > 0 ? sum / n / root : squares === 0 && n > 0 ? 0 : NaN };
}
function projected(data: ArrayLike<number>, start: number, direction: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < direction.length; i++) sum += Number(data[start + i]) * direction[i]!;
  return sum;
}
