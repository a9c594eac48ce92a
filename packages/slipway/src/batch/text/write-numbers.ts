// Numbers as text, in WebAssembly: doubles by the fewest digits that read back as the same double, as JavaScript writes them
// (ECMAScript, Number::toString), and whole numbers. The digits are found after Raffaello Giulietti, "The Schubfach way to
// render doubles" (2021): the interval that rounds to the double is scaled by a power of ten, and at most one of four
// candidates in it is right.

import { FunctionWriter } from "@slipway/core/wasm";
import { LEAST_POWER, MOST_POWER, POWER_BYTES, powersOfTen } from "./powers-of-ten.ts";

/** Room that a number may take, and what is written beyond it. */
export const NUMBER_BYTES = 48;

/** Behind the pairs of digits from 00 to 99. */
const POWERS_AT = 256;
const SCRATCH_BYTES = 64;
/** What the functions need of the memory, from their address on. */
export const NUMBER_TABLES: number = POWERS_AT + (MOST_POWER - LEAST_POWER + 1) * POWER_BYTES + SCRATCH_BYTES;

export function writeNumberTables(memory: WebAssembly.Memory, at: number): void {
  const view = new DataView(memory.buffer);
  for (let n = 0; n < 100; n++) {
    view.setUint8(at + 2 * n, 0x30 + Math.floor(n / 10));
    view.setUint8(at + 2 * n + 1, 0x30 + (n % 10));
  }
  new Uint8Array(memory.buffer).set(powersOfTen(), at + POWERS_AT);
}

/** Where the functions stand in their module. */
export interface NumberFunctions {
  /** double(value, at): behind what is written; of NaN nothing is. */
  readonly double: number;
  /** whole(value, at): of an i64 that is not negative, behind it. */
  readonly whole: number;
}

/** Adds them to a module's functions. `at`: of their tables. */
export function addNumberFunctions(functions: FunctionWriter[], at: number): NumberFunctions {
  const odd = functions.push(roundToOdd()) - 1;
  const digits = functions.push(digitsBefore(at)) - 1;
  const whole = functions.push(writeWhole(at, digits)) - 1;
  const double = functions.push(writeDouble(at, odd, digits)) - 1;
  return { double, whole };
}

/** roundToOdd(high, low, c): the upper 64 bits of the 192 of (high * 2^64 + low) * c; the last of them says too whether others were left out. */
function roundToOdd(): FunctionWriter {
  const f = new FunctionWriter("", ["i64", "i64", "i64"], "i64");
  const [high, low, c] = [0, 1, 2];
  const [upper, middle, product, top] = f.locals("i64", 4) as [number, number, number, number];
  const [a0, a1, b0, b1, cross] = f.locals("i64", 5) as [number, number, number, number, number];
  f.get(c).i64(0xffff_ffffn).op("i64.and").set(b0).get(c).i64(32n).op("i64.shr_u").set(b1);
  /** `to` = the upper half of a * c. */
  const upperHalf = (a: number, to: number): void => {
    f.get(a).i64(0xffff_ffffn).op("i64.and").set(a0).get(a).i64(32n).op("i64.shr_u").set(a1);
    f.get(a0, b0).op("i64.mul").i64(32n).op("i64.shr_u").get(a1, b0).op("i64.mul", "i64.add").set(cross);
    f.get(a1, b1).op("i64.mul").get(cross).i64(32n).op("i64.shr_u", "i64.add");
    f.get(cross).i64(0xffff_ffffn).op("i64.and").get(a0, b1).op("i64.mul", "i64.add").i64(32n).op("i64.shr_u", "i64.add").set(to);
  };
  upperHalf(low, upper);
  f.get(high, c).op("i64.mul").set(product);
  upperHalf(high, top);
  f.get(product, upper).op("i64.add").tee(middle).get(product).op("i64.lt_u", "i64.extend_i32_u").get(top).op("i64.add");
  return f.get(middle).i64(1n).op("i64.gt_u", "i64.extend_i32_u", "i64.or");
}

