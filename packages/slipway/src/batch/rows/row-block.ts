// What a block of input is read into: the rows that fit, ready for the engine; and those that do not, with why.

import { isUtf8 } from "node:buffer";
import type { Batch, Prediction } from "../../runtime/index.ts";
import type { ByteSink } from "../output/byte-sink.ts";
import type { CsvText } from "../text/csv-text.ts";

/** A row as it was in the input: what a retry reads it from again. */
export interface RowAsItWas {
  /** A record of CSV or a line of JSON without its line end; of Parquet, its columns as a JSON object. */
  readonly text: string;
  /** Its bytes, where they are not UTF-8 and the text only shows them. */
  readonly base64?: string;
  /** There was more of it. */
  readonly cut?: true;
}
export interface BadRow extends RowAsItWas {
  /** Among the records of the block, from 0. */
  readonly row: number;
  readonly column: string | null;
  /** Of a series that cannot be forecast. */
  readonly code?: string;
  readonly reason: string;
}

/** The records of a block as they are read: good rows come in parts, each of which is done with before the next is asked for. */
export interface RowBlock {
  readonly parts: Iterable<GoodRows> | AsyncIterable<GoodRows>;
  /** Records so far, good and bad. */
  rows: number;
  readonly bad: BadRow[];
  /** Rows among them of which the model is not asked. */
  unanswered?: number;
}

export interface GoodRows {
  readonly batch: Batch;
  /** Which record of the block each row is. */
  readonly rowOf: Int32Array;
  asItWas(row: number): RowAsItWas;
  /** Writes a kept column's value as CSV has it. `place`: among those that are kept. */
  keptCsv(sink: ByteSink, row: number, place: number): void;
  /** The same as a value. */
  keptValue(row: number, place: number): string | number | boolean | null | object;
  /** The values of a kept column of numbers, one a row, where they lie in memory as they are and none is missing. */
  keptNumbers?(place: number): Float64Array | BigInt64Array | undefined;
  /** Where the kept fields lie in the memory of a scan, ready to be copied there. */
  readonly scanned?: ScannedRows;
  /** Where it was made while they were read: of a forecast, whose steps go into the next ones. */
  readonly prediction?: Prediction;
  /** Rows that have none: what stands for them in the prediction means nothing. */
  readonly unanswered?: ReadonlySet<number>;
}
export interface ScannedRows {
  readonly text: CsvText;
  /** Of the block, the scan's first. */
  readonly firstRow: number;
  /** All its rows have. */
  readonly bytes: number;
}

/** In characters or bytes: longer rows are cut, and cannot be tried again. */
const LONGEST_KEPT = 2 ** 20;

export function rowOfText(text: string): RowAsItWas {
  return text.length > LONGEST_KEPT ? { text: text.slice(0, LONGEST_KEPT), cut: true } : { text };
}
export function rowOfBytes(bytes: Buffer): RowAsItWas {
  const kept = bytes.subarray(0, LONGEST_KEPT);
  const cut = kept.length < bytes.length;
  return { text: kept.toString("utf8"), ...(cut || isUtf8(kept) ? {} : { base64: kept.toString("base64") }), ...(cut ? { cut } : {}) };
}
