// Oblivious trees with too many leaves to be written out as usual trees: the leaf's number is computed from the answers.

import { expect, it } from "vitest";
import { loadModelPackage } from "../../../../slipway/src/runtime/index.ts";
import { importModel } from "../import-model.ts";

const LEVELS = 16;
const TREES = 5;

it("finds the leaves of trees too deep to be written out", async () => {
  const borders = Array.from({ length: 10 }, (_, i) => i / 4);
  const splits = (tree: number): number[] => Array.from({ length: LEVELS }, (_, level) => (tree * 7 + level * 3) % 20);
  const json = {
    features_info: { float_features: [0, 1].map((i) => ({ feature_index: i, flat_feature_index: i, has_nans: false, nan_value_treatment: "AsIs", borders })) },
    model_info: { params: { loss_function: { type: "RMSE" } } },
    // A constant tree as well, and a shallow one.
    oblivious_trees: [
      ...Array.from({ length: TREES }, (_, t) => ({ splits: splits(t).map((split_index) => ({ split_index })), leaf_values: Array.from({ length: 2 ** LEVELS }, (_, i) => i + t * 1e6) })),
      { leaf_values: [0.25] }, { splits: [{ split_index: 12 }], leaf_values: [0, 0.5] },
    ],
    scale_and_bias: [2, [10]],
  };
  const { compiled } = importModel(new TextEncoder().encode(JSON.stringify(json)));
  expect(compiled.signature.layout).toBe("matrix");
  const model = await loadModelPackage({ model: compiled.model, signature: compiled.signature, manifest: { name: "deep", version: "0.0.0" }, digest: "" });
  const rows = [[0, 0], [0.1, 2.3], [5, 5], [1.1, 0.6], [null, 1]];
  const above = (row: readonly (number | null)[], s: number): boolean => (row[s < 10 ? 0 : 1] ?? NaN) > borders[s % 10]!;
  const expected = rows.map((row) => {
    const leaves = Array.from({ length: TREES }, (_, t) => splits(t).reduce((n, s, level) => n + (above(row, s) ? 2 ** level : 0), 0) + t * 1e6);
    return { value: 2 * (leaves.reduce((a, b) => a + b) + 0.25 + (above(row, 12) ? 0.5 : 0)) + 10 };
  });
  expect(await model.predict({ rows })).toEqual(expected);
  await model.close();
});
