// The loader's thread: prepares one model after another.

import { parentPort } from "node:worker_threads";
import { SlipwayError } from "@slipway/core/base";
import { prepare, type PrepareRequest } from "./prepare.ts";
import type { LoaderAnswer } from "./loader.ts";

parentPort!.on("message", (message: PrepareRequest & { readonly id: number }) => void answer(message));

async function answer({ id, ...request }: PrepareRequest & { readonly id: number }): Promise<void> {
  try {
    const prepared = await prepare(request);
    const { model } = prepared.source;
    // The whole buffer where it holds the model alone; a view into a file is copied, so that the file does not come along.
    const own = model.byteLength === model.buffer.byteLength ? model : model.slice();
    const message: LoaderAnswer = { id, prepared: { ...prepared, source: { ...prepared.source, model: own } } };
    parentPort!.postMessage(message, [own.buffer as ArrayBuffer]);
  } catch (error) {
    const { code, kind, message, where, hint, data } = error instanceof SlipwayError ? error : new SlipwayError("server-failed", "internal", error instanceof Error ? error.message : String(error));
    parentPort!.postMessage({ id, failure: { code, kind, message, where, hint, data } } satisfies LoaderAnswer, []);
  }
}
