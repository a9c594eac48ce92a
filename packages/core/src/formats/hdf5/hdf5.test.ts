import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { SlipwayError } from "../../base/index.ts";
import { readHdf5, type Hdf5Object } from "./file.ts";

const file = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../../../../../corpus/hdf5/${name}.h5`, import.meta.url)));

/** Reads everything, at most so much. */
function readAll(object: Hdf5Object, depth = 0): number {
  if (object.isDataset) return object.read().data.length;
  if (depth > 6) return 0;
  for (const name of ["text", "texts", "fixed", "flag", "a7"]) object.attribute(name);
  return object.keys().slice(0, 50).reduce((n, key) => n + readAll(object.get(key)!, depth + 1), 0);
}

for (const version of ["earliest", "latest"]) {
  describe(`HDF5, ${version} version of the format`, () => {
    const root = readHdf5(file(version));
    const group = root.get("a/b")!;

    it("reads arrays of every kind", () => {
      expect(group.get("matrix")!.read()).toEqual({ type: "float", shape: [3, 4], data: Float32Array.from({ length: 12 }, (_, i) => i) });
      expect(group.get("scalar")!.read()).toEqual({ type: "double", shape: [], data: Float64Array.of(3.5) });
      expect(group.get("big")!.read().data).toEqual(BigInt64Array.of(0n, 1n, 2n, 3n, 4n));
      expect(group.get("half")!.read()).toEqual({ type: "float16", shape: [3], data: Uint16Array.of(0, 0x3c00, 0x4000) });
      expect(group.get("never")!.read().data).toEqual(new Int32Array(4));
    });
    it("reads attributes of fixed and variable length", () => {
      expect(group.attribute("text")?.data).toEqual(["hällo"]);
      expect(group.attribute("texts")).toEqual({ type: "string", shape: [2], data: ["x", "yz"] });
      expect(group.attribute("fixed")?.data).toEqual(["abc", "de"]);
      expect(group.attribute("flag")?.data).toEqual(Int8Array.of(1));
      expect(group.attribute("none")).toBeUndefined();
    });
    it("reads groups and objects with many members and attributes", () => {
      const many = root.get("many")!;
      expect(many.keys().length).toBe(40);
      expect(many.get("m31")!.read().data).toEqual(BigInt64Array.of(31n));
      expect(many.attribute("a37")?.data).toEqual(BigInt64Array.of(37n));
    });
    it("fails with a code whatever is changed", () => {
      const good = file(version);
      const start = Date.now();
      fc.assert(fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.constantFrom(0, 1, 8, 127, 255)), { minLength: 1, maxLength: 40 }), (changes) => {
        const bytes = good.slice();
        for (const [at, value] of changes) bytes[at] = value;
        try {
          readAll(readHdf5(bytes));
        } catch (error) {
          if (!(error instanceof SlipwayError)) throw error;
        }
      }), { numRuns: 300 });
      expect(Date.now() - start).toBeLessThan(20_000);
    });
    it("fails with a code wherever it is cut off", () => {
      const good = file(version);
      for (let length = 0; length < good.length; length += 97) expect(() => readAll(readHdf5(good.subarray(0, length)))).toThrow(SlipwayError);
    });
  });
}

describe("HDF5 chunks", () => {
  it("reads chunks that reach past the edge, shuffled, packed and with checksums", () => {
    const group = readHdf5(file("earliest")).get("a/b")!;
    const expected = Int32Array.from({ length: 165 }, (_, i) => i);
    expect(group.get("chunks")!.read()).toEqual({ type: "int32", shape: [15, 11], data: expected });
    expect(group.get("packed")!.read()).toEqual({ type: "int32", shape: [15, 11], data: expected });
  });
});
