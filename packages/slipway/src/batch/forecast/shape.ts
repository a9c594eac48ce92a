// How the history of many series is kept beside a run's parts, and what a forecast's threads are told of it.

import type { KeptType } from "../output/rows-writer.ts";

/** A column of the kept history, which is called by its place: k0, k1 ... and v0, v1 ... */
export interface SeriesColumn {
  readonly name: string;
  /** As DuckDB calls it. */
  readonly type: string;
}
export interface SeriesKey extends SeriesColumn {
  readonly kept: KeptType;
}
export interface SeriesValue extends SeriesColumn {
  /** `kept`: the model does not take it. */
  readonly use: "static" | "future" | "kept";
  /** Who has it. */
  readonly inHistory: boolean;
  readonly inFuture: boolean;
}

export interface SeriesShape {
  readonly kind: "series";
  /** Of the output, without what the model says: keys, time and step, and what is kept; of rows keys and what is kept. */
  readonly names: readonly string[];
  readonly keys: readonly SeriesKey[];
  readonly values: readonly SeriesValue[];
  /** Places of the values that are passed through. */
  readonly kept: readonly number[];
  readonly targetType: string;
  /** Steps of each series; undefined: the output has a row for each of the history, with what was to be expected of its period. */
  readonly horizon?: number | undefined;
}
export type StepsShape = SeriesShape & { readonly horizon: number };
export type RowsShape = SeriesShape & { readonly horizon?: undefined };

export function isRows(shape: SeriesShape): shape is RowsShape {
  return shape.horizon === undefined;
}

/** Beside the parts. */
export const HISTORY = "history.parquet";
export const MAX_HORIZON = 10_000;

const MOST_SERIES = 1024;
/** Doubles that the series of a shard take together. */
const ROOM = 2 ** 21;
const OF_SERIES = 64;
const OF_VALUE = 4;

/** Of a shard: the same whatever the machine, as the output's bytes depend on it. `reach`: periods that a feature goes back. */
export function seriesPerShard(reach: number, horizon: number, values: number): number {
  return Math.max(1, Math.min(MOST_SERIES, Math.floor(ROOM / (reach + OF_SERIES + horizon * (2 + OF_VALUE * values)))));
}
