// What can be asked for predictions: a model, or several behind one signature.

import type { Output, Signature } from "@slipway/core/package";
import type { Batch, Encoded, ModelInput, OnInvalid, Prediction } from "@slipway/core/predict";
import type { EngineChoice } from "./engine.ts";
import type { ItemSpace } from "./recommend/item-space.ts";
import type { PredictOptions } from "./model.ts";

export interface Servable {
  readonly name: string;
  readonly version: string;
  /** sha256:... of the package. */
  readonly digest: string;
  readonly signature: Signature;
  /** The package's profile.json, where it has one. */
  readonly profile?: unknown;
  /** What computes it, where that is one engine. */
  readonly engine?: EngineChoice | undefined;
  /** Of a model that recommends: its items and their vectors. */
  readonly itemSpace?: ItemSpace | undefined;
  /** Checks rows and brings them into the engine's form. @throws SlipwayError request-invalid, request-shape, request-limit */
  encode(input: ModelInput, onInvalid?: OnInvalid): Encoded;
  /** Rows in JSON that are plain and good, read and checked at once, for `encode` to take as they are; undefined: they are to be read another way. */
  readJson?(bytes: Uint8Array): Batch | undefined;
  /** @throws SlipwayError output-unknown, request-invalid, runtime-failed, model-closed */
  run(batch: Batch, options?: PredictOptions): Promise<Prediction>;
  /** The same at once, where the engine can and the batch is small; else undefined. Throws as `run` rejects. */
  runSync?(batch: Batch, options?: PredictOptions): Prediction | undefined;
  /** The outputs of the signature with these names, in the order asked for; all of them by default. @throws SlipwayError output-unknown */
  selectOutputs(names?: readonly string[]): readonly Output[];
  readonly busy: boolean;
  /** Asked before a request is decoded: what would be refused for a full queue is refused before it costs anything. @throws SlipwayError overloaded */
  admit?(): void;
  /** What waits for the engine. */
  readonly load?: { readonly requests: number; readonly rows: number };
  /** Waits for what is running. */
  close(): Promise<void>;
}
