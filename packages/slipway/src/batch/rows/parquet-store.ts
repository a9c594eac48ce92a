// Parquet by DuckDB: numbers as arrays of doubles, short texts from DuckDB's own memory, each made once.

import { DuckDBVarCharVector, type DuckDBVector } from "@duckdb/node-api";
import { RepeatedTexts } from "../../runtime/index.ts";
import { damaged, openDuckDB, sqlName, sqlText } from "../input/duckdb.ts";
import type { ColumnWish, TableColumn, TablePart, TableStore } from "./table-store.ts";

const MEMORY_MB = 96;
/** Of a string_t, and of the text inside it. */
const STRING_BYTES = 16;
const INLINE_BYTES = 12;

/** What is not told of vectors, but is there. */
interface Inside {
  readonly items?: Float64Array;
  readonly dataView?: DataView;
  readonly itemOffset?: number;
  readonly validity: { itemValid(i: number): boolean };
}

export async function openParquet(wishes: readonly ColumnWish[], temporary: string): Promise<TableStore> {
  const connection = await openDuckDB({ threads: 1, memoryMb: MEMORY_MB, temporary });
  const select = `SELECT ${wishes.map(columnSql).join(", ") || "1"} FROM read_parquet(`;
  const texts = new Texts();
  return {
    async *read(file, from, to): AsyncGenerator<TablePart> {
      try {
        const result = await connection.stream(`${select}${sqlText(file)}, file_row_number = true) WHERE file_row_number >= ${from} AND file_row_number < ${to}`);
        for (;;) {
          const chunk = await result.fetchChunk();
          if (chunk === null || chunk.rowCount === 0) return;
          yield { rows: chunk.rowCount, columns: wishes.map((wish, i) => columnOf(chunk.getColumnVector(i), wish, texts)) };
        }
      } catch (cause) {
        throw damaged(file, cause);
      }
    },
  };
}

function columnSql({ name, type, as }: ColumnWish): string {
  switch (as) {
    case "double": return `CAST(${sqlName(name)} AS DOUBLE)`;
    case "int64": return `CAST(${sqlName(name)} AS BIGINT)`;
    case "text": return type === "VARCHAR" ? sqlName(name) : `CAST(${sqlName(name)} AS VARCHAR)`;
    case "value": return sqlName(name);
  }
}

function columnOf(vector: DuckDBVector, { as }: ColumnWish, texts: Texts): TableColumn {
  const { items, validity } = vector as unknown as Inside;
  return {
    numbers: as === "double" ? items : undefined,
    isValid: (row) => validity.itemValid(row),
    value: (row) => vector.getItem(row),
    text: (row) => texts.of(vector, row),
  };
}

/** Texts of at most twelve bytes stand in the vector itself (DuckDB's string_t): each is made once. */
class Texts {
  readonly #texts = new RepeatedTexts();
  /** The vector's memory that was asked for last. */
  #view: DataView | undefined;
  #bytes: Buffer = Buffer.alloc(0);

  of(vector: DuckDBVector, row: number): string | null {
    const { dataView, itemOffset, validity } = vector as unknown as Inside;
    if (!(vector instanceof DuckDBVarCharVector) || dataView === undefined || itemOffset === undefined) return vector.getItem(row) as string | null;
    if (!validity.itemValid(row)) return null;
    const at = (itemOffset + row) * STRING_BYTES;
    const length = dataView.getUint32(at, true);
    if (length > INLINE_BYTES) return vector.getItem(row);
    if (this.#view !== dataView) {
      this.#view = dataView;
      this.#bytes = Buffer.from(dataView.buffer, dataView.byteOffset, dataView.byteLength);
    }
    return this.#texts.of(this.#bytes, at + 4, at + 4 + length);
  }
}
