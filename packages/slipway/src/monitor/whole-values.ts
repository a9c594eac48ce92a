// What is too wide to be watched value by value: pictures by their brightness, contrast and colour, vectors (embeddings) by their
// length and by where they point, as projections on directions that are always the same. The bins are fixed beforehand, so
// they need no rows when a model is packed; what is usual in them a reference made from traffic says (references.ts).

import type { Output, Signature } from "@slipway/core/package";
import { planImages } from "@slipway/core/predict";
import { HASH_WORDS, normalNumbers, randomNumbers, type Distribution, type WindowCounter } from "@slipway/core/stats";
import type { Batch, Prediction } from "../runtime/index.ts";
import { MOST_SCORED_ROWS, spread } from "./row-scores.ts";

export type WholeMeasure = "brightness" | "contrast" | "warmth" | "length" | `direction ${number}`;
export interface WholeSpec {
  readonly measure: WholeMeasure;
  /** A tensor of pictures, or an output of vectors. */
  readonly of: string;
  readonly kind: "input" | "output";
  readonly reference: Distribution;
}

const DIRECTIONS = 6;
/** Shorter ones are watched entry by entry. */
const LEAST_WIDTH = 16;
/** Longer ones would take too long. */
const MOST_WIDTH = 8192;
/** Pixels of a picture that are looked at, spread evenly. */
const PIXELS = 4096;

const steps = (low: number, high: number, count: number): number[] => Array.from({ length: count - 1 }, (_, i) => Number((low + ((i + 1) * (high - low)) / count).toPrecision(6)));
function fixed(low: number, high: number, count: number): Distribution {
  return { shape: { kind: "number", edges: steps(low, high, count), low, high }, rows: 0, missing: 0, bins: new Array<number>(count).fill(0), outside: 0, sum: 0, squares: 0 };
}

/** What is watched of a signature in this way. */
export function wholeSpecs(signature: Signature): WholeSpec[] {
  const specs: WholeSpec[] = [];
  const plan = pictureOf(signature);
  if (plan !== undefined) {
    specs.push({ measure: "brightness", of: plan.name, kind: "input", reference: fixed(0, 1, 20) }, { measure: "contrast", of: plan.name, kind: "input", reference: fixed(0, 0.5, 20) });
    if (plan.plan.channels >= 3) specs.push({ measure: "warmth", of: plan.name, kind: "input", reference: fixed(-0.5, 0.5, 20) });
  }
  for (const output of signature.outputs.filter(isVector)) {
    // Of lengths the natural logarithm.
    specs.push({ measure: "length", of: output.name, kind: "output", reference: fixed(-6, 8, 56) });
    for (let k = 1; k <= DIRECTIONS; k++) specs.push({ measure: `direction ${k}`, of: output.name, kind: "output", reference: fixed(-3, 3, 24) });
  }
  return specs;
}
function isVector({ kind, type, rowShape, columns }: Output): boolean {
  return (kind === "transformed" || kind === "value") && columns === undefined && /^(?:float|double|float16)$/.test(type) && rowShape.length === 1 && rowShape[0]! >= LEAST_WIDTH && rowShape[0]! <= MOST_WIDTH;
}
function pictureOf(signature: Signature): ReturnType<typeof planImages> | undefined {
  if (signature.layout !== "tensors" || signature.tensors?.[0]?.image === undefined) return undefined;
  try {
    return planImages(signature);
  } catch {
    // It takes no pictures.
    return undefined;
  }
}

/** Measures rows and counts them, one by one: of each request as many as are scored (row-scores.ts). */
export class WholeValues {
  readonly #specs: readonly (WholeSpec & { readonly series: number })[];
  readonly #plan: ReturnType<typeof planImages> | undefined;
  readonly #directions = new Map<number, readonly Float64Array[]>();
  readonly #scratch = new Int32Array(HASH_WORDS);

  readonly #most: number;