/** digitsBefore(value, end): writes the digits of an i64 below 10^17 so that they end at `end`; gives where they begin. */
function digitsBefore(at: number): FunctionWriter {
  const f = new FunctionWriter("", ["i64", "i32"], "i32");
  const [value, end] = [0, 1];
  const [rest, next, i] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const upper = f.local("i64");
  const pair = (): void => {
    f.get(rest).i32(100).op("i32.div_u").set(next);
    f.get(end).i32(2).op("i32.sub").tee(end).get(rest, next).i32(100).op("i32.mul", "i32.sub").i32(1).op("i32.shl").access("i32.load16_u", at).access("i32.store16");
    f.get(next).set(rest);
  };
  f.get(value).i64(100_000_000n).op("i64.ge_u").when(() => {
    f.get(value).i64(100_000_000n).op("i64.div_u").set(upper);
    f.get(value, upper).i64(100_000_000n).op("i64.mul", "i64.sub", "i32.wrap_i64").set(rest);
    for (let n = 0; n < 4; n++) pair();
    f.get(upper).set(value);
  });
  f.get(value).op("i32.wrap_i64").set(rest);
  f.block((out) => f.repeat((again) => {
    f.get(rest).i32(100).op("i32.lt_u").branchIf(out);
    pair();
    f.branch(again);
  }));
  f.get(rest).i32(10).op("i32.lt_u").when(() => {
    f.get(end).i32(1).op("i32.sub").tee(i).get(rest).i32(0x30).op("i32.add").access("i32.store8");
  }, () => {
    f.get(end).i32(2).op("i32.sub").tee(i).get(rest).i32(1).op("i32.shl").access("i32.load16_u", at).access("i32.store16");
  });
  return f.get(i);
}

/** Copies 24 bytes; the address of the others is behind a place of `to`. */
function copy24(f: FunctionWriter, from: number, to: number, offset = 0): void {
  f.get(to).get(from).access("v128.load").access("v128.store", offset);
  f.get(to).get(from).access("i64.load", 16).access("i64.store", offset + 16);
}

function writeWhole(at: number, digits: number): FunctionWriter {
  const f = new FunctionWriter("whole", ["i64", "i32"], "i32");
  const from = f.local("i32");
  const end = at + NUMBER_TABLES - SCRATCH_BYTES + 24;
  f.get(0).i32(end).call(digits).set(from);
  copy24(f, from, 1);
  return f.get(1).i32(end).op("i32.add").get(from).op("i32.sub");
}

