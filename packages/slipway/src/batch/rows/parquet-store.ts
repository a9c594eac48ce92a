// Parquet by DuckDB, where our own reader of pages does not read it: numbers as arrays of doubles, short texts from DuckDB's own memory, each made once.

import { DuckDBVarCharVector, type DuckDBVector } from "@duckdb/node-api";
import { RepeatedTexts } from "../../runtime/index.ts";
import { collectYoung } from "../run/collect-young.ts";
import { damaged, openDuckDB, sqlName, sqlText } from "../input/duckdb.ts";
import type { ColumnWish, TableColumn, TablePart, TableStore } from "./table-store.ts";

/** Of files that may have large groups of rows. */
const MEMORY_MB = 96;
/** Chunks whose memory, some half a megabyte each outside the heap, is let go of together. */
const CHUNKS_AT_ONCE = 3;
/** Of a string_t, and of the text inside it. */
const STRING_BYTES = 16;
const INLINE_BYTES = 12;

/** What is not told of vectors, but is there. */
interface Inside {
  readonly items?: Float64Array | BigInt64Array;
  readonly dataView?: DataView;
  readonly itemOffset?: number;
  readonly validity: { readonly data: BigUint64Array | null; readonly offset: number };
}

export async function openByDuckDB(wishes: readonly ColumnWish[], temporary: string, memoryMb: number = MEMORY_MB): Promise<TableStore> {
  const connection = await openDuckDB({ threads: 1, memoryMb, temporary });
  const select = `SELECT ${wishes.map(columnSql).join(", ") || "1"} FROM read_parquet(`;
  const texts = new Texts();
  let chunks = 0;
  return {
    async *read(file, from, to): AsyncGenerator<TablePart> {
      try {
        const result = await connection.stream(`${select}${sqlText(file)}, file_row_number = true) WHERE file_row_number >= ${from} AND file_row_number < ${to}`);
        for (;;) {
          const chunk = await result.fetchChunk();
          if (chunk === null || chunk.rowCount === 0) return;
          if (++chunks % CHUNKS_AT_ONCE === 0) collectYoung?.();
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
  const { items } = vector as unknown as Inside;
  const isValid = validityOf(vector);
  return {
    numbers: as === "double" ? (items as Float64Array) : undefined,
    wholeNumbers: as === "int64" ? (items as BigInt64Array) : undefined,
    complete: isValid === always,
    textKeys: as === "text" ? keysOf(vector) : undefined,
    isValid,
    value: (row) => vector.getItem(row),
    text: (row) => (isValid(row) ? texts.of(vector, row) : null),
  };
}

const always = (): boolean => true;
/** By bytes: of a row by itself, as the vector tells it, it takes five whole numbers of any size. */
function validityOf(vector: DuckDBVector): (row: number) => boolean {
  const { data, offset } = (vector as unknown as Inside).validity;
  if (data === null) return always;
  const bits = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return (row) => ((bits[(offset + row) >> 3]! >> ((offset + row) & 7)) & 1) === 1;
}

/** Its memory as DuckDB's string_t: where that lies as numbers of 32 bits do. */
function keysOf(vector: DuckDBVector): Int32Array | undefined {
  const { dataView, itemOffset } = vector as unknown as Inside;
  if (!(vector instanceof DuckDBVarCharVector) || dataView === undefined || itemOffset === undefined || dataView.byteOffset % 4 !== 0) return undefined;
  return new Int32Array(dataView.buffer, dataView.byteOffset + itemOffset * STRING_BYTES, vector.itemCount * (STRING_BYTES / 4));
}

/** Texts of at most twelve bytes stand in the vector itself (DuckDB's string_t): each is made once. */
class Texts {
  readonly #texts = new RepeatedTexts();
  /** The vector's memory that was asked for last. */
  #view: DataView | undefined;
  #bytes: Buffer = Buffer.alloc(0);

  /** Of a row that has one. */
  of(vector: DuckDBVector, row: number): string | null {
    const { dataView, itemOffset } = vector as unknown as Inside;
    if (!(vector instanceof DuckDBVarCharVector) || dataView === undefined || itemOffset === undefined) return vector.getItem(row) as string | null;
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
