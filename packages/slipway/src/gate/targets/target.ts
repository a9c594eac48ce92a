// One way to run a package: what it is called, and its answers to the checked rows.

import type { ModelPackage } from "@slipway/core/package";
import type { Prediction } from "../../runtime/index.ts";
import type { Row } from "../context.ts";
import type { ImageRunner } from "./image-runner.ts";

export interface TargetRequest {
  readonly source: ModelPackage;
  readonly rows: readonly Row[];
  /** What the model answers in this process: tells the outputs' shapes. */
  readonly direct: Prediction;
  /** Where packages of others (onnxruntime-web, functions-framework) are looked for. */
  readonly from: string;
  /** The program of a Chromium or Chrome. */
  readonly browser?: string | undefined;
  /** The package's image and what runs it, made when it is first asked for; or why there is none. */
  readonly image: () => Promise<ImageRunner | Skipped>;
}
export interface TargetAnswers {
  readonly rows: readonly Row[];
  /** What computed them: an engine, its version, a browser. */
  readonly ranIn: string;
}
export interface Skipped {
  /** What is missing, and how to get it. */
  readonly skipped: string;
}

export interface Target {
  readonly name: string;
  /** A reason where this target cannot be asked. @throws what the target throws */
  readonly run: (request: TargetRequest) => Promise<TargetAnswers | Skipped>;
}
