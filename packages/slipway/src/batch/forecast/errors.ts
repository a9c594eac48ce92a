// Errors of forecasts over several steps: of a run, and of a series that cannot be forecast, which stand in the dead letters.

import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "forecast-undeclared": { kind: "usage", doc: "--horizon is for packages that say how their columns come from a history: pack the model with --lags lags.json." },
  "forecast-option": { kind: "usage", doc: "An option does not go with --horizon, or goes only with it. The message says which." },
  "forecast-columns": { kind: "invalid", doc: "The history or the file given as --future lacks a column that the package declares, or has it twice. The message says which." },
  "forecast-known": { kind: "invalid", doc: "A time of the file given as --future cannot be read. Times are written as 2026-01-31 or 2026-01-31T12:00:00, with Z or an offset where they have one." },
  "forecast-key-missing": { kind: "invalid", doc: "Of a series: a column that tells it from others is empty." },
  "forecast-time": { kind: "invalid", doc: "Of a series: a time cannot be read, or has an offset where others have none, or one that no declared time zone explains." },
  "forecast-off-grid": { kind: "invalid", doc: "Of a series: a time is not on the periods of the package's frequency, counted from the series' first time. Check the frequency, or make the times whole periods." },
  "forecast-duplicate": { kind: "invalid", doc: "Of a series: two rows have the same time. Add them up or leave one out; or a column that tells series apart is not declared." },
  "forecast-gap": { kind: "invalid", doc: "Of a series: a period has no row, and the package says that there are no gaps." },
  "forecast-value": { kind: "invalid", doc: "Of a series: a value of the target is no number, or the series has none at all." },
  "forecast-history-short": { kind: "invalid", doc: "Of a series: its history does not reach back as far as the longest lag or window. Give more history; or declare \"short\": \"missing\" where the model takes missing values." },
  "forecast-history-long": { kind: "limit", doc: "Of a series: from its first time to its last there are more periods than a series may have; a time is probably wrong." },
  "forecast-future-missing": { kind: "invalid", doc: "Of a series: a column that has to be known beforehand has no row for a period that is predicted. Give it with --future, or as rows of the history without the target." },
  "forecast-row-refused": { kind: "invalid", doc: "Of a series: the model refuses the row of a step (a value that may not be missing, a category that it does not know). The reason says which step and why." },
} as const;

export const forecastError: ErrorMaker<typeof table> = defineErrors(table);
export type SeriesCode = Extract<keyof typeof table, "forecast-key-missing" | "forecast-time" | "forecast-off-grid" | "forecast-duplicate" | "forecast-gap" | "forecast-value" | "forecast-history-short" | "forecast-history-long" | "forecast-future-missing" | "forecast-row-refused">;
