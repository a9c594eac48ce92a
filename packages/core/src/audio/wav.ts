// WAV files (RIFF, after Microsoft's "Multiple Channel Audio Data and WAVE Files"): PCM of 8, 16, 24 and 32 bits and floats,
// plain or in the extensible form. Whole numbers become floats of -1 to 1 as libsndfile and torchaudio scale them. What comes
// from outside: every size is held against what is there, and a header alone makes nothing large.

import { audioError } from "./errors.ts";

export interface Sound {
  readonly rate: number;
  readonly channels: number;
  /** The channels' mean, one float a sample. */
  readonly mono: Float32Array;
}

const MAX_CHANNELS = 64;
const MAX_RATE = 768_000;
/** A quarter of an hour at 48 kHz. */
export const MAX_SAMPLES: number = 2 ** 25 + 2 ** 23;
const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
/** KSDATAFORMAT_SUBTYPE_..., behind the first two bytes. */
const SUBTYPE = [0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113];
const NAMES: Readonly<Record<number, string>> = { 2: "Microsoft ADPCM", 6: "A-law", 7: "mu-law", 17: "IMA ADPCM", 49: "GSM", 80: "MPEG", 85: "MP3" };

interface Format {
  readonly channels: number;
  readonly rate: number;
  readonly bits: number;
  readonly float: boolean;
}

export function isWav(bytes: Uint8Array): boolean {
  return bytes.length >= 12 && tag(bytes, 0) === "RIFF" && tag(bytes, 8) === "WAVE";
}

/** @throws SlipwayError audio-damaged, audio-encoding, audio-limit */
export function readWav(bytes: Uint8Array): Sound {
  if (!isWav(bytes)) throw audioError("audio-damaged", "the body is no WAV file: it does not begin with RIFF and WAVE", { hint: "Save the sound as WAV: ffmpeg -i in.mp3 out.wav" });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    const name = tag(bytes, at);
    if (name === "fmt ") {
      if (size < 16 || start + size > bytes.length) throw audioError("audio-damaged", `the format takes ${size} bytes at ${start}, and the file has ${bytes.length}`);
      format = readFormat(view, start, size);
    } else if (name === "data") {
      if (format === undefined) throw audioError("audio-damaged", `samples begin at ${start}, and no format stands before them`);
      // Programs that write to a pipe do not know the size: 0 or the largest number stands for all that follows.
      const open = size === 0xffffffff || (size === 0 && start < bytes.length);
      if (!open && start + size > bytes.length) throw audioError("audio-damaged", `${size} bytes of samples begin at ${start}, and the file has ${bytes.length}: it was cut short`);
      return readSamples(view, start, open ? bytes.length - start : size, format);
    }
    // Chunks begin at even places.
    at = start + size + (size % 2);
  }
  throw audioError("audio-damaged", format === undefined ? "the file has no format and no samples" : "the file has no samples");
}

/** A sound that a program holds already. @throws SlipwayError audio-damaged, audio-limit */
export function givenSound(samples: unknown, rate: unknown): Sound {
  if (!(samples instanceof Float32Array) || samples.length === 0) throw audioError("audio-damaged", "the sound has no samples: they are a Float32Array, of -1 to 1", { hint: "Give {rate, samples}, or the bytes of a WAV file." });
  if (typeof rate !== "number" || !Number.isInteger(rate) || rate < 1 || rate > MAX_RATE) throw audioError("audio-limit", `the sound has ${String(rate).slice(0, 40)} samples a second; a whole number of 1 to ${MAX_RATE} is taken`);
  if (samples.length > MAX_SAMPLES) throw tooLong(samples.length);
  checkFinite(samples);
  return { rate, channels: 1, mono: samples };
}

function readFormat(view: DataView, start: number, size: number): Format {
  const [channels, rate, align, bits] = [view.getUint16(start + 2, true), view.getUint32(start + 4, true), view.getUint16(start + 12, true), view.getUint16(start + 14, true)];
  let kind = view.getUint16(start, true);
  if (kind === EXTENSIBLE) {
    if (size < 40 || SUBTYPE.some((b, i) => view.getUint8(start + 26 + i) !== b)) throw audioError("audio-encoding", "the samples are of a kind that is not read");
    kind = view.getUint16(start + 24, true);
  }
  const float = kind === FLOAT;
  if (kind !== PCM && !float) throw audioError("audio-encoding", `the samples are ${NAMES[kind] ?? `of the kind ${kind}`}; PCM and floats are read`, { hint: "ffmpeg -i in.wav -c:a pcm_s16le out.wav" });
  if (!(float ? [32, 64] : [8, 16, 24, 32]).includes(bits)) throw audioError("audio-encoding", `${float ? "floats" : "PCM"} of ${bits} bits are not read`);
  if (channels < 1 || channels > MAX_CHANNELS) throw audioError("audio-limit", `the sound has ${channels} channels; 1 to ${MAX_CHANNELS} are taken`);
  if (rate < 1 || rate > MAX_RATE) throw audioError("audio-limit", `the sound has ${rate} samples a second; 1 to ${MAX_RATE} are taken`);
  if (align !== (channels * bits) / 8) throw audioError("audio-damaged", `a sample of ${channels} channels of ${bits} bits is said to take ${align} bytes`);
  return { channels, rate, bits, float };
}

function readSamples(view: DataView, start: number, size: number, { channels, rate, bits, float }: Format): Sound {
  const step = bits / 8;
  const count = Math.floor(size / (step * channels));
  if (count === 0) throw audioError("audio-damaged", "the file has no samples");
  if (count > MAX_SAMPLES) throw tooLong(count);
  const read = reader(view, bits, float);
  const mono = new Float32Array(count);
  for (let i = 0, at = start; i < count; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++, at += step) sum += Math.fround(read(at));
    mono[i] = sum / channels;
  }
  checkFinite(mono);
  return { rate, channels, mono };
}

function tooLong(count: number): Error {
  return audioError("audio-limit", `the sound has ${count} samples; ${MAX_SAMPLES} at most are taken`, { hint: "Send it in parts." });
}

function checkFinite(samples: Float32Array): void {
  const odd = samples.findIndex((x) => x - x !== 0);
  if (odd >= 0) throw audioError("audio-damaged", `sample ${odd} is ${samples[odd]}`);
}

function reader(view: DataView, bits: number, float: boolean): (at: number) => number {
  if (float) return bits === 32 ? (at) => view.getFloat32(at, true) : (at) => view.getFloat64(at, true);
  switch (bits) {
    case 8: return (at) => (view.getUint8(at) - 128) / 128;
    case 16: return (at) => view.getInt16(at, true) / 32_768;
    case 24: return (at) => (view.getUint8(at) + view.getInt16(at + 1, true) * 256) / 8_388_608;
    default: return (at) => view.getInt32(at, true) / 2_147_483_648;
  }
}

function tag(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
