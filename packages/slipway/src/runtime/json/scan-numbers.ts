// Nested lists of numbers, read from their text in WebAssembly, sixteen bytes at once: which of them are digits tells how long
// a number is, a shuffle takes the point out from between its digits, and three sums of products make a whole number of them.
// It and the power of ten are exact doubles, so their quotient is rounded once (Clinger, "How to read floating point numbers
// accurately", 1990). Daniel Lemire, "Number parsing at a gigabyte per second" (2021) has the sums of eight digits.

import { FunctionWriter, hasVectors, writeModule } from "@slipway/core/wasm";

/** So many digits are an exact double. */
const MOST_DIGITS = 15;
const MOST_DEPTH = 8;
const SPACE = 0x20, LF = 0x0a, CR = 0x0d, TAB = 0x09, MINUS = 0x2d, POINT = 0x2e, ZERO = 0x30, OPEN = 0x5b, CLOSE = 0x5d, COMMA = 0x2c;
/** Places: of digits moved to the right; powers of ten; the state (where it reads, where it writes, numbers left of the innermost list, then lists left at each depth above it). */
const PLACES_AT = 0;
const POWERS_AT = 32;
const STATE_AT: number = POWERS_AT + (MOST_DIGITS + 1) * 8;
const LEFT_AT: number = STATE_AT + 12;
const DIMS_AT: number = LEFT_AT + 4 * MOST_DEPTH;
const VALUES_AT = 256;
/** Vectors are read over the end. */
const SLACK = 64;
const PAGE = 65536;
/** Longer texts are read without: memory that has grown stays. */
const MOST_BYTES = 2 ** 23;

/** What a row came to. */
export const DONE = 0;
/** At a number that is not plain: `at` is where it begins; it is the caller's to read. */
export const NUMBER = 1;
/** Something else than the lists that there should be. */
export const OTHER = 2;

