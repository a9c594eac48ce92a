// Damaged files of every format: a coded error or a model, in bounded time.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../base/testing.ts";
import { importModel } from "../import-model.ts";

const cases = fileURLToPath(new URL("../../../../../corpus/cases/", import.meta.url));
const FILES = [
  "xgb-codes-small-xgb32/model.json", "xgb-wrapper-vector-leaves-xgb32/model.ubj", "xgb-categories-onehot-xgb32/model.ubj", "xgb-binary-dart-poisson-xgb16/model.model",
  "xgb-binary-linear-xgb16/model.model", "xgb-wrapper-pickle-multi-xgb32/model.pkl", "lgb-text-linear-lgb47/model.txt", "lgb-text-categories-lgb47/model.txt",
  "lgb-dump-codes-lgb47/model.json", "lgb-wrapper-categories-lgb47/model.pkl",
];

const outcome = (bytes: Uint8Array): string => codeOf(() => importModel(bytes));

describe("damaged boosters", () => {
  for (const file of FILES) {
    const bytes = new Uint8Array(readFileSync(cases + file));
    it(`${file} is whole`, () => {
      expect(outcome(bytes)).toBe("no error");
    });
    it(`${file} with changed bytes is read or refused with a code`, () => {
      const change = fc.record({ at: fc.nat(bytes.length - 1), by: fc.constantFrom(0, 1, 0x2d, 0x30, 0x39, 0x2c, 0x7f, 0x80, 0xff) });
      fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const damaged = Uint8Array.from(bytes);
        for (const { at, by } of changes) damaged[at] = by;
        outcome(damaged);
      }), { numRuns: 60 });
    });
    it(`${file} cut off is refused with a code`, () => {
      // What follows the trees in LightGBM's text is not needed.
      const needed = file.endsWith(".txt") ? new TextDecoder("latin1").decode(bytes).indexOf("end of trees") : bytes.length - 400;
      fc.assert(fc.property(fc.nat(needed), (end) => {
        expect(outcome(bytes.slice(0, end))).not.toBe("no error");
      }), { numRuns: 20 });
    });
  }
});

describe("impossible models", () => {
  const text = readFileSync(`${cases}lgb-text-codes-large-lgb47/model.txt`, "utf8");
  const json = readFileSync(`${cases}xgb-json-squarederror-xgb32/model.json`, "utf8");
  const lightgbm = (from: RegExp, to: string): string => outcome(new TextEncoder().encode(text.replace(from, to)));
  const xgboost = (change: (tree: Record<string, number[]>, model: Record<string, Record<string, Record<string, unknown>>>) => void): string => {
    const document = JSON.parse(json) as { learner: { gradient_booster: { model: { trees: Record<string, number[]>[] } } } };
    change(document.learner.gradient_booster.model.trees[0]!, document as never);
    return outcome(new TextEncoder().encode(JSON.stringify(document)));
  };

  it("with a cycle are refused", () => {
    expect(xgboost((t) => { t["left_children"]![1] = 0; })).toBe("malformed-model");
    expect(xgboost((t) => { t["right_children"]![0] = t["left_children"]![0]!; })).toBe("malformed-model");
    expect(lightgbm(/left_child=-?\d+/, "left_child=0")).toBe("malformed-model");
  });
  it("with numbers out of range are refused", () => {
    expect(xgboost((t) => { t["left_children"]![0] = 9999; })).toBe("malformed-model");
    expect(xgboost((t) => { t["split_indices"]![0] = 77; })).toBe("malformed-model");
    expect(xgboost((t) => { t["split_indices"]![0] = -1; })).toBe("malformed-model");
    expect(xgboost((t) => { t["split_conditions"]![0] = null as never; })).toBe("malformed-model");
    expect(xgboost((t) => { t["split_conditions"]!.pop(); })).toBe("malformed-model");
    expect(lightgbm(/split_feature=\d+/, "split_feature=99")).toBe("malformed-model");
    expect(lightgbm(/threshold=[^ ]+/, "threshold=nan")).toBe("malformed-model");
    expect(lightgbm(/num_leaves=\d+/, "num_leaves=2000000000")).toBe("malformed-model");
    expect(lightgbm(/max_feature_idx=\d+/, "max_feature_idx=1999999999")).toBe("malformed-model");
    expect(lightgbm(/cat_boundaries=0 \d+/, "cat_boundaries=5 1")).toBe("malformed-model");
  });
  it("with sizes that nothing fills are refused", () => {
    const learner = (key: string, value: string): string => xgboost((_, d) => { (d["learner"]!["learner_model_param"] as Record<string, unknown>)[key] = value; });
    expect(learner("num_feature", "2000000000")).toBe("unsupported-option");
    expect(learner("num_class", "99999")).toBe("malformed-model");
    expect(learner("num_target", "3000000000")).toBe("malformed-model");
    expect(learner("base_score", "[nan]")).toBe("malformed-model");
  });
  it("of objectives that nobody knows are refused by name", () => {
    expect(xgboost((_, d) => { (d["learner"]!["objective"] as Record<string, unknown>)["name"] = "reg:mine"; })).toBe("unsupported-option");
    expect(lightgbm(/objective=\w+/, "objective=mine")).toBe("unsupported-option");
  });
});
