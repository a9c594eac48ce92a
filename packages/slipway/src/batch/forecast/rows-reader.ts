// A history row by row: what the model says of each row's period, made of the rows before it alone. Rows are read as they lie,
// series after series; nothing is kept of a series but what features reach back to. A row whose past is not there, at the
// beginning of a series or behind a gap, has no forecast; pandas' shift and rolling leave the same cells empty.

import { MISSING_STRING, reachOf } from "@slipway/core/package";
import { pickRows, Problems, type Batch, type Model, type OutputData, type Prediction } from "../../runtime/index.ts";
import { csvField } from "../output/csv-field.ts";
import type { KeptType } from "../output/rows-writer.ts";
import { keptType } from "../rows/kept-type.ts";
import { rowOfText, type BadRow, type GoodRows, type RowAsItWas, type RowBlock } from "../rows/row-block.ts";
import type { TablePart } from "../rows/table-store.ts";
import type { ShardWork } from "../run/messages.ts";
import { Clock } from "./clock.ts";
import { featuresOf, placeFeature } from "./features.ts";
import { HistoryRows, plain } from "./history-rows.ts";
import { Series } from "./series.ts";
import type { RowsShape } from "./shape.ts";

type RowRange = Extract<ShardWork, { file: string }>;

/** `outputs`: names of those that are written. @throws SlipwayError batch-duckdb, batch-input-damaged while it reads */
export async function rowsReader(model: Model, shape: RowsShape, outputs: readonly string[] | undefined, temporary: string): Promise<{ kept: readonly string[]; types: readonly KeptType[]; read: (work: ShardWork) => RowBlock }> {
  const { plan } = model.encoder;
  const forecast = plan.signature.forecast!;
  const context = { forecast, shape, clock: new Clock(forecast.timezone), rolling: Object.values(forecast.rolling) };
  const { rows: history, store } = HistoryRows.open(shape, temporary);
  const features = featuresOf(plan, forecast, shape);
  const least = forecast.short === "refused" ? reachOf(forecast) : 0;
  return { kept: shape.names, types: [...shape.keys.map((key) => key.kept), ...shape.kept.map((place) => keptType(shape.values[place]!.type))], read: (work) => readShard(work as RowRange) };

  function readShard(work: RowRange): RowBlock {
    const block: RowBlock = { rows: 0, bad: [], unanswered: 0, parts: parts(work, () => block) };
    return block;
  }

  /** A series that is cut is read from its beginning, `lead`, for the features of its rows from `from` on. */
  async function* parts({ file, from, to, lead = from }: RowRange, block: () => RowBlock): AsyncGenerator<GoodRows> {
    const found = block();
    let series: Series | undefined;
    let place = lead;
    for await (const part of store.read(file, lead, to)) {
      const before = Math.min(part.rows, Math.max(0, from - place));
      const room = { plan, numbers: new Float64Array(part.rows * plan.numbers), strings: new Array<string>(part.rows * plan.strings), problems: new Problems() };
      const without = new Set<number>();
      const bad = new Map<number, Omit<BadRow, "row" | "text">>();
      history.begin(part);
      for (let row = 0; row < part.rows; row++) {
        if (series === undefined || !history.isOf(series.keys, row)) series = new Series(context, history.keys(row));
        series.reach(history.row(row, history.target(row), true));
        if (row >= before) placeRow(series, row, room, without, bad);
        if (series.fault === undefined) series.goOn();
      }
      for (const [row, { column, expected, found: value }] of room.problems.rows) bad.set(row, { code: "forecast-row-refused", column, reason: `expected ${expected}, found ${value}` });
      const first = place + before - from;
      for (const row of [...bad.keys()].toSorted((a, b) => a - b)) found.bad.push({ row: first + row - before, ...bad.get(row)!, ...asItWas(row) });
      const rows: number[] = [];
      for (let row = before; row < part.rows; row++) if (!bad.has(row)) rows.push(row);
      found.rows += part.rows - before;
      const unanswered = rows.filter((row) => without.has(row)).length;
      found.unanswered! += unanswered;
      place += part.rows;
      if (rows.length > 0) yield await scored(part, rows, without, { rows: part.rows, numbers: room.numbers, strings: room.strings }, first - before);
    }
  }

  function placeRow(series: Series, row: number, room: Parameters<typeof placeFeature>[0], without: Set<number>, bad: Map<number, Omit<BadRow, "row" | "text">>): void {
    if (series.fault !== undefined) return void bad.set(row, series.fault);
    if (series.length < least) return void without.add(row);
    for (const { slot, past, of } of features) {
      const value = of(series) ?? null;
      if (past && slot.column.missing === "refused" && (value as number) !== (value as number)) return void without.add(row);
      placeFeature(room, row, slot, value);
    }
  }

  /** `rows`: of the part; those that the model is not asked of are in `without`. `offset`: of the part's first row in the shard. */
  async function scored(part: TablePart, rows: readonly number[], without: ReadonlySet<number>, all: Batch, offset: number): Promise<GoodRows> {
    const asked = rows.flatMap((row, i) => (without.has(row) ? [] : [i]));
    const prediction = await predict(pickRows(all, asked.map((i) => rows[i]!), plan));
    const keptValue = (row: number, place: number): string | number | boolean | null => plain(place < shape.keys.length ? history.key(place, rows[row]!) : history.value(shape.kept[place - shape.keys.length]!, rows[row]!));
    return {
      batch: { rows: rows.length, numbers: new Float64Array(0), strings: [] }, rowOf: Int32Array.from(rows, (row) => offset + row), asItWas: (row) => asItWas(rows[row]!),
      keptValue, keptCsv: (sink, row, place) => sink.text(csvField(keptValue(row, place))),
      ...spread(prediction, asked, rows.length),
    };
  }
  async function predict(batch: Batch): Promise<Prediction> {
    const options = { onInvalid: "rows", outputs } as const;
    return model.runSync(batch, options) ?? await model.run(batch, options);
  }

  /** Its keys and values, as they were kept. */
  function asItWas(row: number): RowAsItWas {
    const named = [...shape.keys.map(({ name }, i) => [name, history.key(i, row)] as const), ...shape.values.map(({ name }, i) => [name, history.value(i, row)] as const)];
    return rowOfText(JSON.stringify(Object.fromEntries(named.map(([name, value]) => [name, plain(value)]))));
  }
}

/** A prediction of the rows `asked`, among others that have none. */
function spread(prediction: Prediction, asked: readonly number[], rows: number): Pick<GoodRows, "prediction" | "unanswered"> {
  if (asked.length === rows) return { prediction };
  const outputs = prediction.outputs.map((output): OutputData => {
    const { data, width } = output;
    const wide = Array.isArray(data) ? new Array<string>(rows * width).fill(MISSING_STRING) : new (data.constructor as new (n: number) => Float64Array)(rows * width);
    asked.forEach((to, from) => {
      for (let i = 0; i < width; i++) wide[to * width + i] = data[from * width + i] as never;
    });
    return { ...output, data: wide };
  });
  const isAsked = new Set(asked);
  return {
    prediction: { ...prediction, rows, outputs, ...(prediction.refused === undefined ? {} : { refused: new Map([...prediction.refused].map(([row, reason]) => [asked[row]!, reason])) }) },
    unanswered: new Set(Array.from({ length: rows }, (_, row) => row).filter((row) => !isAsked.has(row))),
  };
}
