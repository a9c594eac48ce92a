// Mel filters and windows, as transformers' audio_utils makes them (mel_filter_bank, window_function; 5.24).

import type { MelInput } from "../package/index.ts";

interface Scale {
  readonly toMel: (hertz: number) => number;
  readonly toHertz: (mel: number) => number;
}
const LOG_STEP = 27 / Math.log(6.4);
const SCALES: Readonly<Record<MelInput["scale"], Scale>> = {
  htk: { toMel: (f) => 2595 * Math.log10(1 + f / 700), toHertz: (m) => 700 * (10 ** (m / 2595) - 1) },
  kaldi: { toMel: (f) => 1127 * Math.log(1 + f / 700), toHertz: (m) => 700 * (Math.exp(m / 1127) - 1) },
  slaney: { toMel: (f) => (f >= 1000 ? 15 + Math.log(f / 1000) * LOG_STEP : (3 * f) / 200), toHertz: (m) => (m >= 15 ? 1000 * Math.exp((m - 15) / LOG_STEP) : (200 * m) / 3) },
};

/** The part of a filter that is not 0. */
export interface MelFilter {
  readonly start: number;
  readonly weights: Float64Array;
}

export function melFilters({ fft, bins, lowest, highest, scale, norm, inMelSpace }: MelInput, rate: number): MelFilter[] {
  const { toMel, toHertz } = SCALES[scale];
  const [low, high] = [toMel(lowest), toMel(highest)];
  const mels = Array.from({ length: bins + 2 }, (_, i) => low + ((high - low) * i) / (bins + 1));
  const hertz = mels.map(toHertz);
  const count = Math.floor(fft / 2) + 1;
  const edges = inMelSpace ? mels : hertz;
  const places = Array.from({ length: count }, (_, i) => (inMelSpace ? toMel((rate / ((count - 1) * 2)) * i) : (Math.floor(rate / 2) * i) / (count - 1)));
  return Array.from({ length: bins }, (_, b): MelFilter => {
    const [left, middle, right] = [edges[b]!, edges[b + 1]!, edges[b + 2]!];
    const scaled = norm === "slaney" ? 2 / (hertz[b + 2]! - hertz[b]!) : 1;
    const all = places.map((f) => Math.max(0, Math.min((f - left) / (middle - left), (right - f) / (right - middle))) * scaled);
    const start = all.findIndex((w) => w > 0);
    return start < 0 ? { start: 0, weights: new Float64Array(0) } : { start, weights: Float64Array.from(all.slice(start, all.findLastIndex((w) => w > 0) + 1)) };
  });
}

export function windowOf({ window, frame }: MelInput): Float64Array {
  const size = window === "hann" || window === "hamming" ? frame : frame - 1;
  const hann = (i: number): number => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size);
  const at = (i: number): number => {
    switch (window) {
      case "boxcar": return 1;
      case "hann":
      case "hann-symmetric": return hann(i);
      case "povey": return hann(i) ** 0.85;
      case "hamming":
      case "hamming-symmetric": return 0.54 - 0.46 * Math.cos((2 * Math.PI * i) / size);
    }
  };
  return Float64Array.from({ length: frame }, (_, i) => at(i));
}
