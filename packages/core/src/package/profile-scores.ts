// Scores of whole rows, made with the profile and kept in it: how far a row stands alone (an isolation forest), and how large the
// error of a regression is likely to be (direct loss estimation, as NannyML calls it: a small model of the loss, learnt from rows
// whose truth is known; nannyml.readthedocs.io, "Estimation of Performance of the Monitored Model"). Grown from one half of the rows; how their scores
// are distributed, and how right they are, is told by the other half.

import { LOSS_KINDS, LOSS_OF, type LossKind } from "./losses.ts";
import { freezeIn, growIsolation, growRegression, isolationScores, lengthOf, quantile, TreeWalker, type CompleteTrees, type Counted, type Distribution, type Shape } from "../stats/index.ts";

export interface ProfiledScore {
  readonly kind: "isolation" | LossKind;
  /** Of the profile's columns, in their order; of a loss the prediction stands behind them. */
  readonly width: number;
  readonly trees: CompleteTrees;
  /** What a loss is multiplied by, so that its mean is right on rows that it was not learnt from; 1 of an isolation. */
  readonly scale: number;
  /** Of a loss: the standard deviation of what it misses a row's error by. */
  readonly miss: number;
  readonly distribution: Distribution;
}
type Unfinished = Omit<ProfiledScore, "distribution">;
interface ScoredColumn {
  readonly distribution: Distribution;
}

/** Fewer rows tell nothing of what is rare. */
const LEAST_ROWS = 400;
/** Columns that are looked at. */
export const MOST_SCORED = 200;
/** Shares of the reference below the edges; the last ones tell outliers. */
const SHARES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99] as const;
/** What of the reference's rows is called an outlier. */
export const OUTLIERS: number = 1 - SHARES.at(-1)!;

/** A value as scores look at it: a category is its place. */
export function scoredValue(value: Counted, shape: Shape, places: ReadonlyMap<string, number> | undefined): number {
  if (value === null) return NaN;
  if (shape.kind === "category") return places!.get(typeof value === "number" ? String(value + 0) : value) ?? shape.values.length;
  return shape.kind === "length" ? lengthOf(String(value)) : Number(value);
}
export function placesOf({ shape }: Distribution): ReadonlyMap<string, number> | undefined {
  return shape.kind === "category" ? new Map(shape.values.map((v, i) => [v, i])) : undefined;
}

/** Writes the scores of some rows. */
export class RowScorer {
  readonly kind: ProfiledScore["kind"];
  readonly #walker: TreeWalker;
  readonly #score: Unfinished;

