// Figures of merit of a ranking, over groups of rows that are ranked together (a query's documents). NDCG as scikit-learn 1.9's
// ndcg_score: gains as they are, discounted by log2(place + 1), rows with equal scores sharing their places' discounts
// (McSherry and Najork 2008). Mean average precision and mean reciprocal rank take rows above 0 for relevant; among
// rows with equal scores those that are not come first, so that ties flatter nobody.

import { weightedMean, type Metric, type Weights } from "./metric.ts";

/** @param relevance of each row, 0 or more @param groups of each row, any key */
export function rankingMetrics(relevance: ArrayLike<number>, scores: ArrayLike<number>, groups: ArrayLike<unknown>): Metric[] {
  const rowsOf = new Map<unknown, number[]>();
  for (let i = 0; i < groups.length; i++) {
    const rows = rowsOf.get(groups[i]);
    if (rows === undefined) rowsOf.set(groups[i], [i]);
    else rows.push(i);
  }
  // One row and no relevant one rank nothing.
  const judged = [...rowsOf.values()].filter((rows) => rows.length > 1 && rows.some((i) => relevance[i]! > 0));
  const units = judged.map((rows) => rows[0]!);
  const metric = (name: string, of: (rows: readonly number[]) => number): Metric => {
    const values = judged.map(of);
    return { name, better: "higher", units, of: (weights) => overGroups(values, units, weights) };
  };
  return [
    metric("ndcg", (rows) => ndcg(rows, relevance, scores, Infinity)), metric("ndcg_5", (rows) => ndcg(rows, relevance, scores, 5)),
    metric("map", (rows) => averagePrecision(ordered(rows, relevance, scores), relevance)),
    metric("mrr", (rows) => 1 / (ordered(rows, relevance, scores).findIndex((i) => relevance[i]! > 0) + 1)),
  ];
}

/** A list that was shown, the best first, and what was chosen of it, or of what it did not show. */
export interface JudgedList {
  readonly items: readonly string[];
  readonly chosen: readonly string[];
}
/** Of lists with nothing but chosen and not chosen: the figures of one, from 0 (also where nothing was chosen) to 1. */
export function listFigures({ items, chosen }: JudgedList, top: number = Infinity): { readonly hit: number; readonly ndcg: number; readonly precision: number; readonly reciprocal: number } {
  const wanted = new Set(chosen);
  const shown = [...new Set(items)].slice(0, top);
  const most = Math.min(wanted.size, shown.length);
  let [hits, gain, best, precision, reciprocal] = [0, 0, 0, 0, 0];
  shown.forEach((item, place) => {
    const discount = 1 / Math.log2(place + 2);
    if (place < most) best += discount;
    if (!wanted.has(item)) return;
    hits++;
    gain += discount;
    precision += hits / (place + 1);
    if (hits === 1) reciprocal = 1 / (place + 1);
  });
  return { hit: hits > 0 ? 1 : 0, ndcg: best === 0 ? 0 : gain / best, precision: most === 0 ? 0 : precision / most, reciprocal };
}

/** The share of lists with something chosen (hit_rate), NDCG, mean average precision, mean reciprocal rank; of whole lists and of their first five. */
export function listMetrics(lists: readonly JudgedList[]): Metric[] {
  const [whole, five] = [Infinity, 5].map((top) => lists.map((l) => listFigures(l, top))) as [ReturnType<typeof listFigures>[], ReturnType<typeof listFigures>[]];
  const metric = (name: string, of: readonly ReturnType<typeof listFigures>[], pick: (f: ReturnType<typeof listFigures>) => number): Metric => ({ name, better: "higher", of: (w) => weightedMean(of.length, w, (i) => pick(of[i]!)) });
  return [
    metric("hit_rate", whole, (f) => f.hit), metric("hit_rate_5", five, (f) => f.hit), metric("ndcg", whole, (f) => f.ndcg), metric("ndcg_5", five, (f) => f.ndcg),
    metric("map", whole, (f) => f.precision), metric("mrr", whole, (f) => f.reciprocal),
  ];
}

/** A group weighs what its first row does. */
function overGroups(values: readonly number[], units: readonly number[], weights: Weights): number {
  let sum = 0;
  let total = 0;
  values.forEach((value, g) => {
    const weight = weights === null ? 1 : weights[units[g]!]!;
    sum += weight * value;
    total += weight;
  });
  return sum / total;
}

function ordered(rows: readonly number[], relevance: ArrayLike<number>, scores: ArrayLike<number>): number[] {
  return rows.toSorted((a, b) => scores[b]! - scores[a]! || relevance[a]! - relevance[b]!);
}

function averagePrecision(order: readonly number[], relevance: ArrayLike<number>): number {
  let hits = 0;
  let sum = 0;
  order.forEach((i, place) => {
    if (relevance[i]! <= 0) return;
    hits++;
    sum += hits / (place + 1);
  });
  return sum / hits;
}

function ndcg(rows: readonly number[], relevance: ArrayLike<number>, scores: ArrayLike<number>, top: number): number {
  const discount = (place: number): number => (place < top ? 1 / Math.log2(place + 2) : 0);
  const order = rows.toSorted((a, b) => scores[b]! - scores[a]!);
  let found = 0;
  for (let at = 0; at < order.length; ) {
    let end = at;
    let gains = 0;
    let discounts = 0;
    while (end < order.length && (end === at || scores[order[end]!] === scores[order[at]!])) {
      gains += relevance[order[end]!]!;
      discounts += discount(end);
      end++;
    }
    found += (gains / (end - at)) * discounts;
    at = end;
  }
  const best = rows.map((i) => relevance[i]!).sort((a, b) => b - a).reduce((sum, gain, place) => sum + gain * discount(place), 0);
  return found / best;
}
