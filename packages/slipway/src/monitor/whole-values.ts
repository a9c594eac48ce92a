// Measures of pictures, tensors and vectors (whole-specs.ts) of some rows of each request, counted in a window when they are many.

import type { Signature } from "@slipway/core/package";
import { halfToNumber, type EngineTensor } from "@slipway/core/predict";
import { normalNumbers, NumberBlock, randomNumbers, type WindowCounter } from "@slipway/core/stats";
import type { Batch, Prediction } from "../runtime/index.ts";
import { lookAt, type Look } from "./picture-look.ts";
import { MOST_SCORED_ROWS, spread } from "./row-scores.ts";
import { DIRECTIONS, pictureOf, type WholeSpec } from "./whole-specs.ts";

/** Of a tensor's values those that its level and length are told from, spread evenly; fewer where it is shorter. */
const VALUES = 8192;
type Counted = WholeSpec & { readonly series: number };
/** Measures that rows have together. */
class Measures {
  readonly specs: readonly Counted[];
  readonly #block: NumberBlock;
  readonly #row: Float64Array;
  /** Of vectors: the place among the measures of each direction, in their order. */
  readonly directions: readonly number[];

  constructor(specs: readonly Counted[]) {
    this.specs = specs;
    const references: Counted["reference"][] = [];
    for (const { series, reference } of specs) references[series] = reference;
    this.#block = new NumberBlock(specs.length, specs.map(({ series }, place) => ({ place, series })), references);
    this.#row = new Float64Array(specs.length);
    const places = new Map(specs.map(({ measure }, place) => [measure, place]));
    this.directions = Array.from({ length: DIRECTIONS }, (_, k) => places.get(`direction ${k + 1}`)).filter((place) => place !== undefined);
  }
  set(place: number, value: number): void {
    this.#row[place] = value;
  }
  /** The row's measures are all set. */
  put(window: WindowCounter): void {
    this.#block.stage(this.#row, 0, 1);
    if (this.#block.rows === this.#block.capacity) this.#block.count(window);
  }
  settle(window: WindowCounter): void {
    this.#block.count(window);
    this.#block.settle(window);
  }
}

/** Measures rows: of each request as many as are scored (row-scores.ts). */
export class WholeValues {
  readonly #looks: Measures | undefined;
  readonly #sizes: Measures | undefined;
  /** By place among the model's inputs. */
  readonly #tensors: readonly (readonly [at: number, measures: Measures])[];
  readonly #outputs: readonly (readonly [of: string, measures: Measures])[];
  readonly #plan: ReturnType<typeof pictureOf>;
  readonly #directions = new Map<number, Float64Array>();
  readonly #projected = new Float64Array(DIRECTIONS);
  readonly #most: number;

  constructor(signature: Signature, specs: readonly Counted[], most: number = MOST_SCORED_ROWS) {
    this.#most = most;
    this.#plan = pictureOf(signature);
    const inputs = specs.filter((s) => s.kind === "input");
    const pictures = inputs.filter((s) => s.of === this.#plan?.name);
    const ofSize = (s: Counted): boolean => s.measure === "size" || s.measure === "ratio";
    this.#looks = measuresOf(pictures.filter((s) => !ofSize(s)));
    this.#sizes = measuresOf(pictures.filter(ofSize));
    this.#tensors = (signature.tensors ?? []).flatMap(({ name }, at) => {
      const mine = measuresOf(inputs.filter((s) => s.of === name && name !== this.#plan?.name));
      return mine === undefined ? [] : [[at, mine] as const];
    });
    this.#outputs = signature.outputs.flatMap(({ name }) => {
      const mine = measuresOf(specs.filter((s) => s.kind === "output" && s.of === name));
      return mine === undefined ? [] : [[name, mine] as const];
    });
  }

