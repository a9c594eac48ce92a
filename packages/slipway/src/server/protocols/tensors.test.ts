// Models that take tensors, asked in every protocol.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createServer, type App } from "../app.ts";
import { inject } from "../testing.ts";
import { imageModel } from "./testing-image-model.ts";

let app: App;
beforeAll(async () => {
  app = createServer({ models: [await imageModel("float", [1, 2, 2], "image")] });
});
afterAll(() => app.context.models.close());
const picture = [[[0.1, 2], [3, 4]]];
const flat = [0.1, 2, 3, 4];
const ask = async (url: string, body: unknown) => (await inject(app, { method: "POST", url, headers: { "content-type": "application/json" }, payload: JSON.stringify(body) })).json();

describe("a model of tensors", () => {
  it.each([
    ["/v1/models/image:predict", { instances: [picture, picture] }, { predictions: [flat, flat] }],
    ["/v1/models/image:predict", { instances: [{ x: picture }] }, { predictions: [flat] }],
    ["/v1/models/image:predict", { inputs: [picture] }, { outputs: [flat] }],
    ["/v1/models/image:predict", { inputs: { x: [picture, picture] } }, { outputs: [flat, flat] }],
    ["/invocations", { instances: [picture] }, { predictions: [flat] }],
    ["/invocations", { instances: [{ x: picture }] }, { predictions: [flat] }],
    ["/invocations", { inputs: { x: [picture] } }, { predictions: [flat] }],
    ["/invocations", { inputs: [picture] }, { predictions: [flat] }],
    ["/invocations", [picture], { predictions: [flat] }],
    ["/v1/endpoints/1/deployedModels/2:predict", { instances: [picture] }, { predictions: [flat], deployedModelId: "2", modelDisplayName: "image", modelVersionId: "1.0.0" }],
    ["/score", { data: [picture] }, [flat]],
    ["/score", { input_data: [picture] }, [flat]],
    ["/score", { Inputs: { data: [picture] } }, { Results: [flat] }],
    ["/v2/models/image/infer", { inputs: [{ name: "x", shape: [1, 1, 2, 2], datatype: "FP32", data: [picture] }] }, { model_name: "image", model_version: "1.0.0", outputs: [{ name: "pixels", datatype: "FP32", shape: [1, 4], data: flat }] }],
  ] as const)("%s takes %j", async (url, body, want) => {
    expect(await ask(url, body)).toEqual(want);
  });
  it.each([
    ["/v1/models/image:predict", { instances: [[[1, 2]]] }], ["/v1/models/image:predict", { inputs: { y: [picture] } }], ["/v1/models/image:predict", { instances: [{ x: "a" }] }], ["/v1/models/image:classify", { examples: [{ x: picture }] }],
    ["/invocations", { dataframe_split: { columns: ["x"], data: [[1]] } }], ["/invocations", { inputs: "text" }], ["/score", { data: [1] }], ["/v1/endpoints/1/deployedModels/2:predict", { instances: [[]] }],
  ] as const)("%s refuses %j", async (url, body) => {
    const answer = await inject(app, { method: "POST", url, headers: { "content-type": "application/json" }, payload: JSON.stringify(body) });
    expect([answer.statusCode, answer.body.includes("server failed")], answer.body).toEqual([400, false]);
  });
  it("refuses to generate by name", async () => {
    expect((await ask("/v2/models/image/generate", { x: picture })).error).toMatch(/this one takes tensors/);
  });
});
