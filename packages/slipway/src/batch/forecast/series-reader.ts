// A shard of series, forecast: their rows are read, then each step is one call of the model for all of them, with what the
// steps before predicted.

import { checkNumber, checkString, type Batch, type Model, pickRows, Problems, type Slot } from "../../runtime/index.ts";
import type { Forecasting } from "@slipway/core/package";
import { csvField } from "../output/csv-field.ts";
import type { KeptType } from "../output/rows-writer.ts";
import { keptType } from "../rows/kept-type.ts";
import { openParquet } from "../rows/parquet-store.ts";
import { rowOfText, type BadRow, type GoodRows, type RowBlock } from "../rows/row-block.ts";
import type { ColumnWish, TablePart } from "../rows/table-store.ts";
import type { ShardWork } from "../run/messages.ts";
import { calendarPart } from "./calendar.ts";
import { Clock } from "./clock.ts";
import type { TimeKind } from "./grid.ts";
import { readValue } from "./read-value.ts";
import { Series, type SeriesContext, type Value } from "./series.ts";
import type { SeriesShape } from "./shape.ts";
import { StepOutputs } from "./step-outputs.ts";

/** The history's own groups of rows are small. */
const MEMORY_MB = 48;
type RowRange = Extract<ShardWork, { file: string }>;

/** `outputs`: names of those that are written. @throws SlipwayError batch-duckdb, output-unknown, batch-input-damaged while it reads */
export async function seriesReader(model: Model, shape: SeriesShape, outputs: readonly string[] | undefined, temporary: string): Promise<{ kept: readonly string[]; types: readonly KeptType[]; read: (work: ShardWork) => RowBlock }> {
  const { signature } = model.encoder.plan;
  const forecast = signature.forecast!;
  const context: SeriesContext = { forecast, shape, clock: new Clock(forecast.timezone), rolling: Object.values(forecast.rolling) };
  const wishes = wishesOf(shape);
  const store = await openParquet(wishes, temporary, MEMORY_MB);
  const stays = shape.values.some((value) => value.use !== "future");
  const features = featuresOf(model, context);
  const gathered = new StepOutputs(signature, shape.horizon, outputs);
  return { kept: shape.names, types: [...shape.keys.map((key) => key.kept), "text", "int64", ...shape.kept.map((place) => keptType(shape.values[place]!.type))], read: (work) => readShard(work as RowRange) };

  function readShard(work: RowRange): RowBlock {
    const block: RowBlock = { rows: 0, bad: [], parts: parts(work, () => block) };
    return block;
  }

  async function* parts({ file, from, to }: RowRange, block: () => RowBlock): AsyncGenerator<GoodRows> {
    const all: Series[] = [];
    for await (const part of store.read(file, from, to)) addRows(part, all);
    for (const series of all) series.end();
    const found = block();
    found.rows = all.length;
    const rows = await predictSteps(all);
    all.forEach((series, row) => {
      const { fault } = series;
      if (fault !== undefined) found.bad.push({ row, code: fault.code, column: fault.column, reason: fault.reason, ...keysAsTheyWere(series) });
    });
    if (rows.length > 0) yield rowsOf(all, rows);
  }

  function addRows({ rows, columns }: TablePart, all: Series[]): void {
    const width = shape.keys.length;
    const cell = (column: number, row: number): Value => (wishes[column]!.as === "text" ? columns[column]!.text(row) : columns[column]!.value(row)) as Value;
    let current = all.at(-1);
    const isOf = ({ keys }: Series, row: number): boolean => {
      for (let i = 0; i < width; i++) if (!Object.is(cell(i, row), keys[i])) return false;
      return true;
    };
    for (let row = 0; row < rows; row++) {
      if (current === undefined || !isOf(current, row)) all.push((current = new Series(context, Array.from({ length: width }, (_, i) => cell(i, row)))));
      const micros = cell(width + 1, row) as number | null;
      const target = cell(width + 5, row);
      current.add({
        known: cell(width, row) === 1, ms: micros === null ? NaN : micros / 1000, kind: cell(width + 2, row) as TimeKind, text: cell(width + 3, row) as string | null, row: cell(width + 4, row) as number,
        // Of most rows nothing but the target is ever asked for.
        target, values: stays || Number.isNaN(readValue(target)) ? shape.values.map((_, i) => cell(width + 6 + i, row)) : NOTHING,
      });
    }
  }

  /** Gives the series that are whole. */
  async function predictSteps(all: readonly Series[]): Promise<number[]> {
    const { horizon } = shape;
    const gather = gathered.begin(all.length);
    let rows = all.flatMap((series, row) => (series.fault === undefined ? [row] : []));
    for (let step = 0; step < horizon && rows.length > 0; step++) {
      const batch = features(all, rows, step);
      rows = rows.filter((row) => all[row]!.fault === undefined);
      if (rows.length === 0) break;
      const options = { onInvalid: "rows", outputs: gathered.asked } as const;
      const prediction = model.runSync(batch, options) ?? await model.run(batch, options);
      gather(rows, step, prediction);
      const { data } = prediction.outputs[0]!;
      rows.forEach((row, i) => {
        const series = all[row]!;
        const refused = prediction.refused?.get(i);
        if (refused !== undefined) series.fail("forecast-row-refused", null, `step ${step + 1} (${series.write(series.length)}): ${refused}`);
        series.predicted(Number((data as ArrayLike<number | bigint>)[i]));
      });
      rows = rows.filter((row) => all[row]!.fault === undefined);
    }
    return rows;
  }

  /** A row of the output for each step of each series that is whole. */
  function rowsOf(all: readonly Series[], whole: readonly number[]): GoodRows {
    const { horizon, keys } = shape;
    const count = whole.length * horizon;
    const keptValue = (row: number, place: number): string | number | boolean | null => {
      const step = row % horizon;
      const series = all[whole[(row - step) / horizon]!]!;
      if (place < keys.length) return plain(series.keys[place]!);
      // By now the series has taken in all its steps.
      const period = series.length - horizon + step;
      if (place === keys.length) return series.write(period);
      return place === keys.length + 1 ? step + 1 : plain(series.kept(shape.kept[place - keys.length - 2]!, period));
    };
    return {
      batch: { rows: count, numbers: new Float64Array(0), strings: [] }, rowOf: Int32Array.from({ length: count }, (_, row) => whole[Math.floor(row / horizon)]! * horizon + (row % horizon)),
      asItWas: (row) => keysAsTheyWere(all[whole[Math.floor(row / horizon)]!]!), keptValue, keptCsv: (sink, row, place) => sink.text(csvField(keptValue(row, place))),
      prediction: { rows: count, outputs: gathered.of(whole), computeMs: 0 },
    };
  }

  /** What tells the series from others. */
  function keysAsTheyWere(series: Series): Pick<BadRow, "text"> {
    return rowOfText(JSON.stringify(Object.fromEntries(shape.keys.map(({ name }, i) => [name, plain(series.keys[i]!)]))));
  }
}

