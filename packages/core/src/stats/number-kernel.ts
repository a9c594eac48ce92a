// Counting in WebAssembly: four neighbouring columns of a row-major matrix of doubles at once, what SeriesCounter.addNumbers
// counts of each, to the last bit. A row takes some 40 instructions a value, without a branch to guess but for new values.

import { FunctionWriter, writeModule } from "../wasm/index.ts";
import { MOST_RANK } from "./distinct-counter.ts";
import { COARSE, COARSEST, FINE, FINEST, GOLDEN, HIGH_WORD, NAN_WORDS, NUMBER_BITS } from "./series-counter.ts";

/** More edges than this are looked at elsewhere. */
export const MOST_EDGES = 14;
/** The bin of what is missing. */
const NOWHERE = 15;
const BINS = 16;

/** Where in a group's memory what stands, in bytes. Doubles of four columns take 32 of them. */
export const PLACES = {
  mean: 0, scale: 32, least: 64, most: 96, lanes: 128, thresholds: 144, valid: 160, outside: 192, low: 224, high: 256, sum: 288, squares: 320,
  bins: 352, registers: 608, edges: 864,
} as const;
export const BYTES_OF_BINS: number = BINS * 4;
export const REGISTERS: number = 1 << NUMBER_BITS;

export function groupBytes(edges: number): number {
  return PLACES.edges + 32 * edges;
}

/** count(x, stride in bytes, rows, hashes of the rows, the group) */
export type CountGroup = (x: number, stride: number, rows: number, hashes: number, group: number) => void;

const both = (value: number): Float64Array => Float64Array.of(value, value);
const words = (a: number, b: number = a, c: number = a, d: number = b): Int32Array => Int32Array.of(a, b, c, d);

