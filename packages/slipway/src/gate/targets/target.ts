// One way to run a package: what it is called, and its answers to the checked rows.

import type { ModelPackage } from "@slipway/core/package";
import type { Prediction } from "../../runtime/index.ts";
import type { Row } from "../context.ts";

export interface TargetRequest {
  readonly source: ModelPackage;
  readonly rows: readonly Row[];
  /** What the model answers in this process: tells the outputs' shapes. */
  readonly direct: Prediction;
  /** Where onnxruntime-web is looked for. */
  readonly from: string;
  /** The program of a Chromium or Chrome. */
  readonly browser?: string | undefined;
}
export interface TargetAnswers {
  readonly rows: readonly Row[];
  /** What computed them: an engine, its version, a browser. */
  readonly ranIn: string;
}

export interface Target {
  readonly name: string;
  /** A reason where this target cannot be asked. @throws what the target throws */
  readonly run: (request: TargetRequest) => Promise<TargetAnswers | { readonly skipped: string }>;
}
