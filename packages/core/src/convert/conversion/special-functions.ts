// Special functions: of constants while compiling, and of values in the graph, where the engine has none in double.

import { Ops, type Value } from "../../onnx/index.ts";
import { bools } from "../../tensor/index.ts";
import type { Emitter } from "./conversion.ts";

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
export function erf(c: Emitter, x: Value): Value {
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

/**
 * The arctangent in double, by Cephes' atan.c (S. L. Moshier): a rational approximation within |x| <= 0.66, to which larger
 * numbers are brought by atan(x) = pi/4 + atan((x - 1) / (x + 1)) and atan(x) = pi/2 - atan(1 / x).
 */
export function arctangent(c: Emitter, x: Value): Value {
  const { o } = c;
  const size = o.abs(x);
  const [far, middle] = [o.greater(size, 2.414213562373095), o.greater(size, 0.66)];
  const t = o.where(far, o.div(-1, o.maximum(size, 1)), o.where(middle, o.div(o.sub(size, 1), o.add(size, 1)), size));
  const z = o.mul(t, t);
  const polynomial = (coefficients: readonly number[]): Value => coefficients.slice(1).reduce<Value>((sum, k) => o.add(o.mul(sum, z), k), o.add(o.mul(z, 0), coefficients[0]!));
  const above = polynomial([-8.750608600031904e-1, -1.6157537187333652e1, -7.500855792314705e1, -1.2288666844901361e2, -6.485021904942025e1]);
  const below = polynomial([1, 2.485846490142306e1, 1.650270098316988e2, 4.328810604912903e2, 4.853903996359137e2, 1.945506571482614e2]);
  const near = o.add(o.mul(t, o.div(o.mul(z, above), below)), t);
  return o.mul(o.add(near, o.where(far, Math.PI / 2, o.where(middle, Math.PI / 4, 0))), c.graph.op("Sign", [x]));
}

/**
 * x^nu times the modified Bessel function of the second kind K_nu(x), in double, for x from 2^-52 on: by the trapezoidal rule
 * over K_nu(x) = integral of exp(-x cosh t) cosh(nu t) from 0 on, which this integrand makes exact to exp(-pi^2 / step).
 */
export function scaledBessel(c: Emitter, x: Value, nu: number): Value {
  const { o } = c;
  const [step, end] = [0.2, 45];
  const places = Array.from({ length: Math.ceil(end / step) + 1 }, (_, i) => i * step);
  const cosh = o.doubles(places.map((t) => Math.cosh(t)));
  // log of step * cosh(nu t), the first one by half; what it adds to is far below zero where this is large.
  const logs = o.doubles(places.map((t, i) => nu * t + Math.log1p(Math.exp(-2 * nu * t)) - Math.LN2 + Math.log(i === 0 ? step / 2 : step)));
  const powers = o.mul(o.log(x), nu);
  const body = c.graph.body([{ type: "int64", shape: [] }, { type: "bool", shape: [] }, { type: "double", shape: x.shape }], (graph, [i, again, sum]) => {
    const p = new Ops(graph);
    const exponent = p.add(p.sub(powers, p.mul(x, p.gather(cosh, i!, 0))), p.gather(logs, i!, 0));
    return [graph.op("Identity", [again!]), p.add(sum!, p.exp(exponent))];
  });
  return c.graph.ops("Loop", [o.int64s([places.length], []), c.graph.constant(bools([true], [])), o.mul(x, 0)], { body }, 1)[0]!;
}
