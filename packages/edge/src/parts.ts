// What differs between the places that a model is opened in: how ONNX Runtime is had, how signatures are verified, and how
// what only some models need is loaded.

import type { ModelPackage } from "@slipway/core/package";
import type { Session } from "@slipway/core/predict";

export interface Parts {
  /** @param address where the ES module of onnxruntime-web lies; `onnxruntime-web/wasm` by default */
  openRuntime(model: Uint8Array, address: string | undefined): Promise<Session>;
  /** @returns the id of the key that signed; throws where none of `trust` did */
  verify(source: ModelPackage, trust: readonly string[]): Promise<string>;
  /** What only models of pictures and sounds need. */
  media(): Promise<typeof import("./media.ts")>;
}

/** In browsers and in Node. Each is loaded by the models that need it. */
export const PARTS: Parts = {
  openRuntime: async (model, address) => (await import("./ort-web.ts")).openOrtWeb(model, address),
  verify: async (source, trust) => (await import("./verify.ts")).verifySigned(source, trust),
  media: () => import("./media.ts"),
};
