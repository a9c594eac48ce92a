import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { importModel } from "./index.ts";

const cases = fileURLToPath(new URL("../../../../corpus/cases/", import.meta.url));
const fileOf = (name: string): string => `${cases}${name}/${readdirSync(`${cases}${name}`).find((f) => f.startsWith("model."))!}`;

describe("a model's bytes", () => {
  it.each(["catboost-array-cats-cb125", ...readdirSync(cases).filter((n) => /^(?:keras|tflite|xgb|lgb|torch)/.test(n) && existsSync(fileOf(n))).filter((_, i) => i % 60 === 0)])("are read the same from a Buffer inside others: %s", (name) => {
    const bytes = readFileSync(fileOf(name));
    const pool = Buffer.alloc(bytes.length + 24, 0xa5);
    bytes.copy(pool, 13);
    let plain: unknown;
    try {
      plain = importModel(new Uint8Array(bytes)).compiled.model;
    } catch (error) {
      plain = (error as { code: string }).code;
    }
    let pooled: unknown;
    try {
      pooled = importModel(pool.subarray(13, 13 + bytes.length)).compiled.model;
    } catch (error) {
      pooled = (error as { code: string }).code;
    }
    expect(pooled).toEqual(plain);
  });
});
