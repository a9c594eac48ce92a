// What the coordinator and its threads tell each other.

import type { ErrorKind } from "@slipway/core/base";
import type { ProfileCounter } from "@slipway/core/package";
import type { SeriesShape } from "../forecast/shape.ts";
import type { CatalogueContents } from "../../recommend/index.ts";
import type { Keep } from "../rows/columns.ts";
import type { MaskPlace } from "../rows/mask-files.ts";

export type TextFormat = "csv" | "jsonl";
/** `arrow`: an Arrow IPC file, `arrows`: a stream. */
export type OutputFormat = "csv" | "tsv" | "jsonl" | "parquet" | "arrow" | "arrows";

export interface WorkerSetup {
  /** A .slip. */
  readonly package: Uint8Array;
  readonly engine: "auto" | "onnxruntime" | "kernel";
  /** Of one engine session. */
  readonly threads: number;
  readonly outputs: readonly string[] | undefined;
  readonly input: InputShape;
  /** What a recommender's catalogue says beside its package. */
  readonly catalogue?: CatalogueContents | undefined;
  readonly keep: Keep;
  readonly output: OutputFormat;
  /** Whether each part begins with the columns' names. */
  readonly headEach: boolean;
  readonly idPrefix: string | undefined;
  readonly version: string | undefined;
  /** A shard that cannot be read is told, and left out. */
  readonly skipBroken: boolean;
  readonly folder: string;
  /** What does not fit into memory goes there. */
  readonly temporary: string;
}
/** How input is read. */
export type InputShape =
  | { readonly kind: "csv"; readonly names: readonly string[]; readonly delimiter: string }
  | { readonly kind: "jsonl"; readonly names: readonly string[] }
  | { readonly kind: "table"; readonly store: "parquet" | "arrow"; readonly names: readonly string[]; readonly types: readonly string[] }
  /** `options`: how pictures become tensors, as a query has it. */
  | { readonly kind: "image"; readonly names: readonly string[]; readonly options: string; /** Where masks are written as pictures. */ readonly masks?: MaskPlace }
  /** A row is a step of a series; bad rows are series. */
  | SeriesShape;

/** Bytes of a plain file; `to` is behind the last. */
export interface TextRange {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}
/** Where something of the input could not be read any more, and why. */
export interface Broken {
  readonly source: string;
  readonly reason: string;
}

export interface ShardKey {
  readonly shard: number;
  /** Whose work it is, where several processes may make the same shard: each writes files of its own. */
  readonly token?: string;
}
export type ShardWork = ShardKey & ({ readonly bytes: ArrayBuffer } | { readonly text: TextRange } | { readonly broken: Broken } | { readonly images: readonly string[] } | { readonly file: string; readonly from: number; readonly to: number; /** Rows from there on are read, for what comes behind them: of a series that is cut. */ readonly lead?: number });

/** A committed part. */
export interface Part extends ShardKey {
  /** Records, good and bad. */
  readonly rows: number;
  /** Of them, rows of a history whose past is not there: they have no forecast. */
  readonly unanswered?: number;
  readonly bad: number;
  readonly bytes: number;
  readonly sha256: string;
  /** The columns' names, as the format has them. */
  readonly head: string;
  /** In the place of rows. */
  readonly broken?: Broken;
  /** The output's; none where no row was good. */
  readonly columns: readonly string[];
  /** What labels, and how many of each; least, mean and most of numbers. */
  readonly seen: readonly SeenOutput[];
  /** Counted in the bins of the package's profile, where it has one: some rows of every part. */
  readonly profile?: ReturnType<ProfileCounter["read"]>;
}
export interface SeenOutput {
  readonly name: string;
  readonly labels?: Readonly<Record<string, number>>;
  readonly numbers?: { readonly count: number; readonly sum: number; readonly least: number; readonly most: number };
}

export interface Failure {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly where?: string | undefined;
  readonly hint?: string | undefined;
}
/** `stop`: no more of it; the thread ends when nothing of its own runs in native code. */
export type WorkerOrder = ShardWork | { readonly stop: true };

/** `of`: the shard that could not be made; without it the thread could not start. */
export type WorkerAnswer = { readonly ready: true } | { readonly part: Part } | { readonly failure: Failure; readonly of?: ShardKey };

export function partName({ shard, token }: ShardKey, format: OutputFormat): string {
  return `part-${String(shard).padStart(6, "0")}${token === undefined ? "" : `.${token}`}.${format}`;
}
export function badName({ shard, token }: ShardKey): string {
  return `bad-${String(shard).padStart(6, "0")}${token === undefined ? "" : `.${token}`}.jsonl`;
}
