// Counting in WebAssembly: a column of doubles, what SeriesCounter.addNumbers counts of it, to the last bit. A value's distance
// from the mean is made a whole number once (fine parts), and from there on eight values are counted at once: their sums, and
// how many of the frozen edges are below. A distance never falls as the value rises, so edges at another distance than the
// value's are below it or not; only where the distances are the same are the doubles themselves compared.

import { FunctionWriter, writeModule } from "../wasm/index.ts";
import { MOST_RANK } from "./distinct-counter.ts";
import { COARSER, FINEST, GOLDEN, HALF_OF_COARSE, HIGH_WORD, NAN_WORDS, NUMBER_BITS, ROUNDING } from "./series-counter.ts";

/** More edges than this are looked at elsewhere. */
export const MOST_EDGES = 14;
/** Rows are counted in whole groups of so many. */
export const ROWS_IN_GROUP = 8;
/** A distance in fine parts as it is compared with those of edges: 16 bits. */
export const FARTHEST_SHORT: number = 2 ** 15 - 1;
/** Of registers that are all 0. */
export const FIRST_THRESHOLD: number = 2 ** (32 - NUMBER_BITS);
export const REGISTERS: number = 1 << NUMBER_BITS;

const SPLAT = 16;
/** Of a hash those that a float holds and a rank is told from. */
const FLOAT_BITS = 23;
type Place =
  | "mean" | "scale" | "least" | "most" | "threshold" | "low" | "high" | "sum" | "squares" | "present" | "beyond" | "changed" | "more" | "registers"
  | "lower" | "upper" | "edges" | "distances";
const SIZES: Readonly<Record<Place, number>> = {
  /** Each twice. */
  mean: SPLAT, scale: SPLAT, least: SPLAT, most: SPLAT,
  /** Below which a hash may change a register, four times. */
  threshold: SPLAT,
  /** What was counted since the beginning: `more` are how many values are above each edge. */
  low: 8, high: 8, sum: 8, squares: 8, present: 4, beyond: 4, changed: 8, more: 4 * (MOST_EDGES + 2), registers: REGISTERS,
  /** By how many edges are below: the distance of the next one, its lower and its upper bytes. */
  lower: SPLAT, upper: SPLAT,
  /** Of edges: the doubles, and distances, eight times each. */
  edges: 8 * (MOST_EDGES + 2), distances: SPLAT * MOST_EDGES,
};
/** Where in a column's memory what stands, in bytes. */
export const PLACES: Readonly<Record<Place, number>> = placesOf();
export const COLUMN_BYTES: number = Object.values(SIZES).reduce((a, b) => a + b);

/** What is needed while two columns are counted, at the beginning of the memory. */
const SCRATCH = {
  /** What is least and most in each of the two, and a sum that is NaN where a value is. */
  low: 0, high: 16, sum: 32,
  /** Of the group of values that is looked at: how many edges are below each, and their hashes. */
  below: 48, hashes: 64,
  /** How many values are farther than each edge, in eight parts. */
  above: 96,
} as const;
export const SCRATCH_BYTES: number = SCRATCH.above + SPLAT * MOST_EDGES;

export interface CountingFunctions {
  /** Writes two neighbouring columns of a row-major matrix one after the other, `other` bytes apart. Minus zero becomes zero. */
  turn(x: number, stride: number, rows: number, to: number, other: number): void;
  /** Counts a column that was turned last; hashes are mixed into those of the rows. @param second 0, or 8 of the second one */
  count(x: number, rows: number, hashes: number, column: number, second: number): void;
}

function placesOf(): Record<Place, number> {
  let at = 0;
  return Object.fromEntries(Object.entries(SIZES).map(([name, size]) => [name, (at += size) - size])) as Record<Place, number>;
}

const both = (value: number): Float64Array => Float64Array.of(value, value);
const bytes = (value: number): Int32Array => words(value * 0x01010101 | 0);
const words = (a: number, b: number = a, c: number = a, d: number = b): Int32Array => Int32Array.of(a, b, c, d);

