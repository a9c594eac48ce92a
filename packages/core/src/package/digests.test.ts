import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { DIGESTS, digest } from "./digests.ts";

describe.each(DIGESTS)("%s", (method) => {
  it("is what OpenSSL computes, of every length around a block", () => {
    for (const length of [0, 1, 3, 55, 56, 57, 63, 64, 65, 111, 112, 113, 119, 120, 127, 128, 129, 300]) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length) % 256);
      expect(Buffer.from(digest(method, bytes)).toString("hex")).toBe(createHash(method).update(bytes).digest("hex"));
    }
  });
});
