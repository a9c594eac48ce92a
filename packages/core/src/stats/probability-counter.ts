// How sure a model was: probabilities in bins of equal width with their exact sum, as whole numbers. Of two classes the
// second one's, of more the most probable one's. From them and a calibration follows how good the model is, as far as that
// can be told without labels (estimate.ts).

const BINS = 40;
const FINE = 2 ** 20;

export class ProbabilityCounter {
  readonly counts: Float64Array = new Float64Array(BINS);
  /** In millionths, about. */
  readonly sums: Float64Array = new Float64Array(BINS);

  /** @param p from 0 to 1; others are left out */
  add(p: number): void {
    if (!(p >= 0 && p <= 1)) return;
    const bin = p === 1 ? BINS - 1 : Math.floor(p * BINS);
    this.counts[bin]!++;
    this.sums[bin]! += Math.round(p * FINE);
  }
  merge(other: ProbabilityCounter): void {
    for (let i = 0; i < BINS; i++) {
      this.counts[i]! += other.counts[i]!;
      this.sums[i]! += other.sums[i]!;
    }
  }
  /** Bins with something in them: the mean probability and how many. */
  get bins(): readonly (readonly [mean: number, count: number])[] {
    return Array.from(this.counts, (n, i) => [this.sums[i]! / FINE / n, n] as const).filter(([, n]) => n > 0);
  }
}
