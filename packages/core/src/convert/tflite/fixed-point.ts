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

/** x / divisor downwards. */
function flooredDivide(o: Ops, x: Value, divisors: readonly number[]): Value {
  const constant = (values: readonly number[]): Value => o.graph.constant(int64s(values, [values.length]));
  return o.div(o.sub(x, o.where(o.less(x, 0), constant(divisors.map((d) => d - 1)), o.scalar(0, "int64"))), constant(divisors));
}
/** The same by the interpreter's kernel for int32 sums [..., C], which takes eight channels at once where they are, and rounds these ties upwards. */
export function multiplyByEights(graph: GraphBuilder, x: Value, multipliers: readonly Multiplier[], channels: number): Value {
  const o = new Ops(graph);
  const list = Array.from({ length: channels }, (_, i) => multipliers[multipliers.length === 1 ? 0 : i]!);
  const product = o.mul(x, graph.constant(int64s(list.map((m) => BigInt(m.mantissa * 2 ** Math.max(0, m.shift))), [channels])));
  const high = flooredDivide(o, o.add(product, 2 ** 30), [2 ** 31]);
  const right = list.map((m) => Math.max(0, -m.shift));
  const upwards = flooredDivide(o, o.add(high, graph.constant(int64s(right.map((s) => (s === 0 ? 0 : 2 ** (s - 1))), [channels]))), right.map((s) => 2 ** s));
  const whole = channels - (channels % 8);
  if (whole === channels) return upwards;
  const inEights = graph.constant({ type: "bool", shape: [channels], data: Uint8Array.from(list, (_, i) => (i < whole ? 1 : 0)) });
  return o.where(inEights, upwards, multiply(graph, x, list));
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

/** gemmlowp's product of fixed-point numbers, rounded to the nearest, ties upwards from zero: both with 31 bits. */
function highProduct(a: number, b: number): number {
  const product = BigInt(a) * BigInt(b);
  return Number((product + (product >= 0n ? 1n << 30n : 1n - (1n << 30n))) / (1n << 31n));
}
/** x / 2^by to the nearest, ties away from zero. */
function roundedShift(x: number, by: number): number {
  return by === 0 ? x : Number((BigInt(x) + (x >= 0 ? 1n : -1n) * (1n << BigInt(by - 1))) / (1n << BigInt(by)));
}
/** MultiplyByQuantizedMultiplier of one number. */
export function multiplyOne(x: number, { mantissa, shift }: Multiplier): number {
  return roundedShift(highProduct(x * 2 ** Math.max(0, shift), mantissa), Math.max(0, -shift));
}
/** GetInvSqrtQuantizedMultiplierExp: 1 / sqrt(x) of a whole number by five steps of Newton's method, with 3 bits before the point. */
export function inverseRoot(x: number): Multiplier {
  if (x <= 1) return { mantissa: 2 ** 31 - 1, shift: 0 };
  const pairs = ((Math.clz32(x) - 1) >> 1) - 1;
  const shift = 11 - pairs;
  const input = (x * 4 ** pairs) / 2;
  const half = roundedShift(Math.floor(input), 1);
  // From 6 or 9 bits before the point back to 3, at the bounds of int32.
  const narrow = (v: number, bits: number): number => Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), v * 2 ** bits));
  let y = 2 ** 28;
  for (let i = 0; i < 5; i++) {
    const cube = narrow(highProduct(highProduct(y, y), y), 6);
    y = narrow(highProduct(2 ** 28 + 2 ** 27, y) - highProduct(half, cube), 3);
  }
  const root = highProduct(y, 1518500250);
  return shift < 0 ? { mantissa: root * 2 ** -shift, shift: 0 } : { mantissa: root, shift: -shift };
}
