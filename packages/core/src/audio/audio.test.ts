// Sounds beside what soundfile, torchaudio and transformers make of the same files; and files that are none.
/* oxlint-disable typescript/no-explicit-any -- what Python wrote, as it is */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlipwayError } from "../base/index.ts";
import { codeOf } from "../base/testing.ts";
import { parseAudioInput, type AudioInput } from "../package/index.ts";
import { Fourier } from "./fft.ts";
import { givenSound, isWav, readWav, resample, soundTensor } from "./index.ts";

const folder = fileURLToPath(new URL("../../../../corpus/audio/sounds/", import.meta.url));
const file = (name: string): Uint8Array => new Uint8Array(readFileSync(`${folder}${name}.wav`));
const expected = JSON.parse(readFileSync(`${folder}expected.json`, "utf8")) as Record<string, any>;
const names = Object.keys(expected);
const most = (found: ArrayLike<number>, wanted: readonly number[]): number => wanted.reduce((m, x, i) => Math.max(m, Math.abs(x - found[i]!)), 0);

const AST: AudioInput = { rate: 16_000, mel: { frame: 400, hop: 160, fft: 512, window: "hann-symmetric", center: false, removeMean: true, preemphasis: 0.97, power: 2, bins: 24, lowest: 20, highest: 8000, scale: "kaldi", inMelSpace: true, floor: 2 ** -23, log: "log", mean: -4.2677393, std: 4.5689974 * 2, frames: 20, timeFirst: true } };
const WHISPER: AudioInput = { rate: 16_000, samples: 16_000, mel: { frame: 400, hop: 160, fft: 400, window: "hann", center: true, power: 2, bins: 16, lowest: 0, highest: 8000, scale: "slaney", norm: "slaney", inMelSpace: false, floor: 1e-10, log: "log10", range: 8, mean: -4, std: 4, dropLast: true, timeFirst: false } };

describe("WAV files", () => {
  it.each(names)("%s is read as soundfile reads it", (name) => {
    const { rate, mono } = readWav(file(name));
    expect([rate, mono.length]).toEqual([expected[name].rate, expected[name].count]);
    expect([...mono.subarray(0, 200)]).toEqual(expected[name].samples);
  });
  it("are refused by name where they are cut short, contradict themselves or hold what is not read", () => {
    const good = file("pcm16");
    const changed = (at: number, ...bytes: number[]): Uint8Array => { const b = good.slice(); b.set(bytes, at); return b; };
    expect(isWav(good)).toBe(true);
    expect(codeOf(() => readWav(good.subarray(0, 1000)))).toBe("audio-damaged");
    expect(codeOf(() => readWav(good.subarray(0, 40)))).toBe("audio-damaged");
    expect(codeOf(() => readWav(new Uint8Array(5)))).toBe("audio-damaged");
    expect(codeOf(() => readWav(changed(20, 85, 0)))).toBe("audio-encoding");
    expect(codeOf(() => readWav(changed(34, 12, 0)))).toBe("audio-encoding");
    expect(codeOf(() => readWav(changed(22, 0, 0)))).toBe("audio-limit");
    expect(codeOf(() => readWav(changed(24, 255, 255, 255, 255)))).toBe("audio-limit");
    expect(codeOf(() => readWav(changed(32, 9, 0)))).toBe("audio-damaged");
  });
  it("have only coded errors, whatever their bytes are", () => {
    const good = file("pcm8").slice(0, 400);
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(399), fc.nat(255)), { maxLength: 12 }), fc.nat(400), (changes, length) => {
      const bytes = good.slice(0, length);
      for (const [at, value] of changes) if (at < length) bytes[at] = value;
      try {
        const { mono } = readWav(bytes);
        expect(mono.length).toBeLessThanOrEqual(length);
      } catch (error) {
        expect(error).toBeInstanceOf(SlipwayError);
      }
    }), { numRuns: 400 });
  });
});

