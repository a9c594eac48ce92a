import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../base/testing.ts";
import { makeZip as zip } from "./testing.ts";
import { ZipArchive } from "./zip.ts";

const text = (s: string): Uint8Array => new TextEncoder().encode(s);

describe("zip", () => {
  const good = zip([{ name: "a.txt", content: text("hello") }, { name: "dir/b", content: text("x".repeat(5000)), deflated: true }]);

  it("reads stored and deflated entries", () => {
    const archive = new ZipArchive(good);
    expect(archive.names).toEqual(["a.txt", "dir/b"]);
    expect(archive.read("a.txt")).toEqual(text("hello"));
    expect(archive.read("dir/b")).toEqual(text("x".repeat(5000)));
    expect(archive.read("none")).toBeUndefined();
  });
  it("refuses entries that would expand absurdly, before inflating them", () => {
    const bomb = new ZipArchive(zip([{ name: "b", content: new Uint8Array(2 ** 25), deflated: true }]));
    expect(codeOf(() => bomb.read("b"))).toBe("zip-bomb");
    const liar = new ZipArchive(zip([{ name: "b", content: new Uint8Array(2 ** 20), deflated: true, claimed: 10 }]));
    expect(codeOf(() => liar.read("b"))).toBe("compressed-bomb");
  });
  it("refuses a local header that says otherwise than the directory", () => {
    const other = good.slice();
    other[30] = 0x62;
    expect(codeOf(() => new ZipArchive(other).read("a.txt"))).toBe("zip-damaged");
  });
  it("refuses a wrong checksum and a name that is there twice", () => {
    const other = good.slice();
    other[36] = 0x48;
    expect(codeOf(() => new ZipArchive(other).read("a.txt"))).toBe("zip-damaged");
    expect(codeOf(() => new ZipArchive(zip([{ name: "a", content: text("1") }, { name: "a", content: text("2") }])))).toBe("zip-damaged");
    expect(codeOf(() => new ZipArchive(good.subarray(0, good.length - 30)))).toBe("zip-damaged");
  });
  it("fails with a code whatever is changed", () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }), (changes) => {
      const bytes = good.slice();
      for (const [at, value] of changes) bytes[at] = value;
      codeOf(() => {
        const archive = new ZipArchive(bytes);
        for (const name of archive.names) archive.read(name);
      });
    }), { numRuns: 400 });
  });
});
