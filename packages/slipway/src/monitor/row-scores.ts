// Scores of whole rows while they are counted: an isolation forest's and, of a regression, the expected error, both kept in the
// profile. Some of each request's rows are scored, spread evenly over it: which ones depends on the request alone, so counts of
// replicas still add up to those of one process.

import { MISSING_STRING, placesOf, RowScorer, scoredValue, type Profile, type ProfiledScore, type Signature } from "@slipway/core/package";
import { HASH_WORDS, type Shape, type WindowCounter } from "@slipway/core/stats";
import { planColumns, type Batch, type Prediction } from "../runtime/index.ts";

/** Rows of one request that are scored, at the most. */
export const MOST_SCORED_ROWS = 8;
/** Rows that are scored at once. */
const CAPACITY = 128;

/** Of a request's rows at most so many, evenly over it: those that fall into a piece of it. */
export function spread(rows: number, most: number, start: number, count: number): number[] {
  const every = Math.max(1, rows / most);
  const found: number[] = [];
  // The k-th is row k * every, whichever piece it falls into.
  for (let k = Math.max(0, Math.ceil(start / every) - 1); k < most; k++) {
    const row = Math.floor(k * every);
    if (row >= start + count) break;
    if (row >= start) found.push(row);
  }
  return found;
}

interface Feature {
  readonly text: boolean;
  readonly place: number;
  readonly shape: Shape;
  readonly places: ReadonlyMap<string, number> | undefined;
}
interface Scorer {
  readonly scorer: RowScorer;
  /** Which of the window's series counts it. */
  readonly series: number;
}

export class RowScores {
  readonly #features: readonly (Feature | undefined)[];
  readonly #scorers: readonly Scorer[];
  readonly #widths: { readonly numbers: number; readonly strings: number };
  readonly #stride: number;
  readonly #rows: Float64Array;
  readonly #scores = new Float64Array(CAPACITY);
  readonly #scratch = new Int32Array(HASH_WORDS * CAPACITY);
  readonly #most: number;
  #waiting = 0;

  /** @param series of the window's series, which counts a score @param most rows of one request */
  constructor(profile: Profile, signature: Signature, series: (score: ProfiledScore["kind"]) => number, most: number = MOST_SCORED_ROWS) {
    const plan = planColumns(signature);
    const slots = new Map(plan.slots.map((s) => [s.name, s]));
    this.#widths = plan;
    this.#most = most;
    this.#scorers = (profile.scores ?? []).map((score) => ({ scorer: new RowScorer(score), series: series(score.kind) }));
    const width = Math.max(1, ...(profile.scores ?? []).map((s) => (s.kind === "isolation" ? s.width : s.width - 1)));
    this.#features = profile.columns.slice(0, width).map(({ name, distribution }): Feature | undefined => {
      const slot = slots.get(name);
      return slot === undefined ? undefined : { text: slot.kind === "string", place: slot.place, shape: distribution.shape, places: placesOf(distribution) };
    });
    this.#stride = this.#features.length + 1;
    this.#rows = new Float64Array(CAPACITY * this.#stride);
  }

  /** Some of the rows `start` to `start + count` of a request. */
  add(window: WindowCounter, batch: Batch, prediction: Prediction, start: number, count: number): void {
    const value = prediction.outputs.find((o) => o.output.kind === "value" && o.width === 1);
    for (const row of spread(batch.rows, this.#most, start, count)) {
      if (prediction.refused?.has(row) === true) continue;
      this.#put(batch, row, value === undefined ? NaN : Number(value.data[row]));
      if (this.#waiting === CAPACITY) this.settle(window);
    }
  }
  /** Scores the rows that wait. */
  settle(window: WindowCounter): void {
    const count = this.#waiting;
    this.#waiting = 0;
    if (count === 0) return;
    for (const { scorer, series } of this.#scorers) {
      scorer.score(this.#rows, this.#stride, count, this.#scores);
      window.series[series]!.addNumbers(this.#scores, 0, 1, count, this.#scratch);
    }
  }

  #put(batch: Batch, row: number, predicted: number): void {
    const { numbers, strings } = this.#widths;
    const at = this.#waiting++ * this.#stride;
    for (let f = 0; f < this.#features.length; f++) {
      const feature = this.#features[f];
      if (feature === undefined) {
        this.#rows[at + f] = NaN;
        continue;
      }
      if (feature.text) {
        const text = batch.strings[row * strings + feature.place]!;
        this.#rows[at + f] = text === MISSING_STRING ? NaN : scoredValue(text, feature.shape, feature.places);
        continue;
      }
      const number = batch.numbers[row * numbers + feature.place]!;
      this.#rows[at + f] = feature.shape.kind === "category" && number === number ? scoredValue(number, feature.shape, feature.places) : number;
    }
    this.#rows[at + this.#features.length] = predicted;
  }
}
