// Small dense numerics on fitted arrays, done once while compiling.

/** The largest matrix that is inverted while compiling: beyond it the work would be felt. */
export const MAX_INVERSE = 1024;

/** Inverse of a row-major [n, n] by Gauss-Jordan with partial pivoting; undefined when it is singular. */
export function inverse(matrix: Float64Array, n: number): Float64Array | undefined {
  const a = Float64Array.from(matrix);
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]!) > Math.abs(a[pivot * n + k]!)) pivot = i;
    const p = a[pivot * n + k]!;
    if (p === 0 || !Number.isFinite(p)) return undefined;
    if (pivot !== k) for (const m of [a, out]) swapRows(m, n, k, pivot);
    for (let j = 0; j < n; j++) {
      a[k * n + j]! /= p;
      out[k * n + j]! /= p;
    }
    for (let i = 0; i < n; i++) {
      const f = a[i * n + k]!;
      if (i === k || f === 0) continue;
      for (let j = 0; j < n; j++) {
        a[i * n + j]! -= f * a[k * n + j]!;
        out[i * n + j]! -= f * out[k * n + j]!;
      }
    }
  }
  return out;
}

/** log |det| where the determinant is positive, else -Infinity, of a row-major [n, n]. */
export function logDeterminant(matrix: Float64Array, n: number): number {
  const a = Float64Array.from(matrix);
  let sign = 1;
  let sum = 0;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]!) > Math.abs(a[pivot * n + k]!)) pivot = i;
    const p = a[pivot * n + k]!;
    if (p === 0) return -Infinity;
    if (pivot !== k) {
      swapRows(a, n, k, pivot);
      sign = -sign;
    }
    if (p < 0) sign = -sign;
    sum += Math.log(Math.abs(p));
    for (let i = k + 1; i < n; i++) {
      const f = a[i * n + k]! / p;
      if (f !== 0) for (let j = k; j < n; j++) a[i * n + j]! -= f * a[k * n + j]!;
    }
  }
  return sign > 0 ? sum : -Infinity;
}

function swapRows(m: Float64Array, n: number, i: number, k: number): void {
  for (let j = 0; j < n; j++) {
    const v = m[i * n + j]!;
    m[i * n + j] = m[k * n + j]!;
    m[k * n + j] = v;
  }
}

/** Row-major product [n, k] x [k, m]. */
export function product(a: Float64Array, b: Float64Array, n: number, k: number, m: number): Float64Array {
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let p = 0; p < k; p++) {
      const v = a[i * k + p]!;
      if (v === 0) continue;
      for (let j = 0; j < m; j++) out[i * m + j]! += v * b[p * m + j]!;
    }
  }
  return out;
}

/** The derivative of log gamma for x > 0, else NaN: recurrence up to 12, then the asymptotic series. */
export function digamma(x: number): number {
  if (!(x > 0)) return NaN;
  let shift = 0;
  let y = x;
  while (y < 12) shift -= 1 / y++;
  const r = 1 / (y * y);
  const series = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * (691 / 32760 - r / 12))))));
  return shift + Math.log(y) - 0.5 / y - series;
}
