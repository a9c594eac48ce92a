// The door: bytes or an address -> a model. Everything heavy is loaded by the worker, or only when it is wanted here.

import type { ImageOptions } from "@slipway/core/predict";
import { edgeError } from "./errors.ts";
import { checkIntegrity } from "./integrity.ts";
import { pixelsOf } from "./pixels.ts";
import type { EdgeModel, LoadOptions, OpenOptions, PictureSource, PredictOptions } from "./types.ts";
import { openInWorker } from "./worker-model.ts";

/**
 * @param source a package's bytes, or its address (relative to the page's)
 * @throws SlipwayError edge-fetch-failed, edge-integrity, edge-check-differs, signature-*, package-* ...
 */
export async function loadModel(source: Uint8Array | ArrayBuffer | string | URL, options: LoadOptions = {}): Promise<EdgeModel> {
  const bytes = await bytesOf(source);
  if (options.integrity !== undefined) await checkIntegrity(bytes, options.integrity, typeof source === "string" || source instanceof URL ? String(source) : "the package");
  const { document } = globalThis as { readonly document?: { readonly baseURI: string } };
  const { worker = document !== undefined && typeof Worker !== "undefined", digest, engine, checks, trust } = options;
  // A worker resolves addresses by its own place, and knows no import maps: told in full.
  const onnxruntime = options.onnxruntime === undefined || document === undefined ? options.onnxruntime : new URL(options.onnxruntime, document.baseURI).href;
  const open: OpenOptions = { digest, engine, checks, onnxruntime, trust };
  if (worker !== false) return openInWorker(bytes, open, worker === true ? new URL("./worker.js", import.meta.url) : worker, typeof source === "string" || source instanceof URL);
  const [{ openModel }, { PARTS }] = await Promise.all([import("./open-model.ts"), import("./parts.ts")]);
  const model = await openModel(bytes, open, PARTS);
  const predictImage = model.predictImage.bind(model);
  return Object.assign(model, {
    thread: "caller" as const,
    predictImage: async (pictures: PictureSource | readonly PictureSource[], more?: ImageOptions & PredictOptions) => predictImage(pixelsOf(pictures), more),
  });
}

async function bytesOf(source: Uint8Array | ArrayBuffer | string | URL): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  const what = JSON.stringify(String(source).slice(0, 200));
  let answer: Response;
  try {
    answer = await fetch(source);
  } catch (cause) {
    throw edgeError("edge-fetch-failed", `${what} could not be fetched: ${cause instanceof Error ? cause.message : String(cause)}`, { hint: "Without a connection it must be in the page's cache (see the service worker that `slipway edge --target pwa` writes).", cause });
  }
  if (!answer.ok) throw edgeError("edge-fetch-failed", `${what} could not be fetched: the server answered ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}