const NOTHING: readonly Value[] = [];

function plain(value: Value): string | number | boolean | null {
  return typeof value === "bigint" ? (Number.isSafeInteger(Number(value)) ? Number(value) : String(value)) : value;
}

/** In this order: keys, f, t, z, w, n, y, values. */
function wishesOf({ keys, values, targetType }: SeriesShape): ColumnWish[] {
  const as = (type: string): ColumnWish["as"] => (type === "VARCHAR" ? "text" : type === "BOOLEAN" ? "value" : "double");
  return [
    ...keys.map(({ type, kept }, i): ColumnWish => ({ name: `k${i}`, type, as: kept === "boolean" ? "value" : kept })),
    { name: "f", type: "TINYINT", as: "double" }, { name: "t", type: "BIGINT", as: "double" }, { name: "z", type: "TINYINT", as: "double" }, { name: "w", type: "VARCHAR", as: "text" }, { name: "n", type: "BIGINT", as: "double" },
    { name: "y", type: targetType, as: as(targetType) }, ...values.map(({ type, use }, i): ColumnWish => ({ name: `v${i}`, type, as: use === "kept" && keptType(type) === "int64" ? "int64" : as(type) })),
  ];
}

/** How the model's rows of a step are made: for the series `rows`; of those that fail there is none, and they say so. */
function featuresOf({ encoder: { plan } }: Model, { forecast, shape }: SeriesContext): (all: readonly Series[], rows: readonly number[], step: number) => Batch {
  const columns = plan.slots.map((slot) => ({ slot, of: featureOf(slot, forecast, shape) }));
  return (all, rows, step) => {
    const problems = new Problems();
    const count = rows.length;
    const numbers = new Float64Array(count * plan.numbers);
    const strings = new Array<string>(count * plan.strings);
    for (const { slot, of } of columns) {
      for (let i = 0; i < count; i++) {
        const series = all[rows[i]!]!;
        const value = of(series);
        if (value === undefined) {
          series.fail("forecast-future-missing", slot.name, `step ${step + 1} (${series.write(series.length)}): ${JSON.stringify(slot.name)} has to be known beforehand, and no row says it`);
          continue;
        }
        const source = typeof value === "string" ? "csv" : "json";
        if (slot.kind === "string") strings[i * plan.strings + slot.place] = checkString(slot, value, i, source, problems);
        else numbers[i * plan.numbers + slot.place] = slot.plain && typeof value === "number" && value - value === 0 ? value : checkNumber(slot, value, i, source, problems);
      }
    }
    for (const [i, { column, expected, found }] of problems.rows) {
      const series = all[rows[i]!]!;
      series.fail("forecast-row-refused", column, `step ${step + 1} (${series.write(series.length)}): expected ${expected}, found ${found}`);
    }
    const good = rows.flatMap((row, i) => (all[row]!.fault === undefined ? [i] : []));
    const batch: Batch = { rows: count, numbers, strings };
    return good.length === count ? batch : pickRows(batch, good, plan);
  };
}

/** Where a column of the model comes from; undefined: it has to be known, and is not. */
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
  return shape.values[place]!.use === "static" ? (series) => series.value(place) : (series) => series.known(place);
}
