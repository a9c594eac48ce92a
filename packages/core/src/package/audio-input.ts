// How a sound becomes a tensor, read from JSON with every field checked: of signature.json, and of a user's own file.

import { JsonObject, type Fail } from "./json.ts";

/** A log-mel spectrogram, with the parameters of transformers' audio_utils.spectrogram. */
export interface MelInput {
  /** Samples of a frame, between frames, and of the transform. */
  readonly frame: number;
  readonly hop: number;
  readonly fft: number;
  readonly window: (typeof WINDOWS)[number];
  /** Frames are centered at multiples of `hop`: the sound is mirrored at its ends. */
  readonly center: boolean;
  /** The mean of each frame is taken off it, before the pre-emphasis. */
  readonly removeMean?: boolean;
  readonly preemphasis?: number;
  readonly power: 1 | 2;
  readonly bins: number;
  /** Hertz. */
  readonly lowest: number;
  readonly highest: number;
  readonly scale: "htk" | "kaldi" | "slaney";
  readonly norm?: "slaney";
  /** Filters are triangles over mels, not over hertz. */
  readonly inMelSpace: boolean;
  readonly floor: number;
  readonly log: "none" | "log" | "log10" | "db";
  /** Values further below the highest of all are raised to it. */
  readonly range?: number;
  /** Then (x - mean) / std. */
  readonly mean: number;
  readonly std: number;
  readonly dropLast?: boolean;
  /** Cut, or filled with 0 before mean and std are applied. */
  readonly frames?: number;
  /** [frames, bins] rather than [bins, frames]. */
  readonly timeFirst: boolean;
}

/** How sounds become a tensor, as it was done where the model was trained. */
export interface AudioInput {
  /** Samples a second: others are resampled as torchaudio does. */
  readonly rate: number;
  /** Cut, or filled with 0. */
  readonly samples?: number;
  /** Mean 0 and variance 1, before it is filled. */
  readonly standardize?: boolean;
  /** The waveform itself where it is left out. */
  readonly mel?: MelInput;
}

export const WINDOWS = ["hann", "hann-symmetric", "hamming", "hamming-symmetric", "povey", "boxcar"] as const;
const MAX_RATE = 768_000;
const MAX_SAMPLES = 2 ** 25;
const MAX_FFT = 65_536;
const MAX_BINS = 4096;
const MAX_FRAMES = 1_000_000;

export function parseAudioInput(json: unknown, where: string, fail: Fail): AudioInput {
  const o = new JsonObject(json, where, fail);
  return {
    rate: least(o, "rate", MAX_RATE, fail),
    ...(o.has("samples") ? { samples: least(o, "samples", MAX_SAMPLES, fail) } : {}),
    ...(o.has("standardize") ? { standardize: o.boolean("standardize") } : {}),
    ...(o.has("mel") ? { mel: parseMel(o.object("mel"), fail) } : {}),
  };
}

function least(o: JsonObject, key: string, most: number, fail: Fail): number {
  const value = o.count(key, most);
  if (value < 1) throw fail(`expected 1 to ${most}`, o.at(key));
  return value;
}

function parseMel(o: JsonObject, fail: Fail): MelInput {
  const number = (key: string, from = -Infinity): number => {
    const value = o.get(key);
    if (typeof value !== "number" || !Number.isFinite(value) || value < from) throw fail(from === -Infinity ? "expected a number" : `expected a number from ${from} on`, o.at(key));
    return value;
  };
  const [frame, hop, fft] = [least(o, "frame", MAX_FFT, fail), least(o, "hop", MAX_FFT, fail), least(o, "fft", MAX_FFT, fail)];
  if (frame < 2 || frame > fft) throw fail(`expected 2 to ${fft}, the size of the transform`, o.at("frame"));
  const [lowest, highest] = [number("lowest", 0), number("highest", 0)];
  if (lowest >= highest) throw fail("expected a frequency below the highest", o.at("lowest"));
  const power = o.get("power");
  if (power !== 1 && power !== 2) throw fail("expected 1 or 2", o.at("power"));
  const [floor, std] = [number("floor", 0), number("std")];
  if (floor === 0 && o.get("log") !== "none") throw fail("expected more than 0, as logarithms are taken", o.at("floor"));
  if (std === 0) throw fail("expected another number than 0", o.at("std"));
  return {
    frame, hop, fft, window: o.oneOf("window", WINDOWS), center: o.boolean("center"),
    ...(o.has("removeMean") ? { removeMean: o.boolean("removeMean") } : {}), ...(o.has("preemphasis") ? { preemphasis: number("preemphasis", 0) } : {}),
    power, bins: least(o, "bins", MAX_BINS, fail), lowest, highest, scale: o.oneOf("scale", ["htk", "kaldi", "slaney"]), ...(o.has("norm") ? { norm: o.oneOf("norm", ["slaney"]) } : {}),
    inMelSpace: o.boolean("inMelSpace"), floor, log: o.oneOf("log", ["none", "log", "log10", "db"]), ...(o.has("range") ? { range: number("range", 0) } : {}),
    mean: number("mean"), std, ...(o.has("dropLast") ? { dropLast: o.boolean("dropLast") } : {}), ...(o.has("frames") ? { frames: least(o, "frames", MAX_FRAMES, fail) } : {}), timeFirst: o.boolean("timeFirst"),
  };
}
