// Where each column of a forecasting model comes from: from a series as far as it was read.

import { checkNumber, checkString, type Plan, type Problems, type Slot } from "../../runtime/index.ts";
import type { Forecasting } from "@slipway/core/package";
import { calendarPart } from "./calendar.ts";
import type { Series, Value } from "./series.ts";
import type { SeriesShape } from "./shape.ts";

export interface Feature {
  readonly slot: Slot;
  /** It is of the target's past: what is missing there is no fault of a row. */
  readonly past: boolean;
  /** For the next period of the series; undefined: it has to be known beforehand, and is not. */
  of(series: Series): Value | undefined;
}

export function featuresOf({ slots }: Plan, forecast: Forecasting, shape: SeriesShape): Feature[] {
  return slots.map((slot) => ({ slot, past: Object.hasOwn(forecast.lags, slot.name) || Object.hasOwn(forecast.rolling, slot.name), of: featureOf(slot, forecast, shape) }));
}

function featureOf({ name }: Slot, forecast: Forecasting, shape: SeriesShape): (series: Series) => Value | undefined {
  if (Object.hasOwn(forecast.lags, name)) {
    const lag = forecast.lags[name]!;
    return (series) => series.ring.at(series.length - lag);
  }
  const window = Object.keys(forecast.rolling).indexOf(name);
  if (window >= 0) return (series) => series.windows[window]!.value();
  if (Object.hasOwn(forecast.calendar, name)) {
    const part = forecast.calendar[name]!;
    let [wall, value]: [number, ReturnType<typeof calendarPart>] = [NaN, 0];
    return (series) => {
      const now = series.wall();
      if (now !== wall) [wall, value] = [now, calendarPart(part, now)];
      return value;
    };
  }
  const key = forecast.series.indexOf(name);
  if (key >= 0) return (series) => series.keys[key]!;
  const place = shape.values.findIndex((value) => value.name === name);
  // A row that is there says itself what is known of its period.
  return shape.values[place]!.use === "static" || shape.horizon === undefined ? (series) => series.value(place) : (series) => series.known(place);
}

/** A row of a batch. */
export interface Room {
  readonly plan: Plan;
  readonly numbers: Float64Array;
  readonly strings: string[];
  readonly problems: Problems;
}

export function placeFeature({ plan, numbers, strings, problems }: Room, row: number, slot: Slot, value: Value): void {
  const source = typeof value === "string" ? "csv" : "json";
  if (slot.kind === "string") strings[row * plan.strings + slot.place] = checkString(slot, value, row, source, problems);
  else numbers[row * plan.numbers + slot.place] = slot.plain && typeof value === "number" && value - value === 0 ? value : checkNumber(slot, value, row, source, problems);
}
