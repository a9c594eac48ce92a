// Scored rows as bytes: kept columns, the outputs as flat columns, the row's id and the model's version.

import { cellReader, flatColumns, flatValue, type FlatColumn, type Prediction } from "../../runtime/index.ts";
import type { GoodRows } from "../rows/row-block.ts";
import { ByteSink } from "./byte-sink.ts";
import { RowCells } from "../text/row-cells.ts";
import { csvField } from "./csv-field.ts";

/** What a kept column holds, where the input says it. */
export type KeptType = "text" | "double" | "int64" | "boolean";

export interface WriterOptions {
  /** Of the kept columns. */
  readonly kept: readonly string[];
  /** Begins every row's id; undefined: rows get none. */
  readonly idPrefix: string | undefined;
  /** Undefined: not told. */
  readonly version: string | undefined;
  /** Of CSV. */
  readonly delimiter: string;
}

export interface RowsWriter {
  /** What stands before the first row of a file, of the outputs of this prediction. */
  head(prediction: Prediction): string;
  /** The output's columns. */
  columns(prediction: Prediction): string[];
  /** The rows that follow are of this shard. */
  begin(shard: number): void;
  write(sink: ByteSink, rows: GoodRows, prediction: Prediction): void;
  /** After a shard's last rows: its bytes, where they are not in the sink. Good until the next shard's. */
  finish?(): Uint8Array;
}

export const ID_COLUMN = "prediction_id";
export const VERSION_COLUMN = "model_version";
const LF = 0x0a;

/** The kept columns' names beside the outputs': one that an output has too is the input's. */
export function keptNames({ kept, idPrefix, version }: WriterOptions, outputs: readonly FlatColumn[]): string[] {
  const taken = new Set([...outputs.map((o) => o.name), ...(idPrefix === undefined ? [] : [ID_COLUMN]), ...(version === undefined ? [] : [VERSION_COLUMN])]);
  return kept.map((name) => (taken.has(name) ? `input.${name}` : name));
}

export function outputColumns(options: WriterOptions, prediction: Prediction): string[] {
  const outputs = flatColumns(prediction);
  return [...keptNames(options, outputs), ...outputs.map((c) => c.name), ...(options.idPrefix === undefined ? [] : [ID_COLUMN]), ...(options.version === undefined ? [] : [VERSION_COLUMN])];
}

export class CsvWriter implements RowsWriter {
  readonly #options: WriterOptions;
  readonly #comma: number;
  #id: string | undefined;
  /** Of rows that a scan read; null: it cannot write these outputs. */
  #cells: RowCells | null | undefined;
  constructor(options: WriterOptions) {
    this.#options = options;
    this.#comma = options.delimiter.charCodeAt(0);
  }
  begin(shard: number): void {
    this.#id = this.#options.idPrefix === undefined ? undefined : `${this.#options.idPrefix}-${shard}-`;
  }
  head(prediction: Prediction): string {
    return `${this.columns(prediction).map(csvField).join(this.#options.delimiter)}\n`;
  }
  columns(prediction: Prediction): string[] {
    return outputColumns(this.#options, prediction);
  }
  write(sink: ByteSink, rows: GoodRows, prediction: Prediction): void {
    const { kept, version } = this.#options;
    const id = this.#id;
    const comma = this.#comma;
    const columns = flatColumns(prediction);
    if (rows.scanned?.text.sink === sink) {
      const { scanned } = rows;
      this.#cells ??= RowCells.of(scanned.text, columns, { kept: kept.length, delimiter: this.#options.delimiter, id, version, rows: scanned.text.rows }) ?? null;
      if (this.#cells?.write(columns, rows, { scanned, id }, prediction) === true) return;
    }
    const cells = columns.map(cellWriter);
    const tail = version === undefined ? undefined : Buffer.from(csvField(version));
    const { refused } = prediction;
    const { unanswered } = rows;
    for (let row = 0; row < prediction.rows; row++) {
      if (refused?.has(row) === true) continue;
      let first = true;
      for (let place = 0; place < kept.length; place++) {
        if (first) first = false;
        else sink.byte(comma);
        rows.keptCsv(sink, row, place);
      }
      for (const cell of cells) {
        if (first) first = false;
        else sink.byte(comma);
        if (unanswered?.has(row) !== true) cell(sink, row);
      }
      if (id !== undefined) {
        sink.byte(comma);
        sink.ascii(id);
        wholeNumber(sink, rows.rowOf[row]!);
      }
      if (tail !== undefined) {
        sink.byte(comma);
        sink.copy(tail, 0, tail.length);
      }
      sink.byte(LF);
    }
  }
}

export class JsonLinesWriter implements RowsWriter {
  readonly #options: WriterOptions;
  #id: string | undefined;
  constructor(options: WriterOptions) {
    this.#options = options;
  }
  begin(shard: number): void {
    this.#id = this.#options.idPrefix === undefined ? undefined : `${this.#options.idPrefix}-${shard}-`;
  }
  head(): string {
    return "";
  }
  columns(prediction: Prediction): string[] {
    return outputColumns(this.#options, prediction);
  }
  write(sink: ByteSink, rows: GoodRows, prediction: Prediction): void {
    const { version } = this.#options;
    const id = this.#id;
    const outputs = flatColumns(prediction);
    const columns = outputs.map((c) => ({ column: c, name: `${JSON.stringify(c.name)}:` }));
    const names = keptNames(this.#options, outputs).map((name) => `${JSON.stringify(name)}:`);
    const { refused } = prediction;
    const { unanswered } = rows;
    for (let row = 0; row < prediction.rows; row++) {
      if (refused?.has(row) === true) continue;
      const none = unanswered?.has(row) === true;
      const fields = [
        ...names.map((name, place) => name + JSON.stringify(rows.keptValue(row, place))),
        // Texts that are JSON are values here, as the server writes them.
        ...columns.map(({ column, name }) => name + (none ? "null" : column.output.output.json === true ? flatValue(column, row) ?? "null" : JSON.stringify(flatValue(column, row)))),
      ];
      if (id !== undefined) fields.push(`"${ID_COLUMN}":"${id}${rows.rowOf[row]}"`);
      if (version !== undefined) fields.push(`"${VERSION_COLUMN}":${JSON.stringify(version)}`);
      sink.text(`{${fields.join(",")}}\n`);
    }
  }
}

/** Writes a cell of an output. Numbers as JavaScript writes them, which reads back exactly. */
function cellWriter(column: FlatColumn): (sink: ByteSink, row: number) => void {
  const { output, place } = column;
  const { data, width } = output;
  if (Array.isArray(data) || output.output.type === "bool") return (sink, row) => sink.text(csvField(flatValue(column, row)));
  if (data instanceof BigInt64Array) {
    return (sink, row) => {
      const value = data[row * width + place]!;
      if (value >= 0n && value < 1_000_000_000n) wholeNumber(sink, Number(value));
      else sink.ascii(value.toString());
    };
  }
  const read = cellReader(output);
  return (sink, row) => {
    const value = read(row * width + place) as number;
    // NaN is a missing value in CSV.
    if (value === value) sink.ascii(String(value));
  };
}

function wholeNumber(sink: ByteSink, value: number): void {
  if (value < 10) return sink.byte(0x30 + value);
  let digits = 1;
  for (let power = 10; value >= power; power *= 10) digits++;
  sink.ensure(digits);
  let rest = value;
  for (let i = sink.length + digits - 1; i >= sink.length; i--) {
    const next = Math.floor(rest / 10);
    sink.bytes[i] = 0x30 + (rest - next * 10);
    rest = next;
  }
  sink.length += digits;
}
