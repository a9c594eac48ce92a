// One axis of an image in another size, as TensorFlow's kernels compute it (resize_bilinear_op, resize_bicubic_op,
// resize_area_op, scale_and_translate_op; half-pixel centres). Each result is a weighted sum of inputs, the weights in float32.

import type { Value } from "../../../onnx/index.ts";
import type { KerasContext, LayerView } from "../layer.ts";
import { boundedSize } from "./shape.ts";

export const INTERPOLATIONS = ["bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"] as const;
export type Interpolation = (typeof INTERPOLATIONS)[number];

const MAX_WEIGHTS = 2 ** 24;
const f = Math.fround;

type Spread = (from: number, to: number, put: (out: number, at: number, weight: number) => void) => void;

const bicubic: Spread = (from, to, put) => {
  const near = (x: number): number => f((1.5 * x - 2.5) * x * x + 1);
  const far = (x: number): number => f(((-0.5 * x + 2.5) * x - 4) * x + 2);
  const scale = f(from / to);
  for (let out = 0; out < to; out++) {
    const at = f(f(f(out + 0.5) * scale) - 0.5);
    const whole = Math.floor(at);
    const t = Math.round(f(at - whole) * 1024) / 1024;
    const weights = [far(1 + t), near(t), near(1 - t), far(2 - t)].map((w, k) => (whole - 1 + k < 0 || whole - 1 + k >= from ? 0 : w));
    const total = f(weights.reduce((a, b) => f(a + b), 0));
    weights.forEach((w, k) => put(out, whole - 1 + k, f(w / total)));
  }
};
const area: Spread = (from, to, put) => {
  const scale = f(from / to);
  for (let out = 0; out < to; out++) {
    const [low, high] = [f(out * scale), f((out + 1) * scale)];
    for (let i = Math.floor(low); i < Math.ceil(high); i++) {
      const weight = i < low ? (i + 1 > high ? scale : i + 1 - low) : i + 1 > high ? high - i : 1;
      put(out, Math.min(i, from - 1), f(weight / scale));
    }
  }
};
/** ScaleAndTranslate without a translation: a kernel of some radius around each place, wider by the scale where that is to smooth a smaller image. */
const kernel = (radius: number, at: (x: number) => number, smooth = false): Spread => (from, to, put) => {
  const inverse = f(1 / f(to / from));
  const wider = smooth ? Math.max(inverse, 1) : 1;
  const narrower = f(1 / wider);
  const reach = f(radius * wider);
  for (let out = 0; out < to; out++) {
    const place = f(f(out + 0.5) * inverse);
    if (place < 0 || place > from) continue;
    const start = Math.min(from - 1, Math.max(0, Math.ceil(f(f(place - reach) - 0.5))));
    const end = Math.min(from - 1, Math.max(0, Math.floor(f(f(place + reach) - 0.5))));
    const weights = Array.from({ length: end - start + 1 }, (_, k) => f(at(Math.abs(f(f(f(start + k + 0.5) - place) * narrower)))));
    const total = weights.reduce((a, b) => f(a + b), 0);
    weights.forEach((w, k) => put(out, start + k, f(w / total)));
  }
};
const lanczos = (radius: number) => (x: number): number => (x > radius ? 0 : x <= 1e-3 ? 1 : (radius * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / radius)) / (Math.PI * Math.PI * x * x));

/** Kernels by their radius. */
const KERNELS: Readonly<Record<string, readonly [radius: number, at: (x: number) => number]>> = {
  bilinear: [1, (x) => Math.max(0, 1 - x)],
  bicubic: [2, (x) => (x >= 2 ? 0 : x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : (1.5 * x - 2.5) * x * x + 1)],
  lanczos3: [3, lanczos(3)], lanczos5: [5, lanczos(5)],
  gaussian: [1.5, (x) => (x >= 1.5 ? 0 : Math.exp(-(x * x) / 0.5))],
  mitchellcubic: [2, (x) => (x >= 2 ? 0 : x >= 1 ? (((-7 / 18) * x + 2) * x - 10 / 3) * x + 16 / 9 : ((7 / 6) * x - 2) * x * x + 8 / 9)],
};
function spreadOf(how: Interpolation, smooth: boolean): Spread {
  if (how === "area") return area;
  if (how === "bicubic" && !smooth) return bicubic;
  return kernel(...KERNELS[how]!, smooth);
}
/** Height and width (axes 1 and 2) of [N, H, W, C] in another size. */
export function resizeImage(image: Value, size: readonly [number, number], how: Interpolation, layer: LayerView, c: KerasContext, smooth = false): Value {
  const from = [1, 2].map((axis) => c.size(image, axis, layer));
  if (from[0] === size[0] && from[1] === size[1]) return image;
  return size.reduce<Value>((x, to, i) => resizeAxis(x, i + 1, to, how, smooth, layer, c), image);
}

function resizeAxis(x: Value, axis: number, to: number, how: Interpolation, smooth: boolean, layer: LayerView, c: KerasContext): Value {
  const from = c.size(x, axis, layer);
  boundedSize(to, layer);
  if (how === "nearest") {
    if (from === to) return x;
    const scale = f(from / to);
    return c.o.gather(x, { type: "int64", shape: [to], data: BigInt64Array.from({ length: to }, (_, k) => BigInt(Math.min(from - 1, Math.floor(f(f(k + 0.5) * scale))))) }, axis);
  }
  if (how === "bilinear" && !smooth) return bilinearAxis(c.float(x), axis, to, layer, c);
  if (from * to > MAX_WEIGHTS) throw layer.refuse(`${how} resizing from ${from} to ${to}`, "so large a size is not compiled");
  const weights = new Float32Array(to * from);
  spreadOf(how, smooth)(from, to, (out, at, weight) => {
    if (at >= 0 && at < from) weights[out * from + at]! += weight;
  });
  return c.graph.op("Einsum", [c.floats(weights, [to, from]), c.float(x)], { equation: axis === 1 ? "oi,niwc->nowc" : "oi,nhic->nhoc" });
}

/** Linear interpolation of one axis with half-pixel centres, as tf.image.resize does it. */
function bilinearAxis(x: Value, axis: number, to: number, layer: LayerView, c: KerasContext): Value {
  const from = c.size(x, axis, layer);
  if (from === to) return x;
  boundedSize(to, layer);
  const scale = Math.fround(from / to);
  const low = new Array<number>(to);
  const high = new Array<number>(to);
  const weight = new Float32Array(to);
  for (let i = 0; i < to; i++) {
    const at = Math.fround(Math.fround(Math.fround(i + 0.5) * scale) - 0.5);
    const floor = Math.floor(at);
    low[i] = Math.max(floor, 0);
    high[i] = Math.min(floor + 1, from - 1);
    weight[i] = Math.fround(at - floor);
  }
  const rank = c.shape(x).length;
  const lerp = c.floats(weight, [to, ...new Array<number>(rank - 1 - axis).fill(1)]);
  const pick = (index: readonly number[]): Value => c.o.gather(x, { type: "int64", shape: [to], data: BigInt64Array.from(index, BigInt) }, axis);
  const below = pick(low);
  return c.o.add(below, c.o.mul(c.o.sub(pick(high), below), lerp));
}
