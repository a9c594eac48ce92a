// What differs between the places that a model is opened in: how ONNX Runtime is had, and how signatures are verified.

import type { ModelPackage } from "@slipway/core/package";
import type { Session } from "@slipway/core/predict";

export interface Parts {
  /** @param address where the ES module of onnxruntime-web lies; `onnxruntime-web/wasm` by default */
  openRuntime(model: Uint8Array, address: string | undefined): Promise<Session>;
  /** @returns the id of the key that signed; throws where none of `trust` did */
  verify(source: ModelPackage, trust: readonly string[]): Promise<string>;
}

/** In browsers and in Node. Both are loaded by the models that need them. */
export const PARTS: Parts = {
  openRuntime: async (model, address) => (await import("./ort-web.ts")).openOrtWeb(model, address),
  verify: async (source, trust) => (await import("./verify.ts")).verifySigned(source, trust),
};
