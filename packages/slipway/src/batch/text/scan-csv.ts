// Records of CSV -> rows of numbers and of texts' numbers, in WebAssembly: the plain case of what rows/csv-rows.ts reads. A
// field that is not plain (a number with an exponent, a text with doubled quotes) is listed, for the reader there to read;
// at a record that is not (other fields than there are columns, a quote that is not closed) the scan stops.

import { FunctionWriter, type Label } from "@slipway/core/wasm";

/** A column: what it is, where in a row its value goes and where its place, in bytes, and how many texts were new. */
export const COLUMN_BYTES = 16;
export const COLUMN = { skip: 0, number: 1, text: 2, kinds: 3, emptyIsNaN: 4, unique: 8 } as const;
/** A field that is not plain: row, column, and where it begins. */
export const LISTED_BYTES = 16;
/** A text that was met: its length, and its bytes from the 8th on, filled up with zeros. */
export const TEXT_BYTES = 64;
export const LONGEST_TEXT = 48;
export const MOST_TEXTS = 4096;
const HASH_PLACES = 4 * MOST_TEXTS;
export const HASH_BYTES: number = HASH_PLACES * 4;
/** Where the scan is, how many fields are listed, how many texts are known, whether it stopped at a record. */
export const STATE_BYTES = 32;
/** Places behind the point whose powers there are. */
export const POWERS = 23;

const MOST_DIGITS = 19;
const LF = 0x0a, CR = 0x0d, QUOTE = 0x22, SPACE = 0x20, MINUS = 0x2d, POINT = 0x2e;

export interface ScanLayout {
  readonly delimiter: number;
  readonly longestQuoted: number;
  readonly columns: number;
  readonly columnsAt: number;
  /** Of one row, in bytes. */
  readonly numbersWidth: number;
  readonly textsWidth: number;
  readonly keptWidth: number;
  readonly numbersAt: number;
  readonly idsAt: number;
  readonly keptAt: number;
  readonly startsAt: number;
  readonly listedAt: number;
  /** Fields that the list has room for. */
  readonly mostListed: number;
  readonly hashAt: number;
  readonly textsAt: number;
  readonly keyAt: number;
  readonly powersAt: number;
  readonly stateAt: number;
}

