// Images made larger and smaller, taken apart and put together. What is linear along an axis is a matrix of constants over
// that axis, with PyTorch's own coordinates (ATen/native/UpSample.h); the sizes must be known.

import type { Value } from "../../../onnx/index.ts";
import { floats, int64s } from "../../../tensor/index.ts";
import type { Args } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { defineOperator, type OpenShape, type Operator } from "../operator.ts";
import { torchError } from "../errors.ts";
import { ListValue, TensorValue, type TorchValue } from "../values.ts";

const MAX_WEIGHTS = 2 ** 24;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Rows are the new places, columns the old ones: x [..., n, ...] -> [..., m, ...]. */
export function alongAxis(x: Value, axis: number, rows: readonly (readonly (readonly [at: number, weight: number])[])[], size: number, c: TorchContext): Value {
  if (rows.length * size > MAX_WEIGHTS) throw torchError("torch-limit", `resampling ${size} to ${rows.length} places needs too many weights`);
  const rank = c.rank(x);
  const matrix = new Float32Array(size * rows.length);
  rows.forEach((row, to) => row.forEach(([from, weight]) => { matrix[from * rows.length + to]! += weight; }));
  const weights = c.o.cast(c.graph.constant(floats(matrix, [size, rows.length])), x.type);
  if (axis === rank - 1) return c.graph.op("MatMul", [x, weights]);
  const last = range(rank).map((i) => (i === axis ? rank - 1 : i === rank - 1 ? axis : i));
  return c.o.transpose(c.graph.op("MatMul", [c.o.transpose(x, last), weights]), last);
}

type Taps = readonly (readonly [number, number])[];
const clamp = (i: number, n: number): number => Math.min(Math.max(i, 0), n - 1);

interface Axis {
  readonly size: number;
  readonly out: number;
  /** Old places per new one. */
  readonly scale: number;
  readonly corners: boolean;
}
const source = (a: Axis, i: number, cubic: boolean): number => {
  if (a.corners) return a.out > 1 ? (i * (a.size - 1)) / (a.out - 1) : 0;
  const at = (i + 0.5) * a.scale - 0.5;
  return cubic ? at : Math.max(0, at);
};
const linear = (a: Axis): Taps[] => range(a.out).map((i) => {
  const at = Math.fround(source(a, i, false));
  const low = clamp(Math.floor(at), a.size);
  const part = at - low;
  return [[low, 1 - part], [clamp(low + 1, a.size), part]];
});
const near = (t: number, A: number): number => ((A + 2) * t - (A + 3)) * t * t + 1;
const far = (t: number, A: number): number => ((A * t - 5 * A) * t + 8 * A) * t - 4 * A;
const cubic = (a: Axis): Taps[] => range(a.out).map((i) => {
  const at = source(a, i, true);
  const low = Math.floor(at);
  const t = at - low;
  const A = -0.75;
  return [far(t + 1, A), near(t, A), near(1 - t, A), far(2 - t, A)].map((w, k) => [clamp(low - 1 + k, a.size), w] as const);
});
/** Averages over the old places that a new one covers, by a filter (Pillow's): for making smaller. */
const smooth = (a: Axis, kind: "linear" | "cubic"): Taps[] => range(a.out).map((i) => {
  const scale = a.corners ? (a.out > 1 ? (a.size - 1) / (a.out - 1) : 0) : a.scale;
  const reach = kind === "linear" ? 1 : 2;
  const support = scale >= 1 ? reach * scale : reach;
  const center = scale * (i + 0.5);
  const from = Math.max(Math.trunc(center - support + 0.5), 0);
  const count = Math.min(Math.trunc(center + support + 0.5), a.size) - from;
  const inverse = scale >= 1 ? 1 / scale : 1;
  const weights = range(count).map((j) => {
    const t = Math.abs((j + from - center + 0.5) * inverse);
    if (kind === "linear") return t < 1 ? 1 - t : 0;
    return t < 1 ? near(t, -0.5) : t < 2 ? far(t, -0.5) : 0;
  });
  const total = weights.reduce((x, y) => x + y, 0);
  return weights.map((w, j) => [from + j, total ? w / total : w] as const);
});
const nearest = (a: Axis, exact: boolean): number[] => range(a.out).map((i) => clamp(Math.floor(Math.fround(exact ? (i + 0.5) * a.scale : i * a.scale)), a.size));

