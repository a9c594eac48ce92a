import { describe, expect, it } from "vitest";
import { halfToNumber, numberToHalf } from "./half.ts";

describe("16-bit floats", () => {
  it("come back from their own numbers, every one of them", () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = halfToNumber(bits);
      if (Number.isNaN(value)) expect(Number.isNaN(halfToNumber(numberToHalf(value)))).toBe(true);
      else expect(numberToHalf(value)).toBe(bits);
    }
  });
  it("are the nearest ones, and the even ones of two", () => {
    const cases: readonly (readonly [number, number])[] = [[1 / 3, 0x3555], [65519.99, 0x7bff], [65520, 0x7c00], [1e9, 0x7c00], [-1e9, 0xfc00], [1 + 2 ** -11, 0x3c00], [1 + 3 * 2 ** -11, 0x3c02], [2 ** -25, 0], [3 * 2 ** -25, 2], [0.1, 0x2e66], [-0, 0x8000]];
    for (const [value, bits] of cases) expect([value, numberToHalf(value)]).toEqual([value, bits]);
  });
});
