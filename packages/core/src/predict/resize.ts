// Resizing 8-bit pictures as Pillow's BILINEAR does (libImaging/Resample.c): a triangle filter that widens where the
// picture shrinks, in fixed point, across and then down, each rounded to 8 bits. Pillow 13 goes down first where that is
// less work, which may differ by one level.

const PRECISION = 2 ** 22;

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
export function resize(data: Uint8Array, width: number, channels: number, box: Box, toWidth: number, toHeight: number): Uint8Array {
  const across = kernels(box.x, box.width, toWidth, width);
  const down = kernels(box.y, box.height, toHeight, data.length / (width * channels));
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

function kernels(offset: number, size: number, to: number, limit: number): Kernel[] {
  const scale = size / to;
  const support = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const center = offset + (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(limit, Math.trunc(center + support + 0.5));
    const raw = Array.from({ length: end - start }, (__, j) => Math.max(0, 1 - Math.abs((j + start - center + 0.5) * (1 / support))));
    const total = raw.reduce((a, b) => a + b, 0);
    return { start, weights: Float64Array.from(raw, (w) => Math.floor(w * (1 / (total === 0 ? 1 : total)) * PRECISION + 0.5)) };
  });
}
