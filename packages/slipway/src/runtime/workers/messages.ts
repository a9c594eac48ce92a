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
  | { readonly kind: "done"; readonly id: number; readonly ms: number; readonly outputs: Feeds }
  | { readonly kind: "failed"; readonly id: number; readonly failure: Failure };

/** Tensors in memory of their own, which may be handed over: a view would carry the whole buffer it looks into. */
export function detached(tensors: Feeds): { readonly tensors: Feeds; readonly transfer: ArrayBuffer[] } {
  const transfer: ArrayBuffer[] = [];
  const own: Record<string, EngineTensor> = {};
  for (const [name, { type, dims, data }] of Object.entries(tensors)) {
    const copy = Array.isArray(data) ? data : data.slice();
    if (!Array.isArray(copy)) transfer.push(copy.buffer as ArrayBuffer);
    own[name] = { type, dims, data: copy };
  }
  return { tensors: own, transfer };
}
