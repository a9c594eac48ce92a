// Columns as bytes: of each number, how many of the thresholds that trees ask its column for lie below it. What is compared
// with a threshold can then be compared as bytes, sixteen rows at once. NaN, which is not at most anything, is above all.

import type { Numbers } from "../value.ts";
import type { Arena } from "../wasm/arena.ts";
import { FunctionWriter, writeModule } from "../../wasm/index.ts";
import { BLOCK } from "./block-walker.ts";
import type { Columns } from "./columns.ts";

/** Bytes tell so many thresholds apart. */
const MOST_THRESHOLDS = 255;
/** Rows that are looked up side by side; fewer than FEW go one by one. */
const ABREAST = 8;
const FEW = 4;
/** A column: the address of its thresholds, and half their number in bytes. */
const COLUMN_BYTES = 8;

export interface ByteColumns {
  /** Where the bytes lie, as signed ones: column by column of BLOCK rows. */
  readonly at: number;
  /** A number is above the threshold where its byte is above this. */
  codeOf(column: number, threshold: number): number;
  /** Codes `count` rows, at most BLOCK, from row `first` on. */
  fill(rows: Numbers, features: number, first: number, count: number): void;
}

/** codes(x, stride, groups of so many rows, columns, count of columns, out): bytes, column by column of BLOCK rows. */
function codesFunction(abreast: number): FunctionWriter {
  const f = new FunctionWriter(`codes_${abreast}`, ["i32", "i32", "i32", "i32", "i32", "i32"]);
  const [x, stride, groups, column, count, out] = [0, 1, 2, 3, 4, 5];
  const [row, group, to, half, table, at] = f.locals("i32", 6) as [number, number, number, number, number, number];
  const places = f.locals("i32", abreast);
  const values = f.locals("f64", abreast);
  f.loop(() => {
    f.get(x).set(row).get(out).set(to).get(groups).set(group).get(column).access("i32.load").set(table);
    f.loop(() => {
      f.get(row).set(at);
      for (const value of values) f.get(at).access("f64.load").set(value).get(at, stride).op("i32.add").set(at);
      f.get(at).set(row);
      for (const place of places) f.get(table).set(place);
      f.get(column).access("i32.load", 4).set(half);
      f.loop(() => {
        // place += half unless x <= thresholds[half - 1 further on]
        places.forEach((place, i) => {
          f.get(place, half).get(values[i]!).get(place, half).op("i32.add").access("f64.load").op("f64.le").i32(1).op("i32.sub").op("i32.and", "i32.add").set(place);
        });
        f.get(half).i32(1).op("i32.shr_u").tee(half).i32(7).op("i32.gt_u");
      });
      places.forEach((place, i) => f.get(to).get(place, table).op("i32.sub").i32(3).op("i32.shr_u").i32(128).op("i32.sub").access("i32.store8", i));
      f.increase(to, abreast);
      f.get(group).i32(1).op("i32.sub").tee(group);
    });
    f.increase(out, BLOCK).increase(x, 8).increase(column, COLUMN_BYTES);
    f.get(count).i32(1).op("i32.sub").tee(count);
  });
  return f;
}

let compiled: WebAssembly.Module | undefined;
type Codes = (x: number, stride: number, groups: number, columns: number, count: number, out: number) => void;

/** Undefined where a column is asked for too many thresholds. */
export function planByteColumns(arena: Arena, columns: Columns): ByteColumns | undefined {
  const thresholds = Array.from({ length: columns.count }, () => new Set<number>());
  columns.column.forEach((column, node) => thresholds[column]!.add(columns.threshold[node]!));
  if (thresholds.some((t) => t.size > MOST_THRESHOLDS)) return undefined;
  const sorted = thresholds.map((t) => Float64Array.from(t).sort());
  const codes = sorted.map((t) => new Map(Array.from(t, (threshold, i) => [threshold, i - 128])));
  // Each table is filled up with infinity, which only NaN is not at most equal to, to a power of two less one.
  const lengths = sorted.map((t) => 2 ** Math.max(1, Math.ceil(Math.log2(t.length + 1))));
  const tableAt = lengths.map((length) => arena.take(length * 8));
  const columnAt = arena.take(columns.count * COLUMN_BYTES);
  const x = arena.take(BLOCK * columns.count * 8);
  const at = arena.take(BLOCK * columns.count);
  const view = new DataView(arena.memory.buffer);
  sorted.forEach((t, c) => {
    // Place 0 is not asked: the first question is about half the table further on.
    const table = new Float64Array(lengths[c]!).fill(Infinity);
    table.set(t, 1);
    arena.doubles(tableAt[c]!, table.length).set(table);
    view.setInt32(columnAt + c * COLUMN_BYTES, tableAt[c]!, true);
    view.setInt32(columnAt + c * COLUMN_BYTES + 4, (lengths[c]! / 2) * 8, true);
  });
  compiled ??= new WebAssembly.Module(writeModule([codesFunction(1), codesFunction(ABREAST)]));
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory: arena.memory } });
  const [one, many] = [exports["codes_1"] as Codes, exports[`codes_${ABREAST}`] as Codes];
  let rowsView = arena.doubles(x, BLOCK * columns.count);
  return {
    at,
    codeOf: (column, threshold) => codes[column]!.get(threshold)!,
    fill(rows, features, first, count) {
      // The memory has grown since: the view on it is void.
      if (rowsView.length === 0) rowsView = arena.doubles(x, BLOCK * columns.count);
      for (let r = 0; r < count; r++) columns.fill(rows, (first + r) * features, rowsView, r * columns.count);
      if (count < FEW) one(x, columns.count * 8, count, columnAt, columns.count, at);
      else many(x, columns.count * 8, Math.ceil(count / ABREAST), columnAt, columns.count, at);
    },
  };
}
