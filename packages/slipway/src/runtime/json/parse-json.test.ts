import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlipwayError } from "@slipway/core/base";
import { parseJson } from "./parse-json.ts";

describe("parseJson", () => {
  it("takes what Python's json module writes", () => {
    expect(parseJson('{"a": [NaN, Infinity, -Infinity, -1.5e3, "NaN\\n\\u00e9", true, null], "__proto__": {"x": NaN}}')).toEqual(
      Object.defineProperty({ a: [NaN, Infinity, -Infinity, -1500, "NaN\né", true, null] }, "__proto__", { value: { x: NaN }, enumerable: true }));
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });
  it.each([
    ["[1,]", 'position 3: expected a value, found "]"'], ["{'a':1}", 'expected a name in double quotes, found "\'a\':1}"'], ['{"a" 1}', 'expected ":"'],
    ["[1 2]", 'expected "," or "]"'], ['{"a":1', "the end of the text"], ['"abc', "a text that is closed"], ['["\\x"]', "only JSON's escapes"], ["[1]x", "expected the end"],
    ["nan", "expected a value"], ["[01]", 'expected "," or "]"'], ["\n\n[x]", "(line 3)"], ["  ", "no body"],
  ])("%j: %s", (text, message) => expect(() => parseJson(text)).toThrow(message));
  it("agrees with JSON.parse on everything that JSON.parse takes", () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      // A bare NaN behind the value keeps JSON.parse from taking it.
      const text = `[${JSON.stringify(value)},NaN]`;
      expect((parseJson(text) as unknown[])[0]).toEqual(JSON.parse(JSON.stringify(value)));
    }));
  });
  it("never throws anything without a code", () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom("[", "]", "{", "}", '"', ",", ":", "1", "-", "NaN", "\\", "a", " ") }), (text) => {
      try {
        parseJson(text);
      } catch (error) {
        expect(error).toBeInstanceOf(SlipwayError);
      }
    }), { numRuns: 1000 });
  });
});