/** resolve(x, column, mask): of the values whose distance is an edge's, how many edges are below. */
function writeResolve(): FunctionWriter {
  const f = new FunctionWriter("", ["i32", "i32", "i32"]);
  const [x, column, mask] = [0, 1, 2];
  const [lane, bin, v] = [f.local("i32"), f.local("i32"), f.local("f64")];
  return f.loop(() => {
    f.get(mask).op("i32.ctz").set(lane);
    f.get(lane).i32(1).op("i32.shl").access("i32.load16_u", SCRATCH.below).set(bin);
    f.get(x, lane).i32(3).op("i32.shl", "i32.add").access("f64.load").set(v);
    f.block((out) => f.repeat((again) => {
      f.get(v, column, bin).i32(3).op("i32.shl", "i32.add").access("f64.load", PLACES.edges).op("f64.gt", "i32.eqz").branchIf(out);
      f.get(column, bin).i32(2).op("i32.shl", "i32.add").tee(lane).get(lane).access("i32.load", PLACES.more).i32(1).op("i32.add").access("i32.store", PLACES.more);
      f.increase(bin, 1).branch(again);
    }));
    f.get(mask, mask).i32(1).op("i32.sub", "i32.and").tee(mask);
  });
}

/** fresh(column, mask): registers of the hashes that may change them. */
function writeFresh(): FunctionWriter {
  const f = new FunctionWriter("", ["i32", "i32"]);
  const [column, mask] = [0, 1];
  const [hash, rank, at] = f.locals("i32", 3) as [number, number, number];
  return f.loop(() => {
    f.get(mask).op("i32.ctz").i32(2).op("i32.shl").access("i32.load", SCRATCH.hashes).set(hash);
    f.get(hash).i32(NUMBER_BITS).op("i32.shr_u", "i32.clz").i32(NUMBER_BITS - 1).op("i32.sub").tee(rank).i32(MOST_RANK).get(rank).i32(MOST_RANK).op("i32.lt_u", "select").set(rank);
    f.get(hash).i32(REGISTERS - 1).op("i32.and").get(column).op("i32.add").tee(at).access("i32.load8_u", PLACES.registers).get(rank).op("i32.lt_u").when(() => {
      f.get(at, rank).access("i32.store8", PLACES.registers);
      f.get(column).i32(1).access("i32.store", PLACES.changed);
    });
    f.get(mask, mask).i32(1).op("i32.sub", "i32.and").tee(mask);
  });
}

function writeTurn(): FunctionWriter {
  const f = new FunctionWriter("turn", ["i32", "i32", "i32", "i32", "i32"]);
  const [x, stride, rows, to, other] = [0, 1, 2, 3, 4];
  const [a, b, low, high, sum] = f.locals("v128", 5) as [number, number, number, number, number];
  f.once(both(Infinity)).set(low).once(both(-Infinity)).set(high).once(both(0)).set(sum);
  f.loop(() => {
    for (const v of [a, b]) {
      f.get(x).access("v128.load").once(both(0)).op("f64x2.add").set(v);
      f.get(x, stride).op("i32.add").set(x);
      f.get(low, v).op("f64x2.pmin").set(low);
      f.get(high, v).op("f64x2.pmax").set(high);
      f.get(sum, v).op("f64x2.add").set(sum);
    }
    f.get(to, a, b).shuffle(0, 1, 4, 5).access("v128.store");
    f.get(to, other).op("i32.add").get(a, b).shuffle(2, 3, 6, 7).access("v128.store");
    f.increase(to, 16);
    f.get(rows).i32(2).op("i32.sub").tee(rows);
  });
  for (const [name, v] of [["low", low], ["high", high], ["sum", sum]] as const) f.i32(0).get(v).access("v128.store", SCRATCH[name]);
  return f;
}

