// Pictures and sounds as a model's rows, and what a detector's answers become: a module of its own, as most models need none of it.

import { givenSound, readWav, soundTensor } from "@slipway/core/audio";
import { imageRows, pictureTensor, planAudio, planImages, soundRows, type ImageOptions, type ModelInput, type Picture } from "@slipway/core/predict";
import type { Signature } from "@slipway/core/package";
import type { SoundSource } from "./types.ts";

export { dressSession } from "@slipway/core/predict";

/** One row a picture. @throws what the plan of a signature's pictures throws */
export function pictureInput(pictures: readonly Picture[], signature: Signature, options: ImageOptions): ModelInput {
  const planned = planImages(signature, options);
  return imageRows(pictures.map((p) => pictureTensor(p, planned.plan)), planned, signature);
}

/** One row a sound: a file (WAV), or samples. @throws what reading a sound throws, audio-unwanted */
export function soundInput(sounds: SoundSource | readonly SoundSource[], signature: Signature): ModelInput {
  const planned = planAudio(signature);
  const given = Array.isArray(sounds) ? (sounds as readonly SoundSource[]) : [sounds as SoundSource];
  return soundRows(given.map((s) => soundTensor(s instanceof Uint8Array ? readWav(s) : givenSound(s?.samples, s?.rate), planned.input)), planned);
}
