// The rows of a history as it was kept (keep-history.ts), part by part.

import { openParquet } from "../parquet/open-parquet.ts";
import { keptType } from "../rows/kept-type.ts";
import type { ColumnWish, TablePart, TableStore } from "../rows/table-store.ts";
import type { TimeKind } from "./grid.ts";
import type { SeriesRow, Value } from "./series.ts";
import type { SeriesShape } from "./shape.ts";

/** The history's own groups of rows are small. */
const MEMORY_MB = 48;
/** Behind the keys: f, t, z, w, n, y; then the values. */
const F = 0, T = 1, Z = 2, W = 3, N = 4, Y = 5, VALUES = 6;
const NOTHING: readonly Value[] = [];

export class HistoryRows {
  readonly #shape: SeriesShape;
  readonly #wishes: readonly ColumnWish[];
  #part: TablePart = { rows: 0, columns: [] };

  private constructor(shape: SeriesShape, wishes: readonly ColumnWish[]) {
    this.#shape = shape;
    this.#wishes = wishes;
  }
  static open(shape: SeriesShape, temporary: string): { readonly rows: HistoryRows; readonly store: TableStore } {
    const wishes = wishesOf(shape);
    return { rows: new HistoryRows(shape, wishes), store: openParquet(wishes, temporary, MEMORY_MB) };
  }

  /** What is asked for from here on is of this part. */
  begin(part: TablePart): void {
    this.#part = part;
  }
  #cell(column: number, row: number): Value {
    const { columns } = this.#part;
    return (this.#wishes[column]!.as === "text" ? columns[column]!.text(row) : columns[column]!.value(row)) as Value;
  }
  #of(column: number, row: number): Value {
    return this.#cell(this.#shape.keys.length + column, row);
  }

  key(place: number, row: number): Value {
    return this.#cell(place, row);
  }
  keys(row: number): Value[] {
    return Array.from({ length: this.#shape.keys.length }, (_, i) => this.#cell(i, row));
  }
  isOf(keys: readonly Value[], row: number): boolean {
    for (let i = 0; i < keys.length; i++) if (!Object.is(this.#cell(i, row), keys[i])) return false;
    return true;
  }
  target(row: number): Value {
    return this.#of(Y, row);
  }
  /** Of the shape's values. */
  value(place: number, row: number): Value {
    return this.#of(VALUES + place, row);
  }
  /** `target`: its own, as it was read before. `whole`: with its values, which most rows are not asked for. */
  row(row: number, target: Value, whole: boolean): SeriesRow {
    const micros = this.#of(T, row) as number | null;
    return {
      known: this.#of(F, row) === 1, ms: micros === null ? NaN : micros / 1000, kind: this.#of(Z, row) as TimeKind, text: this.#of(W, row) as string | null, row: this.#of(N, row) as number,
      target, values: whole ? this.#shape.values.map((_, i) => this.value(i, row)) : NOTHING,
    };
  }
}

/** As it is written. */
export function plain(value: Value): string | number | boolean | null {
  return typeof value === "bigint" ? (Number.isSafeInteger(Number(value)) ? Number(value) : String(value)) : value;
}

function wishesOf({ keys, values, targetType }: SeriesShape): ColumnWish[] {
  const as = (type: string): ColumnWish["as"] => (type === "VARCHAR" ? "text" : type === "BOOLEAN" ? "value" : "double");
  return [
    ...keys.map(({ type, kept }, i): ColumnWish => ({ name: `k${i}`, type, as: kept === "boolean" ? "value" : kept })),
    { name: "f", type: "TINYINT", as: "double" }, { name: "t", type: "BIGINT", as: "double" }, { name: "z", type: "TINYINT", as: "double" }, { name: "w", type: "VARCHAR", as: "text" }, { name: "n", type: "BIGINT", as: "double" },
    { name: "y", type: targetType, as: as(targetType) }, ...values.map(({ type, use }, i): ColumnWish => ({ name: `v${i}`, type, as: use === "kept" && keptType(type) === "int64" ? "int64" : as(type) })),
  ];
}
