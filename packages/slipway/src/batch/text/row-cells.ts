// The cells of scored rows, laid out for the writer in WebAssembly: kept fields are copied from where they were read, outputs
// are put beside them.

import { MISSING_STRING } from "@slipway/core/package";
import { shortestFloat, type FlatColumn, type Prediction } from "../../runtime/index.ts";
import { csvField } from "../output/csv-field.ts";
import type { GoodRows, ScannedRows } from "../rows/row-block.ts";
import type { CsvText } from "./csv-text.ts";
import { CELL, CELL_BYTES, CELL_ROOM } from "./write-rows.ts";

/** Of an output of texts; with more they are written one by one. */
const MOST_LABELS = 256;
const LABEL_BYTES = 64;

type Cell = readonly [kind: number, at: number, stride: number, own: number];

/** Puts a column's values into the memory. */
interface Placed {
  readonly cell: Cell;
  put(column: FlatColumn, rows: number): boolean;
}

export interface RowCellsOptions {
  readonly kept: number;
  readonly delimiter: string;
  readonly id: string | undefined;
  readonly version: string | undefined;
  /** Of the largest part. */
  readonly rows: number;
}

export class RowCells {
  readonly #text: CsvText;
  readonly #columns: readonly Placed[];
  readonly #cellsAt: number;
  readonly #cells: Cell[];
  /** The cell of the row's number, and of what stands before it. */
  readonly #row: number;
  readonly #idAt: number;
  readonly #shared: number;

  /** Undefined where an output is of another kind. */
  static of(text: CsvText, columns: readonly FlatColumn[], options: RowCellsOptions): RowCells | undefined {
    const placed: Placed[] = [];
    for (const column of columns) {
      const one = placedIn(text, column, options.rows);
      if (one === undefined) return undefined;
      placed.push(one);
    }
    return new RowCells(text, placed, options);
  }

  private constructor(text: CsvText, columns: readonly Placed[], { kept, delimiter, id, version }: RowCellsOptions) {
    this.#text = text;
    this.#columns = columns;
    const { memory, layout } = text;
    const cells: Cell[] = [];
    const bytes = (value: string): Cell => {
      const at = memory.take(Buffer.byteLength(value));
      return [CELL.bytes, at, 0, memory.bytes.write(value, at)];
    };
    const comma = bytes(delimiter);
    const put = (cell: Cell): void => {
      if (cells.length > 0) cells.push(comma);
      cells.push(cell);
    };
    for (let place = 0; place < kept; place++) put([CELL.range, layout.keptAt + place * 8, layout.keptWidth, 0]);
    for (const { cell } of columns) put(cell);
    // Shards differ in the number that stands in their ids.
    this.#idAt = id === undefined ? 0 : memory.take(Buffer.byteLength(id) + 16);
    this.#row = -1;
    if (id !== undefined) {
      put([CELL.bytes, this.#idAt, 0, 0]);
      this.#row = cells.push([CELL.row, 0, 0, 0]) - 1;
    }
    if (version !== undefined) put(bytes(csvField(version)));
    cells.push(bytes("\n"));
    this.#cells = cells;
    this.#cellsAt = memory.take(cells.length * CELL_BYTES);
    this.#shared = cells.reduce((n, [kind, , , own]) => n + (kind === CELL.bytes ? own : kind === CELL.text ? LABEL_BYTES : CELL_ROOM), 0) + Buffer.byteLength(id ?? "") + 16;
  }

  /** False, and nothing is written, where an output holds what has to be written otherwise. */
  write(columns: readonly FlatColumn[], rows: GoodRows, { scanned, id }: { readonly scanned: ScannedRows; readonly id: string | undefined }, { rows: count, refused }: Prediction): boolean {
    for (const [i, column] of columns.entries()) if (!this.#columns[i]!.put(column, count)) return false;
    const { memory, sink, rowsAt, inputAt, writeRows } = this.#text;
    const { firstRow } = scanned;
    if (id !== undefined) {
      this.#cells[this.#row - 1] = [CELL.bytes, this.#idAt, 0, memory.bytes.write(id, this.#idAt)];
      this.#cells[this.#row] = [CELL.row, 0, 0, firstRow];
    }
    sink.ensure(scanned.bytes + count * this.#shared);
    const pairs = memory.ints(rowsAt, count * 2);
    let n = 0;
    for (let row = 0; row < count; row++) {
      if (refused?.has(row) === true) continue;
      pairs[n++] = rows.rowOf[row]! - firstRow;
      pairs[n++] = row;
    }
    if (n === 0) return true;
    memory.ints(this.#cellsAt, this.#cells.length * 4).set(this.#cells.flat());
    const to = sink.at + sink.length;
    sink.length += writeRows(inputAt, rowsAt, n / 2, this.#cellsAt, this.#cellsAt + this.#cells.length * CELL_BYTES, to) - to;
    return true;
  }
}

/** A column of these outputs; undefined: of another kind. */
function placedIn(text: CsvText, { output: { data, output } }: FlatColumn, most: number): Placed | undefined {
  const { memory } = text;
  if (Array.isArray(data)) return placedTexts(text, most);
  if (output.type === "bool") return undefined;
  const at = memory.take(most * 8);
  if (data instanceof BigInt64Array) {
    return {
      cell: [CELL.int64, at, 8, 0],
      put({ output: { data: values, width }, place }, rows) {
        const to = new BigInt64Array(memory.memory.buffer, at, rows);
        if (width === 1) to.set(values as BigInt64Array);
        else for (let row = 0, i = place; row < rows; row++, i += width) to[row] = (values as BigInt64Array)[i]!;
        return true;
      },
    };
  }
  if (data instanceof BigUint64Array) return undefined;
  const short = data instanceof Float32Array;
  return {
    cell: [CELL.double, at, 8, 0],
    put({ output: { data: values, width }, place }, rows) {
      const to = memory.doubles(at, rows);
      if (short) for (let row = 0, i = place; row < rows; row++, i += width) to[row] = shortestFloat(values[i] as number);
      else for (let row = 0, i = place; row < rows; row++, i += width) to[row] = values[i] as number;
      return true;
    },
  };
}

/** Labels: each text is written once, and rows name it. */
function placedTexts({ memory }: CsvText, most: number): Placed {
  const known = new Map<string, number>();
  const listAt = memory.take(MOST_LABELS * 8);
  const textsAt = memory.take(MOST_LABELS * LABEL_BYTES);
  const at = memory.take(most * 4);
  const add = (value: string): number => {
    const field = value === MISSING_STRING ? "" : csvField(value);
    const length = Buffer.byteLength(field);
    if (known.size === MOST_LABELS || length > LABEL_BYTES) return -1;
    const number = known.size;
    known.set(value, number);
    const to = textsAt + number * LABEL_BYTES;
    memory.bytes.write(field, to);
    memory.ints(listAt + number * 8, 2).set([to, length]);
    return number;
  };
  return {
    cell: [CELL.text, at, 4, listAt],
    put({ output: { data, width }, place }, rows) {
      const to = memory.ints(at, rows);
      const values = data as readonly string[];
      for (let row = 0, i = place; row < rows; row++, i += width) {
        const number = known.get(values[i]!) ?? add(values[i]!);
        if (number < 0) return false;
        to[row] = number;
      }
      return true;
    },
  };
}