/** (x, rows, hashes, column). `careful`: any values; else without NaN, and with short distances. */
function writeValues(edges: number, careful: boolean): FunctionWriter {
  const f = new FunctionWriter("", ["i32", "i32", "i32", "i32"]);
  const [x, rows, hashes, column] = [0, 1, 2, 3];
  const [mean, scale, threshold] = f.locals("v128", 3) as [number, number, number];
  const [sum, squares, present] = f.locals("v128", 3) as [number, number, number];
  const v = f.locals("v128", 4);
  const [there, fine, hash, fresh] = [f.locals("v128", 2), f.locals("v128", 2), f.locals("v128", 2), f.locals("v128", 2)];
  const [below, mask, which] = [f.local("v128"), f.local("v128"), f.local("i32")];
  for (const [name, local] of [["mean", mean], ["scale", scale], ["threshold", threshold]] as const) f.get(column).access("v128.load", PLACES[name]).set(local);
  for (let e = 0; e < edges; e++) f.i32(0).once(words(0)).access("v128.store", SCRATCH.above + SPLAT * e);
  if (!careful) f.get(column, column).access("i32.load", PLACES.present).get(rows).op("i32.add").access("i32.store", PLACES.present);
  f.loop(() => {
    v.forEach((local, i) => {
      f.get(x).access("v128.load", 16 * i).tee(local).get(mean).op("f64x2.sub").get(scale).op("f64x2.mul");
      if (careful) f.once(both(-FINEST)).op("f64x2.pmax").once(both(FINEST)).op("f64x2.pmin").get(local, local).op("f64x2.eq", "v128.and");
      // The lower half of each is the whole number now.
      f.once(both(ROUNDING)).op("f64x2.add").set(i % 2 === 0 ? mask : below);
      if (i % 2 === 1) f.get(mask, below).shuffle(0, 2, 4, 6).set(fine[(i - 1) / 2]!);
    });
    fine.forEach((local, half) => {
      f.get(sum, local).op("i32x4.add").set(sum);
      if (!careful) return;
      const [a, b] = [v[2 * half]!, v[2 * half + 1]!];
      f.get(a, a).op("f64x2.eq").get(b, b).op("f64x2.eq").shuffle(0, 2, 4, 6).set(there[half]!);
      f.get(present, there[half]!).op("i32x4.sub").set(present);
      f.get(local).once(words(HALF_OF_COARSE)).op("i32x4.add").i32(COARSER).op("i32x4.shr_s").set(mask);
      for (const upper of [false, true]) {
        f.get(mask);
        if (upper) f.get(mask).shuffle(2, 3, 2, 3);
        f.op("f64x2.convert_low_i32x4_s").tee(below).get(below).op("f64x2.mul").get(squares).op("f64x2.add").set(squares);
      }
      // NaN is above no edge.
      f.get(local).once(words(-FARTHEST_SHORT - 1)).get(there[half]!).op("v128.bitselect").set(local);
    });
    if (!careful) {
      for (const local of fine) f.get(local).once(words(HALF_OF_COARSE)).op("i32x4.add").i32(COARSER).op("i32x4.shr_s");
      f.op("i16x8.narrow_i32x4_s").tee(mask).get(mask).op("i32x4.dot_i16x8_s").get(squares).op("i32x4.add").set(squares);
    }
    const short = fine[0]!;
    if (edges > 0) {
      f.get(fine[0]!, fine[1]!).op("i16x8.narrow_i32x4_s").set(short);
      f.once(words(0)).set(below);
      for (let e = 0; e < edges; e++) {
        const above = SCRATCH.above + SPLAT * e;
        f.i32(0).i32(0).access("v128.load", above);
        f.get(short, column).access("v128.load", PLACES.distances + SPLAT * e).op("i16x8.gt_s").tee(mask).op("i16x8.sub").access("v128.store", above);
        f.get(below, mask).op("i16x8.sub").set(below);
      }
      f.get(below, below).op("i8x16.narrow_i16x8_u").set(mask);
      for (const table of [PLACES.lower, PLACES.upper]) f.get(column).access("v128.load", table).get(mask).op("i8x16.swizzle");
      f.interleave().get(short).op("i16x8.eq").tee(mask).op("v128.any_true").when(() => {
        f.i32(0).get(below).access("v128.store", SCRATCH.below);
        f.get(x, column, mask).op("i16x8.bitmask").call(0);
      });
    }
    hash.forEach((local, half) => {
      const [a, b] = [v[2 * half]!, v[2 * half + 1]!];
      if (careful) for (const one of [a, b]) f.get(one).once(words(...NAN_WORDS)).get(one, one).op("f64x2.eq", "v128.bitselect").set(one);
      f.get(a, b).shuffle(0, 2, 4, 6).once(words(GOLDEN | 0)).op("i32x4.mul");
      f.get(a, b).shuffle(1, 3, 5, 7).once(words(HIGH_WORD | 0)).op("i32x4.mul", "v128.xor").set(local);
      // The end of MurmurHash3.
      const shifted = (bits: number): void => void f.get(local, local).i32(bits).op("i32x4.shr_u", "v128.xor").set(local);
      shifted(16);
      f.get(local).once(words(0x85ebca6b | 0)).op("i32x4.mul").set(local);
      shifted(13);
      f.get(local).once(words(0xc2b2ae35 | 0)).op("i32x4.mul").set(local);
      shifted(16);
      f.get(hashes, hashes).access("v128.load", 16 * half).get(local).op("v128.xor").once(words(GOLDEN | 0)).op("i32x4.mul").access("v128.store", 16 * half);
      // Most values change no register: only those with a rank above the least of their column's are looked at.
      f.get(local).i32(NUMBER_BITS).op("i32x4.shr_u").get(threshold).op("i32x4.lt_s");
      if (careful) f.get(there[half]!).op("v128.and");
      f.set(fresh[half]!);
    });
    f.get(fresh[0]!, fresh[1]!).op("v128.or", "v128.any_true").when(() => {
      // Each hash's register and its rank as bytes. The rank is told by the exponent of the bits as a float; lower ones do not matter.
      for (const local of hash) f.get(local).once(words(REGISTERS - 1)).op("v128.and");
      f.op("i16x8.narrow_i32x4_s").tee(mask).get(mask).op("i8x16.narrow_i16x8_u").set(mask);
      for (let at = 0; at < REGISTERS; at += 16) {
        f.get(column).access("v128.load", PLACES.registers + at).get(mask);
        if (at > 0) f.once(bytes(at)).op("i8x16.sub");
        f.op("i8x16.swizzle");
        if (at > 0) f.op("v128.or");
      }
      f.set(mask).once(bytes(127 + FLOAT_BITS));
      for (const local of hash) f.get(local).i32(32 - FLOAT_BITS).op("i32x4.shr_u").once(words(1 << (FLOAT_BITS - MOST_RANK))).op("i32x4.max_s", "f32x4.convert_i32x4_s").i32(23).op("i32x4.shr_u");
      f.op("i16x8.narrow_i32x4_s").tee(below).get(below).op("i8x16.narrow_i16x8_u", "i8x16.sub").get(mask).op("i8x16.gt_s");
      f.get(fresh[0]!, fresh[1]!).op("i16x8.narrow_i32x4_s").tee(mask).get(mask).op("i8x16.narrow_i16x8_s", "v128.and", "i8x16.bitmask").i32(255).op("i32.and").tee(which).when(() => {
        hash.forEach((local, half) => f.i32(0).get(local).access("v128.store", SCRATCH.hashes + 16 * half));
        f.get(column, which).call(1);
      });
    });
    f.increase(x, 8 * ROWS_IN_GROUP).increase(hashes, 4 * ROWS_IN_GROUP);
    f.get(rows).i32(ROWS_IN_GROUP).op("i32.sub").tee(rows);
  });
  /** The four words of a vector together. */
  const summed = (local: number): FunctionWriter => [0, 1, 2, 3].reduce((_, lane) => (lane === 0 ? f.get(local).word(0) : f.get(local).word(lane).op("i32.add")), f);
  const add = (place: "sum" | "squares", value: () => void): void => {
    f.get(column, column).access("f64.load", PLACES[place]);
    value();
    f.op("f64.add").access("f64.store", PLACES[place]);
  };
  add("sum", () => summed(sum).op("f64.convert_i32_s"));
  if (careful) {
    for (const half of [0, 8]) {
      f.i32(0).get(squares).access("v128.store", SCRATCH.below);
      add("squares", () => f.i32(0).access("f64.load", SCRATCH.below + half));
    }
    f.get(column, column).access("i32.load", PLACES.present);
    summed(present).op("i32.add").access("i32.store", PLACES.present);
  } else add("squares", () => summed(squares).op("f64.convert_i32_s"));
  for (let e = 0; e < edges; e++) {
    f.i32(0).access("v128.load", SCRATCH.above + SPLAT * e).op("i32x4.extadd_pairwise_i16x8_s").set(mask);
    f.get(column, column).access("i32.load", PLACES.more + 4 * e);
    summed(mask).op("i32.add").access("i32.store", PLACES.more + 4 * e);
  }
  return f;
}