  add(window: WindowCounter, batch: Batch, prediction: Prediction, start: number, count: number): void {
    const rows = spread(batch.rows, this.#most, start, count);
    if (batch.tensors !== undefined) {
      if (this.#plan !== undefined) this.#addPictures(window, batch, rows, this.#plan);
      for (const [at, measures] of this.#tensors) this.#addTensor(window, measures, batch.tensors[at]!, batch.rows, rows);
    }
    for (const [of, measures] of this.#outputs) {
      const found = prediction.outputs.find((o) => o.output.name === of);
      if (found === undefined) continue;
      for (const row of rows) if (prediction.refused?.has(row) !== true) this.#put(window, measures, found.data as ArrayLike<number>, row * found.width, found.width);
    }
  }
  /** Counts the rows that wait. */
  settle(window: WindowCounter): void {
    for (const measures of [this.#looks, this.#sizes]) measures?.settle(window);
    for (const [, measures] of [...this.#tensors, ...this.#outputs]) measures.settle(window);
  }

  #addPictures(window: WindowCounter, { tensors, pictures, rows: all }: Batch, rows: readonly number[], { plan }: NonNullable<ReturnType<typeof pictureOf>>): void {
    const tensor = tensors![0]!;
    const length = tensor.data.length / Math.max(1, all);
    const [looks, sizes] = [this.#looks, this.#sizes];
    for (const row of rows) {
      if (looks !== undefined) {
        const found = lookAt(tensor.data as ArrayLike<number>, row * length, length, plan);
        looks.specs.forEach(({ measure }, place) => looks.set(place, found[measure as keyof Look]));
        looks.put(window);
      }
      // Tensors that came as they are tell nothing of a picture's size.
      if (sizes === undefined || pictures === undefined) continue;
      const [width, height] = [pictures[2 * row]!, pictures[2 * row + 1]!];
      sizes.specs.forEach(({ measure }, place) => sizes.set(place, measure === "size" ? Math.sqrt(width * height) : width / height));
      sizes.put(window);
    }
  }
  #addTensor(window: WindowCounter, measures: Measures, { data, type }: EngineTensor, all: number, rows: readonly number[]): void {
    const length = data.length / Math.max(1, all);
    for (const row of rows) {
      if (type === "float16") this.#put(window, measures, Float64Array.from((data as Uint16Array).subarray(row * length, (row + 1) * length), halfToNumber), 0, length);
      else this.#put(window, measures, data as ArrayLike<number>, row * length, length);
    }
  }

  #put(window: WindowCounter, measures: Measures, data: ArrayLike<number>, start: number, width: number): void {
    const { norm, level } = momentsIn(data, start, width);
    const { specs, directions } = measures;
    for (let place = 0; place < specs.length; place++) {
      const { measure } = specs[place]!;
      if (measure === "length") measures.set(place, Math.log(norm));
      else if (measure === "level") measures.set(place, level);
      else if (measure === "entries") measures.set(place, width);
    }
    if (directions.length > 0) {
      project(data, start, this.#directionsOf(width), this.#projected);
      for (let k = 0; k < directions.length; k++) measures.set(directions[k]!, norm > 0 ? this.#projected[k]! / norm : NaN);
    }
    measures.put(window);
  }

  /** Value by value all directions: of unit length times the root of the width, so that a vector at random has a projection with a deviation of 1. */
  #directionsOf(width: number): Float64Array {
    let known = this.#directions.get(width);
    if (known === undefined) {
      known = new Float64Array(width * DIRECTIONS);
      for (let k = 0; k < DIRECTIONS; k++) {
        const direction = Float64Array.from({ length: width }, normalNumbers(randomNumbers(k + 1)));
        const { norm } = momentsIn(direction, 0, width, Infinity);
        for (let i = 0; i < width; i++) known[i * DIRECTIONS + k] = (direction[i]! / norm) * Math.sqrt(width);
      }
      this.#directions.set(width, known);
    }
    return known;
  }
}
function measuresOf(specs: readonly Counted[]): Measures | undefined {
  return specs.length === 0 ? undefined : new Measures(specs);
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
/** All six at once, as each sum by itself waits for the value before. */
function project(data: ArrayLike<number>, start: number, directions: Float64Array, into: Float64Array): void {
  let [a, b, c, d, e, f] = [0, 0, 0, 0, 0, 0];
  for (let i = start, at = 0; at < directions.length; i++, at += DIRECTIONS) {
    const value = Number(data[i]);
    a += value * directions[at]!;
    b += value * directions[at + 1]!;
    c += value * directions[at + 2]!;
    d += value * directions[at + 3]!;
    e += value * directions[at + 4]!;
    f += value * directions[at + 5]!;
  }
  into.set([a, b, c, d, e, f]);
}