/** row(go on behind a number, depth of the lists) gives DONE, NUMBER or OTHER. */
function rowFunction(name: string, single: boolean): FunctionWriter {
  const f = new FunctionWriter(name, ["i32", "i32"], "i32");
  const [behind, depth] = [0, 1];
  const [at, to, left, c, opens, level] = f.locals("i32", 6) as [number, number, number, number, number, number];
  const [first, end, others, whole, places, count] = f.locals("i32", 6) as [number, number, number, number, number, number];
  const [digits, index] = f.locals("v128", 2) as [number, number];
  const value = f.local("f64");
  const load = (): FunctionWriter => f.get(at).access("i32.load8_u").tee(c);
  const skipSpace = (): void => {
    load().i32(SPACE).op("i32.le_u").when(() => f.block((out) => f.repeat((again) => {
      f.get(c).i32(SPACE).op("i32.ne").get(c).i32(LF).op("i32.ne", "i32.and").get(c).i32(CR).op("i32.ne", "i32.and").get(c).i32(TAB).op("i32.ne", "i32.and").branchIf(out);
      f.increase(at, 1);
      load().op("drop").branch(again);
    })));
  };
  const expect = (byte: number): void => {
    skipSpace();
    f.get(c).i32(byte).op("i32.ne").when(() => f.i32(OTHER).op("return"));
    f.increase(at, 1);
  };
  const leave = (state: number): void => {
    f.i32(0).get(at).access("i32.store", STATE_AT).i32(0).get(to).access("i32.store", STATE_AT + 4).i32(0).get(left).access("i32.store", STATE_AT + 8);
    f.i32(state).op("return");
  };
  const notPlain = (): void => { f.when(() => leave(NUMBER)); };
  const tenThousands = (lane: number): void => { f.get(digits).word(lane).i32(10_000).op("i32.mul").get(digits).word(lane + 1).op("i32.add", "i64.extend_i32_u"); };

  f.i32(0).access("i32.load", STATE_AT).set(at).i32(0).access("i32.load", STATE_AT + 4).set(to).i32(0).access("i32.load", STATE_AT + 8).set(left);
  f.get(behind).op("i32.eqz").when(() => f.get(depth).set(opens));
  f.repeat((next) => {
    f.get(behind).op("i32.eqz").when(() => {
      f.get(opens).when(() => f.loop(() => {
        expect(OPEN);
        f.get(opens).i32(1).op("i32.sub").tee(opens);
      }));
      skipSpace();
      f.get(at).get(c).i32(MINUS).op("i32.eq", "i32.add").tee(first).access("v128.load").i32(ZERO).op("i8x16.splat", "i8x16.sub").tee(digits);
      f.i32(10).op("i8x16.splat", "i8x16.lt_u", "i8x16.bitmask").i32(-1).op("i32.xor").tee(others).op("i32.ctz").tee(whole).op("i32.eqz");
      notPlain();
      // No zero before other digits.
      f.get(whole).i32(1).op("i32.gt_u").get(first).access("i32.load8_u").i32(ZERO).op("i32.eq", "i32.and");
      notPlain();
      f.i32(0).set(places).get(first, whole).op("i32.add").tee(end).access("i32.load8_u").i32(POINT).op("i32.eq").when(() => {
        f.get(others, whole).op("i32.shr_u").i32(1).op("i32.shr_u", "i32.ctz").tee(places).op("i32.eqz");
        notPlain();
        f.get(end, places).op("i32.add").i32(1).op("i32.add").set(end);
      });
      f.get(whole, places).op("i32.add").tee(count).i32(MOST_DIGITS).op("i32.gt_u");
      notPlain();
      // More digits than were looked at, or an exponent.
      f.get(end).access("i32.load8_u").tee(c).i32(ZERO).op("i32.sub").i32(10).op("i32.lt_u").get(c).i32(0x20).op("i32.or").i32(0x65).op("i32.eq", "i32.or");
      notPlain();
      // The places of the digits, the last one on the right; those behind the point are one further on.
      f.get(count).access("v128.load", PLACES_AT).tee(index).get(index).get(whole).op("i8x16.splat", "i8x16.ge_s", "i8x16.sub").set(index);
      f.get(digits, index).op("i8x16.swizzle").tee(index).i32(0xff).op("i16x8.splat", "v128.and").i32(10).op("i16x8.splat", "i16x8.mul").get(index).i32(8).op("i16x8.shr_u", "i16x8.add");
      f.v128(HUNDREDS).op("i32x4.dot_i16x8_s").set(digits);
      tenThousands(0);
      f.i64(100_000_000n).op("i64.mul");
      tenThousands(2);
      f.op("i64.add", "f64.convert_i64_u").get(places).i32(3).op("i32.shl").access("f64.load", POWERS_AT).op("f64.div").set(value);
      f.get(at).access("i32.load8_u").i32(MINUS).op("i32.eq").when(() => f.get(value).op("f64.neg").set(value));
      f.get(end).set(at);
      f.get(to, value);
      if (single) f.op("f32.demote_f64").access("f32.store");
      else f.access("f64.store");
    });
    f.i32(0).set(behind);
    f.increase(to, single ? 4 : 8);
    f.get(left).i32(1).op("i32.sub").tee(left).when(() => {
      expect(COMMA);
      f.branch(next);
    });
    // The innermost list is full, and those around it that are full with it.
    f.get(depth).i32(1).op("i32.sub").set(level);
    f.block((open) => f.repeat((again) => {
      expect(CLOSE);
      f.get(opens).i32(1).op("i32.add").set(opens);
      f.get(level).op("i32.eqz").when(() => leave(DONE));
      f.get(level).i32(1).op("i32.sub").tee(level).i32(2).op("i32.shl").tee(end);
      f.get(end).access("i32.load", LEFT_AT).i32(1).op("i32.sub").tee(count).access("i32.store", LEFT_AT);
      f.get(count).branchIf(open);
      f.get(end, end).access("i32.load", DIMS_AT).access("i32.store", LEFT_AT).branch(again);
    }));
    expect(COMMA);
    f.get(depth).i32(1).op("i32.sub").i32(2).op("i32.shl").access("i32.load", DIMS_AT).set(left).branch(next);
  });
  return f.op("unreachable");
}
const HUNDREDS = new Int32Array(4).fill(100 | (1 << 16));

