import { expect, it } from "vitest";
import { loadModelPackage, type Model } from "../runtime/index.ts";
import { columnsModel, matrixModel } from "../runtime/testing.ts";
import { rowsOfText } from "../tables/index.ts";
import { compareModels, type ModelComparison } from "./compare-models.ts";

/** Ages from 18 to 87; truth: over 50 with the plan's ten; every hundredth row has no age and is refused by nobody. */
const csv = `age,plan,member,note,truth\n${Array.from({ length: 1000 }, (_, i) => {
  const age = i % 100 === 7 ? "" : 18 + ((i * 37) % 70);
  const plan = i % 3 === 0 ? "pro" : i % 250 === 1 ? "gold" : "basic";
  return `${age},${plan},false,,${Number(age) + (plan === "pro" ? 10 : 0) > 50 ? "yes" : "no"}`;
}).join("\n")}\n`;

async function compared(limit: number, target?: string): Promise<ModelComparison> {
  const models: Model[] = [await loadModelPackage(columnsModel("loan")), await loadModelPackage({ ...columnsModel("loan", limit), manifest: { name: "loan", version: "2" } })];
  try {
    return await compareModels({ champion: models[0]!, challenger: models[1]!, rows: () => rowsOfText(csv, "rows.csv"), file: "rows.csv", target });
  } finally {
    await Promise.all(models.map((m) => m.close()));
  }
}

it("equal models differ in nothing, and rows that both refuse are counted apart", async () => {
  const { rows, compared: n, refused, outputs, quality } = await compared(50);
  expect([rows, n, refused, quality]).toEqual([1000, 997, { both: 3, champion: 0, challenger: 0 }, null]);
  expect(outputs.find((o) => o.output === "label")).toMatchObject({ labels: { rows: 997, different: 0, share: 0, changes: [] }, distribution: { psi: 0, drifted: false } });
  expect(outputs.find((o) => o.output === "score")).toMatchObject({ numbers: { rootMeanSquare: 0, largest: 0, relative: 0 }, labels: null });
});
it("another limit changes labels one way, shifts their distribution, and is worse on the truth by more than chance", async () => {
  const { outputs, quality } = await compared(30, "truth");
  const { labels, distribution } = outputs.find((o) => o.output === "label")!;
  expect(labels!.changes).toEqual([{ from: "no", to: "yes", rows: labels!.different }]);
  expect(labels!.share).toBeGreaterThan(0.2);
  expect(labels!.interval[0]).toBeLessThan(labels!.share);
  expect(labels!.interval[1]).toBeGreaterThan(labels!.share);
  expect(distribution).toMatchObject({ drifted: true, bins: ["yes", "no", "others"] });
  expect(distribution!.champion.reduce((a, b) => a + b)).toBe(997);
  const accuracy = quality!.gains.find((g) => g.metric === "accuracy")!;
  expect(accuracy.theirs).toBe(1);
  expect(accuracy.high).toBeLessThan(0);
  expect(quality!.gains.find((g) => g.metric === "roc_auc")).toMatchObject({ gain: 0, low: 0, high: 0 });
});
it("models without an output in common, and no rows, are refused", async () => {
  const [a, b] = [await loadModelPackage(columnsModel()), await loadModelPackage(matrixModel())];
  await expect(compareModels({ champion: a, challenger: b, rows: () => rowsOfText(csv, "rows.csv"), file: "rows.csv" })).rejects.toMatchObject({ code: "gate-data" });
  await expect(compareModels({ champion: a, challenger: a, rows: () => rowsOfText("age,plan\n", "empty.csv"), file: "empty.csv" })).rejects.toMatchObject({ code: "gate-data" });
  await Promise.all([a.close(), b.close()]);
});
