// NumPy's order statistics and sums, to the last bit: selections are decided by comparing them.

/** np.argsort(kind="mergesort"): stable, NaN last. */
export function stableOrder(values: ArrayLike<number>): number[] {
  const order = Array.from({ length: values.length }, (_, i) => i);
  return order.sort((a, b) => {
    const [x, y] = [values[a]!, values[b]!];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return x - y;
  });
}

/** np.percentile with its default, linear interpolation. */
export function numpyPercentile(values: Float64Array, percent: number): number {
  const sorted = values.slice().sort();
  if (sorted.length === 0 || sorted.some(Number.isNaN)) return NaN;
  const place = (percent / 100) * (sorted.length - 1);
  const low = Math.floor(place);
  const a = sorted[low]!;
  const b = sorted[Math.min(low + 1, sorted.length - 1)]!;
  const t = place - low;
  return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t;
}

export function numpyMedian(values: Float64Array | Float32Array): number {
  const sorted = values.slice().sort();
  const n = sorted.length;
  if (n === 0 || sorted.some(Number.isNaN)) return NaN;
  return n % 2 === 1 ? sorted[(n - 1) / 2]! : numpyMean(sorted.slice(n / 2 - 1, n / 2 + 1));
}

/** np.sum of a contiguous vector: pairwise, with eight running sums in a block. */
export function numpySum(values: Float64Array | Float32Array, from = 0, to: number = values.length): number {
  const n = to - from;
  const single = values instanceof Float32Array;
  const add = (a: number, b: number): number => (single ? Math.fround(a + b) : a + b);
  if (n < 8) {
    let sum = 0;
    for (let i = from; i < to; i++) sum = add(sum, values[i]!);
    return sum;
  }
  if (n <= 128) {
    const r = values.slice(from, from + 8);
    let i = 8;
    for (; i < n - (n % 8); i += 8) for (let k = 0; k < 8; k++) r[k]! += values[from + i + k]!;
    let sum = add(add(add(r[0]!, r[1]!), add(r[2]!, r[3]!)), add(add(r[4]!, r[5]!), add(r[6]!, r[7]!)));
    for (; i < n; i++) sum = add(sum, values[from + i]!);
    return sum;
  }
  const half = Math.floor(n / 2) - (Math.floor(n / 2) % 8);
  return add(numpySum(values, from, from + half), numpySum(values, from + half, to));
}

export function numpyMean(values: Float64Array | Float32Array): number {
  const mean = numpySum(values) / values.length;
  return values instanceof Float32Array ? Math.fround(mean) : mean;
}
