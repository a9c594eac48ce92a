// Scored rows as Parquet: a file a shard, columns in the outputs' own types.

import { parquetWriteBuffer, type ColumnSource } from "hyparquet-writer";
import { flatColumns, flatValue, type FlatColumn, type Prediction } from "../../runtime/index.ts";
import type { GoodRows } from "../rows/row-block.ts";
import type { ByteSink } from "./byte-sink.ts";
import { ID_COLUMN, keptNames, VERSION_COLUMN, type KeptType, type RowsWriter, type WriterOptions } from "./rows-writer.ts";

type Type = "DOUBLE" | "FLOAT" | "INT64" | "BOOLEAN" | "STRING";
interface Growing {
  readonly name: string;
  readonly type: Type;
  readonly data: unknown[];
}

const TYPES: Readonly<Record<KeptType, Type>> = { text: "STRING", double: "DOUBLE", int64: "INT64", boolean: "BOOLEAN" };

export class ParquetRowsWriter implements RowsWriter {
  readonly #options: WriterOptions & { readonly types: readonly KeptType[] };
  #columns: Growing[] = [];
  #id: string | undefined;

  constructor(options: WriterOptions & { readonly types: readonly KeptType[] }) {
    this.#options = options;
  }
  begin(shard: number): void {
    this.#columns = [];
    this.#id = this.#options.idPrefix === undefined ? undefined : `${this.#options.idPrefix}-${shard}-`;
  }
  head(): string {
    return "";
  }
  write(_sink: ByteSink, rows: GoodRows, prediction: Prediction): void {
    const { kept, types, version } = this.#options;
    const outputs = flatColumns(prediction);
    if (this.#columns.length === 0) {
      this.#columns = [
        ...keptNames(this.#options, outputs).map((name, i): Growing => ({ name, type: TYPES[types[i]!], data: [] })),
        ...outputs.map((column): Growing => ({ name: column.name, type: typeOf(column), data: [] })),
        ...(this.#id === undefined ? [] : [{ name: ID_COLUMN, type: "STRING", data: [] } satisfies Growing]),
        ...(version === undefined ? [] : [{ name: VERSION_COLUMN, type: "STRING", data: [] } satisfies Growing]),
      ];
    }
    const { refused } = prediction;
    const all = refused === undefined;
    const columns = this.#columns;
    for (let place = 0; place < kept.length; place++) {
      const { type, data } = columns[place]!;
      for (let row = 0; row < prediction.rows; row++) if (all || !refused.has(row)) data.push(keptValue(rows.keptValue(row, place), type));
    }
    outputs.forEach((column, i) => {
      const { type, data } = columns[kept.length + i]!;
      const { width, data: values } = column.output;
      if (type === "DOUBLE" && values instanceof Float64Array) for (let row = 0, at = column.place; row < prediction.rows; row++, at += width) {
        if (all || !refused.has(row)) data.push(values[at]!);
      } else for (let row = 0; row < prediction.rows; row++) {
        if (!all && refused.has(row)) continue;
        const value = flatValue(column, row);
        data.push(value !== null && type === "INT64" ? BigInt(value) : value);
      }
    });
    let at = kept.length + outputs.length;
    if (this.#id !== undefined) {
      const { data } = columns[at++]!;
      for (let row = 0; row < prediction.rows; row++) if (all || !refused.has(row)) data.push(this.#id + rows.rowOf[row]!);
    }
    if (version !== undefined) {
      const { data } = columns[at]!;
      for (let row = 0; row < prediction.rows; row++) if (all || !refused.has(row)) data.push(version);
    }
  }
  finish(sink: ByteSink): void {
    const columnData = this.#columns.map(({ name, type, data }): ColumnSource => ({ name, type, nullable: true, data: type === "DOUBLE" && !data.includes(null) ? Float64Array.from(data as number[]) : data }));
    this.#columns = [];
    // A shard without one good row has no file of its own.
    if (columnData.length === 0) return;
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData }));
    sink.copy(bytes, 0, bytes.length);
  }
}

function typeOf({ output: { data, output } }: FlatColumn): Type {
  if (Array.isArray(data)) return "STRING";
  if (output.type === "bool") return "BOOLEAN";
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return "INT64";
  return data instanceof Float32Array ? "FLOAT" : "DOUBLE";
}

function keptValue(value: string | number | boolean | null | object, type: Type): unknown {
  if (value === null) return null;
  switch (type) {
    case "STRING": return typeof value === "object" ? JSON.stringify(value) : String(value);
    case "INT64": return BigInt(value as number | string);
    default: return value;
  }
}
