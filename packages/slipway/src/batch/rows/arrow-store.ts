// Arrow by flechette: a record batch at a time, of which slices are given. Numbers are given as they lie in the batch.

import { ArrowFile } from "../input/arrow-frames.ts";
import type { ColumnWish, TableColumn, TablePart, TableStore } from "./table-store.ts";
import type { ArrowTable } from "../../server/decoding/index.ts";

/** Rows of a part. */
const PART_ROWS = 4096;
/** Of flechette, which is loaded where there is a file of Arrow. */
const INT: number = 2;
const FLOAT: number = 3;
type Column = ArrowTable["columns"][number]["column"];

export class ArrowStore implements TableStore {
  readonly #wishes: readonly ColumnWish[];
  #open: { readonly path: string; readonly file: ArrowFile } | undefined;

  constructor(wishes: readonly ColumnWish[]) {
    this.#wishes = wishes;
  }

  async *read(path: string, from: number, to: number): AsyncGenerator<TablePart> {
    if (this.#open?.path !== path) {
      this.#open?.file.close();
      this.#open = { path, file: new ArrowFile(path) };
    }
    const { file } = this.#open;
    for (const batch of file.batches) {
      const [start, end] = [Math.max(from, batch.first), Math.min(to, batch.first + batch.rows)];
      if (start >= end) continue;
      const { columns } = file.table(batch);
      const byName = new Map(columns.map((c) => [c.name, c.column]));
      for (let at = start; at < end; at += PART_ROWS) {
        const rows = Math.min(PART_ROWS, end - at);
        yield { rows, columns: this.#wishes.map((wish) => slice(byName.get(wish.name)!, at - batch.first, rows, wish)) };
      }
    }
  }
}

function slice(column: Column, first: number, rows: number, { as }: ColumnWish): TableColumn {
  const batch = column.data[0]!;
  const { values } = batch as { values?: unknown };
  // Of a dictionary they are places in it, of a short decimal whole numbers.
  const direct = as === "double" && (column.type.typeId === FLOAT || column.type.typeId === INT) && (values instanceof Float64Array || values instanceof Float32Array || values instanceof Int32Array) && values.length >= first + rows;
  const value = (row: number): unknown => plain(batch.at(first + row));
  return {
    numbers: direct ? values.subarray(first, first + rows) : as === "double" ? Float64Array.from({ length: rows }, (_, row) => Number(batch.at(first + row) ?? NaN)) : undefined,
    complete: direct && batch.nullCount === 0,
    isValid: (row) => batch.at(first + row) !== null,
    value,
    text: (row) => {
      const found = value(row);
      return found === null || typeof found === "string" ? found : typeof found === "object" ? JSON.stringify(found) : String(found);
    },
  };
}

/** Dates as ISO texts. */
function plain(value: unknown): unknown {
  return value instanceof Date ? (Number.isNaN(value.getTime()) ? null : value.toISOString()) : value ?? null;
}
