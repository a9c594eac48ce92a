// Durations as counts in buckets that grow by a tenth: they add up exactly over replicas, and a quantile is read off to
// within a tenth. Bucket 0 holds what is at most 20 microseconds, the last one what is above a minute.

const FIRST = 2e-5;
const GROWTH = Math.log(1.1);

export const DURATION_BUCKETS: number = Math.ceil(Math.log(60 / FIRST) / GROWTH) + 2;

export function durationBucket(seconds: number): number {
  return Math.min(DURATION_BUCKETS - 1, Math.max(0, Math.ceil(Math.log(seconds / FIRST) / GROWTH - 1e-9)));
}
/** Upper end of a bucket, in seconds. */
export function durationBound(bucket: number): number {
  return bucket === DURATION_BUCKETS - 1 ? Infinity : FIRST * Math.exp(GROWTH * bucket);
}
/** The bucket that holds the quantile; undefined where nothing is counted. */
export function durationQuantile(counts: readonly number[], share: number): number | undefined {
  const all = counts.reduce((a, b) => a + b, 0);
  if (all === 0) return undefined;
  let below = 0;
  for (let i = 0; i < counts.length; i++) {
    below += counts[i]!;
    if (below >= share * all) return i;
  }
  return counts.length - 1;
}
/** How many are in buckets above. */
export function durationsAbove(counts: readonly number[], bucket: number): number {
  let n = 0;
  for (let i = bucket + 1; i < counts.length; i++) n += counts[i]!;
  return n;
}
