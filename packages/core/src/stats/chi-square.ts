// The chi-squared distribution: its upper tail and its quantiles, by the regularised incomplete gamma function (series and
// continued fraction as in Press et al., "Numerical Recipes", 3rd ed., 6.2) with Lanczos's approximation of log gamma.

const LANCZOS = [676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7];
const STEPS = 1000;

/** @param x positive */
function logGamma(x: number): number {
  const z = x - 1;
  let sum = 0.99999999999980993;
  for (const [i, c] of LANCZOS.entries()) sum += c / (z + i + 1);
  const t = z + LANCZOS.length - 0.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** The chance that a chi-squared number of `degrees` degrees of freedom is larger than `x`. */
export function chiSquareTail(x: number, degrees: number): number {
  if (!(x > 0) || !(degrees > 0)) return 1;
  if (x === Infinity) return 0;
  const a = degrees / 2;
  const h = x / 2;
  const front = Math.exp(-h + a * Math.log(h) - logGamma(a));
  if (h < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = a + 1; n < a + STEPS && term > sum * 1e-16; n++) sum += term *= h / n;
    return Math.max(0, 1 - front * sum);
  }
  // Lentz's way through the continued fraction.
  let b = h + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let f = d;
  for (let i = 1; i < STEPS; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b || 1e-300);
    c = b + an / c || 1e-300;
    f *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return Math.min(1, front * f);
}

/** The number that is exceeded with the chance 1 - `share`. */
export function chiSquareQuantile(share: number, degrees: number): number {
  let low = 0;
  let high = Math.max(1, degrees);
  while (1 - chiSquareTail(high, degrees) < share && high < 1e12) high *= 2;
  for (let i = 0; i < 200 && high - low > 1e-12 * high; i++) {
    const middle = (low + high) / 2;
    if (1 - chiSquareTail(middle, degrees) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
