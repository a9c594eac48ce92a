/** The error function: its series, or its continued fraction where that would lose digits (relative error below 1e-13). */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let term = a;
    let total = a;
    for (let n = 1; n < 100 && Math.abs(term) > 1e-17; n++) {
      term *= (-a * a) / n;
      total += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * total) / Math.sqrt(Math.PI);
  }
  let rest = a;
  for (let n = 60; n >= 1; n--) rest = a + n / 2 / rest;
  return Math.sign(x) * (1 - Math.exp(-a * a) / (rest * Math.sqrt(Math.PI)));
}
