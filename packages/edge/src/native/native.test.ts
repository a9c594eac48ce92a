// What stands in for the platform in React Native gives what Node's own gives.

import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBase64 } from "./base64.ts";
import { digestOf } from "./sha256.ts";
import { Utf8Decoder, Utf8Encoder } from "./text.ts";

const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.array(fc.constantFrom(0xef, 0xbb, 0xbf, 0xe0, 0xa0, 0x80, 0xed, 0x9f, 0xf0, 0x90, 0xf4, 0x8f, 0xc1, 0xc3, 0x41), { maxLength: 12 }).map((list) => Uint8Array.from(list)));

describe("in the platform's place", () => {
  it("bytes are decoded as text, or refused, as they are by TextDecoder", () => {
    fc.assert(fc.property(bytes, fc.boolean(), (given, ignoreBOM) => {
      expect(new Utf8Decoder("utf-8", { ignoreBOM }).decode(given)).toBe(new TextDecoder("utf-8", { ignoreBOM }).decode(given));
      const strict = (decoder: { decode(bytes: Uint8Array): string }): string => {
        try {
          return decoder.decode(given);
        } catch (error) {
          return (error as Error).name;
        }
      };
      expect(strict(new Utf8Decoder("utf-8", { fatal: true, ignoreBOM }))).toBe(strict(new TextDecoder("utf-8", { fatal: true, ignoreBOM })));
    }), { numRuns: 3000 });
    const long = "é😀".repeat(5000);
    expect(new Utf8Decoder().decode(new TextEncoder().encode(long))).toBe(long);
  });
  it("text is encoded as it is by TextEncoder, halves of pairs too", () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 }).map((units) => String.fromCharCode(...units))), (text) => {
      expect([...new Utf8Encoder().encode(text)]).toEqual([...new TextEncoder().encode(text)]);
    }));
  });
  it("base64 and digests are those of Node", async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (given) => {
      expect([...fromBase64(Buffer.from(given).toString("base64"))]).toEqual([...given]);
      expect(await digestOf(given)).toBe(`sha256:${createHash("sha256").update(given).digest("hex")}`);
    }));
  });
});
