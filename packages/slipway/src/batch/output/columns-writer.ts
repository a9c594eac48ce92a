// Scored rows as a file of columns for each shard, in the outputs' own types. Which file it is, is told by who encodes it.

import { flatColumns, flatValue, type FlatColumn, type Prediction } from "../../runtime/index.ts";
import type { GoodRows } from "../rows/row-block.ts";
import type { ByteSink } from "./byte-sink.ts";
import { ID_COLUMN, keptNames, outputColumns, VERSION_COLUMN, type KeptType, type RowsWriter, type WriterOptions } from "./rows-writer.ts";
import { cellOf, TypedColumn, type ColumnType } from "./typed-column.ts";

const TYPES: Readonly<Record<KeptType, ColumnType>> = { text: "STRING", double: "DOUBLE", int64: "INT64", boolean: "BOOLEAN" };

export interface ColumnsOptions extends WriterOptions {
  /** Of the kept columns. */
  readonly types: readonly KeptType[];
}

export class ColumnsWriter implements RowsWriter {
  readonly #options: ColumnsOptions;
  readonly #encode: (columns: readonly TypedColumn[]) => Uint8Array;
  #columns: TypedColumn[] = [];
  #id: string | undefined;

  /** `encode`: at least one column of at least one row, as a file. */
  constructor(options: ColumnsOptions, encode: (columns: readonly TypedColumn[]) => Uint8Array) {
    this.#options = options;
    this.#encode = encode;
  }
  begin(shard: number): void {
    for (const column of this.#columns) column.clear();
    this.#id = this.#options.idPrefix === undefined ? undefined : `${this.#options.idPrefix}-${shard}-`;
  }
  head(): string {
    return "";
  }
  columns(prediction: Prediction): string[] {
    return outputColumns(this.#options, prediction);
  }
  write(_sink: ByteSink, rows: GoodRows, prediction: Prediction): void {
    const { kept, types, version } = this.#options;
    const outputs = flatColumns(prediction);
    if (this.#columns.length === 0) {
      this.#columns = [
        ...keptNames(this.#options, outputs).map((name, i) => new TypedColumn(name, TYPES[types[i]!])),
        ...outputs.map((column) => new TypedColumn(column.name, typeOf(column))),
        ...(this.#id === undefined ? [] : [new TypedColumn(ID_COLUMN, "STRING")]),
        ...(version === undefined ? [] : [new TypedColumn(VERSION_COLUMN, "STRING")]),
      ];
    }
    const { refused } = prediction;
    const { unanswered } = rows;
    const all = refused === undefined || refused.size === 0;
    const columns = this.#columns;
    const each = (column: TypedColumn, cell: (row: number) => string | number | bigint | boolean | null): void => {
      for (let row = 0; row < prediction.rows; row++) if (all || !refused.has(row)) column.push(cell(row));
    };
    for (let place = 0; place < kept.length; place++) {
      const column = columns[place]!;
      const numbers = all ? rows.keptNumbers?.(place) : undefined;
      if (numbers !== undefined) column.pushNumbers(numbers, 0, 1, prediction.rows);
      else each(column, (row) => cellOf(rows.keptValue(row, place), column.type));
    }
    outputs.forEach((output, i) => {
      const column = columns[kept.length + i]!;
      const { width, data } = output.output;
      if (unanswered !== undefined) each(column, (row) => (unanswered.has(row) ? null : column.type === "INT64" ? BigInt(flatValue(output, row) as number | string) : flatValue(output, row)));
      else if (all && (data instanceof Float64Array || data instanceof Float32Array) && output.output.output.type !== "bool") column.pushNumbers(data, output.place, width, prediction.rows);
      else if (column.type === "INT64") each(column, (row) => BigInt(flatValue(output, row) as number | string));
      else each(column, (row) => flatValue(output, row));
    });
    let at = kept.length + outputs.length;
    if (this.#id !== undefined) {
      const [id, column] = [Buffer.from(this.#id), columns[at++]!];
      for (let row = 0; row < prediction.rows; row++) if (all || !refused.has(row)) column.pushBytes(id, rows.rowOf[row]!);
    }
    if (version !== undefined) {
      const [bytes, column] = [Buffer.from(version), columns[at]!];
      column.pushRepeated(bytes, all ? prediction.rows : prediction.rows - refused.size);
    }
  }
  finish(): Uint8Array {
    const columns = this.#columns;
    // A shard without one good row has no file of its own.
    return columns.length === 0 || columns[0]!.length === 0 ? new Uint8Array(0) : this.#encode(columns);
  }
}

function typeOf({ output: { data, output } }: FlatColumn): ColumnType {
  if (Array.isArray(data)) return "STRING";
  if (output.type === "bool") return "BOOLEAN";
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return "INT64";
  return data instanceof Float32Array ? "FLOAT" : "DOUBLE";
}
