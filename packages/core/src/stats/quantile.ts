// Quantiles of a sorted list, linear between its values: type 7 of Hyndman and Fan (1996), NumPy's default.

/** @param sorted ascending, without NaN; an empty list gives NaN */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return NaN;
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const a = sorted[low]!;
  const b = sorted[Math.min(sorted.length - 1, low + 1)]!;
  return a === b ? a : a + (b - a) * (at - low);
}
