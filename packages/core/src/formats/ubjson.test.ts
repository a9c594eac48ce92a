import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { codeOf } from "../base/testing.ts";
import { readJsonDocument } from "./json-document.ts";
import { readUbjson } from "./ubjson.ts";

const bytes = (...parts: (string | number | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((p) => (typeof p === "string" ? [...p].map((ch) => ch.charCodeAt(0)) : typeof p === "number" ? [p] : [...p])));
const length = (n: number): number[] => [0, 0, 0, 0, 0, 0, 0, n];

describe("UBJSON", () => {
  it("reads typed lists of big-endian numbers as typed arrays", () => {
    expect(readUbjson(bytes("[$d#L", length(2), [0x3f, 0x80, 0, 0], [0xc0, 0, 0, 0]))).toEqual(Float32Array.of(1, -2));
    expect(readUbjson(bytes("[$l#i", 2, [0, 0, 1, 0], [0xff, 0xff, 0xff, 0xff]))).toEqual(Int32Array.of(256, -1));
    expect(readUbjson(bytes("[$L#i", 1, [0, 0, 0, 1, 0, 0, 0, 5]))).toEqual(Float64Array.of(2 ** 32 + 5));
    expect(readUbjson(bytes("[$U#i", 2, [7, 255]))).toEqual(Uint8Array.of(7, 255));
  });
  it("reads objects, texts, plain lists and single values", () => {
    const document = readUbjson(bytes("{L", length(1), "aSL", length(2), "hiL", length(1), "b[TFZU", 9, "]}"));
    expect({ ...(document as object) }).toEqual({ a: "hi", b: [true, false, null, 9] });
  });
  it("keeps a key named __proto__ as any other", () => {
    const document = readUbjson(bytes("{L", length(9), "__proto__U", 1, "}")) as Record<string, unknown>;
    expect(Object.keys(document)).toEqual(["__proto__"]);
  });
  it("refuses lengths beyond the file before it allocates", () => {
    expect(codeOf(() => readUbjson(bytes("[$d#L", [0, 0, 0, 1, 0, 0, 0, 0])))).toBe("bytes-truncated");
    expect(codeOf(() => readUbjson(bytes("[#L", [0, 0, 0, 1, 0, 0, 0, 0])))).toBe("document-malformed");
    expect(codeOf(() => readUbjson(bytes("SL", [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])))).toBe("document-malformed");
  });
  it("refuses nesting without end", () => {
    expect(codeOf(() => readUbjson(bytes("[".repeat(100_000))))).toBe("document-too-deep");
  });
  it("answers anything else with a coded error", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (tail) => {
      codeOf(() => readUbjson(Uint8Array.from([0x7b, ...tail])));
    }), { numRuns: 500 });
  });
});

describe("JSON documents", () => {
  const read = (text: string): unknown => readJsonDocument(new TextEncoder().encode(text), 8);
  it("take the NaN and Infinity that C++ prints, outside of texts only", () => {
    expect(read('{"a": [NaN, Infinity, -Infinity], "b": "NaN \\" Infinity"}')).toEqual({ a: [null, Infinity, -Infinity], b: 'NaN " Infinity' });
  });
  it("are bounded in depth whatever stands in their texts", () => {
    expect(read(`["${"[".repeat(50)}\\"["]`)).toEqual([`${"[".repeat(50)}"[`]);
    expect(codeOf(() => read("[".repeat(9) + "]".repeat(9)))).toBe("document-too-deep");
    expect(codeOf(() => read("[".repeat(1_000_000)))).toBe("document-too-deep");
  });
  it("that are cut off are refused", () => {
    expect(codeOf(() => read('{"a": [1, 2'))).toBe("document-malformed");
    expect(codeOf(() => readJsonDocument(Uint8Array.of(0x22, 0xff, 0x22), 8))).toBe("document-malformed");
  });
});
