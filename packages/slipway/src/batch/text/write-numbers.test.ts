import { FunctionWriter, writeModule } from "@slipway/core/wasm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addNumberFunctions, NUMBER_TABLES, writeNumberTables } from "./write-numbers.ts";

const memory = new WebAssembly.Memory({ initial: 1 });
const OUT = 64 + NUMBER_TABLES;
writeNumberTables(memory, 64);
const functions: FunctionWriter[] = [];
addNumberFunctions(functions, 64);
const { double, whole } = new WebAssembly.Instance(new WebAssembly.Module(writeModule(functions)), { env: { memory } }).exports as { double(value: number, at: number): number; whole(value: bigint, at: number): number };
const text = (end: number): string => Buffer.from(memory.buffer, OUT, end - OUT).toString("latin1");

describe("numbers written in WebAssembly", () => {
  it("are written as JavaScript writes them, whatever their bits", () => {
    const view = new DataView(new ArrayBuffer(8));
    const ofBits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((bits) => (view.setBigUint64(0, bits), view.getFloat64(0)));
    const decimal = fc.tuple(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), fc.integer({ min: -30, max: 30 })).map(([n, e]) => Number(`${n}e${e}`));
    fc.assert(fc.property(fc.oneof(ofBits, decimal, fc.double(), fc.double({ min: 0, max: 1 }), fc.integer()), (value) => {
      expect(text(double(value, OUT))).toBe(Number.isNaN(value) ? "" : String(value));
    }), { numRuns: 5000 });
  });

  it("are right at the ends of their range and where the way of writing changes", () => {
    for (const base of [5e-324, 2.2250738585072014e-308, 2.225073858507201e-308, Number.MAX_VALUE, 1e21, 1e-6, 1e-7, 9.5367431640625e-7, 2 ** 53, 2 ** 63, 1e22, 1e23, 123456789012345680000, 0.1, 1 / 3, 9007199254740993, 4.35, 2 ** -1022 * 3]) {
      for (const value of [base, -base, base * (1 + 2 ** -52), base * (1 - 2 ** -53)]) expect(text(double(value, OUT))).toBe(String(value));
    }
    for (let e = -1074; e < 1024; e++) expect(text(double(2 ** e, OUT))).toBe(String(2 ** e));
    for (const value of [0, -0, Infinity, -Infinity]) expect(text(double(value, OUT))).toBe(String(value));
  });

  it("are whole numbers too", () => {
    fc.assert(fc.property(fc.oneof(fc.bigInt({ min: 0n, max: 10n ** 17n - 1n }), fc.bigInt({ min: 0n, max: 2000n })), (value) => {
      expect(text(whole(value, OUT))).toBe(String(value));
    }), { numRuns: 2000 });
  });
});
