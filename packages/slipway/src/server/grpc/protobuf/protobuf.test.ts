import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlipwayError } from "@slipway/core/base";
import { ModelInferRequest, ModelInferResponse, ModelStatisticsResponse } from "../oip/messages.ts";
import { decodeMessage } from "./decode.ts";
import { encodeMessage } from "./encode.ts";
import { enumeration, many, map, maybe, message, one, type Int64, type MessageType } from "./schema.ts";

interface Everything {
  readonly d: number; readonly f: number; readonly i: number; readonly l: Int64; readonly u: number; readonly ul: Int64; readonly b: boolean; readonly s: string; readonly y: Uint8Array;
  readonly e: number; readonly a: string | undefined; readonly c: number | undefined; readonly inner: { readonly s: string } | undefined;
  readonly ds: ArrayLike<number>; readonly ls: ArrayLike<Int64>; readonly bs: ArrayLike<boolean>; readonly ss: readonly string[]; readonly inners: readonly { readonly s: string }[]; readonly m: ReadonlyMap<string, { readonly s: string }>; readonly n: ReadonlyMap<Int64, number>;
}
const Inner = message<{ readonly s: string }>("t.Inner", { s: one(1, "string") });
const Everything: MessageType<Everything> = message("t.Everything", {
  d: one(1, "double"), f: one(2, "float"), i: one(3, "int32"), l: one(4, "int64"), u: one(5, "uint32"), ul: one(6, "uint64"), b: one(7, "bool"), s: one(8, "string"), y: one(9, "bytes"),
  e: one(10, enumeration("t.E", { A: 0, B: 1 })), a: maybe(11, "string", "x"), c: maybe(12, "int32", "x"), inner: maybe(13, Inner),
  ds: many(14, "double"), ls: many(15, "int64"), bs: many(16, "bool"), ss: many(17, "string"), inners: many(18, Inner), m: map(19, "string", Inner), n: map(20, "int64", "double"),
});
const int64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map((v): Int64 => (Number.isSafeInteger(Number(v)) ? Number(v) : v));
const uint64 = fc.bigInt(0n, 2n ** 64n - 1n).map((v): Int64 => (Number.isSafeInteger(Number(v)) ? Number(v) : v));
const text = fc.string({ unit: "grapheme" });
const double = fc.double().map((v) => (Object.is(v, -0) ? 0 : v));
const anything = fc.record({
  d: double, f: fc.float().map((v) => (Object.is(v, -0) ? 0 : v)), i: fc.integer(), l: int64, u: fc.nat({ max: 2 ** 32 - 1 }), ul: uint64, b: fc.boolean(), s: text, y: fc.uint8Array(),
  e: fc.constantFrom(0, 1), inner: fc.option(fc.record({ s: text }), { nil: undefined }), a: fc.constant(undefined), c: fc.option(fc.integer(), { nil: undefined }),
  ds: fc.array(double), ls: fc.array(int64), bs: fc.array(fc.boolean()), ss: fc.array(text), inners: fc.array(fc.record({ s: fc.string({ maxLength: 300 }) })),
  m: fc.array(fc.tuple(text, fc.record({ s: text }))).map((e) => new Map(e)), n: fc.array(fc.tuple(int64, double)).map((e) => new Map(e)),
});
const plain = (m: Everything): object => ({ ...m, y: [...m.y], ds: Array.from(m.ds), ls: Array.from(m.ls), bs: Array.from(m.bs) });

describe("messages", () => {
  it("read back as they were written", () => {
    fc.assert(fc.property(anything, (m) => {
      expect(plain(decodeMessage(Everything, encodeMessage(Everything, m)))).toEqual(plain(m));
    }), { numRuns: 300 });
  });
  it("are written byte for byte as the specification's examples", () => {
    expect(encodeMessage(Everything, { i: -2, u: 150 }).toString("hex")).toBe("18feffffffffffffffff01289601");
    expect(encodeMessage(Everything, { s: "testing", ls: [3, 270, 86942] }).toString("hex")).toBe("420774657374696e677a06038e029ea705");
    expect(encodeMessage(Everything, {}).length).toBe(0);
    const long = { inner: { s: "x".repeat(20_000) } };
    expect(decodeMessage(Everything, encodeMessage(Everything, long)).inner).toEqual(long.inner);
    expect(encodeMessage(Everything, { i: 5 }, 5).subarray(5).toString("hex")).toBe("1805");
  });
  it("take lists packed and one by one, the last of what is there twice, and fields of newer versions", () => {
    const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(" ", ""), "hex");
    expect(Array.from(decodeMessage(Everything, bytes("7a020102 7803 7a0104")).ls)).toEqual([1, 2, 3, 4]);
    expect(Array.from(decodeMessage(Everything, bytes("71000000000000f03f 720800000000000000 40")).ds)).toEqual([1, 2]);
    expect(decodeMessage(Everything, bytes("1801 1802")).i).toBe(2);
    expect(decodeMessage(Everything, bytes("5a0161 6005"))).toMatchObject({ a: undefined, c: 5 });
    expect(decodeMessage(Everything, bytes("1801 f80701 fa070100 fd0701020304 f9070102030405060708")).i).toBe(1);
    // A varint of ten bytes where five would do.
    expect(decodeMessage(Everything, bytes("18 81808080808080808000")).i).toBe(1);
  });
  it("are refused where they are malformed", () => {
    for (const hex of ["08", "0a", "18", "18ffffffffffffffffffff01", "4205616263", "42ffffffff0f", "0801", "1b", "1c", "00", "4201ff", "7a01ff", "72070000", "9a010308", "9a01020108", "18808080808080808080808001", "c2ffffffff0f00"]) {
      expect(() => decodeMessage(Everything, Buffer.from(hex, "hex")), hex).toThrow(SlipwayError);
    }
  });
  it("that are damaged or made up give a coded error or a message, and no more memory than they are worth", () => {
    const valid = encodeMessage(ModelInferRequest, {
      model_name: "loan", id: "7", parameters: new Map([["timeout", { int64_param: 5 }]]),
      inputs: [{ name: "age", datatype: "FP64", shape: [2, 1], contents: { fp64_contents: [1, 2] } }, { name: "plan", datatype: "BYTES", shape: [2, 1], contents: { bytes_contents: [Buffer.from("pro"), Buffer.from("basic")] } }],
      outputs: [{ name: "score" }],
    });
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 6 }), fc.nat(valid.length), (changes, end) => {
      const bytes = Buffer.from(valid).subarray(0, end);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      for (const type of [ModelInferRequest, ModelInferResponse, ModelStatisticsResponse, Everything] as const) {
        try {
          decodeMessage(type as MessageType, bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(SlipwayError);
        }
      }
    }), { numRuns: 2000 });
  });
  it("cannot be made of more parts than a limit", () => {
    // Two bytes a message.
    const many = Buffer.alloc(600_000, 0);
    for (let i = 0; i < many.length; i += 2) many[i] = 0x2a;
    expect(() => decodeMessage(ModelInferRequest, many)).toThrow(expect.objectContaining({ code: "grpc-too-large" }));
  });
});
