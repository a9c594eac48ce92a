// Sounds as a model's tensor: files (WAV), and samples that a page or an app has.

import { givenSound, readWav, soundTensor, type AudioTensor } from "@slipway/core/audio";
import type { PlannedAudio } from "@slipway/core/predict";
import type { SoundSource } from "./types.ts";

/** @throws SlipwayError what reading a sound throws */
export function soundTensors(given: readonly SoundSource[], { input }: PlannedAudio): AudioTensor[] {
  return given.map((s) => soundTensor(s instanceof Uint8Array ? readWav(s) : givenSound(s?.samples, s?.rate), input));
}