/** beyond(x, rows, column): how many values are below the reference's least or above its most. */
function writeBeyond(): FunctionWriter {
  const f = new FunctionWriter("", ["i32", "i32", "i32"]);
  const [x, rows, column] = [0, 1, 2];
  const [least, most, count, v] = f.locals("v128", 4) as [number, number, number, number];
  for (const [name, local] of [["least", least], ["most", most]] as const) f.get(column).access("v128.load", PLACES[name]).set(local);
  f.loop(() => {
    f.get(count).get(x).access("v128.load").tee(v).get(least).op("f64x2.lt").get(v, most).op("f64x2.gt", "v128.or", "i64x2.sub").set(count);
    f.increase(x, 16);
    f.get(rows).i32(2).op("i32.sub").tee(rows);
  });
  return f.get(column, column).access("i32.load", PLACES.beyond).get(count).word(0).op("i32.add").get(count).word(2).op("i32.add").access("i32.store", PLACES.beyond);
}

/** Calls what is needed for a column. */
function writeCount(): FunctionWriter {
  const f = new FunctionWriter("count", ["i32", "i32", "i32", "i32", "i32"]);
  const [x, rows, hashes, column, second] = [0, 1, 2, 3, 4];
  const [low, high, sum] = f.locals("f64", 3) as [number, number, number];
  const least = f.local("v128");
  const load = (place: "low" | "high" | "mean" | "scale" | "least" | "most"): FunctionWriter => f.get(column).access("f64.load", PLACES[place]);
  for (const [name, local] of [["low", low], ["high", high], ["sum", sum]] as const) f.get(second).access("f64.load", SCRATCH[name]).set(local);
  f.get(column).get(low);
  load("low").op("f64.min").access("f64.store", PLACES.low);
  f.get(column).get(high);
  load("high").op("f64.max").access("f64.store", PLACES.high);
  for (const end of [low, high]) {
    f.get(end);
    load("mean").op("f64.sub");
    load("scale").op("f64.mul", "f64.abs").f64(FARTHEST_SHORT).op("f64.le");
  }
  f.op("i32.and").get(sum, sum).op("f64.eq", "i32.and").when(() => f.get(x, rows, hashes, column).call(PLAIN), () => f.get(x, rows, hashes, column).call(CAREFUL));
  f.get(low);
  load("least").op("f64.lt").get(high);
  load("most").op("f64.gt", "i32.or").when(() => f.get(x, rows, column).call(BEYOND));
  // Where a register changed, the least of them says which hashes may change one from now on.
  return f.get(column).access("i32.load", PLACES.changed).when(() => {
    f.get(column).i32(0).access("i32.store", PLACES.changed);
    for (let at = 0; at < REGISTERS; at += 16) {
      f.get(column).access("v128.load", PLACES.registers + at);
      if (at > 0) f.op("i8x16.min_u");
    }
    f.set(least);
    for (const word of [2, 1]) f.get(least, least, least).shuffle(word, word + 1, word, word + 1).op("i8x16.min_u").set(least);
    for (const bits of [16, 8]) f.get(least, least).i32(bits).op("i32x4.shr_u", "i8x16.min_u").set(least);
    f.get(column).i32(FIRST_THRESHOLD).get(least).word(0).i32(MOST_RANK).op("i32.and", "i32.shr_u").i32(0).get(least).word(0).i32(MOST_RANK).op("i32.and").i32(MOST_RANK).op("i32.ne", "select", "i32x4.splat").access("v128.store", PLACES.threshold);
  });
}

const [PLAIN, CAREFUL, BEYOND] = [2, 3, 4];
const compiled = new Map<number, WebAssembly.Module>();

/** Over a memory that holds the matrix, the hashes of its rows and the columns. */
export function countingOver(memory: WebAssembly.Memory, edges: number): CountingFunctions {
  let module = compiled.get(edges);
  if (module === undefined) compiled.set(edges, module = new WebAssembly.Module(writeModule([writeResolve(), writeFresh(), writeValues(edges, false), writeValues(edges, true), writeBeyond(), writeTurn(), writeCount()])));
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as CountingFunctions;
}