/** The axes of an upsample_* call: sizes, and the factors it gives where it gives some. */
function readAxes(args: Args, x: Value, corners: boolean, c: TorchContext): Axis[] {
  const d = c.rank(x) - 2;
  const listed = (name: string): TorchValue[] | undefined => {
    const v = args.has(name) ? args.get(name) : undefined;
    return v instanceof ListValue ? v.items : v === undefined || v === null ? undefined : [v];
  };
  const [sizes, factors] = [listed("output_size"), listed("scale_factors")];
  const single = ["scales_d", "scales_h", "scales_w", "scales"].flatMap((n) => (args.has(n) ? [args.float(n)] : []));
  return range(d).map((k) => {
    const size = c.size(x, k + 2, args);
    const rawFactor = factors?.[k] ?? factors?.[0];
    const factor = typeof rawFactor === "number" || typeof rawFactor === "bigint" ? Number(rawFactor) : single.length === d ? single[k] : undefined;
    const rawSize = sizes?.[k];
    const out = typeof rawSize === "bigint" ? Number(rawSize) : factor === undefined ? NaN : Math.floor(size * factor);
    if (!(out >= 1 && out <= 100_000)) throw args.refuse("a size that depends on the input's", "Trace the model with an example of the size it is used with.");
    return { size, out, corners, scale: factor !== undefined && factor > 0 ? Math.fround(1 / factor) : Math.fround(size / out) };
  });
}

function upsample(args: Args, c: TorchContext): Value {
  const whole = args.tensor("self");
  if (whole.type !== "float" && whole.type !== "double" && !args.op.includes("nearest")) throw args.refuse(`an input of type ${whole.type}`);
  const axes = readAxes(args, whole, args.bool("align_corners", false), c);
  let x = whole;
  axes.forEach((a, k) => {
    if (args.op.includes("nearest")) {
      const index = nearest(a, args.op.includes("exact"));
      if (!index.every((v, i) => v === i) || a.size !== a.out) x = c.o.gather(x, c.graph.constant(int64s(index)), k + 2);
      return;
    }
    const kind = args.op.includes("bicubic") ? "cubic" : "linear";
    if (a.size === a.out && (a.scale === 1 || a.corners)) return;
    x = alongAxis(x, k + 2, args.op.endsWith("_aa") ? smooth(a, kind) : kind === "cubic" ? cubic(a) : linear(a), a.size, c);
  });
  return x;
}

const pairOf = (args: Args, name: string, fallback: number): readonly [number, number] => args.ints(name, [fallback, fallback], 2) as [number, number];

