// A thread's CSV in WebAssembly: the memory that shards are read into and scored rows are written in, and the functions over it.

import { type FunctionWriter, writeModule } from "@slipway/core/wasm";
import { LONGEST_QUOTED } from "../input/split.ts";
import { COLUMN_BYTES, HASH_BYTES, LISTED_BYTES, MOST_TEXTS, POWERS, scanFunction, STATE_BYTES, TEXT_BYTES, type ScanLayout } from "./scan-csv.ts";
import { SLACK, TextMemory, TextSink } from "./text-memory.ts";
import { addNumberFunctions, NUMBER_TABLES, writeNumberTables } from "./write-numbers.ts";
import { writeRowsFunction } from "./write-rows.ts";

export interface CsvShape {
  readonly delimiter: number;
  readonly columns: number;
  /** Of a row: numbers, texts, and fields that are passed through. */
  readonly numbers: number;
  readonly texts: number;
  readonly kept: number;
  /** Of a part. */
  readonly rows: number;
}

/** Fields that are not plain: of so many rows, where each of their fields is one. */
const LISTED_ROWS = 64;
const LF = 0x0a;

type Scan = (base: number, at: number, end: number, row: number, rows: number) => number;
type WriteRows = (base: number, rows: number, count: number, cells: number, end: number, to: number) => number;

export class CsvText {
  readonly memory: TextMemory = new TextMemory();
  readonly layout: ScanLayout;
  readonly sink: TextSink;
  /** Of a part, at most. */
  readonly rows: number;
  /** Pairs of rows for `writeRows`. */
  readonly rowsAt: number;
  readonly scan: Scan;
  readonly writeRows: WriteRows;
  #input: { readonly at: number; readonly capacity: number };

  constructor({ delimiter, columns, numbers, texts, kept, rows }: CsvShape) {
    const { memory } = this;
    this.rows = rows;
    const tables = memory.take(NUMBER_TABLES);
    const mostListed = columns * LISTED_ROWS;
    const powersAt = memory.take(POWERS * 8);
    this.layout = {
      delimiter, columns, mostListed, powersAt, longestQuoted: LONGEST_QUOTED,
      numbersWidth: numbers * 8, textsWidth: texts * 4, keptWidth: kept * 8,
      stateAt: memory.take(STATE_BYTES), columnsAt: memory.take(columns * COLUMN_BYTES), keyAt: memory.take(TEXT_BYTES), startsAt: memory.take((rows + 1) * 4),
      numbersAt: memory.take(rows * numbers * 8), idsAt: memory.take(rows * texts * 4), keptAt: memory.take(rows * kept * 8), listedAt: memory.take(mostListed * LISTED_BYTES),
      hashAt: memory.take(HASH_BYTES), textsAt: memory.take((MOST_TEXTS + 1) * TEXT_BYTES),
    };
    this.rowsAt = memory.take(rows * 8);
    writeNumberTables(memory.memory, tables);
    memory.doubles(powersAt, POWERS).set(Float64Array.from({ length: POWERS }, (_, i) => Number(`1e${i}`)));
    const functions: FunctionWriter[] = [];
    const numberFunctions = addNumberFunctions(functions, tables);
    functions.push(scanFunction(this.layout), writeRowsFunction(numberFunctions));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(writeModule(functions)), { env: { memory: memory.memory } });
    this.scan = exports["scan"] as Scan;
    this.writeRows = exports["rows"] as WriteRows;
    this.#input = { at: memory.take(0), capacity: 0 };
    this.sink = new TextSink(memory);
  }

  /** Where so many bytes of input go; what was there is lost. */
  input(length: number): Buffer {
    if (this.#input.capacity < length) {
      const capacity = length + (length >> 3);
      this.#input = { at: this.memory.take(capacity + SLACK), capacity };
    }
    const { at } = this.#input;
    const { bytes } = this.memory;
    bytes.fill(LF, at + length, at + length + SLACK);
    return bytes.subarray(at, at + length);
  }
  get inputAt(): number {
    return this.#input.at;
  }
}