function writeCount(edges: number): FunctionWriter {
  const f = new FunctionWriter("count", ["i32", "i32", "i32", "i32", "i32"]);
  const [x, stride, rows, hashes, group] = [0, 1, 2, 3, 4];
  const [v, present, n, z] = [f.locals("v128", 2), f.locals("v128", 2), f.locals("v128", 2), f.local("v128")];
  const [hash, rest, fresh] = [f.local("v128"), f.local("v128"), f.local("v128")];
  const [at, rank] = [f.local("i32"), f.local("i32")];
  const sums = Object.fromEntries((["valid", "outside", "low", "high", "sum", "squares"] as const).map((name) => [name, f.locals("v128", 2)] as const)) as Record<"valid" | "outside" | "low" | "high" | "sum" | "squares", number[]>;
  const param = (name: keyof typeof PLACES, i: number): FunctionWriter => f.get(group).access("v128.load", PLACES[name] + 16 * i);
  /** The end of MurmurHash3. */
  const mix = (local: number): void => {
    const shifted = (bits: number): void => void f.get(local, local).i32(bits).op("i32x4.shr_u", "v128.xor").set(local);
    shifted(16);
    f.get(local).v128(words(0x85ebca6b | 0)).op("i32x4.mul").set(local);
    shifted(13);
    f.get(local).v128(words(0xc2b2ae35 | 0)).op("i32x4.mul").set(local);
    shifted(16);
  };
  /** A distance in deviations, in whole parts of one. */
  const rounded = (parts: number, most: number): void => {
    f.get(z).v128(both(parts)).op("f64x2.mul").v128(both(-most)).op("f64x2.pmax").v128(both(most)).op("f64x2.pmin").v128(both(0.5)).op("f64x2.add", "f64x2.floor");
  };
  for (const [name, locals] of Object.entries(sums)) locals.forEach((local, i) => param(name as keyof typeof sums, i).set(local));
  f.loop(() => {
    for (const i of [0, 1]) {
      // Minus zero is zero.
      f.get(x).access("v128.load", 16 * i).v128(both(0)).op("f64x2.add").tee(v[i]!).get(v[i]!).op("f64x2.eq").set(present[i]!);
      f.get(sums.valid[i]!, present[i]!).op("i64x2.sub").set(sums.valid[i]!);
    }
    // Hashes of the four, and of the row.
    for (const i of [0, 1]) f.get(v[i]!).v128(words(...NAN_WORDS)).get(present[i]!).op("v128.bitselect").set(n[i]!);
    f.get(n[0]!, n[1]!).shuffle(0, 2, 4, 6).v128(words(GOLDEN | 0)).op("i32x4.mul");
    f.get(n[0]!, n[1]!).shuffle(1, 3, 5, 7).v128(words(HIGH_WORD | 0)).op("i32x4.mul", "v128.xor").set(hash);
    mix(hash);
    f.get(hashes, hashes).access("v128.load").tee(rest).get(hash).op("v128.xor").v128(words(GOLDEN | 0)).op("i32x4.mul").get(rest);
    param("lanes", 0).op("v128.bitselect").access("v128.store");
    // Most values change no register: only those with a rank above the least of their column's are looked at.
    f.get(hash).i32(NUMBER_BITS).op("i32x4.shr_u").tee(rest);
    param("thresholds", 0).op("i32x4.lt_u").get(present[0]!, present[1]!).shuffle(0, 2, 4, 6).op("v128.and").tee(fresh).op("v128.any_true").when(() => {
      for (const lane of [0, 1, 2, 3]) {
        f.get(fresh).word(lane).when(() => {
          f.get(rest).word(lane).op("i32.clz").i32(NUMBER_BITS - 1).op("i32.sub").tee(rank).i32(MOST_RANK).get(rank).i32(MOST_RANK).op("i32.lt_u", "select").set(rank);
          f.get(hash).word(lane).i32(REGISTERS - 1).op("i32.and").get(group).op("i32.add").tee(at).access("i32.load8_u", PLACES.registers + lane * REGISTERS).get(rank).op("i32.lt_u").when(() => f.get(at, rank).access("i32.store8", PLACES.registers + lane * REGISTERS));
        });
      }
    });
    for (const i of [0, 1]) {
      const mine = (name: keyof typeof sums): number => sums[name][i]!;
      f.get(v[i]!);
      param("mean", i).op("f64x2.sub");
      param("scale", i).op("f64x2.mul").set(z);
      f.get(mine("sum"));
      rounded(FINE, FINEST);
      f.get(present[i]!).op("v128.and", "f64x2.add").set(mine("sum"));
      rounded(COARSE, COARSEST);
      f.tee(z).get(z).op("f64x2.mul").get(present[i]!).op("v128.and").get(mine("squares")).op("f64x2.add").set(mine("squares"));
      f.get(mine("low"), v[i]!).op("f64x2.pmin").set(mine("low"));
      f.get(mine("high"), v[i]!).op("f64x2.pmax").set(mine("high"));
      f.get(mine("outside"), v[i]!);
      param("least", i).op("f64x2.lt").get(v[i]!);
      param("most", i).op("f64x2.gt", "v128.or", "i64x2.sub").set(mine("outside"));
      // How many edges are below.
      f.v128(words(0));
      for (let e = 0; e < edges; e++) f.get(group).access("v128.load", PLACES.edges + 32 * e + 16 * i).get(v[i]!).op("f64x2.lt", "i64x2.sub");
      f.v128(words(NOWHERE)).get(present[i]!).op("v128.bitselect").i32(2).op("i32x4.shl").set(n[i]!);
      for (const lane of [0, 1]) {
        const offset = PLACES.bins + (2 * i + lane) * BYTES_OF_BINS;
        f.get(n[i]!).word(2 * lane).get(group).op("i32.add").tee(at).get(at).access("i32.load", offset).i32(1).op("i32.add").access("i32.store", offset);
      }
    }
    f.get(x, stride).op("i32.add").set(x);
    f.increase(hashes, 16);
    f.get(rows).i32(1).op("i32.sub").tee(rows);
  });
  for (const [name, locals] of Object.entries(sums)) locals.forEach((local, i) => f.get(group, local).access("v128.store", PLACES[name as keyof typeof sums] + 16 * i));
  return f;
}

const compiled = new Map<number, WebAssembly.Module>();

/** Over a memory that holds the matrix, the hashes (four words a row) and the groups. */
export function countingOver(memory: WebAssembly.Memory, edges: number): CountGroup {
  let module = compiled.get(edges);
  if (module === undefined) compiled.set(edges, module = new WebAssembly.Module(writeModule([writeCount(edges)])));
  return new WebAssembly.Instance(module, { env: { memory } }).exports["count"] as CountGroup;
}
