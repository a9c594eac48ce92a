import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, SlipwayError } from "../base/index.ts";
import { ProtoWriter, readFields, readVarint } from "./protobuf.ts";

const fieldsOf = (bytes: Uint8Array): { number: number; wire: number; value: bigint; start: number; end: number }[] => [...readFields(new ByteReader(bytes))];

describe("Protocol Buffers", () => {
  it("writes packed int64 values that read back", () => {
    fc.assert(fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (values) => {
      const w = new ProtoWriter();
      w.packedInts(3, BigInt64Array.from(values));
      for (const v of values) w.int(4, v);
      const all = fieldsOf(w.finish());
      const packed = all.filter((f) => f.number === 3);
      const back: bigint[] = [];
      for (const f of packed) {
        const r = new ByteReader(w.finish(), f.start, f.end);
        while (r.left > 0) back.push(BigInt.asIntN(64, readVarint(r)));
      }
      expect(back).toEqual(values);
      expect(all.filter((f) => f.number === 4).map((f) => BigInt.asIntN(64, f.value))).toEqual(values);
    }));
  });
  it("packs Int32Array as it packs BigInt64Array", () => {
    const values = [0, 1, 127, 128, 16383, 16384, 2 ** 31 - 1, -1, -(2 ** 31)];
    const a = new ProtoWriter();
    const b = new ProtoWriter();
    a.packedInts(1, Int32Array.from(values));
    b.packedInts(1, BigInt64Array.from(values, BigInt));
    expect(a.finish()).toEqual(b.finish());
  });
  it("nests messages whose large parts are kept by reference", () => {
    const big = new Uint8Array(10_000).fill(7);
    const w = new ProtoWriter();
    w.message(1, (m) => {
      m.string(2, "before");
      m.message(3, (n) => n.bytes(4, big));
      m.string(5, "after");
    });
    const bytes = w.finish();
    const [outer] = fieldsOf(bytes);
    const inner = [...readFields(new ByteReader(bytes, outer!.start, outer!.end))];
    expect(inner.map((f) => f.number)).toEqual([2, 3, 5]);
    const [data] = [...readFields(new ByteReader(bytes, inner[1]!.start, inner[1]!.end))];
    expect(bytes.subarray(data!.start, data!.end)).toEqual(big);
  });
  it("refuses messages of more than 2 GB before it makes them", () => {
    const part = new Uint8Array(2 ** 28);
    const w = new ProtoWriter();
    expect(() => { for (let i = 0; i < 9; i++) w.bytes(1, part); }).toThrow(expect.objectContaining({ code: "protobuf-too-large" }));
  });
  it("gives a coded error or fields for any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        fieldsOf(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(SlipwayError);
      }
    }), { numRuns: 2000 });
  });
});
