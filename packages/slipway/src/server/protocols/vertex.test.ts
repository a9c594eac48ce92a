import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createServer, type App } from "../app.ts";
import { columnsModel, matrixModel } from "../../runtime/testing.ts";
import { inject, testApp, type InjectedAnswer } from "../testing.ts";
import { protocolContract, pythonJson, rowsOf, type Wire } from "./contract.ts";

const URL = "/v1/endpoints/12/deployedModels/34:predict";
const post = (body: unknown, url = URL) => ({ method: "POST", url, payload: pythonJson(body) });
const message = (a: InjectedAnswer): string => (a.json() as { error: { message: string } }).error.message;
const ask = (_: string, instances: readonly unknown[]) => post({ instances });
protocolContract({ name: "Vertex AI", namesModel: false, records: ask, matrix: ask, texts: ask, read: (a) => rowsOf((a.json() as { predictions: unknown[] }).predictions), message } satisfies Wire);

let app: App;
beforeAll(async () => {
  app = await testApp({ models: [columnsModel(), matrixModel()], options: { vertex: { health: "/health/live", predict: "/predict", deployedModelId: "77" } } });
});
afterAll(() => app.context.models.close());
const row = { age: 45, plan: "pro", member: false };

describe("Vertex AI's container", () => {
  it("has the addresses it was given, whoever else has them", async () => {
    const answer = await inject(app, post({ instances: [row], parameters: { outputs: ["label"] } }, "/predict"));
    expect(answer.json()).toEqual({ predictions: ["yes"], deployedModelId: "77", modelDisplayName: "loan", modelVersionId: "1.2.0" });
    expect((await inject(app, "/health/live")).body).toBe("{}");
    expect((await inject(app, "/v1/endpoints/1/deployedModels/2")).statusCode).toBe(200);
    expect((await inject(app, post({ instances: [row] }, "/v1/projects/p/locations/l/endpoints/e:predict"))).statusCode).toBe(200);
  });
  it("writes errors as Google's interfaces do", async () => {
    const answer = await inject(app, post({ rows: [row] }));
    expect(answer.json()).toEqual({ error: { code: 400, message: expect.stringContaining('no "instances"'), status: "INVALID_ARGUMENT" } });
    expect((await inject(app, post({ instances: [row], parameters: [] }))).statusCode).toBe(400);
    expect((await inject(app, "/v1/endpoints/1/nix")).json().error.status).toBe("NOT_FOUND");
  });
  it("takes Triton's binary type and JSON", async () => {
    const head = Buffer.from(JSON.stringify({ inputs: [{ name: "age", datatype: "FP64", shape: [1], parameters: { binary_data_size: 8 } }, { name: "plan", datatype: "BYTES", shape: [1], data: ["pro"] }, { name: "member", datatype: "BOOL", shape: [1], data: [false] }], outputs: [{ name: "score" }] }));
    const answer = await inject(app, { method: "POST", url: URL, headers: { "content-type": `application/vnd.vertex-ai-triton.binary+json;json-header-size=${head.length}` }, payload: Buffer.concat([head, Buffer.from(Float64Array.of(45).buffer)]) });
    expect(answer.json().outputs).toEqual([{ name: "score", datatype: "FP64", shape: [1], data: [55] }]);
  });
  it("hands a raw prediction on to the address that its header names", async () => {
    const payload = JSON.stringify({ inputs: [{ name: "X", datatype: "FP64", shape: [1, 3], data: [1, 2, 3] }] });
    const to = (target: string) => ({ method: "POST", url: "/v1/projects/p/locations/l/endpoints/e:rawPredict", headers: { "x-vertex-ai-triton-redirect": target }, payload });
    expect((await inject(app, to("v2/models/linear/infer"))).json()).toMatchObject({ model_name: "linear", outputs: [{ data: [14] }] });
    expect((await inject(app, to("v2/models/linear/versions/1.0.0/infer"))).statusCode).toBe(200);
    expect((await inject(app, to("v2/models/nobody/infer"))).statusCode).toBe(404);
    expect((await inject(app, to("../admin/models"))).errorCode).toBe("route-unknown");
  });
  it("refuses an address that cannot be one", () => {
    expect(() => createServer({ models: [], options: { vertex: { predict: "/{x}" } } })).toThrow(expect.objectContaining({ code: "address-invalid" }));
  });
});
