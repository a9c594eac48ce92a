// Every variant of the compression formats, damaged copies of them, and bombs.

import { readFileSync } from "node:fs";
import { constants, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../base/testing.ts";
import { crc32, decompressBzip2, decompressLz4, decompressLzmaAlone, decompressXz, inflateGzip, inflateZlib, type Decompressed, type ExpansionLimits } from "./index.ts";

type Kind = "zlib" | "gzip" | "bzip2" | "lzma" | "xz" | "lz4";
const read: Readonly<Record<Kind, (file: Uint8Array, limits: ExpansionLimits) => Decompressed>> = {
  zlib: inflateZlib, gzip: inflateGzip, bzip2: decompressBzip2, lzma: decompressLzmaAlone, xz: decompressXz, lz4: decompressLz4,
};
const limits = { bytes: 2 ** 22 };

interface Case { readonly kind: Kind; readonly name: string; readonly data: string; readonly length: number; readonly crc32: number }
const cases = JSON.parse(readFileSync(new URL("../../../../corpus/pickle/compressed.json", import.meta.url), "utf8")) as Case[];
const bytesOf = (c: Case): Uint8Array => new Uint8Array(Buffer.from(c.data, "base64"));


describe("decompression", () => {
  for (const c of cases) {
    it(`reads ${c.kind} of ${c.name}`, () => {
      const file = bytesOf(c);
      const { bytes, consumed } = read[c.kind](file, limits);
      expect(bytes.length).toBe(c.length);
      expect(crc32(bytes)).toBe(c.crc32);
      // A .lzma file that gives its size may leave its end marker unread.
      if (!(c.kind === "lzma" && c.name.endsWith("4"))) expect(consumed).toBe(file.length);
    });
  }

  it("leaves what follows the data", () => {
    for (const c of cases.filter((x) => x.name.startsWith("text"))) {
      const file = bytesOf(c);
      const { consumed } = read[c.kind](Uint8Array.from([...file, 1, 2, 3, 4, 5]), limits);
      expect(consumed).toBeLessThanOrEqual(file.length);
    }
  });

  it("refuses to write more than allowed, and not a byte less", () => {
    for (const c of cases.filter((x) => x.length > 0)) {
      expect(codeOf(() => read[c.kind](bytesOf(c), { bytes: c.length - 1 })), `${c.kind} ${c.name}`).toBe("compressed-bomb");
      expect(read[c.kind](bytesOf(c), { bytes: c.length }).bytes.length).toBe(c.length);
    }
  });

  it("refuses what expands too much for its size", () => {
    for (const c of cases.filter((x) => x.name.startsWith("zeros") && x.data.length < 2000)) {
      expect(codeOf(() => read[c.kind](bytesOf(c), { bytes: 2 ** 30, ratio: 20, freeBytes: 1000 })), `${c.kind} ${c.name}`).toBe("compressed-bomb");
    }
  });

  it("stops a bomb while it expands, in little time and memory", () => {
    const bomb = new Uint8Array(deflateSync(Buffer.alloc(100 * 2 ** 20)));
    const started = performance.now();
    expect(codeOf(() => inflateZlib(bomb, { bytes: 2 ** 32 }))).toBe("compressed-bomb");
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it("finds every cut", () => {
    for (const c of cases.filter((x) => /^(text|one) /.test(x.name))) {
      const file = bytesOf(c);
      const step = Math.max(1, Math.floor(file.length / 40));
      for (let n = 0; n < file.length; n += step) {
        // Between two members, or before the padding, a file may end.
        const got = codeOf(() => read[c.kind](file.slice(0, n), limits));
        if (got === "no error") expect(["gzip", "bzip2", "xz", "lz4", "lzma"]).toContain(c.kind);
        else expect(got).toMatch(/^compressed-/);
      }
    }
  });

  it("inflates what Node deflates", () => {
    fc.assert(fc.property(
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.tuple(fc.nat(255), fc.nat(3000)).map(([b, n]) => new Uint8Array(n).fill(b))), { maxLength: 12 }),
      fc.integer({ min: 0, max: 9 }), fc.constantFrom(constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY, constants.Z_RLE, constants.Z_FILTERED), fc.integer({ min: 9, max: 15 }),
      (parts, level, strategy, windowBits) => {
        const data = Buffer.concat(parts);
        expect(Buffer.from(inflateZlib(new Uint8Array(deflateSync(data, { level, strategy, windowBits })), limits).bytes).equals(data)).toBe(true);
        expect(Buffer.from(inflateGzip(new Uint8Array(gzipSync(data, { level, strategy, windowBits })), limits).bytes).equals(data)).toBe(true);
      },
    ), { numRuns: 100 });
  });

  const runs = Number(process.env["SLIPWAY_FUZZ"] ?? 400);
  it(`gives the data or a coded error for each of ${runs} damaged files, and never other data under a checksum`, { timeout: 100_000 + runs * 50 }, () => {
    const small = cases.filter((c) => c.data.length < 6000);
    fc.assert(fc.property(fc.nat(small.length - 1), fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), fc.nat(255)), { minLength: 1, maxLength: 4 }), (i, changes) => {
      const c = small[i]!;
      const file = bytesOf(c);
      for (const [at, value] of changes) file[Math.floor(at * file.length)] = value;
      const got = codeOf(() => read[c.kind](file, limits));
      expect(got).toMatch(/^compressed-|^no error$/);
    }), { numRuns: runs });
  });
});