function writeDouble(at: number, odd: number, digits: number): FunctionWriter {
  const f = new FunctionWriter("double", ["f64", "i32"], "i32");
  const [value, to] = [0, 1];
  const end = at + NUMBER_TABLES - SCRATCH_BYTES + 24;
  const [bits, c, low, mid, high, s, tenth, g1, g0, h] = f.locals("i64", 10) as [number, number, number, number, number, number, number, number, number, number];
  const [exponent, q, k, closer, refused, up, over, from, point, count] = f.locals("i32", 10) as [number, number, number, number, number, number, number, number, number, number];
  const put = (text: string): void => {
    for (const [i, char] of [...text].entries()) f.get(to).i32(char.charCodeAt(0)).access("i32.store8", i);
    f.increase(to, text.length);
  };
  f.get(value, value).op("f64.ne").when(() => f.get(to).op("return"));
  f.get(value).f64(0).op("f64.eq").when(() => {
    put("0");
    f.get(to).op("return");
  });
  f.get(value).f64(0).op("f64.lt").when(() => put("-"));
  f.get(value).op("i64.reinterpret_f64").set(bits);
  f.get(bits).i64(52n).op("i64.shr_u", "i32.wrap_i64").i32(0x7ff).op("i32.and").set(exponent);
  f.get(exponent).i32(0x7ff).op("i32.eq").when(() => {
    put("Infinity");
    f.get(to).op("return");
  });
  // value = c * 2^q
  f.get(bits).i64(2n ** 52n - 1n).op("i64.and").tee(c).op("i64.eqz").get(exponent).i32(1).op("i32.gt_u", "i32.and").set(closer);
  f.get(exponent).when(() => {
    f.get(c).i64(2n ** 52n).op("i64.or").set(c);
    f.get(exponent).i32(1075).op("i32.sub").set(q);
  }, () => f.i32(-1074).set(q));
  // An end of the interval belongs to it where c is even.
  f.get(c).op("i32.wrap_i64").i32(1).op("i32.and").set(refused);
  f.get(q).i32(1262611).op("i32.mul").get(closer).i32(524031).op("i32.mul", "i32.sub").i32(22).op("i32.shr_s").set(k);
  // 10^-k, and h = q + floor(log2(10^-k)) + 1
  f.i32(-LEAST_POWER).get(k).op("i32.sub").i32(POWER_BYTES).op("i32.mul").tee(point).access("i64.load", at + POWERS_AT).set(g1);
  f.get(point).access("i64.load", at + POWERS_AT + 8).set(g0);
  f.get(q).i32(0).get(k).op("i32.sub").i32(1741647).op("i32.mul").i32(19).op("i32.shr_s", "i32.add").i32(1).op("i32.add", "i64.extend_i32_u").set(h);
  f.get(c).i64(2n).op("i64.shl").set(c);
  f.get(g1, g0, c).i64(2n).op("i64.sub").get(closer).op("i64.extend_i32_u", "i64.add").get(h).op("i64.shl").call(odd).get(refused).op("i64.extend_i32_u", "i64.add").set(low);
  f.get(g1, g0, c, h).op("i64.shl").call(odd).set(mid);
  f.get(g1, g0, c).i64(2n).op("i64.add").get(h).op("i64.shl").call(odd).get(refused).op("i64.extend_i32_u", "i64.sub").set(high);
  f.get(mid).i64(2n).op("i64.shr_u").set(s);
  f.block((chosen) => {
    f.get(s).i64(10n).op("i64.ge_u").when(() => {
      f.get(s).i64(10n).op("i64.div_u").tee(tenth).i64(40n).op("i64.mul").tee(bits).get(low).op("i64.ge_u").set(up);
      f.get(bits).i64(40n).op("i64.add").get(high).op("i64.le_u").tee(over).get(up).op("i32.ne").when(() => {
        f.get(tenth, over).op("i64.extend_i32_u", "i64.add").set(s);
        f.increase(k, 1).branch(chosen);
      });
    });
    f.get(s).i64(2n).op("i64.shl").tee(bits).get(low).op("i64.ge_u").set(up);
    f.get(bits).i64(4n).op("i64.add").get(high).op("i64.le_u").tee(over).get(up).op("i32.ne").when(() => {
      f.get(s, over).op("i64.extend_i32_u", "i64.add").set(s).branch(chosen);
    });
    // Both or none: the nearer one, of two as near the even one.
    f.get(mid, bits).i64(2n).op("i64.or", "i64.gt_u").get(mid, bits).i64(2n).op("i64.or", "i64.eq").get(s).op("i32.wrap_i64").i32(1).op("i32.and", "i32.and", "i32.or").set(over);
    f.get(s, over).op("i64.extend_i32_u", "i64.add").set(s);
  });
  const dropZeros = (count: number): void => {
    const power = 10n ** BigInt(count);
    f.block((out) => f.repeat((again) => {
      f.get(s).i64(power).op("i64.div_u").tee(tenth).i64(power).op("i64.mul").get(s).op("i64.ne").branchIf(out);
      f.get(tenth).set(s).increase(k, count).branch(again);
    }));
  };
  f.get(s).i64(1000n).op("i64.div_u").i64(1000n).op("i64.mul").get(s).op("i64.eq").when(() => dropZeros(3));
  dropZeros(1);
  f.get(s).i32(end).call(digits).set(from);
  f.i32(end).get(from).op("i32.sub").tee(count).get(k).op("i32.add").set(point);
  const digitsHere = (): void => copy24(f, from, to);
  // 0.00123
  f.get(point).i32(0).op("i32.le_s").get(point).i32(-6).op("i32.gt_s", "i32.and").when(() => {
    put("0.000000");
    f.get(to).i32(6).op("i32.sub").get(point).op("i32.sub").set(to);
    digitsHere();
    f.get(to, count).op("i32.add", "return");
  });
  f.get(point).i32(0).op("i32.gt_s").get(point).i32(21).op("i32.le_s", "i32.and").when(() => {
    digitsHere();
    f.get(count, point).op("i32.le_s").when(() => {
      // 1230
      f.get(to, count).op("i32.add").set(from).get(to, point).op("i32.add").set(to);
      f.block((out) => f.repeat((again) => {
        f.get(from, to).op("i32.ge_u").branchIf(out);
        f.get(from).i32(0x30).access("i32.store8").increase(from, 1).branch(again);
      }));
      f.get(to).op("return");
    });
    // 1.23
    f.get(from, point).op("i32.add").set(from).get(to, point).op("i32.add").set(q);
    copy24(f, from, q, 1);
    f.get(q).i32(0x2e).access("i32.store8");
    f.get(to, count).op("i32.add").i32(1).op("i32.add", "return");
  });
  // 1.23e-7
  digitsHere();
  f.get(count).i32(1).op("i32.gt_u").when(() => {
    f.increase(from, 1);
    copy24(f, from, to, 2);
    f.get(to).i32(0x2e).access("i32.store8", 1);
    f.get(to, count).op("i32.add").i32(1).op("i32.add").set(to);
  }, () => f.increase(to, 1));
  f.increase(point, -1);
  put("e+");
  f.get(point).i32(0).op("i32.lt_s").when(() => {
    f.get(to).i32(1).op("i32.sub").i32(0x2d).access("i32.store8");
    f.i32(0).get(point).op("i32.sub").set(point);
  });
  f.get(point).op("i64.extend_i32_u").i32(end).call(digits).set(from);
  digitsHere();
  return f.get(to).i32(end).op("i32.add").get(from).op("i32.sub");
}
