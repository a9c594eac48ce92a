// A model that lives in a worker, seen from the page.

import type { ImageOptions, PredictedRow, RowError } from "@slipway/core/predict";
import { edgeError } from "./errors.ts";
import { fromFailure, type Ask, type Reply, type Told } from "./messages.ts";
import { pixelsOf } from "./pixels.ts";
import type { EdgeModel, OpenOptions, PictureSource, PredictOptions, SoundSource } from "./types.ts";

type Without<T> = T extends { id: number } ? Omit<T, "id"> : never;
interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** `own`: nobody else uses the bytes, so they are handed over instead of copied. */
export async function openInWorker(bytes: Uint8Array, options: OpenOptions, script: URL | string, own: boolean): Promise<EdgeModel> {
  const channel = new Channel(script);
  try {
    const told = await channel.ask<Told>({ kind: "open", bytes, options }, own ? [bytes.buffer] : []);
    return new WorkerModel(told, channel);
  } catch (error) {
    channel.close();
    throw error;
  }
}

class Channel {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #id = 0;
  #ended: Error | undefined;

  constructor(script: URL | string) {
    this.#worker = new Worker(script, { type: "module", name: "slipway" });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if (data.ok) waiting?.resolve(data.value as never);
      else waiting?.reject(fromFailure(data.failure));
    });
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#end(edgeError("edge-worker-lost", `the worker ${String(script)} ${event.message ? `failed: ${event.message}` : "could not be started"}`, { hint: "worker.js lies beside the module; a Content-Security-Policy must allow it (worker-src)." }));
    });
  }

  ask<T>(ask: Without<Ask>, transfer: Transferable[] = []): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise<T>((resolve, reject) => {
      const id = ++this.#id;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...ask, id }, transfer);
    });
  }

  close(): void {
    this.#end(edgeError("edge-closed", "the model was closed"));
  }
  #end(error: Error): void {
    this.#ended ??= error;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

class WorkerModel implements EdgeModel {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly signature: Told["signature"];
  readonly engine: Told["engine"];
  readonly signedBy: Told["signedBy"];
  readonly check: Told["check"];
  readonly thread = "worker";
  readonly #channel: Channel;

  constructor({ name, version, digest, signature, engine, signedBy, check }: Told, channel: Channel) {
    this.name = name;
    this.version = version;
    this.digest = digest;
    this.signature = signature;
    this.engine = engine;
    this.signedBy = signedBy;
    this.check = check;
    this.#channel = channel;
  }
  predict(input: unknown, options: PredictOptions = {}): Promise<(PredictedRow | RowError)[]> {
    return this.#channel.ask({ kind: "predict", input, options });
  }
  async predictImage(pictures: PictureSource | readonly PictureSource[], options: ImageOptions & PredictOptions = {}): Promise<(PredictedRow | RowError)[]> {
    return this.#channel.ask({ kind: "image", pictures: pixelsOf(pictures), options });
  }
  predictSound(sounds: SoundSource | readonly SoundSource[], options: PredictOptions = {}): Promise<(PredictedRow | RowError)[]> {
    return this.#channel.ask({ kind: "sound", sounds: Array.isArray(sounds) ? (sounds as readonly SoundSource[]) : [sounds as SoundSource], options });
  }
  async close(): Promise<void> {
    this.#channel.close();
  }
}
