// Damaged and hostile CatBoost files: a coded error, in bounded time and memory, or a model.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../base/testing.ts";
import { importModel } from "../import-model.ts";

const cases = fileURLToPath(new URL("../../../../../corpus/cases", import.meta.url));
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(`${cases}/${name}`));

const outcome = (bytes: Uint8Array): string => codeOf(() => importModel(bytes));

/** A small generator of its own: the same bytes are changed on every run. */
function* numbers(seed: number): Generator<number, never, undefined> {
  for (let s = seed >>> 0; ; ) {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    yield s / 2 ** 32;
  }
}

const FILES = ["catboost-ctr-deep-cb1210/model.pkl", "catboost-ctr-all-types-cb1210/model.cbm", "catboost-lossguide-multi-cb1210/model.cbm", "catboost-one-hot-json-cb1210/model.json", "catboost-multiclass-cb1210/model.cbm"];

describe("a damaged CatBoost file", () => {
  for (const file of FILES) {
    it(`${file} with changed bytes gives a model or a coded error`, () => {
      const original = read(file);
      const random = numbers(original.length);
      const next = (below: number): number => Math.floor(random.next().value * below);
      let refused = 0;
      for (let round = 0; round < 80; round++) {
        const bytes = original.slice();
        // The head of the file has the offsets and sizes.
        const region = next(3) === 0 ? bytes.length : Math.min(bytes.length, 4000);
        for (let k = next(4); k >= 0; k--) bytes[next(region)] = [0, 1, 0x7f, 0x80, 0xff, next(256)][next(6)]!;
        if (outcome(bytes) !== "no error") refused++;
      }
      expect(refused).toBeGreaterThan(1);
    });
    it(`${file} cut off anywhere is refused`, () => {
      const original = read(file);
      for (let i = 1; i <= 40; i++) expect(outcome(original.slice(0, Math.floor((original.length * i) / 41)))).not.toBe("no error");
    });
  }
});
