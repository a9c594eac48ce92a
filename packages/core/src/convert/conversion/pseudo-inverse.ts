// scipy.linalg.pinvh: the pseudo-inverse of a symmetric matrix by its eigenvalues, here by Jacobi's rotations (Golub and
// Van Loan, Matrix Computations, 8.5).

const SWEEPS = 60;

/** Of a row-major symmetric [n, n]; eigenvalues of at most n times the machine's epsilon of the largest count as zero. */
export function pseudoInverse(matrix: Float64Array, n: number): Float64Array {
  const { values, vectors } = eigen(matrix, n);
  const least = n * Number.EPSILON * values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const out = new Float64Array(n * n);
  values.forEach((value, k) => {
    if (Math.abs(value) <= least) return;
    for (let i = 0; i < n; i++) {
      const a = vectors[i * n + k]! / value;
      for (let j = 0; j < n; j++) out[i * n + j]! += a * vectors[j * n + k]!;
    }
  });
  return out;
}

/** Eigenvalues and, in the columns of `vectors`, eigenvectors. */
function eigen(matrix: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  const a = Float64Array.from(matrix);
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  for (let sweep = 0, turned = true; turned && sweep < SWEEPS; sweep++) {
    turned = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const apq = a[p * n + q]!;
        const size = Math.sqrt(Math.abs(a[p * n + p]! * a[q * n + q]!));
        if (apq === 0 || Math.abs(apq) <= Number.EPSILON * size * 1e-3) continue;
        turned = true;
        const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let k = 0; k < n; k++) rotate(a, k * n + p, k * n + q, c, s);
        for (let k = 0; k < n; k++) rotate(a, p * n + k, q * n + k, c, s);
        for (let k = 0; k < n; k++) rotate(v, k * n + p, k * n + q, c, s);
        a[p * n + q] = 0;
        a[q * n + p] = 0;
      }
    }
  }
  return { values: Float64Array.from({ length: n }, (_, i) => a[i * n + i]!), vectors: v };
}

function rotate(m: Float64Array, i: number, j: number, c: number, s: number): void {
  const [x, y] = [m[i]!, m[j]!];
  m[i] = c * x - s * y;
  m[j] = s * x + c * y;
}
