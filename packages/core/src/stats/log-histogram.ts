// Times in buckets whose bounds grow by a fourth root of two: counts add up exactly, and a quantile is right within 10 %.

const PER_DOUBLING = 4;
/** From a microsecond to four minutes. */
const BUCKETS = 112;
const LEAST = 0.001;

export class LogHistogram {
  readonly counts: Float64Array = new Float64Array(BUCKETS);

  /** @param value milliseconds */
  add(value: number): void {
    const place = value > LEAST ? Math.ceil(Math.log2(value / LEAST) * PER_DOUBLING) : 0;
    this.counts[place < BUCKETS ? place : BUCKETS - 1]!++;
  }
  merge(other: LogHistogram): void {
    for (let i = 0; i < BUCKETS; i++) this.counts[i]! += other.counts[i]!;
  }
  get count(): number {
    return this.counts.reduce((a, b) => a + b, 0);
  }
  /** In milliseconds; NaN where nothing was counted. */
  quantile(share: number): number {
    const wanted = share * this.count;
    let below = 0;
    for (let i = 0; i < BUCKETS; i++) {
      const here = this.counts[i]!;
      if (here > 0 && below + here >= wanted) return LEAST * 2 ** ((i - 0.5) / PER_DOUBLING);
      below += here;
    }
    return NaN;
  }
}
