// Another sampling rate, as torchaudio.functional.resample computes it by default: a sinc with a Hann window, six zero
// crossings wide, cut off at 0.99 of the lower rate.

import { audioError } from "./errors.ts";
import { MAX_SAMPLES } from "./wav.ts";

const WIDTH = 6;
const ROLLOFF = 0.99;
/** Taps of all phases: rates without a common divisor make many. */
const MAX_TAPS = 2 ** 25;

/** @throws SlipwayError audio-limit */
export function resample(samples: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return samples;
  const divisor = gcd(from, to);
  const [step, phases] = [from / divisor, to / divisor];
  const base = Math.min(step, phases) * ROLLOFF;
  const width = Math.ceil((WIDTH * step) / base);
  const taps = 2 * width + step;
  const length = Math.ceil((phases * samples.length) / step);
  if (length > MAX_SAMPLES) throw audioError("audio-limit", `the sound would have ${length} samples at ${to} a second; ${MAX_SAMPLES} at most are taken`);
  if (phases * taps > MAX_TAPS) throw audioError("audio-limit", `a sound of ${from} samples a second cannot be brought to ${to}: the rates have too little in common`, { hint: `Resample it before: ffmpeg -i in.wav -ar ${to} out.wav` });
  const out = new Float32Array(length);
  for (let phase = 0; phase < Math.min(phases, length); phase++) {
    const { first, kernel } = kernelOf(phase, { step, phases, base, width, taps });
    for (let i = phase, at = first - width; i < length; i += phases, at += step) {
      let sum = 0;
      const begin = Math.max(0, -at);
      const end = Math.min(kernel.length, samples.length - at);
      for (let k = begin; k < end; k++) sum += samples[at + k]! * kernel[k]!;
      out[i] = sum;
    }
  }
  return out;
}

interface Sizes {
  readonly step: number;
  readonly phases: number;
  readonly base: number;
  readonly width: number;
  readonly taps: number;
}

/** The taps of one phase, in single precision; those at its ends that are 0 are left out. */
function kernelOf(phase: number, { step, phases, base, width, taps }: Sizes): { readonly first: number; readonly kernel: Float32Array } {
  const all = new Float32Array(taps);
  // A quotient of whole numbers is of single precision there.
  const offset = Math.fround(-phase / phases);
  for (let k = 0; k < taps; k++) {
    const t = Math.max(-WIDTH, Math.min(WIDTH, (offset + (k - width) / step) * base));
    const window = Math.cos((t * Math.PI) / WIDTH / 2) ** 2;
    const x = t * Math.PI;
    all[k] = (x === 0 ? 1 : Math.sin(x) / x) * (window * (base / step));
  }
  let [first, last] = [0, taps];
  while (first < last && Math.abs(all[first]!) < 1e-30) first++;
  while (last > first && Math.abs(all[last - 1]!) < 1e-30) last--;
  return { first, kernel: all.subarray(first, last) };
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
