// Figures of merit of a ranking, over groups of rows that are ranked together (a query's documents). NDCG as scikit-learn 1.9's
// ndcg_score: gains as they are, discounted by log2(place + 1), rows with equal scores sharing their places' discounts
// (McSherry and Najork 2008). Mean average precision and mean reciprocal rank take rows above 0 for relevant; among
// rows with equal scores those that are not come first, so that ties flatter nobody.

import type { Metric, Weights } from "./metric.ts";

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
