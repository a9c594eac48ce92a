// Scored rows as lines of CSV, in WebAssembly: a list of cells is gone through for each row.

import { FunctionWriter } from "@slipway/core/wasm";
import { NUMBER_BYTES, type NumberFunctions } from "./write-numbers.ts";

/** A cell: its kind, an address, how far the next row's lies, and a number of its own. */
export const CELL_BYTES = 16;
/** `range`: two places in the input; `bytes`: the same for every row, so many; `row`: the row's number, from one on; `text`: the number of a pair of address and length in a list. */
export const CELL = { range: 0, double: 1, bytes: 2, row: 3, int64: 4, text: 5 } as const;
/** What each kind may take; of texts and ranges the caller says it. */
export const CELL_ROOM: number = NUMBER_BYTES;

const MOST_WHOLE = 10n ** 17n;
const MINUS = 0x2d;

/**
 * rows(base, rows, count, cells, end, to): `rows` has pairs of a row of the input and a row of the prediction. Gives behind
 * what is written.
 */
export function writeRowsFunction({ double, whole }: NumberFunctions): FunctionWriter {
  const f = new FunctionWriter("rows", ["i32", "i32", "i32", "i32", "i32", "i32"], "i32");
  const [base, row, count, cells, end, to] = [0, 1, 2, 3, 4, 5];
  const [cell, kind, from, length, saved, pair] = f.locals("i32", 6) as [number, number, number, number, number, number];
  const value = f.local("i64");
  /** Copies `length` bytes from `from`; a vector too many is written behind them. */
  const copy = (): void => {
    f.get(to, length).op("i32.add").set(saved);
    f.repeat((again) => {
      f.get(to, from).access("v128.load").access("v128.store");
      f.increase(from, 16).increase(to, 16);
      f.get(to, saved).op("i32.lt_u").branchIf(again);
    });
    f.get(saved).set(to);
  };
  const addressOf = (place: number): FunctionWriter => f.get(cell).access("i32.load", 4).get(row).access("i32.load", place).get(cell).access("i32.load", 8).op("i32.mul", "i32.add");
  const wholeNumber = (): void => {
    f.get(value).i64(MOST_WHOLE).op("i64.lt_u").when(() => f.get(value, to).call(whole).set(to), () => {
      // Its last nine digits behind the others, with a 1 before them that takes the place of a digit for a moment.
      f.get(value).i64(1_000_000_000n).op("i64.div_u").get(to).call(whole).i32(1).op("i32.sub").tee(pair).access("i32.load8_u").set(saved);
      f.get(value, value).i64(1_000_000_000n).op("i64.div_u").i64(1_000_000_000n).op("i64.mul", "i64.sub").i64(1_000_000_000n).op("i64.add").get(pair).call(whole).set(to);
      f.get(pair, saved).access("i32.store8");
    });
  };
  f.repeat((nextRow) => {
    f.get(cells).set(cell);
    f.repeat((nextCell) => {
      f.get(cell).access("i32.load").set(kind);
      f.block((done) => {
        f.get(kind).i32(CELL.bytes).op("i32.eq").when(() => {
          f.get(cell).access("i32.load", 4).set(from).get(cell).access("i32.load", 12).set(length);
          copy();
          f.branch(done);
        });
        f.get(kind).i32(CELL.double).op("i32.eq").when(() => {
          addressOf(4).access("f64.load").get(to).call(double).set(to).branch(done);
        });
        f.get(kind).i32(CELL.range).op("i32.eq").when(() => {
          addressOf(0).tee(pair).access("i32.load").get(base).op("i32.add").set(from);
          f.get(pair).access("i32.load", 4).get(base).op("i32.add").get(from).op("i32.sub").set(length);
          copy();
          f.branch(done);
        });
        f.get(kind).i32(CELL.row).op("i32.eq").when(() => {
          f.get(row).access("i32.load").get(cell).access("i32.load", 12).op("i32.add", "i64.extend_i32_u").get(to).call(whole).set(to).branch(done);
        });
        f.get(kind).i32(CELL.int64).op("i32.eq").when(() => {
          addressOf(4).access("i64.load").tee(value).i64(63n).op("i64.shr_u", "i32.wrap_i64").when(() => {
            f.get(to).i32(MINUS).access("i32.store8").increase(to, 1).i64(0n).get(value).op("i64.sub").set(value);
          });
          wholeNumber();
          f.branch(done);
        });
        addressOf(4).access("i32.load").i32(3).op("i32.shl").get(cell).access("i32.load", 12).op("i32.add").tee(pair).access("i32.load").set(from);
        f.get(pair).access("i32.load", 4).set(length);
        copy();
      });
      f.increase(cell, CELL_BYTES).get(cell, end).op("i32.lt_u").branchIf(nextCell);
    });
    f.increase(row, 8).increase(count, -1).get(count).branchIf(nextRow);
  });
  return f.get(to);
}
