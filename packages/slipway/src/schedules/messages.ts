// What a server and the process of a run tell each other.

import type { BatchSummary, Progress } from "../batch/index.ts";
import type { ErrorKind } from "@slipway/core/base";
import type { TrustedSigners } from "../runtime/index.ts";
import type { Definition, FilledIn } from "./definition.ts";

export interface RunJob {
  /** A package or a saved model. */
  readonly model: string;
  readonly trusted?: TrustedSigners | undefined;
  readonly definition: Definition;
  readonly names: FilledIn;
  /** An output that is there may be replaced. */
  readonly overwrite: boolean;
  /** When the run's first try began: what was written since is its own. */
  readonly since: string;
  /** What an earlier try chose; null at the first. */
  readonly selection: Selection | null;
  /** Of a schedule with a watermark: what the last good run saw. */
  readonly after: string | null;
  /** Of a schedule by new files: those that good runs have seen. */
  readonly seen: readonly SeenFile[];
  /** Of a schedule whose parts workers make: where they take them from. Runs see no secrets of the server in their environment. */
  readonly databaseUrl: string | undefined;
}
export interface SeenFile {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly sha256: string;
}
/** What is scored, of a schedule that takes only what is new: the same for every try of a run, whatever comes meanwhile. */
export interface Selection {
  readonly input: readonly string[];
  readonly query: string | undefined;
  /** What the run has seen then. */
  readonly watermark: string | null;
  readonly files: readonly SeenFile[];
}
export interface RunResult {
  /** Null: there was nothing new. */
  readonly summary: BatchSummary | null;
  readonly watermark: string | null;
  readonly files: readonly SeenFile[];
}
export interface RunFailure {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly where?: string | undefined;
  readonly hint?: string | undefined;
}
export type RunMessage = { readonly progress: Progress } | { readonly note: string } | { readonly selection: Selection } | { readonly result: RunResult } | { readonly failure: RunFailure };
