// A figure of merit over rows with weights. Weights are what make one function do for all rows (null), for a slice
// (1 inside, 0 outside) and for a bootstrap sample (how often a row was drawn).

/** One number a row, not negative; null: 1 for each. */
export type Weights = ArrayLike<number> | null;

export interface Metric {
  /** In snake case, as scikit-learn's functions are called where it has one. */
  readonly name: string;
  readonly better: "higher" | "lower";
  /** NaN where it is not defined for these rows, such as the AUC of one class. */
  readonly of: (weights: Weights) => number;
  /** Rows that stand for what is drawn anew in a bootstrap, one a group; every row by default. */
  readonly units?: readonly number[];
}

export function weightedMean(rows: number, weights: Weights, value: (row: number) => number): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < rows; i++) {
    const weight = weights === null ? 1 : weights[i]!;
    if (weight === 0) continue;
    sum += weight * value(i);
    total += weight;
  }
  return sum / total;
}