type Row = (behind: number, depth: number) => number;
interface Machine {
  readonly memory: WebAssembly.Memory;
  readonly float: Row;
  readonly double: Row;
}
/** One for all models of a thread, as nothing is left in it between two texts. */
let machine: Machine | null | undefined;

function open(): Machine | null {
  try {
    if (!hasVectors()) return null;
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(writeModule([rowFunction("float", true), rowFunction("double", false)])), { env: { memory } });
    new Uint8Array(memory.buffer).set(Uint8Array.from({ length: 32 }, (_, i) => (i < 16 ? 0x80 : i - 16)), PLACES_AT);
    new Float64Array(memory.buffer, POWERS_AT, MOST_DIGITS + 1).set(Float64Array.from({ length: MOST_DIGITS + 1 }, (_, i) => Number(`1e${i}`)));
    return { memory, float: exports["float"] as Row, double: exports["double"] as Row };
  } catch {
    return null;
  }
}

/** Rows of one shape, read out of a text one after the other. */
export class NumberScan {
  readonly #dims: readonly number[];
  readonly #width: number;
  readonly #single: boolean;
  readonly #textAt: number;
  readonly #row: Row;
  readonly #memory: WebAssembly.Memory;
  #bytes: Uint8Array = new Uint8Array(0);
  #state: Int32Array = new Int32Array(0);
  #values: Float32Array | Float64Array = new Float64Array(0);

  /** Undefined where there is no WebAssembly with vectors, or for lists that are nested too deeply. */
  static of(dims: readonly number[], single: boolean): NumberScan | undefined {
    const width = dims.reduce((n, d) => n * d, 1);
    if (dims.length > MOST_DEPTH || width * 8 > MOST_BYTES) return undefined;
    machine ??= open();
    return machine === null ? undefined : new NumberScan(machine, dims, width, single);
  }

  private constructor({ memory, float, double }: Machine, dims: readonly number[], width: number, single: boolean) {
    this.#memory = memory;
    this.#row = single ? float : double;
    this.#dims = dims;
    this.#width = width;
    this.#single = single;
    this.#textAt = VALUES_AT + Math.ceil((width * 8) / 64) * 64;
  }

  /** False: the text is too long. */
  begin(text: Uint8Array): boolean {
    if (text.length > MOST_BYTES) return false;
    const end = this.#textAt + text.length + SLACK;
    const missing = Math.ceil(end / PAGE) - this.#memory.buffer.byteLength / PAGE;
    if (missing > 0) this.#memory.grow(missing);
    if (this.#bytes.length === 0) {
      const { buffer } = this.#memory;
      this.#bytes = new Uint8Array(buffer);
      this.#state = new Int32Array(buffer, STATE_AT, (VALUES_AT - STATE_AT) / 4);
      this.#values = this.#single ? new Float32Array(buffer, VALUES_AT, this.#width) : new Float64Array(buffer, VALUES_AT, this.#width);
    }
    this.#bytes.set(text, this.#textAt);
    this.#bytes.fill(0, this.#textAt + text.length, end);
    for (let i = 0; i < this.#dims.length; i++) this.#state[(LEFT_AT - STATE_AT) / 4 + i] = this.#state[(DIMS_AT - STATE_AT) / 4 + i] = this.#dims[i]!;
    return true;
  }

  /** Reads the row that begins at this place of the text: DONE, NUMBER or OTHER. */
  row(at: number): number {
    this.#state[0] = this.#textAt + at;
    this.#state[1] = VALUES_AT;
    this.#state[2] = this.#dims.at(-1)!;
    return this.#row(0, this.#dims.length);
  }
  /** Goes on behind a number that was not plain. */
  goOn(value: number, behind: number): number {
    this.#values[(this.#state[1]! - VALUES_AT) / this.#values.BYTES_PER_ELEMENT] = value;
    this.#state[0] = this.#textAt + behind;
    return this.#row(1, this.#dims.length);
  }
  /** Where it is in the text. */
  get at(): number {
    return this.#state[0]! - this.#textAt;
  }
  /** The row that is done; the next is written over it. */
  get values(): Float32Array | Float64Array {
    return this.#values;
  }
}
