// Resizing 8-bit pictures as Pillow does (libImaging/Resample.c): a filter that widens where the picture shrinks, in fixed
// point, across and then down, each rounded to 8 bits. Pillow 13 goes down first where that is less work, which may differ by
// one level. Nearest takes the pixel at the middle (libImaging/Geometry.c).

import type { ImageFilter } from "../package/index.ts";

const PRECISION = 2 ** 22;

interface Filter {
  readonly support: number;
  readonly weight: (x: number) => number;
}
const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));
const FILTERS: Readonly<Record<Exclude<ImageFilter, "nearest">, Filter>> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, weight: (x) => (Math.abs(x) >= 1 ? 0 : x === 0 ? 1 : sinc(x) * (0.54 + 0.46 * Math.cos(x * Math.PI))) },
  // Keys' cubic with a = -0.5.
  bicubic: { support: 2, weight: (given) => {
    const x = Math.abs(given);
    return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
  } },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

interface Kernel {
  readonly start: number;
  readonly weights: Float64Array;
}

/** The window of the source that is resized: all of it by default. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** `data`: [height, width, channels]. */
export function resize(data: Uint8Array, width: number, channels: number, box: Box, toWidth: number, toHeight: number, filter: ImageFilter = "bilinear"): Uint8Array {
  const height = data.length / (width * channels);
  if (filter === "nearest") return nearest(data, width, height, channels, box, toWidth, toHeight);
  const across = kernels(box.x, box.width, toWidth, width, FILTERS[filter]);
  const down = kernels(box.y, box.height, toHeight, height, FILTERS[filter]);
  const first = Math.min(...down.map((k) => k.start));
  const end = Math.max(...down.map((k) => k.start + k.weights.length));
  const middle = new Uint8Array((end - first) * toWidth * channels);
  for (let y = first; y < end; y++) {
    for (let x = 0; x < toWidth; x++) {
      const { start, weights } = across[x]!;
      for (let c = 0; c < channels; c++) {
        let sum = PRECISION / 2;
        for (let i = 0; i < weights.length; i++) sum += data[(y * width + start + i) * channels + c]! * weights[i]!;
        middle[((y - first) * toWidth + x) * channels + c] = clip(sum);
      }
    }
  }
  const out = new Uint8Array(toHeight * toWidth * channels);
  const stride = toWidth * channels;
  for (let y = 0; y < toHeight; y++) {
    const { start, weights } = down[y]!;
    for (let i = 0; i < stride; i++) {
      let sum = PRECISION / 2;
      for (let j = 0; j < weights.length; j++) sum += middle[(start - first + j) * stride + i]! * weights[j]!;
      out[y * stride + i] = clip(sum);
    }
  }
  return out;
}

function clip(sum: number): number {
  return Math.max(0, Math.min(255, Math.floor(sum / PRECISION)));
}

function kernels(offset: number, size: number, to: number, limit: number, { support: radius, weight }: Filter): Kernel[] {
  const scale = size / to;
  const widened = Math.max(1, scale);
  const support = radius * widened;
  return Array.from({ length: to }, (_, i) => {
    const center = offset + (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(limit, Math.trunc(center + support + 0.5));
    const raw = Array.from({ length: end - start }, (__, j) => weight((j + start - center + 0.5) * (1 / widened)));
    const total = raw.reduce((a, b) => a + b, 0);
    // As C rounds: away from zero.
    return { start, weights: Float64Array.from(raw, (w) => { const x = w * (1 / (total === 0 ? 1 : total)) * PRECISION; return x < 0 ? Math.trunc(x - 0.5) : Math.trunc(x + 0.5); }) };
  });
}

/**
 * For each of `to` pixels the one of `size` in whose middle it lies, from `offset` on. Pillow adds up steps (ImagingScaleAffine of
 * libImaging/Geometry.c), which decides where a middle falls between two.
 */
export function nearestPlaces(size: number, to: number, offset = 0): Int32Array {
  const step = size / to;
  let at = offset + step * 0.5;
  return Int32Array.from({ length: to }, () => {
    const place = Math.floor(at);
    at += step;
    return place;
  });
}

function nearest(data: Uint8Array, width: number, height: number, channels: number, box: Box, toWidth: number, toHeight: number): Uint8Array {
  const places = (offset: number, size: number, to: number, limit: number): Int32Array => nearestPlaces(size, to, offset).map((p) => Math.max(0, Math.min(limit - 1, p)));
  const [across, down] = [places(box.x, box.width, toWidth, width), places(box.y, box.height, toHeight, height)];
  const out = new Uint8Array(toWidth * toHeight * channels);
  for (let y = 0; y < toHeight; y++) {
    const from = down[y]! * width;
    for (let x = 0; x < toWidth; x++) {
      const at = (from + across[x]!) * channels;
      out.set(data.subarray(at, at + channels), (y * toWidth + x) * channels);
    }
  }
  return out;
}