/** For a window over an image: where in the padded image [H * W] the element (kernel place, window) lies. */
function windowPlaces(kernel: readonly number[], dilation: readonly number[], stride: readonly number[], size: readonly number[], args: Args): { readonly index: number[]; readonly windows: number } {
  const counts = [0, 1].map((k) => Math.floor((size[k]! - dilation[k]! * (kernel[k]! - 1) - 1) / stride[k]!) + 1) as [number, number];
  const windows = counts[0] * counts[1];
  if (!(windows > 0) || windows * kernel[0]! * kernel[1]! > MAX_WEIGHTS) throw args.bad("kernel_size", "one that fits the image");
  const index: number[] = [];
  for (let a = 0; a < kernel[0]!; a++) for (let b = 0; b < kernel[1]!; b++) {
    for (let i = 0; i < counts[0]; i++) for (let j = 0; j < counts[1]; j++) index.push((i * stride[0]! + a * dilation[0]!) * size[1]! + j * stride[1]! + b * dilation[1]!);
  }
  return { index, windows };
}
function unfold(args: Args, c: TorchContext): Value {
  const given = args.tensor("self");
  const x = c.rank(given) === 3 ? c.o.unsqueeze(given, 0) : given;
  const [kernel, dilation, padding, stride] = [pairOf(args, "kernel_size", 1), pairOf(args, "dilation", 1), pairOf(args, "padding", 0), pairOf(args, "stride", 1)];
  const [channels, h, w] = [c.size(x, 1, args), c.size(x, 2, args), c.size(x, 3, args)];
  const padded = c.graph.op("Pad", [x, c.o.int64s([0, 0, ...padding, 0, 0, ...padding])]);
  const size = [h + 2 * padding[0], w + 2 * padding[1]];
  const { index, windows } = windowPlaces(kernel, dilation, stride, size, args);
  const flat = c.o.reshape(padded, [0, channels, size[0]! * size[1]!]);
  const y = c.o.reshape(c.o.gather(flat, c.graph.constant(int64s(index)), 2), [0, channels * kernel[0] * kernel[1], windows]);
  return c.rank(given) === 3 ? c.o.squeeze(y, 0) : y;
}
function fold(args: Args, c: TorchContext): Value {
  const given = args.tensor("self");
  const x = c.rank(given) === 2 ? c.o.unsqueeze(given, 0) : given;
  const [kernel, dilation, padding, stride] = [pairOf(args, "kernel_size", 1), pairOf(args, "dilation", 1), pairOf(args, "padding", 0), pairOf(args, "stride", 1)];
  const [h, w] = args.ints("output_size", undefined, 2) as [number, number];
  const size = [h + 2 * padding[0], w + 2 * padding[1]] as const;
  const { index, windows } = windowPlaces(kernel, dilation, stride, size, args);
  const channels = c.size(x, 1, args) / (kernel[0] * kernel[1]);
  const rows: (readonly [number, number])[][] = Array.from({ length: size[0] * size[1] }, () => []);
  index.forEach((to, from) => rows[to]!.push([from, 1]));
  const joined = alongAxis(c.o.reshape(x, [0, channels, kernel[0] * kernel[1] * windows]), 2, rows, index.length, c);
  let y = c.o.reshape(joined, [0, channels, size[0], size[1]]);
  if (padding[0]) y = c.o.slice(y, padding[0], padding[0] + h, 2);
  if (padding[1]) y = c.o.slice(y, padding[1], padding[1] + w, 3);
  return c.rank(given) === 2 ? c.o.squeeze(y, 0) : y;
}

