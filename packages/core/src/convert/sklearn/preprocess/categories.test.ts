import { describe, expect, it } from "vitest";
import { pythonFloat } from "./categories.ts";

describe("names of output columns", () => {
  it("print doubles as Python does", () => {
    const printed: readonly (readonly [number, string])[] = [
      [1, "1.0"], [-0, "-0.0"], [0.5, "0.5"], [1e16, "1e+16"], [123456789012345680, "1.2345678901234568e+17"], [1e15, "1000000000000000.0"],
      [0.0001, "0.0001"], [0.00001, "1e-05"], [NaN, "nan"], [-Infinity, "-inf"],
    ];
    for (const [value, text] of printed) expect(pythonFloat(value)).toBe(text);
  });
});