  constructor(score: Unfinished) {
    this.kind = score.kind;
    this.#score = score;
    this.#walker = new TreeWalker(score.trees);
  }
  score(rows: Float64Array, stride: number, count: number, scores: Float64Array): void {
    if (this.#score.kind === "isolation") return isolationScores(this.#walker, rows, stride, count, scores);
    this.#walker.walk(rows, stride, count, scores);
    for (let i = 0; i < count; i++) scores[i] = Math.max(0, scores[i]! * this.#score.scale);
  }
}

/**
 * @param values by column the values of each row
 * @param truth of a regression, with what it predicted
 */
export function scoresOf(columns: readonly ScoredColumn[], values: readonly (readonly Counted[])[], truth?: { readonly predicted: ArrayLike<number>; readonly actual: ArrayLike<number> }): ProfiledScore[] {
  const used = columns.slice(0, MOST_SCORED);
  const count = values[0]?.length ?? 0;
  if (used.length === 0 || count < LEAST_ROWS) return [];
  const width = used.length + 1;
  const rows = new Float64Array(count * width);
  used.forEach(({ distribution }, c) => {
    const places = placesOf(distribution);
    for (let i = 0; i < count; i++) rows[i * width + c] = scoredValue(values[c]![i]!, distribution.shape, places);
  });
  for (let i = 0; i < count; i++) rows[i * width + used.length] = truth?.predicted[i] ?? NaN;
  const [grown, told] = [halfOf(rows, width, 0), halfOf(rows, width, 1)];
  // A single column has no combinations.
  const scores = used.length === 1 ? [] : [finished({ kind: "isolation", width: used.length, trees: growIsolation(withoutLast(grown, width), used.length), scale: 1, miss: 0 }, told, width)];
  for (const loss of truth === undefined ? [] : lossesOf(rows, width, truth)) scores.push(finished(loss, told, width));
  return scores;
}

/** One row that is a tenth of all loss or more decides alone what the mean is: nothing can be learnt of it. */
const MOST_OF_ONE = 0.1;

/** None where too few truths are known; of the ways of counting those that are defined for every row. */
function lossesOf(rows: Float64Array, width: number, { predicted, actual }: { readonly predicted: ArrayLike<number>; readonly actual: ArrayLike<number> }): Unfinished[] {
  const known = Array.from({ length: predicted.length }, (_, i) => i).filter((i) => Number.isFinite(predicted[i]!) && Number.isFinite(actual[i]!));
  if (known.length < LEAST_ROWS) return [];
  const [learnt, held] = [0, 1].map((which) => known.filter((_, k) => k % 2 === which)) as [number[], number[]];
  const rowsOf = (mine: readonly number[]): Float64Array => Float64Array.from(mine.flatMap((i) => [...rows.subarray(i * width, (i + 1) * width)]));
  const [learntRows, heldRows] = [rowsOf(learnt), rowsOf(held)];
  return LOSS_KINDS.flatMap((kind) => {
    const losses = (mine: readonly number[]): Float64Array => Float64Array.from(mine, (i) => LOSS_OF[kind](predicted[i]!, actual[i]!));
    const [learntLosses, heldLosses] = [losses(learnt), losses(held)];
    if (kind !== "loss" && ![learntLosses, heldLosses].every(isLearnable)) return [];
    return [learnLoss(kind, width, learntRows, learntLosses, heldRows, heldLosses)];
  });
}
function isLearnable(losses: Float64Array): boolean {
  const total = losses.reduce((a, b) => a + b, 0);
  return Number.isFinite(total) && losses.every((loss) => loss <= MOST_OF_ONE * total);
}
function learnLoss(kind: LossKind, width: number, learntRows: Float64Array, learntLosses: Float64Array, heldRows: Float64Array, heldLosses: Float64Array): Unfinished {
  const unscaled: Unfinished = { kind, width, trees: growRegression(learntRows, width, learntLosses), scale: 1, miss: 0 };
  const expected = scored(unscaled, heldRows, width);
  const mean = (list: Float64Array): number => list.reduce((a, b) => a + b, 0) / list.length;
  const scale = mean(expected) > 0 ? mean(heldLosses) / mean(expected) : 1;
  const miss = Math.sqrt(mean(heldLosses.map((loss, i) => (loss - scale * expected[i]!) ** 2)));
  return { ...unscaled, scale, miss };
}

function finished(score: Unfinished, told: Float64Array, width: number): ProfiledScore {
  const scores = scored(score, told, width);
  const sorted = scores.toSorted();
  const [low, high] = [sorted[0]!, sorted.at(-1)!];
  const edges = [...new Set(SHARES.map((share) => quantile(sorted, share)).filter((edge) => edge < high))];
  return { ...score, distribution: freezeIn({ kind: "number", edges, low, high }, scores) };
}
function scored(score: Unfinished, rows: Float64Array, width: number): Float64Array {
  const count = Math.floor(rows.length / width);
  const scores = new Float64Array(count);
  new RowScorer(score).score(rows, width, count, scores);
  return scores;
}
function halfOf(rows: Float64Array, width: number, which: number): Float64Array {
  return rows.filter((_, at) => Math.floor(at / width) % 2 === which);
}
function withoutLast(rows: Float64Array, width: number): Float64Array {
  return rows.filter((_, at) => at % width !== width - 1);
}
