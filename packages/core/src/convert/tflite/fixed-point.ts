// The integer arithmetic of TensorFlow Lite's own kernels (gemmlowp's fixed point, with two roundings), in int64, and
// what XNNPACK's kernels do with whole numbers.

import type { GraphBuilder, Value } from "../../onnx/index.ts";
import { Ops } from "../../onnx/index.ts";
import { int64s } from "../../tensor/index.ts";

export interface Multiplier {
  /** In [2^30, 2^31), or 0. */
  readonly mantissa: number;
  /** Positive: to the left. */
  readonly shift: number;
}

/** QuantizeMultiplier: a real factor as mantissa * 2^(shift - 31). */
export function quantizeMultiplier(factor: number): Multiplier {
  if (factor === 0) return { mantissa: 0, shift: 0 };
  let shift = Math.max(-1023, Math.floor(Math.log2(factor)) + 1);
  let fraction = factor / 2 ** shift;
  while (fraction >= 1) {
    fraction /= 2;
    shift++;
  }
  while (fraction < 0.5) {
    fraction *= 2;
    shift--;
  }
  let mantissa = Math.round(fraction * 2 ** 31);
  if (mantissa === 2 ** 31) {
    mantissa /= 2;
    shift++;
  }
  if (shift < -31) return { mantissa: 0, shift: 0 };
  if (shift > 30) return { mantissa: 2 ** 31 - 1, shift: 30 };
  return { mantissa, shift };
}

/** (x + half) / divisor towards zero, where `half` takes the sign of x: rounds to the nearest, ties away from zero. */
function roundedDivide(o: Ops, x: Value, divisor: readonly number[], positive: readonly number[], negative: readonly number[]): Value {
  const constant = (values: readonly number[]): Value => o.graph.constant(int64s(values.length === 1 ? values : values, values.length === 1 ? [] : [values.length]));
  return o.div(o.add(x, o.where(o.greaterEqual(x, 0), constant(positive), constant(negative))), constant(divisor));
}

/** MultiplyByQuantizedMultiplier: x int64 [..., C], one multiplier or C of them. */
export function multiply(graph: GraphBuilder, x: Value, multipliers: readonly Multiplier[]): Value {
  const o = new Ops(graph);
  const same = multipliers.every((m) => m.mantissa === multipliers[0]!.mantissa && m.shift === multipliers[0]!.shift);
  const list = same ? multipliers.slice(0, 1) : multipliers;
  const factors = list.map((m) => m.mantissa * 2 ** Math.max(0, m.shift));
  const product = o.mul(x, graph.constant(int64s(factors.map((f) => BigInt(f)), same ? [] : [list.length])));
  const high = roundedDivide(o, product, [2 ** 31], [2 ** 30], [1 - 2 ** 30]);
  const right = list.map((m) => Math.max(0, -m.shift));
  if (right.every((s) => s === 0)) return high;
  return roundedDivide(o, high, right.map((s) => 2 ** s), right.map((s) => (s === 0 ? 0 : 2 ** (s - 1))), right.map((s) => (s === 0 ? 0 : -(2 ** (s - 1)))));
}

/** lrintf. */
export function nearestEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1;
}

/** An int64 value shifted to the right: downwards, where the engine's division goes towards zero. */
export function shiftRight(c: { readonly o: Ops }, x: Value, by: number): Value {
  return c.o.div(c.o.sub(x, c.o.where(c.o.less(x, 0), 2 ** by - 1, c.o.scalar(0, "int64"))), 2 ** by);
}
