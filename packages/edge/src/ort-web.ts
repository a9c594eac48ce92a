// onnxruntime-web, loaded only for models that our own kernel does not take. The plain WebAssembly build: those for WebGPU know
// no operators of classical machine learning (ai.onnx.ml).

import type { Session } from "@slipway/core/predict";
import { edgeError } from "./errors.ts";
import { firstLine, openOrtSession, type Ort } from "./ort-session.ts";

interface OrtWeb extends Ort {
  readonly env: { logLevel?: string; readonly wasm: { numThreads?: number; wasmPaths?: unknown } };
}

const DEFAULT = "onnxruntime-web/wasm";

/** @throws SlipwayError edge-runtime-missing, runtime-load-failed */
export async function openOrtWeb(model: Uint8Array, address: string = DEFAULT): Promise<Session> {
  let ort: OrtWeb;
  try {
    ort = (await import(/* @vite-ignore */ /* webpackIgnore: true */ address)) as OrtWeb;
  } catch (cause) {
    throw edgeError("edge-runtime-missing", `ONNX Runtime could not be loaded from ${JSON.stringify(address)}: ${firstLine(cause)}`, { hint: "The model needs it. Run `npm install onnxruntime-web`, or name the address of its ES module (`onnxruntime`).", cause });
  }
  ort.env.logLevel = "fatal";
  // Threads need shared memory, which a page has only with the headers COOP and COEP.
  if (globalThis.crossOriginIsolated !== true) ort.env.wasm.numThreads = 1;
  return openOrtSession(ort, model, ["wasm"]);
}
