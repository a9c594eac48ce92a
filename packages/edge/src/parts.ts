// What differs between the places that a model is opened in: how ONNX Runtime is had, how signatures are verified, and how
// what only some models need is loaded.

import type { AudioTensor } from "@slipway/core/audio";
import type { ModelPackage } from "@slipway/core/package";
import type { PlannedAudio, Session } from "@slipway/core/predict";
import type { SoundSource } from "./types.ts";

export interface Parts {
  /** @param address where the ES module of onnxruntime-web lies; `onnxruntime-web/wasm` by default */
  openRuntime(model: Uint8Array, address: string | undefined): Promise<Session>;
  /** @returns the id of the key that signed; throws where none of `trust` did */
  verify(source: ModelPackage, trust: readonly string[]): Promise<string>;
  /** What a model of sounds takes of each. */
  sounds(given: readonly SoundSource[], planned: PlannedAudio): Promise<AudioTensor[]>;
}

/** In browsers and in Node. Each is loaded by the models that need it. */
export const PARTS: Parts = {
  openRuntime: async (model, address) => (await import("./ort-web.ts")).openOrtWeb(model, address),
  verify: async (source, trust) => (await import("./verify.ts")).verifySigned(source, trust),
  sounds: async (given, planned) => (await import("./sounds.ts")).soundTensors(given, planned),
};