/** grid_sample over images: mode 0 bilinear, 1 nearest; padding 0 zeros, 1 border, 2 reflection. */
function gridSample(args: Args, c: TorchContext): Value {
  const [x, grid] = [args.tensor("input"), args.tensor("grid")];
  if (c.rank(x) !== 4) throw args.refuse("volumes");
  const [mode, padding, corners] = [args.int("interpolation_mode", 0), args.int("padding_mode", 0), args.bool("align_corners", false)];
  if (mode > 1) throw args.refuse("mode=\"bicubic\"");
  const { o } = c;
  const [channels, h, w] = [c.size(x, 1, args), c.size(x, 2, args), c.size(x, 3, args)];
  const clip = (v: Value, top: number): Value => o.minimum(o.maximum(v, 0), top);
  const place = (k: number, n: number): Value => {
    const g = o.gather(grid, o.scalar(k, "int64"), 3);
    let at = corners ? o.mul(o.div(o.add(g, 1), 2), n - 1) : o.div(o.sub(o.mul(o.add(g, 1), n), 1), 2);
    if (padding === 2) {
      const [low, high] = corners ? [0, 2 * (n - 1)] : [-1, 2 * n - 1];
      const [min, span] = [low / 2, (high - low) / 2];
      if (span === 0) return o.mul(at, 0);
      const away = o.abs(o.sub(at, min));
      const turns = c.graph.op("Floor", [o.div(away, span)]);
      const extra = o.sub(away, o.mul(turns, span));
      const even = o.equal(o.sub(turns, o.mul(c.graph.op("Floor", [o.div(turns, 2)]), 2)), 0);
      at = o.where(even, o.add(extra, min), o.add(o.sub(span, extra), min));
    }
    return padding === 0 ? at : clip(at, n - 1);
  };
  const [px, py] = [place(0, w), place(1, h)];
  const flat = o.reshape(x, [0, channels, h * w]);
  const points = c.graph.op("Shape", [grid], { start: 1, end: 3 });
  const at = (ix: Value, iy: Value, weight: Value | null): Value => {
    const inside = o.and(o.and(o.greaterEqual(ix, 0), o.lessEqual(ix, w - 1)), o.and(o.greaterEqual(iy, 0), o.lessEqual(iy, h - 1)));
    const index = o.cast(o.add(o.mul(clip(iy, h - 1), w), clip(ix, w - 1)), "int64");
    const rows = o.reshape(index, [0, 1, -1]);
    const spread = c.graph.op("Expand", [rows, c.o.concat([c.graph.op("Shape", [x], { start: 0, end: 2 }), c.o.int64s([1])], 0)]);
    const shape = c.o.concat([c.graph.op("Shape", [x], { start: 0, end: 2 }), points], 0);
    const found = c.graph.op("Reshape", [c.graph.op("GatherElements", [flat, spread], { axis: 2 }), shape]);
    const kept = o.where(o.unsqueeze(inside, 1), found, 0);
    return weight ? o.mul(kept, o.unsqueeze(weight, 1)) : kept;
  };
  if (mode === 1) return at(c.graph.op("Round", [px]), c.graph.op("Round", [py]), null);
  const [x0, y0] = [c.graph.op("Floor", [px]), c.graph.op("Floor", [py])];
  const [x1, y1] = [o.add(x0, 1), o.add(y0, 1)];
  return [
    at(x0, y0, o.mul(o.sub(x1, px), o.sub(y1, py))), at(x1, y0, o.mul(o.sub(px, x0), o.sub(y1, py))),
    at(x0, y1, o.mul(o.sub(x1, px), o.sub(py, y0))), at(x1, y1, o.mul(o.sub(px, x0), o.sub(py, y0))),
  ].reduce((a, b) => o.add(a, b));
}

/** theta [N, 2, 3] and a size [N, C, H, W] -> the places [N, H, W, 2]. */
function affineGrid(args: Args, c: TorchContext): Value {
  const theta = args.tensor("theta");
  const size = args.list("size").slice(1).map((v) => {
    if (typeof v !== "bigint") throw args.refuse("a size that depends on the input's");
    return Number(v);
  });
  if (size.length !== 3) throw args.refuse("volumes");
  const [, h, w] = size as [number, number, number];
  const corners = args.bool("align_corners", false);
  const steps = (n: number): number[] => range(n).map((i) => (n === 1 ? 0 : (-1 + (2 * i) / (n - 1)) * (corners ? 1 : (n - 1) / n)));
  const [xs, ys] = [steps(w), steps(h)];
  const base = c.graph.constant(floats(ys.flatMap((y) => xs.flatMap((x) => [x, y, 1])), [h * w, 3]));
  return c.o.reshape(c.graph.op("MatMul", [base, c.o.transpose(theta, [0, 2, 1])]), [0, h, w, 2]);
}

