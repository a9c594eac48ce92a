// Whether something happens more often on one side than on the other by more than a margin, looked at as often as one
// likes: failures of a canary beside those of the version that it is to replace. The null hypothesis is p <= q + margin.
//
// Turner, Ly and Grünwald, "Generic E-variables for exact sequential k-sample tests that allow for optional stopping"
// (2024), with the margin of Turner and Grünwald, "Exact anytime-valid confidence intervals for contingency tables and
// beyond" (2023): a block of trials multiplies the evidence by the likelihood ratio of an alternative against the point of
// the null that is nearest to it (in Kullback-Leibler divergence, weighted by the trials of each side). Whatever p and q of
// the null hold in a block, also others in each block, the expected factor is at most 1; so with the chance 1 - alpha the
// evidence never reaches 1 / alpha (Ville 1939), however often it is looked at and whenever it ends. What is between 0
// and 1 instead of 0 or 1 may be counted too: the factor is convex in it.
//
// The alternatives are a mixture: several sizes of the difference, begun at the start of each stretch (a step of a
// canary), so that what goes wrong late is not outweighed by a good beginning.
//
// With a margin below 0 the null hypothesis is that the first side hits less often by more than that: evidence against it,
// where hits are what is wanted, shows that it is no worse.

export interface Trials {
  readonly trials: number;
  /** How many of them hit; parts of one are possible. */
  readonly hits: number;
}

/** By stretch and alternative, the logarithm of the evidence. */
export type RateTest = readonly (readonly number[])[];

/** How far the alternatives are beyond the null, as a part of what is left up to 1. */
const BEYOND = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.9];
const LEAST = 1e-6;
const LEAST_PAST = 30;

/** @param stretches how many there will be at most */
export function beginRateTest(stretches: number): RateTest {
  return Array.from({ length: Math.max(1, stretches) }, () => BEYOND.map(() => 0));
}

/**
 * With a further block of trials.
 * @param stretch from 0
 * @param other the other side's trials of the same block, or the rate that the first side may have in any case
 * @param past the other side's trials before this block
 */
export function watchRates(test: RateTest, stretch: number, block: Trials, other: Trials | number, margin: number, past: Trials = NONE): RateTest {
  if (block.trials <= 0 || (typeof other === "object" && other.trials <= 0)) return test;
  // What is wanted may have any rate, and nothing is staked on it before there is one; failures are rare until they are seen.
  if (margin < 0 && past.trials < LEAST_PAST) return test;
  const expected = typeof other === "number" ? clamp(other) : clamp((past.hits + 0.5) / (past.trials + (margin < 0 ? 1 : 50)));
  const limit = clamp(expected + margin);
  const factors = BEYOND.map((part) => {
    const alternative = clamp(limit + part * (1 - limit));
    if (typeof other === "number") return logRatio(block, alternative, limit);
    const nearest = project(alternative, expected, block.trials, other.trials, margin);
    return logRatio(block, alternative, clamp(nearest + margin)) + logRatio(other, expected, nearest);
  });
  return test.map((row, i) => (i > stretch ? row : row.map((value, j) => value + factors[j]!)));
}

/** How strongly the trials speak against the null: with at most the chance 1 / x it ever reaches x. */
export function evidenceOf(test: RateTest): number {
  const all = test.flat();
  const top = Math.max(...all);
  return Math.exp(top) * (all.reduce((sum, value) => sum + Math.exp(value - top), 0) / all.length);
}

/** The q of the null's border, p = q + margin, that is nearest to (alternative, expected). */
function project(alternative: number, expected: number, mine: number, others: number, margin: number): number {
  let low = expected;
  let high = Math.max(expected, Math.min(1, alternative - margin));
  for (let i = 0; i < 60 && high - low > 1e-9; i++) {
    const q = (low + high) / 2;
    const [p, at] = [clamp(q + margin), clamp(q)];
    const slope = (mine * (p - alternative)) / (p * (1 - p)) + (others * (q - expected)) / (at * (1 - at));
    if (slope > 0) high = q;
    else low = q;
  }
  return clamp((low + high) / 2);
}

function logRatio({ trials, hits }: Trials, p: number, q: number): number {
  return hits * Math.log(p / q) + (trials - hits) * Math.log((1 - p) / (1 - q));
}
function clamp(rate: number): number {
  return Math.min(1 - LEAST, Math.max(LEAST, rate));
}
const NONE: Trials = { trials: 0, hits: 0 };