  constructor(signature: Signature, specs: readonly (WholeSpec & { readonly series: number })[], most: number = MOST_SCORED_ROWS) {
    this.#specs = specs;
    this.#most = most;
    this.#plan = pictureOf(signature);
  }

  add(window: WindowCounter, batch: Batch, prediction: Prediction, start: number, count: number): void {
    const put = (series: number, value: number): void => window.series[series]!.addNumbers([value], 0, 1, 1, this.#scratch);
    const rows = spread(batch.rows, this.#most, start, count);
    const picture = this.#specs.filter((s) => s.kind === "input");
    const tensor = batch.tensors?.[0];
    if (picture.length > 0 && tensor !== undefined && this.#plan !== undefined) {
      const length = tensor.data.length / Math.max(1, batch.rows);
      for (const row of rows) {
        const found = look(tensor.data as ArrayLike<number>, row * length, length, this.#plan.plan);
        for (const s of picture) put(s.series, found[s.measure as keyof Look]);
      }
    }
    for (const { output, width, data } of prediction.outputs) {
      const mine = this.#specs.filter((s) => s.kind === "output" && s.of === output.name);
      if (mine.length === 0) continue;
      const directions = this.#directionsOf(width);
      for (const row of rows) {
        if (prediction.refused?.has(row) === true) continue;
        const norm = lengthOf(data as ArrayLike<number>, row * width, width);
        for (const s of mine) put(s.series, s.measure === "length" ? Math.log(norm) : norm > 0 ? projected(data as ArrayLike<number>, row * width, directions[Number(s.measure.slice(10)) - 1]!) / norm : NaN);
      }
    }
  }

  /** Of unit length times the root of the width, so that a vector at random has a projection with a deviation of 1. */
  #directionsOf(width: number): readonly Float64Array[] {
    let known = this.#directions.get(width);
    if (known === undefined) {
      known = Array.from({ length: DIRECTIONS }, (_, k) => {
        const normal = normalNumbers(randomNumbers(k + 1));
        const direction = Float64Array.from({ length: width }, normal);
        const norm = lengthOf(direction, 0, width);
        return direction.map((v) => (v / norm) * Math.sqrt(width));
      });
      this.#directions.set(width, known);
    }
    return known;
  }
}

function lengthOf(data: ArrayLike<number>, start: number, width: number): number {
  let sum = 0;
  for (let i = 0; i < width; i++) sum += Number(data[start + i]) ** 2;
  return Math.sqrt(sum);
}
function projected(data: ArrayLike<number>, start: number, direction: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < direction.length; i++) sum += Number(data[start + i]) * direction[i]!;
  return sum;
}

interface Look {
  /** From 0 to 1. */
  readonly brightness: number;
  /** Deviation of the brightness of its pixels. */
  readonly contrast: number;
  /** Red less blue. */
  readonly warmth: number;
}
/** A picture as it was before it became the tensor's numbers. */
function look(data: ArrayLike<number>, start: number, length: number, { channels, channelsFirst, bgr, scale, mean, std, whole }: ReturnType<typeof planImages>["plan"]): Look {
  const pixels = length / channels;
  const step = Math.max(1, Math.floor(pixels / PIXELS));
  const shown = Math.min(3, channels);
  const value = (pixel: number, channel: number): number => {
    const v = Number(data[start + (channelsFirst ? channel * pixels + pixel : pixel * channels + channel)]);
    return whole ? v / 255 : (v * std[channel]! + mean[channel]!) / (scale * 255);
  };
  let [n, sum, squares, warm] = [0, 0, 0, 0];
  for (let pixel = 0; pixel < pixels; pixel += step) {
    let light = 0;
    for (let c = 0; c < shown; c++) light += value(pixel, c) / shown;
    n++;
    sum += light;
    squares += light * light;
    if (shown === 3) warm += value(pixel, bgr ? 2 : 0) - value(pixel, bgr ? 0 : 2);
  }
  return { brightness: sum / n, contrast: Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2)), warmth: warm / n };
}