describe("sounds as tensors", () => {
  it.each(names)("%s is resampled as torchaudio does, within 1e-6", (name) => {
    const { rate, mono } = readWav(file(name));
    const found = resample(mono, rate, 16_000);
    expect(found.length).toBe(expected[name].resampledCount);
    expect(most(found, expected[name].resampled as number[])).toBeLessThan(1e-6);
  });
  it.each(names)("%s has transformers' features: AST within 1e-3, Whisper within 1e-4, Wav2Vec2 within 1e-5", (name) => {
    const sound = readWav(file(name));
    const ast = soundTensor(sound, AST);
    expect(ast.shape).toEqual([20, 24]);
    expect(most(ast.data, expected[name].ast as number[])).toBeLessThan(1e-3);
    const whisper = soundTensor(sound, WHISPER);
    expect(whisper.shape).toEqual([16, 100]);
    expect(most(Array.from({ length: 16 }, (_, b) => Array.from(whisper.data.subarray(b * 100, b * 100 + 20))).flat(), expected[name].whisper as number[])).toBeLessThan(1e-4);
    expect(most(soundTensor(sound, { rate: 16_000, standardize: true }).data, expected[name].wav2vec2 as number[])).toBeLessThan(1e-5);
  });
  it("are cut and filled to a length, and refused where they are too short for a frame", () => {
    const sound = { rate: 8000, channels: 1, mono: Float32Array.of(0.5, -0.5, 0.25) };
    expect([...soundTensor(sound, { rate: 8000, samples: 5 }).data]).toEqual([0.5, -0.5, 0.25, 0, 0]);
    expect([...soundTensor(sound, { rate: 8000, samples: 2 }).data]).toEqual([0.5, -0.5]);
    expect(codeOf(() => soundTensor({ ...sound, rate: 16_000 }, AST))).toBe("audio-damaged");
    expect(codeOf(() => soundTensor({ ...sound, rate: 767_999 }, { rate: 767_998 }))).toBe("audio-limit");
  });
  it("are refused where no frame is left of them, once the last one is dropped", () => {
    const wide: AudioInput = { rate: 8000, mel: { ...WHISPER.mel!, hop: 400 } };
    const noise = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
    expect(codeOf(() => soundTensor(givenSound(noise(399), 8000), wide))).toBe("audio-damaged");
    expect(soundTensor(givenSound(noise(400), 8000), wide).shape).toEqual([16, 1]);
  });
  it("that a program holds are checked as files are", () => {
    const samples = Float32Array.of(0.5, -0.5);
    expect(givenSound(samples, 8000)).toEqual({ rate: 8000, channels: 1, mono: samples });
    for (const rate of [NaN, 0, 44_100.5, 1e6, "8000", undefined]) expect(codeOf(() => givenSound(samples, rate)), String(rate)).toBe("audio-limit");
    for (const given of [new Float32Array(), [0.5], undefined, Float32Array.of(0, NaN), Float32Array.of(Infinity)]) expect(codeOf(() => givenSound(given, 8000))).toBe("audio-damaged");
  });
  it("are told in JSON, every field checked", () => {
    const fail = (message: string, where: string): SlipwayError => new SlipwayError("x", "invalid", `${where}: ${message}`);
    expect(parseAudioInput(JSON.parse(JSON.stringify(WHISPER)), "", fail)).toEqual(WHISPER);
    for (const [change, where] of [[{ fft: 100 }, "mel.frame"], [{ std: 0 }, "mel.std"], [{ lowest: 9000 }, "mel.lowest"], [{ floor: 0 }, "mel.floor"], [{ window: "kaiser" }, "mel.window"]] as const) {
      expect(() => parseAudioInput({ rate: 16_000, mel: { ...WHISPER.mel, ...change } }, "", fail)).toThrow(where);
    }
    expect(() => parseAudioInput({ rate: 0 }, "", fail)).toThrow("rate");
  });
});

describe("the Fourier transform", () => {
  it.each([1, 2, 3, 5, 12, 30, 49, 128, 400])("of %i numbers is the sum that defines it", (size) => {
    const input = Float64Array.from({ length: size }, (_, i) => Math.sin(i * i * 0.37) + i / size);
    const found = new Float64Array(Math.floor(size / 2) + 1);
    new Fourier(size).spectrum(input, 2, found);
    for (let k = 0; k < found.length; k++) {
      let [re, im] = [0, 0];
      for (let i = 0; i < size; i++) {
        re += input[i]! * Math.cos((2 * Math.PI * i * k) / size);
        im -= input[i]! * Math.sin((2 * Math.PI * i * k) / size);
      }
      expect(Math.abs(found[k]! - (re * re + im * im))).toBeLessThan(1e-5 * (1 + re * re + im * im));
    }
  });
});
