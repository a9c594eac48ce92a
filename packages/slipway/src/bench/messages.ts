// What the thread that asks and the thread that sends say to each other.

import type { Target } from "./connection.ts";

export interface LoadPlan {
  readonly target: Target;
  /** Whole requests, head and body; taken in turns. */
  readonly requests: readonly Uint8Array[];
  /** Closed loop: as many as that all the time. Open loop: no more than that. */
  readonly connections: number;
  /** Requests a second, at times of their own; undefined: each connection asks again when it is answered. */
  readonly rate?: number | undefined;
  /** `poisson`: as many independent callers. `constant`: evenly. */
  readonly arrivals: "poisson" | "constant";
  readonly warmupMs: number;
  readonly durationMs: number;
  /** For one request. */
  readonly timeoutMs: number;
  readonly seed: number;
}

export interface Latencies {
  readonly counts: Float64Array;
  readonly count: number;
  readonly max: number;
  readonly sum: number;
}

export interface LoadResult {
  /** Answered with 2xx. */
  readonly good: Latencies;
  /** Answered with another status. */
  readonly refused: Latencies;
  /** By the error's code, the status, or why there was no answer. */
  readonly errors: Readonly<Record<string, number>>;
  /** Began in the measured time. */
  readonly asked: number;
  /** Answered well in the measured time, whenever they began. */
  readonly done: number;
  /** From when a request was due to when it was sent: waiting for a connection, or the load's own lateness. */
  readonly lag: Latencies;
  /** Share of the time in which the sending thread worked. */
  readonly busy: number;
  /** Requests that were due and found all connections in use. */
  readonly waited: number;
}
