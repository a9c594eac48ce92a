// Where a model runs. What costs less than a call to another thread is computed inline; what would hold up the event
// loop leaves the thread that serves. Measured on the model itself, with an example row.

import type { Session } from "@slipway/core/predict";
import { availableCpus } from "./threads.ts";
import { openPool } from "./workers/pool.ts";
import { openSession, type SessionOptions } from "./session.ts";

/**
 * `inline`: on the thread that asks. `thread`: in worker threads. `process`: in processes of their own, which may be
 * killed without harm to the server and give back all their memory; tensors are copied to them.
 */
export type Placement = "auto" | "inline" | "thread" | "process";

export interface PlacementOptions extends SessionOptions {
  /** auto by default. */
  readonly placement?: Placement | undefined;
  /** Workers; by default the processors that this process may use, fewer where a copy of the model is large. */
  readonly instances?: number | undefined;
}

/** Ten times what a call to a worker thread costs; a turn of the event loop stays below it. */
const INLINE_MS = 1;
/** Copies of larger models would cost more memory than they give speed; their calls use several threads each. */
const COPY_BYTES = 64 * 2 ** 20;

/** `measure`: milliseconds of one call with one row, or undefined where no example can be made. */
export async function placeSession(model: Uint8Array, options: PlacementOptions, measure: (session: Session) => Promise<number | undefined>): Promise<Session> {
  const { placement = "auto", instances, ...engine } = options;
  if (placement === "inline") return openSession(model, engine);
  if (placement !== "auto") return openPool(model, { ...spread(model, instances, engine), kind: placement });
  const inline = await openSession(model, engine);
  const ms = await measure(inline).catch(() => undefined);
  if (ms === undefined || ms < INLINE_MS) return inline;
  await inline.close();
  return openPool(model, { ...spread(model, instances, engine), kind: "thread" });
}

function spread(model: Uint8Array, instances: number | undefined, engine: SessionOptions): SessionOptions & { readonly instances: number } {
  const cpus = availableCpus();
  const count = instances ?? (model.byteLength > COPY_BYTES ? 1 : Math.min(cpus, 8));
  return { ...engine, instances: count, threads: engine.threads ?? Math.max(1, Math.floor(cpus / count)) };
}
