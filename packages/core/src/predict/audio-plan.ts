// Which tensor a model of sounds takes, and sounds as rows of it.

import type { AudioTensor } from "../audio/index.ts";
import type { AudioInput, Signature } from "../package/index.ts";
import type { ModelInput } from "./encode.ts";
import { predictError } from "./errors.ts";
import { shapeText } from "./tensors.ts";

export interface PlannedAudio {
  readonly name: string;
  readonly input: AudioInput;
}

export function takesSounds(signature: Signature): boolean {
  return signature.tensors?.length === 1 && signature.tensors[0]!.audio !== undefined;
}

/** @throws SlipwayError audio-unwanted */
export function planAudio(signature: Signature): PlannedAudio {
  const [input, second] = signature.tensors ?? [];
  if (input?.audio === undefined || second !== undefined) {
    throw predictError("audio-unwanted", `a sound was sent, and the model takes none${input === undefined || second !== undefined ? "" : `; it takes ${shapeText(input, signature)}`}`, { hint: "How sounds become its tensor stands in the package: slipway pack --audio audio.json, or a folder of Hugging Face's with preprocessor_config.json." });
  }
  return { name: input.name, input: input.audio };
}

/** One row a sound. @throws SlipwayError request-shape */
export function soundRows(rows: readonly AudioTensor[], { name }: PlannedAudio): ModelInput {
  const [first] = rows;
  if (first === undefined) throw predictError("request-shape", "no sound was given");
  const odd = rows.findIndex((r) => r.shape.join() !== first.shape.join());
  if (odd >= 0) throw predictError("request-shape", `sound ${odd} becomes [${rows[odd]!.shape.join(", ")}], sound 0 [${first.shape.join(", ")}]`, { hint: "The model takes sounds of any length, but of one length in a request." });
  const size = first.data.length;
  const data = rows.length === 1 ? first.data : new Float32Array(size * rows.length);
  if (rows.length > 1) rows.forEach((r, i) => data.set(r.data, i * size));
  return { kind: "tensors", tensors: { [name]: { shape: [rows.length, ...first.shape], data } } };
}
