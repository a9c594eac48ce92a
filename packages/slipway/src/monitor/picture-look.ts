// How a picture looks: from its tensor's numbers back to what it was before.

import type { PlannedImage } from "@slipway/core/predict";

/** Pixels of a picture that are looked at, spread evenly. */
const PIXELS = 4096;

export interface Look {
  /** From 0 to 1. */
  readonly brightness: number;
  /** Deviation of the brightness of its pixels. */
  readonly contrast: number;
  /** Red less blue. */
  readonly warmth: number;
}
/** A picture as it was before it became the tensor's numbers. */
export function lookAt(data: ArrayLike<number>, start: number, length: number, { channels, channelsFirst, bgr, scale, mean, std, whole }: PlannedImage["plan"]): Look {
  const pixels = length / channels;
  const step = Math.max(1, Math.floor(pixels / PIXELS));
  const shown = Math.min(3, channels);
  const value = (pixel: number, channel: number): number => {
    const v = Number(data[start + (channelsFirst ? channel * pixels + pixel : pixel * channels + channel)]);
    return whole ? v / 255 : (v * std[channel]! + mean[channel]!) / (scale * 255);
  };
  let [n, sum, squares, warm] = [0, 0, 0, 0];
  for (let pixel = 0; pixel < pixels; pixel += step) {
    let light = 0;
    for (let c = 0; c < shown; c++) light += value(pixel, c) / shown;
    n++;
    sum += light;
    squares += light * light;
    if (shown === 3) warm += value(pixel, bgr ? 2 : 0) - value(pixel, bgr ? 0 : 2);
  }
  return { brightness: sum / n, contrast: Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2)), warmth: warm / n };
}
