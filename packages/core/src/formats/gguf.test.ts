import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlipwayError } from "../base/index.ts";
import { isGgufHead, readGgufHead } from "./gguf.ts";

const file = new Uint8Array(readFileSync(new URL("../../../../corpus/language/tiny.gguf", import.meta.url)));

describe("the head of a GGUF file", () => {
  it("tells the model", () => {
    const { version, metadata, tensors, parameters } = readGgufHead(file, file.length);
    expect([version, tensors, metadata.get("general.architecture"), metadata.get("llama.context_length")]).toEqual([3, 21, "llama", 4096]);
    expect(parameters).toBeGreaterThan(50_000);
    expect(isGgufHead(file)).toBe(true);
  });
  it("is a coded error where anything in it cannot be", () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(12_000), fc.nat(255)), { minLength: 1, maxLength: 8 }), fc.nat(20_000), (changes, cut) => {
      const mutated = file.slice(0, 5000 + cut);
      for (const [at, value] of changes) mutated[at % mutated.length] = value;
      try {
        readGgufHead(mutated, file.length);
      } catch (error) {
        expect(error).toBeInstanceOf(SlipwayError);
        expect((error as SlipwayError).kind).not.toBe("internal");
      }
    }), { numRuns: 500 });
  });
  it("says that a tensor lies outside the file", () => {
    expect(() => readGgufHead(file, 100)).toThrow("outside the file");
  });
});
