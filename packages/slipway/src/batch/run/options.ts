// What a run is asked for, and what it says while it goes on and at its end; the same on one machine and on many.

import type { Forecasting, Profile } from "@slipway/core/package";
import type { CatalogueContents } from "../../recommend/index.ts";
import type { InputFormat } from "../input/sources.ts";
import type { Keep } from "../rows/columns.ts";
import type { ColumnDrift } from "./drift.ts";
import type { ErrorLimit } from "./limits.ts";
import type { Broken, SeenOutput, WorkerSetup } from "./messages.ts";
import type { OutputPlace } from "./output-place.ts";

export interface BatchOptions {
  /** A .slip, and what identifies it. */
  readonly package: {
    readonly bytes: Uint8Array; readonly digest: string; readonly name: string; readonly version: string; readonly profile: Profile | null;
    /** What it declares of a history. */
    readonly forecast?: Forecasting | undefined;
  };
  readonly input: readonly string[];
  readonly format?: InputFormat | undefined;
  readonly delimiter?: string | undefined;
  /** Of JSON lines: its columns, where the first line may lack some. */
  readonly columns?: readonly string[] | undefined;
  /** Rows of a table in a shard, 65,536 by default; of a forecast series, as many as there is room for. */
  readonly shardRows?: number | undefined;
  /** SQL over the input, in which it is called `input`. */
  readonly query?: string | undefined;
  /** How pictures become tensors, as a query has it: resize=crop&mean=0.5. */
  readonly image?: string | undefined;
  /** A folder for masks as PNG files, and the folder below which pictures are named; theirs in common by default. */
  readonly masks?: { readonly folder: string; readonly root?: string | undefined } | undefined;
  /** Of a recommender: what its catalogue says beside the package. */
  readonly catalogue?: CatalogueContents | undefined;
  readonly output: OutputPlace;
  readonly keep: Keep;
  readonly outputs?: readonly string[] | undefined;
  /** Whether rows get an id and the model's version. */
  readonly ids: boolean;
  readonly engine: WorkerSetup["engine"];
  readonly threads: number;
  readonly shardBytes: number;
  readonly resume: boolean;
  readonly overwrite: boolean;
  /** Only so many rows, the first ones. */
  readonly limit?: number | undefined;
  readonly maxErrors: ErrorLimit;
  /** Files that cannot be read, or not to their end, are left out from there and named; otherwise they end the run. */
  readonly skipBroken?: boolean | undefined;
  /** Forecasts so many steps of each series, by what the package declares. */
  readonly horizon?: Horizon | undefined;
  /** Where the history of a forecast lies sorted, or will; the run's folder by default. */
  readonly history?: string | undefined;
  readonly onProgress?: (progress: Progress) => void;
}
export interface Horizon {
  readonly steps: number;
  /** Files of what is known beforehand. */
  readonly future: readonly string[];
}
/** Of a forecast rows are series, here and in the summary. */
export interface Progress {
  readonly rows: number;
  readonly bad: number;
  /** Of all input, from 0 to 1, as far as that can be told. */
  readonly share: number;
  /** Of them, rows that an earlier process committed. */
  readonly before: number;
}
export interface BatchSummary {
  readonly output: string;
  readonly rows: number;
  readonly scored: number;
  readonly bad: number;
  readonly errors: string | undefined;
  /** Of the rows of a history: those whose past is not there, and which have no forecast. */
  readonly unanswered?: number;
  /** What of the input could not be read, where that was to be left out. */
  readonly broken?: readonly Broken[];
  /** Of the output; none where no row was good. */
  readonly columns: readonly string[];
  readonly shards: number;
  readonly seconds: number;
  readonly resumed: number;
  readonly outputs: readonly SeenOutput[];
  /** What could not be made, of a run that many processes share; its rows are not in the output. */
  readonly failed?: readonly FailedShard[];
  /** How the rows differ from those that the package's profile was made of; undefined where it has none. */
  readonly drift?: readonly ColumnDrift[];
  /** Of a forecast: steps of each series. */
  readonly horizon?: number;
}
/** A part of the input that nobody could make anything of. */
export interface FailedShard {
  readonly shard: number;
  /** Of images the first. */
  readonly file: string;
  readonly from: number;
  /** Behind its last. */
  readonly to: number;
  readonly unit: "bytes" | "rows" | "images";
  readonly reason: string;
}
