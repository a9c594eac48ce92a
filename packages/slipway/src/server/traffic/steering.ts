// What a rollout says of the requests for one version: which part of them another version answers or is shown, and that
// both are watched. It goes before a split that was set for the model.

import type { Prediction } from "../../runtime/index.ts";
import type { Traffic } from "./traffic.ts";

export interface Steering {
  /** Requests for this alias, and those without a version that its version would answer. */
  readonly alias: string;
  readonly baseline: string;
  readonly traffic: Traffic;
  /** What watches a request that the version answers; undefined where nothing does. */
  watch(version: string): CallWatch | undefined;
  /** Which version is shown what that one answered, side by side with it; undefined where none is. */
  beside(version: string): string | undefined;
}

export interface CallSeconds {
  readonly whole: number;
  /** For reading the rows and for the model alone; undefined where no prediction was made. */
  readonly work: number | undefined;
}
/** Told of one request. */
export interface CallWatch {
  predicted(prediction: Prediction): void;
  /** The answer has left. */
  finished(status: number, seconds: CallSeconds, errorCode: string | undefined): void;
}
