// What a model's worker and the thread that serves say to each other.

import type { EngineInput, EngineTensor } from "@slipway/core/predict";
import type { SessionOptions } from "../session.ts";

export type Feeds = Readonly<Record<string, EngineTensor>>;

export type ToWorker =
  | { readonly kind: "open"; readonly model: Uint8Array; readonly options: SessionOptions }
  | { readonly kind: "run"; readonly id: number; readonly feeds: Feeds; readonly outputs: readonly string[] };

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}
export type FromWorker =
  | { readonly kind: "opened"; readonly inputs: readonly EngineInput[]; readonly outputNames: readonly string[] }
  | { readonly kind: "refused"; readonly failure: Failure }
  /** `spent`: the memory of what was asked, where it was handed over. */
  | { readonly kind: "done"; readonly id: number; readonly ms: number; readonly outputs: Feeds; readonly spent?: readonly ArrayBuffer[] }
  | { readonly kind: "failed"; readonly id: number; readonly failure: Failure };

/** Memory of calls that are over, for the next of the same sizes: large buffers made anew for each call keep the collector busy. */
export class SpareMemory {
  readonly #kept: ArrayBuffer[] = [];
  readonly #most: number;
  constructor(most: number) {
    this.#most = most;
  }
  give(buffers: readonly ArrayBuffer[]): void {
    for (const buffer of buffers) {
      if (buffer.byteLength < LEAST_SPARE) continue;
      if (this.#kept.length === this.#most) this.#kept.shift();
      this.#kept.push(buffer);
    }
  }
  take(bytes: number): ArrayBuffer | undefined {
    const at = bytes < LEAST_SPARE ? -1 : this.#kept.findIndex((b) => b.byteLength === bytes);
    return at < 0 ? undefined : this.#kept.splice(at, 1)[0];
  }
}
/** Less is soon made. */
const LEAST_SPARE = 2 ** 16;

/** Tensors in memory of their own, which may be handed over: a view would carry the whole buffer it looks into. */
export function detached(tensors: Feeds, spare?: SpareMemory): { readonly tensors: Feeds; readonly transfer: ArrayBuffer[] } {
  const transfer: ArrayBuffer[] = [];
  const own: Record<string, EngineTensor> = {};
  for (const [name, { type, dims, data }] of Object.entries(tensors)) {
    if (Array.isArray(data)) {
      own[name] = { type, dims, data };
      continue;
    }
    const memory = spare?.take(data.byteLength);
    let copy = data;
    if (memory === undefined) copy = data.slice();
    else (copy = new (data.constructor as new (buffer: ArrayBuffer) => Float64Array)(memory)).set(data as Float64Array);
    transfer.push(copy.buffer as ArrayBuffer);
    own[name] = { type, dims, data: copy };
  }
  return { tensors: own, transfer };
}
