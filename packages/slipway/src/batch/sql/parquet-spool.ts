// Rows of a database kept as Parquet, some thousand at a time, in columns of one type each.

import { fileWriter, ParquetWriter } from "hyparquet-writer";
import { batchError } from "../errors.ts";
import { TypedColumn, type ColumnType } from "../output/typed-column.ts";

export const SPOOL_ROWS = 16_384;
const TYPES: Readonly<Record<ColumnType, object>> = {
  DOUBLE: { type: "DOUBLE" }, FLOAT: { type: "FLOAT" }, INT64: { type: "INT64" }, BOOLEAN: { type: "BOOLEAN" }, STRING: { type: "BYTE_ARRAY", converted_type: "UTF8" },
};

export class ParquetSpool {
  readonly #columns: readonly { readonly name: string; readonly type: ColumnType }[];
  readonly #writer: ParquetWriter;

  /** @throws SlipwayError batch-sql where two columns have one name, or there is none */
  constructor(path: string, columns: readonly { readonly name: string; readonly type: ColumnType }[]) {
    if (columns.length === 0) throw batchError("batch-sql", "the query gives no columns");
    const twice = columns.find((c, i) => columns.findIndex((d) => d.name === c.name) !== i);
    if (twice !== undefined) throw batchError("batch-sql", `the query gives two columns that are called ${JSON.stringify(twice.name)}`, { hint: "Name them with AS." });
    this.#columns = columns;
    const schema = [{ name: "root", num_children: columns.length }, ...columns.map(({ name, type }) => ({ name, repetition_type: "OPTIONAL", ...TYPES[type] }))];
    this.#writer = new ParquetWriter({ writer: fileWriter(path), schema: schema as ConstructorParameters<typeof ParquetWriter>[0]["schema"] });
  }
  /** `cell`: of the column's type; null: missing. */
  add(rows: number, cell: (row: number, column: number) => string | number | bigint | boolean | null): void {
    if (rows === 0) return;
    const columnData = this.#columns.map(({ name, type }, c) => {
      const column = new TypedColumn(name, type);
      for (let row = 0; row < rows; row++) column.push(cell(row, c));
      return { name, data: Array.from({ length: rows }, (_, row) => column.cell(row)), nullable: true };
    });
    this.#writer.write({ columnData, rowGroupSize: rows });
  }
  end(): void {
    this.#writer.finish();
  }
}