function shuffle(args: Args, c: TorchContext): Value {
  const x = args.tensor("self");
  const r = args.int(args.op === "channel_shuffle" ? "groups" : args.op === "pixel_shuffle" ? "upscale_factor" : "downscale_factor");
  const rank = c.rank(x);
  const [channels, h, w] = [-3, -2, -1].map((a) => c.size(x, a, args)) as [number, number, number];
  const y = rank === 3 ? c.o.unsqueeze(x, 0) : x;
  if (rank > 4) throw args.refuse("more than one dimension of rows");
  const done = args.op === "channel_shuffle"
    ? c.o.reshape(c.o.transpose(c.o.reshape(y, [0, r, channels / r, h, w]), [0, 2, 1, 3, 4]), [0, channels, h, w])
    : args.op === "pixel_shuffle"
      ? c.o.reshape(c.o.transpose(c.o.reshape(y, [0, channels / (r * r), r, r, h, w]), [0, 1, 4, 2, 5, 3]), [0, channels / (r * r), h * r, w * r])
      : c.o.reshape(c.o.transpose(c.o.reshape(y, [0, channels, h / r, r, w / r, r]), [0, 1, 3, 5, 2, 4]), [0, channels * r * r, h / r, w / r]);
  return rank === 3 ? c.o.squeeze(done, 0) : done;
}

const IMAGES: OpenShape = { type: "float", shape: ["N", null, null, null] };
const PLAIN = ["upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "_upsample_nearest_exact1d", "_upsample_nearest_exact2d", "_upsample_nearest_exact3d"];
const SMOOTH = ["upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d", "upsample_bicubic2d", "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa"];
/** The open sizes of what upsample_bilinear2d and its like take after the channels. */
const spatial = (name: string): null[] => new Array<null>(Number(/(\d)d/.exec(name)![1])).fill(null);
/** The overload `vec` has a list of factors where the others have one for each axis. */
function upsampling(names: readonly string[], corners: string): Operator[] {
  return names.map((name) => defineOperator({ names: [name], params: `self output_size${corners} scales_a scales_b scales_c`, open: () => ({ type: "float", shape: ["N", null, ...spatial(name)] }), convert: (args, c) => {
    const x = args.get("self") ?? args.get("input");
    if (x instanceof TensorValue && c.rank(x.value) !== spatial(name).length + 2) throw args.bad("self", `of ${spatial(name).length + 2} dimensions`);
    const extra = ["scales_a", "scales_b", "scales_c"].flatMap((n) => (args.has(n) ? [args.get(n)!] : []));
    const renamed = new Map<string, TorchValue>([["self", args.get("self") ?? args.get("input")!], ["output_size", args.get("output_size") ?? null], ["align_corners", args.get("align_corners") ?? false]]);
    const list = extra.find((v) => v instanceof ListValue) ?? (args.has("scale_factors") ? args.get("scale_factors")! : undefined);
    const named = ["scales_d", "scales_h", "scales_w", "scales"].flatMap((n) => (args.has(n) ? [args.get(n)!] : []));
    const numbers = [...extra, ...named].filter((v) => typeof v === "number");
    renamed.set("scale_factors", list ?? (numbers.length > 0 ? new ListValue(numbers) : null));
    return upsample(args.with(renamed), c);
  } }));
}

export const RESAMPLING: readonly Operator[] = [
  ...upsampling(PLAIN, ""), ...upsampling(SMOOTH, " align_corners"),
  defineOperator({ names: ["im2col"], params: "self kernel_size dilation padding stride", convert: unfold }),
  defineOperator({ names: ["col2im"], params: "self output_size kernel_size dilation padding stride", convert: fold }),
  defineOperator({ names: ["grid_sampler", "grid_sampler_2d"], params: "input grid interpolation_mode padding_mode align_corners", open: () => IMAGES, convert: gridSample }),
  defineOperator({ names: ["affine_grid_generator"], params: "theta size align_corners", convert: affineGrid }),
  defineOperator({ names: ["pixel_shuffle"], params: "self upscale_factor", open: () => IMAGES, convert: shuffle }),
  defineOperator({ names: ["pixel_unshuffle"], params: "self downscale_factor", open: () => IMAGES, convert: shuffle }),
  defineOperator({ names: ["channel_shuffle"], params: "self groups", open: () => IMAGES, convert: shuffle }),
];
