// WAV files into a model of sounds, one row each, as its package says.

import type { Signature } from "@slipway/core/package";
import { planAudio, predictError, soundRows, type ModelInput } from "@slipway/core/predict";
import { decodeAudio } from "../../decoding/decoder.ts";
import type { Call } from "../../http/call.ts";

const MAX_SOUNDS = 64;
/** Of all sounds of a request: a header alone can say that a few samples last long. */
const MAX_NUMBERS = 2 ** 26;

/** @throws SlipwayError audio-unwanted, audio-damaged, audio-encoding, audio-limit */
export async function readSounds(sounds: readonly Uint8Array[], call: Call, signature: Signature): Promise<ModelInput> {
  const planned = planAudio(signature);
  if (sounds.length > MAX_SOUNDS) throw predictError("request-limit", `${sounds.length} sounds are too many for one request`, { hint: "Send them in parts." });
  const rows = [];
  let numbers = 0;
  for (const sound of sounds) {
    const row = await decodeAudio(sound, planned.input, call.deadline);
    numbers += row.data.length;
    if (numbers > MAX_NUMBERS) throw predictError("request-limit", `the sounds become more than ${MAX_NUMBERS} numbers in one request`, { hint: "Send them in parts." });
    rows.push(row);
  }
  return soundRows(rows, planned);
}
