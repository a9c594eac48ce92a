// What every test of the gate is given.

import type { Checks, ModelPackage, Profile } from "@slipway/core/package";
import type { GateSettings } from "../config/index.ts";
import type { Model, ModelSource, Prediction } from "../runtime/index.ts";
import type { LabelledData } from "./labelled-data.ts";

export type Row = Readonly<Record<string, unknown>>;

export interface GateContext {
  readonly package: ModelPackage & Pick<ModelSource, "python">;
  /** Loaded with the engine that would serve it. */
  readonly model: Model;
  /** Rows with what the notebook predicted: the package's own, or those of --check. */
  readonly checks: Checks | null;
  /** How inputs and outputs were distributed where the model was made: the package's, or that of --training. */
  readonly profile: Profile | null;
  /** Rows that the model answers: the checks' inputs, the labelled data's, or made from the signature. */
  readonly rows: readonly Row[];
  readonly rowsFrom: "checks" | "labelled data" | "signature";
  /** Why there are none. */
  readonly noRows?: string;
  /** The answers to `rows`. */
  readonly answers: Prediction;
  readonly labelled?: LabelledData;
  readonly baseline?: Model;
  readonly settings: Partial<GateSettings>;
  readonly slices: readonly string[];
  readonly seed: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}
