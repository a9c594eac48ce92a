import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { createHandler, loadModel, SlipwayError } from "./index.ts";

const example = fileURLToPath(new URL("../../../examples/churn/churn.joblib", import.meta.url));
const row = { contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: 40, support_calls: 2, senior: false };

it("loads a saved model and predicts", async () => {
  const model = await loadModel(example);
  const [first] = await model.predict([row]);
  expect(first?.["label"]).toBe("stays");
  await expect(model.predict([{ ...row, tenure_months: "long" }])).rejects.toThrow(SlipwayError);
  await model.close();
});

it("is a handler for any web framework", async () => {
  const model = await loadModel(example);
  const handle = createHandler(model);
  const answer = await handle(new Request("http://localhost/predict", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(row) }));
  expect(answer.status).toBe(200);
  expect(((await answer.json()) as { predictions: { label: string }[] }).predictions[0]?.label).toBe("stays");
  expect((await handle(new Request("http://localhost/health/ready"))).status).toBe(200);
  expect((await handle(new Request("http://localhost/nowhere"))).status).toBe(404);
  await model.close();
});
