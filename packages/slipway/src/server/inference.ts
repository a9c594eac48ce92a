// The one way from a decoded request to a prediction, whatever the protocol: checks, runs and observes.

import type { Encoded, ModelInput, OnInvalid, PredictOptions, Prediction, Servable } from "../runtime/index.ts";
import { allowModel } from "./auth/index.ts";
import type { Observation, ServerContext } from "./context.ts";
import type { Call } from "./http/call.ts";
import { newId } from "./http/node-host.ts";

export interface InferOptions {
  /** Names of the outputs; all by default. */
  readonly outputs?: readonly string[] | undefined;
  /** `throw` (default): one bad row refuses the request. `rows`: bad rows come back as errors in their place. */
  readonly onInvalid?: OnInvalid;
  /** 1 is first, where the model has several levels. */
  readonly priority?: number | undefined;
}
export interface Inference {
  readonly encoded: Encoded;
  readonly prediction: Prediction;
}

/**
 * At once where the engine can, else later.
 * @throws SlipwayError request-invalid, request-shape, request-limit, output-unknown, request-timeout, client-gone ...
 */
export function infer(context: ServerContext, call: Call, model: Servable, input: ModelInput, options: InferOptions = {}): Inference | Promise<Inference> {
  allowModel(call, model.name);
  const { onInvalid = "throw", outputs, priority } = options;
  // The request's own id, unless the client chose that.
  call.predictionId = call.header("x-request-id") === undefined ? call.id : newId();
  const began = performance.now();
  const encoded = model.encode(input, onInvalid);
  const decodeMs = performance.now() - began;
  const how = { onInvalid, outputs, priority, signal: call };
  const prediction = model.runSync?.(encoded.batch, how);
  return prediction === undefined ? inferLater(context, call, model, input, encoded, decodeMs, how) : inferred(context, call, model, input, encoded, decodeMs, prediction);
}
async function inferLater(context: ServerContext, call: Call, model: Servable, input: ModelInput, encoded: Encoded, decodeMs: number, how: PredictOptions): Promise<Inference> {
  return inferred(context, call, model, input, encoded, decodeMs, await model.run(encoded.batch, how));
}

function inferred(context: ServerContext, call: Call, model: Servable, input: ModelInput, encoded: Encoded, decodeMs: number, prediction: Prediction): Inference {
  const { rows, computeMs, queueMs = 0, batchRows = rows } = prediction;
  call.observation = { model, rows, decodeMs, queueMs, computeMs, batchRows, doneAt: performance.now(), ...asked(context, input, encoded, prediction) };
  context.options.observer?.predicted(call, model, input, encoded, prediction);
  call.watch?.predicted(prediction);
  return { encoded, prediction };
}

/** What a log that shows rows is told. */
function asked({ options }: ServerContext, input: ModelInput, { kept }: Encoded, { guarded }: Prediction): Pick<Observation, "input" | "withheld"> | undefined {
  if (options.requestLog?.rows === undefined) return undefined;
  return { input, withheld: guarded === undefined ? undefined : new Set([...guarded.keys()].map((row) => kept?.[row] ?? row)) };
}