/** scan(base, at, end, row, rows): reads records from `at` on into rows `row`, ...; gives the row behind the last. Behind `end` there are line ends. */
export function scanFunction(layout: ScanLayout): FunctionWriter {
  const f = new FunctionWriter("scan", ["i32", "i32", "i32", "i32", "i32"], "i32");
  const [base, at, end, row, rows] = [0, 1, 2, 3, 4];
  const [start, column, kind, c, from, p, digit, places, listed, listedBefore] = f.locals("i32", 10) as [number, number, number, number, number, number, number, number, number, number];
  const [lo, length, slot, entry, texts, i, odd, to, doubled, first] = f.locals("i32", 10) as [number, number, number, number, number, number, number, number, number, number];
  const [mantissa, hash, chunk] = f.locals("i64", 3) as [number, number, number];
  const value = f.local("f64");
  const columnsEnd = layout.columnsAt + layout.columns * COLUMN_BYTES;

  const is = (byte: number): FunctionWriter => f.get(c).i32(byte).op("i32.eq");
  const load = (place: number, offset = 0): FunctionWriter => f.get(place).access("i32.load8_u", offset);
  const nextIs = (place: number, byte: number): FunctionWriter => load(place, 1).i32(byte).op("i32.eq");
  /** The address of this row's value. */
  const cell = (areaAt: number, width: number): FunctionWriter => f.get(row).i32(width).op("i32.mul").get(column).access("i32.load", 4).op("i32.add").i32(areaAt).op("i32.add");
  const putNumber = (): void => { cell(layout.numbersAt, layout.numbersWidth).get(value).access("f64.store"); };
  const putId = (put: () => void): void => {
    cell(layout.idsAt, layout.textsWidth);
    put();
    f.access("i32.store");
  };
  const ends = (): FunctionWriter => is(layout.delimiter).get(c).i32(LF).op("i32.eq", "i32.or");

  /** The number that begins here, where it is digits with at most a sign and a point. */
  const plainNumber = (done: Label): void => {
    f.block((other) => {
      const digits = (): void => {
        f.block((out) => f.repeat((again) => {
          load(p).i32(0x30).op("i32.sub").tee(digit).i32(9).op("i32.gt_u").branchIf(out);
          f.get(mantissa).i64(10n).op("i64.mul").get(digit).op("i64.extend_i32_u", "i64.add").set(mantissa).increase(p, 1).branch(again);
        }));
      };
      f.get(at).get(c).i32(MINUS).op("i32.eq", "i32.add").tee(p).set(first);
      f.i64(0n).set(mantissa).i32(0).set(places);
      digits();
      f.get(p, first).op("i32.eq").branchIf(other);
      f.get(digit).i32(POINT - 0x30).op("i32.eq").when(() => {
        f.increase(p, 1).get(p).set(places);
        digits();
        f.get(p, places).op("i32.sub").set(places).increase(first, 1);
      });
      // So many digits fit into 64 bits, and where they are no more than 2^53 they and the power of ten are exact doubles.
      f.get(p, first).op("i32.sub").i32(MOST_DIGITS).op("i32.gt_u").branchIf(other);
      f.get(mantissa).i64(2n ** 53n).op("i64.gt_u").branchIf(other);
      load(p).set(c);
      f.block((ended) => {
        ends().branchIf(ended);
        is(CR);
        nextIs(p, LF).op("i32.and", "i32.eqz").branchIf(other);
      });
      f.get(mantissa).op("f64.convert_i64_u").get(places).i32(3).op("i32.shl").access("f64.load", layout.powersAt).op("f64.div").set(value);
      load(at).i32(MINUS).op("i32.eq").when(() => f.get(value).op("f64.neg").set(value));
      putNumber();
      f.get(p).tee(at).set(to).branch(done);
    });
  };

  /** What is not plain is read by the other reader. */
  const list = (): void => {
    f.get(listed, row).access("i32.store").get(listed, column).access("i32.store", 4).get(listed).get(from, base).op("i32.sub").access("i32.store", 8);
    f.increase(listed, LISTED_BYTES);
    f.get(kind).i32(COLUMN.number).op("i32.and").when(() => {
      f.f64(NaN).set(value);
      putNumber();
    }, () => putId(() => f.i32(-1)));
  };

  /** The number of the text from `lo` on, of so many bytes; else it is listed. */
  const intern = (): void => {
    f.block((known) => {
      f.block((given) => {
        f.get(length).i32(LONGEST_TEXT).op("i32.gt_u").get(kind).i32(COLUMN.unique).op("i32.and", "i32.or").branchIf(given);
        f.get(length).op("i64.extend_i32_u").set(hash).i32(0).set(i);
        f.block((out) => f.repeat((again) => {
          f.get(i, length).op("i32.ge_u").branchIf(out);
          f.get(lo, i).op("i32.add").access("i64.load").set(chunk);
          // The bytes behind the text are taken off.
          f.get(length, i).op("i32.sub").i32(8).op("i32.lt_u").when(() => {
            f.get(chunk).i64(-1n).i32(64).get(length, i).op("i32.sub").i32(3).op("i32.shl", "i32.sub", "i64.extend_i32_u", "i64.shr_u", "i64.and").set(chunk);
          });
          f.get(i, chunk).access("i64.store", layout.keyAt);
          f.get(hash).i64(29n).op("i64.shr_u").get(hash, chunk).op("i64.add", "i64.add").i64(-7046029254386353131n).op("i64.mul").set(hash);
          f.increase(i, 8).branch(again);
        }));
        f.get(hash).i64(44n).op("i64.shr_u", "i32.wrap_i64").i32(HASH_PLACES - 1).op("i32.and").set(slot);
        f.repeat((probe) => {
          f.get(slot).i32(2).op("i32.shl").access("i32.load", layout.hashAt).tee(entry).op("i32.eqz").when(() => {
            // A new one.
            f.get(texts).i32(MOST_TEXTS).op("i32.ge_u").branchIf(given);
            f.increase(texts, 1).get(texts).set(entry);
            f.get(slot).i32(2).op("i32.shl").get(entry).access("i32.store", layout.hashAt);
            f.get(column).get(column).access("i32.load", 12).i32(1).op("i32.add").access("i32.store", 12);
            f.get(entry).i32(TEXT_BYTES).op("i32.mul").tee(p).get(length).access("i32.store", layout.textsAt);
            f.block((out) => f.repeat((again) => {
              f.get(i).op("i32.eqz").branchIf(out);
              f.increase(i, -8).get(p, i).op("i32.add").get(i).access("i64.load", layout.keyAt).access("i64.store", layout.textsAt + 8).branch(again);
            }));
            putId(() => f.get(entry));
            f.branch(known);
          });
          f.get(entry).i32(TEXT_BYTES).op("i32.mul").set(p);
          f.block((different) => {
            f.get(p).access("i32.load", layout.textsAt).get(length).op("i32.ne").branchIf(different);
            f.get(i).set(digit);
            f.block((same) => f.repeat((again) => {
              f.get(digit).op("i32.eqz").branchIf(same);
              f.increase(digit, -8);
              f.get(p, digit).op("i32.add").access("i64.load", layout.textsAt + 8).get(digit).access("i64.load", layout.keyAt).op("i64.ne").branchIf(different).branch(again);
            }));
            putId(() => f.get(entry));
            f.branch(known);
          });
          f.get(slot).i32(1).op("i32.add").i32(HASH_PLACES - 1).op("i32.and").set(slot).branch(probe);
        });
        f.op("unreachable");
      });
      list();
    });
  };

  /** A field in quotes, or any that is no plain number. */
  const field = (done: Label, broken: Label): void => {
    is(QUOTE).when(() => {
      f.get(at).i32(1).op("i32.add").tee(lo).set(p);
      f.i32(0).set(doubled);
      f.block((closed) => f.repeat((again) => {
        f.get(p, end).op("i32.ge_u").branchIf(broken);
        load(p).i32(QUOTE).op("i32.eq").when(() => {
          nextIs(p, QUOTE).op("i32.eqz").branchIf(closed);
          f.i32(1).set(doubled).increase(p, 1);
        });
        f.increase(p, 1).branch(again);
      }));
      f.get(p, at).op("i32.sub").i32(layout.longestQuoted).op("i32.gt_u").branchIf(broken);
      f.get(p, lo).op("i32.sub").set(length);
      f.get(p).i32(1).op("i32.add").tee(to).set(at);
      f.block((out) => f.repeat((again) => {
        load(at).i32(SPACE).op("i32.ne").branchIf(out);
        f.increase(at, 1).branch(again);
      }));
      load(at).set(c);
      f.block((ended) => {
        ends().branchIf(ended);
        is(CR);
        nextIs(at, LF).op("i32.and", "i32.eqz").branchIf(broken);
      });
      f.get(kind).i32(COLUMN.kinds).op("i32.and", "i32.eqz").branchIf(done);
      f.get(kind).i32(COLUMN.number).op("i32.and").get(doubled).op("i32.or").when(list, intern);
      f.branch(done);
    });
    f.get(at).tee(p).set(lo);
    f.block((out) => f.repeat((again) => {
      load(p).set(c);
      ends().branchIf(out);
      is(QUOTE).branchIf(broken);
      is(CR).when(() => nextIs(p, LF).branchIf(out));
      f.increase(p, 1).branch(again);
    }));
    f.get(p).tee(at).set(to);
    f.get(kind).i32(COLUMN.kinds).op("i32.and", "i32.eqz").branchIf(done);
    f.get(p, lo).op("i32.sub").tee(length).op("i32.eqz").when(() => {
      f.get(kind).i32(COLUMN.text).op("i32.and").when(() => {
        putId(() => f.i32(0));
        f.branch(done);
      });
      f.get(kind).i32(COLUMN.emptyIsNaN).op("i32.and").when(() => {
        f.f64(NaN).set(value);
        putNumber();
        f.branch(done);
      });
    });
    f.get(kind).i32(COLUMN.text).op("i32.and").when(intern, list);
  };

  f.i32(0).access("i32.load", layout.stateAt + 4).set(listed);
  f.i32(0).access("i32.load", layout.stateAt + 8).set(texts);
  f.i32(0).set(odd);
  f.block((stop) => f.repeat((next) => {
    f.get(at, end).op("i32.ge_u").get(row, rows).op("i32.ge_u", "i32.or").get(texts).i32(MOST_TEXTS).op("i32.ge_u", "i32.or").get(listed).i32(layout.listedAt + (layout.mostListed - layout.columns) * LISTED_BYTES).op("i32.gt_u", "i32.or").branchIf(stop);
    // Empty lines are passed over.
    load(at).set(c);
    is(LF).when(() => f.increase(at, 1).branch(next));
    is(CR);
    nextIs(at, LF).op("i32.and").get(at).i32(1).op("i32.add").get(end).op("i32.lt_u", "i32.and").when(() => f.increase(at, 2).branch(next));
    f.get(at).set(start).get(listed).set(listedBefore);
    f.get(row).i32(2).op("i32.shl").get(at, base).op("i32.sub").access("i32.store", layout.startsAt);
    f.i32(layout.columnsAt).set(column);
    f.block((broken) => {
      f.repeat((another) => {
        f.get(at).set(from);
        load(at).set(c);
        f.get(column).access("i32.load").set(kind);
        f.block((done) => {
          f.get(kind).i32(COLUMN.number).op("i32.and").when(() => {
            plainNumber(done);
            load(at).set(c);
          });
          field(done, broken);
        });
        if (layout.keptWidth > 0) {
          f.get(column).access("i32.load", 8).tee(i).i32(0).op("i32.ge_s").when(() => {
            f.get(row).i32(layout.keptWidth).op("i32.mul").get(i).op("i32.add").tee(i).get(from, base).op("i32.sub").access("i32.store", layout.keptAt);
            f.get(i).get(to, base).op("i32.sub").access("i32.store", layout.keptAt + 4);
          });
        }
        f.increase(column, COLUMN_BYTES);
        load(at).set(c);
        is(layout.delimiter).when(() => {
          f.get(column).i32(columnsEnd).op("i32.eq").branchIf(broken);
          f.increase(at, 1).branch(another);
        });
      });
      f.get(column).i32(columnsEnd).op("i32.ne").branchIf(broken);
      f.get(at, c).i32(CR).op("i32.eq", "i32.add").i32(1).op("i32.add").set(at);
      f.increase(row, 1).branch(next);
    });
    f.get(start).set(at).get(listedBefore).set(listed).i32(1).set(odd);
  }));
  f.i32(0).get(at, base).op("i32.sub").access("i32.store", layout.stateAt);
  f.i32(0).get(listed).access("i32.store", layout.stateAt + 4);
  f.i32(0).get(texts).access("i32.store", layout.stateAt + 8);
  f.i32(0).get(odd).access("i32.store", layout.stateAt + 12);
  return f.get(row);
}
