// Special functions: of constants while compiling, and of values in the graph, where the engine has none in double.

import type { Value } from "../../onnx/index.ts";
import type { Conversion } from "./conversion.ts";

/** log |gamma(x)| for x > 0, else NaN, by Stirling's series above 10 and the recurrence below. */
export function logGamma(x: number): number {
  if (!(x > 0)) return NaN;
  let y = x;
  let shift = 0;
  while (y < 12) shift -= Math.log(y++);
  const r = 1 / (y * y);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r / 1188)))) / y;
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series + shift;
}

/**
 * erf in double. For |x| < 2.5 the series 2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (2n+1)!!, whose terms are all of one
 * sign; above, 1 - erfc by the continued fraction of Lentz, cut where double is exhausted.
 */
export function erf(c: Conversion, x: Value): Value {
  const { o } = c;
  const size = o.minimum(o.abs(x), 8);
  const square = o.mul(size, size);
  const decay = o.exp(o.neg(square));
  // Horner from the innermost term outwards: 1 + 2x^2/3 (1 + 2x^2/5 (1 + ...)).
  const doubled = o.mul(o.minimum(square, 6.25), 2);
  let series: Value = o.add(o.mul(doubled, 0), 1);
  for (let n = 44; n >= 1; n--) series = o.add(o.mul(o.div(doubled, 2 * n + 1), series), 1);
  const low = o.mul(o.mul(o.mul(size, series), decay), 2 / Math.sqrt(Math.PI));
  // erfc(x) = exp(-x^2) / sqrt(pi) / (x + (1/2) / (x + 1 / (x + (3/2) / (x + ...)))).
  const far = o.maximum(size, 2.5);
  let fraction: Value = far;
  for (let n = 60; n >= 1; n--) fraction = o.add(far, o.div(n / 2, fraction));
  const high = o.sub(1, o.div(o.div(o.exp(o.neg(o.mul(far, far))), Math.sqrt(Math.PI)), fraction));
  return o.mul(o.where(o.less(size, 2.5), low, high), c.graph.op("Sign", [x]));
}
