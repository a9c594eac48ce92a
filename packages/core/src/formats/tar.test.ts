import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../base/testing.ts";
import { readTar, safePath, writeTar, type TarEntry } from "./tar.ts";

const text = (s: string): Uint8Array => new TextEncoder().encode(s);

/** Writes into a header and repairs its checksum. */
function patched(tar: Uint8Array, at: number, value: string): Uint8Array {
  const out = tar.slice();
  out.set(text(value), at);
  out.set(text("        "), 148);
  const sum = out.subarray(0, 512).reduce((a, b) => a + b, 0);
  out.set(text(sum.toString(8).padStart(6, "0") + "\0 "), 148);
  return out;
}

describe("tar", () => {
  it("reads back what it wrote, without copying", () => {
    const entries: TarEntry[] = [
      { path: "a.txt", bytes: text("hello") },
      { path: "empty", bytes: new Uint8Array() },
      { path: `${"folder/".repeat(20)}${"n".repeat(90)}`, bytes: new Uint8Array(1025).fill(9) },
    ];
    const tar = writeTar(entries);
    const read = readTar(tar);
    expect(read).toEqual(entries);
    expect(read[0]!.bytes.buffer).toBe(tar.buffer);
    expect(tar.length % 512).toBe(0);
  });

  it("writes folders and permissions where they are asked for", () => {
    const tar = writeTar([{ path: "bin", bytes: new Uint8Array(), folder: true }, { path: "bin/run", bytes: text("x"), mode: 0o755 }, { path: "plain", bytes: text("y") }]);
    const field = (at: number, length: number): string => new TextDecoder().decode(tar.subarray(at, at + length));
    expect([field(156, 1), field(100, 7)]).toEqual(["5", "0000755"]);
    expect([field(512 + 156, 1), field(512 + 100, 7)]).toEqual(["0", "0000755"]);
    expect(field(3 * 512 + 100, 7)).toBe("0000644");
    expect(readTar(tar).map((e) => e.path)).toEqual(["bin/run", "plain"]);
    const link = writeTar([{ path: "bin/python", bytes: new Uint8Array(), link: "/usr/bin/python3.11" }]);
    expect(new TextDecoder().decode(link.subarray(156, 177))).toBe("2/usr/bin/python3.11\0");
    expect(codeOf(() => readTar(link))).toBe("tar-unsafe-path");
    expect(codeOf(() => writeTar([{ path: "a", bytes: new Uint8Array(), link: "x".repeat(101) }]))).toBe("tar-too-large");
  });

  it("writes the same bytes for the same entries", () => {
    const entries = [{ path: "a", bytes: text("x") }];
    expect(writeTar(entries)).toEqual(writeTar(entries));
  });

  it("takes pax paths and GNU long names", () => {
    const long = `${"d/".repeat(150)}file`;
    const record = (key: string, value: string): string => {
      let length = key.length + value.length + 3;
      while (String(length).length + key.length + value.length + 3 !== length) length = String(length).length + key.length + value.length + 3;
      return `${length} ${key}=${value}\n`;
    };
    const body = writeTar([{ path: "short", bytes: text("hi") }]);
    const pax = patched(writeTar([{ path: "pax", bytes: text(record("path", long)) }]), 156, "x").subarray(0, -1024);
    const gnu = patched(writeTar([{ path: "gnu", bytes: text(`${long}\0`) }]), 156, "L").subarray(0, -1024);
    for (const extended of [pax, gnu]) {
      const both = new Uint8Array(extended.length + body.length);
      both.set(extended);
      both.set(body, extended.length);
      expect(readTar(both)).toEqual([{ path: long, bytes: text("hi") }]);
    }
  });

  it("refuses paths that leave the archive, links, devices and doubles", () => {
    const tar = writeTar([{ path: "x".repeat(20), bytes: text("hi") }]);
    for (const path of ["/etc/passwd\0", "../../secret\0", "a/../../b\0", "a\\..\\b\0", "C:/x\0", "a//b\0"]) {
      expect(codeOf(() => readTar(patched(tar, 0, path.padEnd(20, "\0"))))).toBe("tar-unsafe-path");
    }
    for (const type of "12346S") expect(codeOf(() => readTar(patched(tar, 156, type)))).toBe("tar-unsafe-path");
    const twice = writeTar([{ path: "a", bytes: text("1") }, { path: "a", bytes: text("2") }]);
    expect(codeOf(() => readTar(twice))).toBe("tar-unsafe-path");
    expect(codeOf(() => writeTar([{ path: "../a", bytes: text("1") }]))).toBe("tar-unsafe-path");
  });

  it("refuses sizes beyond the archive before using them", () => {
    const tar = writeTar([{ path: "a", bytes: text("hi") }]);
    expect(codeOf(() => readTar(patched(tar, 124, "77777777777")))).toBe("tar-truncated");
    expect(codeOf(() => readTar(patched(tar, 124, "\xff")))).toBe("tar-malformed");
    expect(codeOf(() => readTar(tar.subarray(0, 700)))).toBe("no error");
    expect(codeOf(() => readTar(tar.subarray(0, 513)))).toBe("tar-truncated");
    expect(codeOf(() => readTar(writeTar(Array.from({ length: 5 }, (_, i) => ({ path: `f${i}`, bytes: text("") }))), { maxEntries: 4 }))).toBe("tar-too-large");
  });

  it("keeps ordinary paths and drops ./", () => {
    expect(safePath("./a/b")).toBe("a/b");
    expect(safePath("a/b/")).toBe("a/b");
    expect(safePath("..")).toBeUndefined();
    expect(safePath("a/\0")).toBeUndefined();
    expect(safePath("")).toBeUndefined();
    expect(safePath("a..b/c")).toBe("a..b/c");
  });

  it("answers mutated archives with entries or a coded error", () => {
    const tar = writeTar([{ path: "blobs/a", bytes: text("hello") }, { path: "b", bytes: new Uint8Array(600) }]);
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(tar.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }), fc.nat(tar.length), fc.boolean(), (changes, cut, repair) => {
      let bytes: Uint8Array = tar.slice();
      for (const [at, value] of changes) bytes[at] = value;
      if (repair) bytes = patched(bytes, 0, "");
      codeOf(() => readTar(bytes.subarray(0, cut)));
    }), { numRuns: 3000 });
  });
});
