// The worker's own script: one worker holds one model.

import type { Ask, Reply, Told } from "./messages.ts";
import { toFailure } from "./messages.ts";
import { openModel, type LocalModel } from "./open-model.ts";
import { PARTS } from "./parts.ts";

let model: LocalModel | undefined;
/** Asked one after the other: the engine's sessions take one call at a time. */
let last: Promise<unknown> = Promise.resolve();

async function answer(ask: Ask): Promise<Extract<Reply, { ok: true }>["value"]> {
  if (ask.kind === "open") {
    model = await openModel(ask.bytes, ask.options, PARTS);
    const { name, version, digest, signature, engine, signedBy, check } = model;
    return { name, version, digest, signature, engine, signedBy, check } satisfies Told;
  }
  if (model === undefined) throw new Error("the model is not open");
  if (ask.kind === "sound") return model.predictSound(ask.sounds, ask.options);
  return ask.kind === "predict" ? model.predict(ask.input, ask.options) : model.predictImage(ask.pictures, ask.options);
}

globalThis.addEventListener("message", (event: MessageEvent<Ask>) => {
  const ask = event.data;
  last = last.then(async () => {
    let reply: Reply;
    try {
      reply = { id: ask.id, ok: true, value: await answer(ask) };
    } catch (error) {
      reply = { id: ask.id, ok: false, failure: toFailure(error) };
    }
    (globalThis as unknown as { postMessage(message: Reply, transfer: []): void }).postMessage(reply, []);
  });
});
