// What the process that packs and tests is asked, and what it answers.

import type { ErrorKind } from "@slipway/core/base";
import type { GateSettings } from "../../config/index.ts";
import type { GateReport } from "../../gate/index.ts";

export interface PackRequest {
  readonly kind: "pack";
  /** A package or a saved model. */
  readonly path: string;
  /** The package's name and version, where it is packed now. */
  readonly name: string;
  readonly version?: string | undefined;
  /** Rows with what it predicted, which it is checked with while it is packed. */
  readonly check?: string | undefined;
  /** Where the package is written if it is made. */
  readonly out: string;
}
export interface GateJobRequest {
  readonly kind: "gate";
  /** Packages. */
  readonly path: string;
  readonly settings: Partial<GateSettings>;
  readonly baseline?: string | undefined;
  readonly data?: { readonly text: string; readonly target: string; readonly slices: readonly string[] } | undefined;
}
export type JobRequest = PackRequest | GateJobRequest;

export interface PackAnswer {
  readonly name: string;
  /** The package: the file that was given, or the one that was made. */
  readonly path: string;
  readonly warnings: readonly string[];
}
export interface JobAnswers {
  readonly pack: PackAnswer;
  readonly gate: GateReport;
}
export interface Failure {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly where?: string | undefined;
  readonly hint?: string | undefined;
}
export type JobMessage = { readonly answer: JobAnswers[keyof JobAnswers] } | { readonly failure: Failure };
