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

it("takes several models, versions with traffic between them, pipelines and a prefix", async () => {
  const [one, two] = await Promise.all([loadModel(example, { version: "1.0.0" }), loadModel(example, { version: "2.0.0" })]);
  const handle = createHandler({
    models: [one, two], prefix: "/api/model/", settings: { churn: { aliases: { old: "1.0.0" }, traffic: { split: [{ version: "old", weight: 1 }], shadowShare: 1 } } },
    pipelines: { leaver: { version: "1.0.0", steps: [{ model: "churn" }], outputs: { leaves: "churn.probabilities.leaves" } } },
  });
  const ask = async (path: string) => {
    const answer = await handle(new Request(`http://localhost${path}`, { method: "POST", body: JSON.stringify(row) }));
    return { status: answer.status, version: answer.headers.get("x-slipway-version"), body: (await answer.json()) as { predictions: Record<string, unknown>[] } };
  };
  expect((await ask("/api/model/predict")).version).toBe("1.0.0");
  expect((await ask("/predict")).version).toBe("1.0.0");
  expect((await ask("/api/model/models/churn/versions/2.0.0/predict")).version).toBe("2.0.0");
  expect(typeof (await ask("/api/model/models/leaver/predict")).body.predictions[0]!["leaves"]).toBe("number");
  expect((await ask("/api/modelx/predict")).status).toBe(404);
  expect(() => createHandler([one, one])).toThrow(expect.objectContaining({ code: "model-exists" }));
  await handle.close();
});
