// A shard of series, forecast: their rows are read, then each step is one call of the model for all of them, with what the
// steps before predicted.

import { pickRows, Problems, type Batch, type Model } from "../../runtime/index.ts";
import { csvField } from "../output/csv-field.ts";
import type { KeptType } from "../output/rows-writer.ts";
import { keptType } from "../rows/kept-type.ts";
import { rowOfText, type BadRow, type GoodRows, type RowBlock } from "../rows/row-block.ts";
import type { TablePart } from "../rows/table-store.ts";
import type { ShardWork } from "../run/messages.ts";
import { Clock } from "./clock.ts";
import { featuresOf, placeFeature } from "./features.ts";
import { HistoryRows, plain } from "./history-rows.ts";
import { readValue } from "./read-value.ts";
import { Series, type SeriesContext } from "./series.ts";
import type { StepsShape } from "./shape.ts";
import { StepOutputs } from "./step-outputs.ts";

type RowRange = Extract<ShardWork, { file: string }>;

/** `outputs`: names of those that are written. @throws SlipwayError batch-duckdb, output-unknown, batch-input-damaged while it reads */
export async function seriesReader(model: Model, shape: StepsShape, outputs: readonly string[] | undefined, temporary: string): Promise<{ kept: readonly string[]; types: readonly KeptType[]; read: (work: ShardWork) => RowBlock }> {
  const { signature } = model.encoder.plan;
  const forecast = signature.forecast!;
  const context: SeriesContext = { forecast, shape, clock: new Clock(forecast.timezone), rolling: Object.values(forecast.rolling) };
  const { rows: history, store } = HistoryRows.open(shape, temporary);
  const stays = shape.values.some((value) => value.use !== "future");
  const features = stepFeatures(model, context);
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

  function addRows(part: TablePart, all: Series[]): void {
    history.begin(part);
    let current = all.at(-1);
    for (let row = 0; row < part.rows; row++) {
      if (current === undefined || !history.isOf(current.keys, row)) all.push((current = new Series(context, history.keys(row))));
      const target = history.target(row);
      // Of most rows nothing but the target is ever asked for.
      current.add(history.row(row, target, stays || Number.isNaN(readValue(target))));
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

/** How the model's rows of a step are made: for the series `rows`; of those that fail there is none, and they say so. */
function stepFeatures({ encoder: { plan } }: Model, { forecast, shape }: SeriesContext): (all: readonly Series[], rows: readonly number[], step: number) => Batch {
  const features = featuresOf(plan, forecast, shape);
  return (all, rows, step) => {
    const count = rows.length;
    const room = { plan, numbers: new Float64Array(count * plan.numbers), strings: new Array<string>(count * plan.strings), problems: new Problems() };
    for (const { slot, of } of features) {
      for (let i = 0; i < count; i++) {
        const series = all[rows[i]!]!;
        const value = of(series);
        if (value === undefined) series.fail("forecast-future-missing", slot.name, `step ${step + 1} (${series.write(series.length)}): ${JSON.stringify(slot.name)} has to be known beforehand, and no row says it`);
        else placeFeature(room, i, slot, value);
      }
    }
    for (const [i, { column, expected, found }] of room.problems.rows) {
      const series = all[rows[i]!]!;
      series.fail("forecast-row-refused", column, `step ${step + 1} (${series.write(series.length)}): expected ${expected}, found ${found}`);
    }
    const good = rows.flatMap((row, i) => (all[row]!.fault === undefined ? [i] : []));
    const batch: Batch = { rows: count, numbers: room.numbers, strings: room.strings };
    return good.length === count ? batch : pickRows(batch, good, plan);
  };
}
