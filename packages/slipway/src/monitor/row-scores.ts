// Scores of whole rows while they are counted: an isolation forest's and, of a regression, the expected error, both kept in the
// profile. Some of each request's rows are scored, spread evenly over it: which ones depends on the request alone, so counts of
// replicas still add up to those of one process.

import { MISSING_STRING, RowScorer, scoredValue, type Profile, type ProfiledScore, type Signature } from "@slipway/core/package";
import { placesAmong, type CategoryPlaces, type Shape, type WindowCounter } from "@slipway/core/stats";
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

/** A column among the scored ones, and where a batch has it. */
interface Feature {
  readonly at: number;
  readonly place: number;
}
/** Columns that stand side by side in both. */
interface Run extends Feature {
  length: number;
}
interface TextFeature extends Feature {
  readonly shape: Shape;
  /** Of categories. */
  readonly places: CategoryPlaces | undefined;
}
interface FewNumbers extends Feature {
  readonly places: ReadonlyMap<number, number>;
}
interface Scorer {
  readonly scorer: RowScorer;
  /** Which of the window's series counts it. */
  readonly series: number;
}

export class RowScores {
  readonly #numbers: readonly Run[];
  /** Numbers that are categories. */
  readonly #fewNumbers: readonly FewNumbers[];
  readonly #texts: readonly TextFeature[];
  readonly #scorers: readonly Scorer[];
  readonly #widths: { readonly numbers: number; readonly strings: number };
  readonly #stride: number;
  readonly #rows: Float64Array;
  readonly #scores = new Float64Array(CAPACITY);
  readonly #most: number;
  /** Losses are told from what is predicted, too. */
  readonly #needsValue: boolean;
  #waiting = 0;

  /** @param series of the window's series, which counts a score @param most rows of one request */
  constructor(profile: Profile, signature: Signature, series: (score: ProfiledScore["kind"]) => number, most: number = MOST_SCORED_ROWS) {
    const plan = planColumns(signature);
    const slots = new Map(plan.slots.map((s) => [s.name, s]));
    this.#widths = plan;
    this.#most = most;
    this.#scorers = (profile.scores ?? []).map((score) => ({ scorer: new RowScorer(score), series: series(score.kind) }));
    this.#needsValue = this.#scorers.some(({ scorer }) => scorer.kind !== "isolation");
    const width = Math.max(1, ...(profile.scores ?? []).map((s) => (s.kind === "isolation" ? s.width : s.width - 1)));
    const numbers: Run[] = [];
    const fewNumbers: FewNumbers[] = [];
    const texts: TextFeature[] = [];
    const features = profile.columns.slice(0, width);
    features.forEach(({ name, distribution: { shape } }, at) => {
      const slot = slots.get(name);
      if (slot === undefined) return;
      const { place } = slot;
      if (slot.kind === "string") texts.push({ at, place, shape, places: shape.kind === "category" ? placesAmong(shape.values) : undefined });
      else if (shape.kind === "category") fewNumbers.push({ at, place, places: new Map(shape.values.map((v, i) => [Number(v), i])) });
      else {
        const last = numbers.at(-1);
        if (last !== undefined && last.at + last.length === at && last.place + last.length === place) last.length++;
        else numbers.push({ at, place, length: 1 });
      }
    });
    this.#numbers = numbers;
    this.#fewNumbers = fewNumbers;
    this.#texts = texts;
    this.#stride = features.length + 1;
    // What a batch does not have is missing.
    this.#rows = new Float64Array(CAPACITY * this.#stride).fill(NaN);
  }

  /** Some of the rows `start` to `start + count` of a request. */
  add(window: WindowCounter, batch: Batch, prediction: Prediction, start: number, count: number): void {
    const value = this.#needsValue ? prediction.outputs.find((o) => o.output.kind === "value" && o.width === 1) : undefined;
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
      window.series[series]!.addNumbers(this.#scores, 0, 1, count);
    }
  }

  #put(batch: Batch, row: number, predicted: number): void {
    const rows = this.#rows;
    const to = this.#waiting++ * this.#stride;
    const [numbersAt, textsAt] = [row * this.#widths.numbers, row * this.#widths.strings];
    const { numbers } = batch;
    for (const { at, place, length } of this.#numbers) for (let i = 0; i < length; i++) rows[to + at + i] = numbers[numbersAt + place + i]!;
    for (const { at, place, places } of this.#fewNumbers) {
      const value = numbers[numbersAt + place]!;
      rows[to + at] = value === value ? (places.get(value) ?? places.size) : value;
    }
    for (const { at, place, shape, places } of this.#texts) {
      const text = batch.strings[textsAt + place]!;
      if (places !== undefined) {
        const known = places.of(text);
        rows[to + at] = known >= 0 ? known : text === MISSING_STRING ? NaN : places.hashes.length;
      } else rows[to + at] = text === MISSING_STRING ? NaN : scoredValue(text, shape, undefined);
    }
    rows[to + this.#stride - 1] = predicted;
  }
}
