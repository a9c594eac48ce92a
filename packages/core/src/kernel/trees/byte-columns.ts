// Columns as bytes: of each number, how many of the thresholds that trees ask its column for lie below it. What is compared
// with a threshold can then be compared as bytes, sixteen rows at once. NaN, which is not at most anything, is above all; in
// a column that has -infinity in its place, it is below all. Both columns of a feature are made of one search.

import type { Arena } from "../wasm/arena.ts";
import { FunctionWriter, writeModule } from "../../wasm/index.ts";
import { BLOCK } from "./block-walker.ts";
import type { Columns } from "./columns.ts";
import { planSearches, type Search } from "./searches.ts";

/** Rows that are looked up side by side; fewer than FEW go one by one. */
const ABREAST = 8;
const FEW = 4;
/** A search: its thresholds, half their number in bytes, where its numbers and its bytes are, those without NaN (or 0), and NaN's byte. */
const SEARCH_BYTES = 24;
const BELOW_ALL = 0x80;

export interface ByteColumns {
  /** Where the bytes lie, as signed ones: column by column of BLOCK rows. */
  readonly at: number;
  /** A number is above the threshold where its byte is above this. */
  codeOf(column: number, threshold: number): number;
  /** Codes `count` rows, at most BLOCK, from row `first` on. */
  fill(first: number, count: number): void;
}

/** codes(stride, groups of so many rows, searches, count of searches). */
function codesFunction(abreast: number): FunctionWriter {
  const f = new FunctionWriter(`codes_${abreast}`, ["i32", "i32", "i32", "i32"]);
  const [stride, groups, search, count] = [0, 1, 2, 3];
  const [row, group, to, half, table, at] = f.locals("i32", 6) as [number, number, number, number, number, number];
  const lowered = f.local("i32");
  const [bytes, nan] = f.locals("v128", 2) as [number, number];
  const places = f.locals("i32", abreast);
  const values = f.locals("f64", abreast);
  f.loop(() => {
    f.get(search).access("i32.load", 8).set(row).get(search).access("i32.load", 12).set(to).get(groups).set(group).get(search).access("i32.load").set(table);
    f.loop(() => {
      f.get(row).set(at);
      for (const value of values) f.get(at).access("f64.load").set(value).get(at, stride).op("i32.add").set(at);
      f.get(at).set(row);
      for (const place of places) f.get(table).set(place);
      f.get(search).access("i32.load", 4).set(half);
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
    f.get(search).access("i32.load", 16).tee(lowered).when(() => {
      f.get(search).access("v128.load8_splat", 20).set(nan).get(search).access("i32.load", 12).set(to);
      for (let i = 0; i < BLOCK; i += 16) {
        f.get(lowered).i32(BELOW_ALL).op("i8x16.splat").get(to).access("v128.load", i).tee(bytes).get(bytes, nan).op("i8x16.eq", "v128.bitselect").access("v128.store", i);
      }
    });
    f.increase(search, SEARCH_BYTES);
    f.get(count).i32(1).op("i32.sub").tee(count);
  });
  return f;
}

let compiled: WebAssembly.Module | undefined;
type Codes = (stride: number, groups: number, searches: number, count: number) => void;

/** Undefined where a column is asked for too many thresholds. */
export function planByteColumns(arena: Arena, columns: Columns): ByteColumns | undefined {
  const thresholds = Array.from({ length: columns.count }, () => new Set<number>());
  columns.column.forEach((column, node) => thresholds[column]!.add(columns.threshold[node]!));
  const plan = planSearches(columns, thresholds);
  if (plan === undefined) return undefined;
  const { searches, stride } = plan;
  const at = arena.take(BLOCK * columns.count);
  const x = arena.take(BLOCK * stride * 8);
  const searchAt = arena.take(searches.length * SEARCH_BYTES);
  const tables = searches.map(({ thresholds: t, size }) => {
    // Each table is filled up with infinity, which only NaN is not at most equal to, to a power of two less one. Place 0 is not
    // asked: the first question is about half the table further on.
    const table = new Float64Array(size).fill(Infinity);
    table.set(t, 1);
    return { table, at: arena.take(size * 8) };
  });
  tables.forEach(({ table, at: to }) => arena.doubles(to, table.length).set(table));
  const view = new DataView(arena.memory.buffer);
  searches.forEach(({ size, place, column, lowered }, i) => {
    const entry = [tables[i]!.at, (size / 2) * 8, x + place * 8, at + column * BLOCK, lowered === undefined ? 0 : at + lowered * BLOCK, size - 1 - 128];
    entry.forEach((value, j) => view.setInt32(searchAt + i * SEARCH_BYTES + 4 * j, value, true));
  });
  const codes = codesOf(searches, columns, thresholds);
  /** Of a flag that is 0, and of one that is 1. */
  const [unset, set] = [0, 1].map((value) => Int8Array.from(thresholds, (t) => [...t].filter((threshold) => threshold < value).length - 128)) as [Int8Array, Int8Array];
  compiled ??= new WebAssembly.Module(writeModule([codesFunction(1), codesFunction(ABREAST)]));
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory: arena.memory } });
  const [one, many] = [exports["codes_1"] as Codes, exports[`codes_${ABREAST}`] as Codes];
  let numbers = arena.doubles(x, BLOCK * stride);
  let bytes = arena.signedBytes(at, BLOCK * columns.count);
  return {
    at,
    codeOf: (column, threshold) => codes[column]!.get(threshold)!,
    fill(first, count) {
      // The memory has grown since: views on it are void.
      if (bytes.length === 0) [numbers, bytes] = [arena.doubles(x, BLOCK * stride), arena.signedBytes(at, BLOCK * columns.count)];
      if (searches.length > 0) {
        plan.fill(first, count, numbers);
        if (count < FEW) one(stride * 8, count, searchAt, searches.length);
        else many(stride * 8, Math.ceil(count / ABREAST), searchAt, searches.length);
      }
      for (let c = columns.numbers; c < columns.count; c++) bytes.fill(unset[c]!, c * BLOCK, c * BLOCK + count);
      for (const group of columns.flags) group.set(first, count, bytes, 1, BLOCK, set);
    },
  };
}

/** By column, the byte of each threshold. */
function codesOf(searches: readonly Search[], columns: Columns, thresholds: readonly ReadonlySet<number>[]): ReadonlyMap<number, number>[] {
  const codes = thresholds.map((t) => new Map([...t].sort((a, b) => a - b).map((threshold, i) => [threshold, i - 128])));
  for (const { thresholds: sorted, column, lowered } of searches) {
    const own = new Map(Array.from(sorted, (threshold, i) => [threshold, i - 128]));
    codes[column] = own;
    if (lowered !== undefined) codes[lowered] = own;
  }
  return codes;
}
