// What a block of input is read into: the rows that fit, ready for the engine; and those that do not, with why.

import type { Batch } from "../../runtime/index.ts";
import type { ByteSink } from "../output/byte-sink.ts";

export interface BadRow {
  /** Among the records of the block, from 0. */
  readonly row: number;
  readonly column: string | null;
  readonly reason: string;
  /** As it was, cut where it is very long. */
  readonly text: string;
}

/** The records of a block as they are read: good rows come in parts, each of which is done with before the next is asked for. */
export interface RowBlock {
  readonly parts: Iterable<GoodRows> | AsyncIterable<GoodRows>;
  /** Records so far, good and bad. */
  rows: number;
  readonly bad: BadRow[];
}

export interface GoodRows {
  readonly batch: Batch;
  /** Which record of the block each row is. */
  readonly rowOf: Int32Array;
  /** A row as it was, for people. */
  text(row: number): string;
  /** Writes a kept column's value as CSV has it. `place`: among those that are kept. */
  keptCsv(sink: ByteSink, row: number, place: number): void;
  /** The same as a value. */
  keptValue(row: number, place: number): string | number | boolean | null | object;
}

export const LONGEST_SHOWN = 2000;
export function shown(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text;
}
