// What a run reads: its files, and what becomes of them as shards, of rows or of whole series; the same whoever makes the parts.

import type { Forecasting } from "@slipway/core/package";
import { forecastError } from "../forecast/errors.ts";
import { findFuture, refuseFormat } from "../forecast/find-future.ts";
import { findInput, type InputFile } from "../input/sources.ts";
import type { Broken } from "./messages.ts";
import type { BatchOptions } from "./options.ts";
import { refuseUnread, sourceOf, type Source } from "./source.ts";

export interface Found {
  readonly files: readonly InputFile[];
  /** Of what is known beforehand. */
  readonly future: readonly InputFile[];
}

/** @throws SlipwayError batch-input-missing, batch-input-format, forecast-undeclared */
export async function findAll(options: BatchOptions): Promise<Found> {
  const { horizon } = options;
  if (horizon !== undefined && options.package.forecast === undefined) throw forecastError("forecast-undeclared", "--horizon: the model does not say which of its columns are past values of what it predicts", { hint: "slipway pack MODEL --lags lags.json; docs/forecasting.md tells what the file holds." });
  const files = options.query !== undefined && options.input.length === 0 ? [] : await findInput(options.input, options.format, options.skipBroken);
  refuseUnread(files, horizon !== undefined);
  if (horizon !== undefined) refuseFormat(files, "--in");
  return { files, future: await findFuture(horizon?.future) };
}

/** `work`: the run's folder. `broken`: shards that were found to be so before. @throws SlipwayError batch-input-..., forecast-... */
export async function openSource(options: BatchOptions, { files, future }: Found, work: string, broken?: ReadonlyMap<number, Broken>): Promise<Source> {
  const { horizon, history = work, package: { forecast } } = options;
  const rows = (): Promise<Source> => sourceOf({ ...options, work, ...(broken === undefined ? {} : { broken }) }, files);
  if (forecast === undefined) return rows();
  const { isKept, seriesSource } = await import("../forecast/series-source.ts");
  if (horizon === undefined && !isKept(history)) {
    const source = await rows();
    if (!isHistory(source.shape.names, forecast)) return source;
    refuseFormat(files, "a history");
  }
  return seriesSource({ ...options, steps: horizon?.steps, forecast, future, work: history }, files);
}

/** It has what the model's columns are made of, and not all of them. */
function isHistory(names: readonly string[], { target, time, series, lags, rolling, calendar }: Forecasting): boolean {
  return [target, time, ...series].every((name) => names.includes(name)) && ![...Object.keys(lags), ...Object.keys(rolling), ...Object.keys(calendar)].every((name) => names.includes(name));
}
