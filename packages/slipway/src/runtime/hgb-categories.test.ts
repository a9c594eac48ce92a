// Histogram gradient boosting of scikit-learn up to 1.3 casts categories to uint8; 1.2.2 on x86 was asked what it makes of
// infinity and of numbers that no 32-bit integer holds: category 0.

import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { loadModelPackage, openModel } from "./index.ts";

const file = fileURLToPath(new URL("../../../../corpus/cases/hgb-categorical-numbers-sk13/model.joblib", import.meta.url));

it.each(["kernel", "onnxruntime"] as const)("takes a category beyond 2^31 for category 0, on %s", async (engine) => {
  const model = await loadModelPackage((await openModel(file)).package, { engine, placement: "inline" });
  const of = async (x1: number): Promise<unknown> => (await model.predict([{ x0: 1, x1, x2: 1, x3: 1 }]))[0]!["value"];
  const zero = await of(0);
  expect(await of(5)).not.toBe(zero);
  expect(await of(261)).toBe(await of(5));
  for (const x1 of [Infinity, 2 ** 31, 2 ** 31 + 5, 1e308]) expect(await of(x1)).toBe(zero);
  await model.close();
});
