// A sound -> one row of a model's tensor: the rate it was trained with, its length, and the waveform or its log-mel spectrogram.

import type { AudioInput, MelInput } from "../package/index.ts";
import { audioError } from "./errors.ts";
import { Fourier } from "./fft.ts";
import { melFilters, windowOf } from "./mel.ts";
import { resample } from "./resample.ts";
import type { Sound } from "./wav.ts";

export interface AudioTensor {
  /** Of the row: [samples], or [frames, bins] or [bins, frames]. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Of a spectrogram. */
const MAX_CELLS = 2 ** 25;

/** @throws SlipwayError audio-limit, audio-damaged */
export function soundTensor({ mono, rate }: Sound, input: AudioInput): AudioTensor {
  const { samples, standardize, mel } = input;
  const at = resample(mono, rate, input.rate);
  const cut = samples === undefined || at.length <= samples ? at : at.subarray(0, samples);
  const level = standardize === true ? standardized(cut) : cut;
  const whole = samples === undefined || level.length === samples ? level : padded(level, samples);
  return mel === undefined ? { shape: [whole.length], data: whole } : spectrogram(whole, mel, input.rate);
}

function padded(samples: Float32Array, size: number): Float32Array {
  const out = new Float32Array(size);
  out.set(samples);
  return out;
}

/** Mean 0 and variance 1, as Wav2Vec2FeatureExtractor has it. */
function standardized(samples: Float32Array): Float32Array {
  const mean = samples.reduce((n, x) => n + x, 0) / samples.length;
  const variance = samples.reduce((n, x) => n + (x - mean) ** 2, 0) / samples.length;
  return samples.map((x) => (x - mean) / Math.sqrt(variance + 1e-7));
}

function spectrogram(samples: Float32Array, mel: MelInput, rate: number): AudioTensor {
  const { frame, hop, fft, center, bins, power, preemphasis = 0, dropLast } = mel;
  const given = center ? reflected(samples, Math.floor(frame / 2)) : samples;
  const found = given.length < frame ? 0 : 1 + Math.floor((given.length - frame) / hop) - (dropLast === true ? 1 : 0);
  if (found < 1) throw audioError("audio-damaged", `the sound has ${samples.length} samples at ${rate} a second; ${frame + (dropLast === true ? hop : 0) - (center ? 2 * Math.floor(frame / 2) : 0)} are the least`, { hint: "Send a longer one." });
  const kept = Math.min(found, mel.frames ?? found);
  const frames = mel.frames ?? found;
  if (frames * bins > MAX_CELLS) throw audioError("audio-limit", `a spectrogram of ${frames} frames of ${bins} bins is too large`, { hint: "Send the sound in parts." });
  const [fourier, filters, window] = [new Fourier(fft), melFilters(mel, rate), windowOf(mel)];
  const [buffer, spectrum] = [new Float64Array(fft), new Float64Array(fourier.bins)];
  // [bins, frames], or where time comes first [frames, bins].
  const [byFrame, byBin] = mel.timeFirst ? [bins, 1] : [1, frames];
  const cells = new Float64Array(frames * bins);
  for (let f = 0; f < kept; f++) {
    for (let i = 0; i < frame; i++) buffer[i] = given[f * hop + i]!;
    if (mel.removeMean === true) {
      let sum = 0;
      for (let i = 0; i < frame; i++) sum += buffer[i]!;
      for (let i = 0; i < frame; i++) buffer[i]! -= sum / frame;
    }
    if (preemphasis !== 0) {
      for (let i = frame - 1; i > 0; i--) buffer[i]! -= preemphasis * buffer[i - 1]!;
      buffer[0]! *= 1 - preemphasis;
    }
    for (let i = 0; i < frame; i++) buffer[i]! *= window[i]!;
    fourier.spectrum(buffer, power, spectrum);
    for (let b = 0; b < bins; b++) {
      const { start, weights } = filters[b]!;
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * spectrum[start + k]!;
      cells[f * byFrame + b * byBin] = logOf(Math.max(mel.floor, sum), mel.log);
    }
  }
  return { shape: mel.timeFirst ? [frames, bins] : [bins, frames], data: settled(cells, mel) };
}

function logOf(value: number, log: MelInput["log"]): number {
  switch (log) {
    case "none": return value;
    case "log": return Math.log(value);
    case "log10": return Math.log10(value);
    case "db": return 10 * Math.log10(value);
  }
}

/** No further below the highest than `range`; then (x - mean) / std. */
function settled(cells: Float64Array, { range, mean, std }: MelInput): Float32Array {
  const bar = range === undefined ? -Infinity : cells.reduce((a, b) => Math.max(a, Math.fround(b)), -Infinity) - range;
  return Float32Array.from(cells, (x) => (Math.fround(Math.max(bar, Math.fround(x))) - mean) / std);
}

/** Mirrored around its first and last sample. */
function reflected(samples: Float32Array, size: number): Float32Array {
  if (samples.length <= size) throw audioError("audio-damaged", `the sound has ${samples.length} samples; ${size + 1} are the least`, { hint: "Send a longer one." });
  const out = new Float32Array(samples.length + 2 * size);
  out.set(samples, size);
  for (let i = 1; i <= size; i++) {
    out[size - i] = samples[i]!;
    out[size + samples.length - 1 + i] = samples[samples.length - 1 - i]!;
  }
  return out;
}
