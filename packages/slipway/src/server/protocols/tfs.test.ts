import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { App } from "../app.ts";
import { inject, testApp, type InjectedAnswer } from "../testing.ts";
import { protocolContract, pythonJson, readPythonJson, type Row, type Wire } from "./contract.ts";

const post = (url: string, body: unknown) => ({ method: "POST", url, payload: pythonJson(body) });
const message = (a: InjectedAnswer): string => (a.json() as { error: string }).error;
const firstOutput: Readonly<Record<string, string>> = { linear: "value", tickets: "label" };
function readRows(list: readonly unknown[], model: string): Record<string, unknown>[] {
  return list.map((v) => (typeof v === "object" && v !== null ? v as Record<string, unknown> : { [firstOutput[model]!]: v }));
}
let asked = "";
const rowWire: Wire = {
  name: "TensorFlow Serving, rows", namesModel: true, missing: "NaN",
  records: (model, rows) => post(`/v1/models/${asked = model}:predict`, { instances: rows }),
  matrix: (model, rows) => post(`/v1/models/${asked = model}:predict`, { instances: rows }),
  texts: (model, texts) => post(`/v1/models/${asked = model}:predict`, { instances: texts }),
  version: (model, version, rows) => post(`/v1/models/${model}/versions/${version}:predict`, { instances: rows }),
  read: (a) => readRows((readPythonJson(a.body) as { predictions: unknown[] }).predictions, asked),
  message,
};
const toColumns = (rows: readonly Row[]) => Object.fromEntries([...new Set(rows.flatMap(Object.keys))].map((k) => [k, rows.map((r) => r[k] ?? null)]));
const columnWire: Wire = {
  ...rowWire, name: "TensorFlow Serving, columns",
  records: (model, rows) => post(`/v1/models/${asked = model}:predict`, { inputs: toColumns(rows) }),
  matrix: (model, rows) => post(`/v1/models/${asked = model}:predict`, { inputs: { X: rows } }),
  texts: (model, texts) => post(`/v1/models/${asked = model}:predict`, { inputs: { text: texts.map((t) => ({ b64: Buffer.from(t).toString("base64") })) } }),
  read: (a) => {
    const { outputs } = readPythonJson(a.body) as { outputs: unknown };
    if (Array.isArray(outputs)) return readRows(outputs, asked);
    const columns = outputs as Record<string, unknown[]>;
    return Object.values(columns)[0]!.map((_, i) => Object.fromEntries(Object.entries(columns).map(([k, v]) => [k, v[i]])));
  },
};
protocolContract(rowWire);
protocolContract(columnWire);

let app: App;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.context.models.close());
const row = { age: 45, plan: "pro", member: false };
const ask = async (url: string, body: unknown): Promise<unknown> => readPythonJson((await inject(app, post(url, body))).body);
const failure = async (url: string, body: unknown): Promise<[number, string]> => {
  const a = await inject(app, post(url, body));
  return [a.statusCode, message(a)];
};

describe("predict", () => {
  it("writes floats with a point and drops the name of a single output", async () => {
    const answer = await inject(app, post("/v1/models/linear:predict", { instances: [[1, 2, 3]] }));
    expect(answer.body).toBe('{"predictions":[14.0]}');
    expect((await inject(app, post("/v1/models/linear:predict", { inputs: [[1, 2, 3], [0, 0, 0]] }))).body).toBe('{"outputs":[14.0,0.0]}');
    expect(await ask("/v1/models/loan:predict", { signature_name: "label", instances: [row] })).toEqual({ predictions: ["yes"] });
    expect(await ask("/v1/models/loan:predict", { signature_name: "probabilities", inputs: { age: [[45]], plan: [["pro"]], member: [[true]] } })).toEqual({ outputs: [[expect.any(Number), expect.any(Number)]] });
  });
  it("takes values of shape [1], bytes, an input by its name, and one column as bare values", async () => {
    const [want] = (await ask("/v1/models/loan:predict", { instances: [row] }) as { predictions: unknown[] }).predictions;
    expect(await ask("/v1/models/loan:predict", { instances: [{ age: [45], plan: [{ b64: "cHJv" }], member: [0] }] })).toEqual({ predictions: [want] });
    expect(await ask("/v1/models/linear:predict", { instances: [{ X: [1, 2, 3] }] })).toEqual({ predictions: [14] });
    expect(await ask("/v1/models/linear:predict", { instances: [{ x0: 1, x1: 2, x2: 3 }] })).toEqual({ predictions: [14] });
    expect(await ask("/v1/models/tickets:predict", { instances: [["Café"], ["x"]] })).toEqual({ predictions: [1, 0] });
    expect(await ask("/v1/models/tickets:predict", { instances: [{ b64: Buffer.from("Café").toString("base64") }] })).toEqual({ predictions: [1] });
  });
  it("answers long requests piece by piece, equal to short ones", async () => {
    const instances = Array.from({ length: 4500 }, (_, i) => [i, 1, 1]);
    const { predictions } = await ask("/v1/models/linear:predict", { instances }) as { predictions: number[] };
    expect(predictions).toEqual(instances.map(([i]) => i! + 5));
  });
  it.each([
    [{}, /neither "instances" nor "inputs"/], [{ instances: [row], inputs: [row] }, /both "instances" and "inputs"/], [{ instances: [] }, /empty/], [{ instances: 3 }, /no list/],
    [{ instances: [row, 3] }, /mixes objects with values: entry 1/], [{ signature_name: "lable", instances: [row] }, /"lable" not found.*Did you mean "label"/], [{ signature_name: 3, instances: [row] }, /no text/],
    [{ instances: [{ b64: "***" }] }, /base64/], [{ instances: [{ ...row, plan: { b64: "/w==" } }] }, /not UTF-8/], [{ inputs: { age: 3 } }, /"age" is no list/], [{ instances: [1, 2] }, /a row is 5 values/],
  ])("refuses %j", async (body, pattern) => {
    const [status, text] = await failure("/v1/models/loan:predict", body);
    expect(status).toBe(400);
    expect(text).toMatch(pattern);
    expect(text).toContain('A valid request: {"instances":[{');
  });
});

describe("classify and regress", () => {
  it("answer label and score pairs, and numbers, under `results`", async () => {
    const { results } = await ask("/v1/models/loan:classify", { context: { plan: "pro" }, examples: [{ age: 45, member: false }, { age: [40], member: [false] }] }) as { results: [string, number][][] };
    expect(results.map((r) => r.map(([label]) => label))).toEqual([["no", "yes"], ["no", "yes"]]);
    expect(results[1]![0]![1]).toBe(0.5);
    expect(await ask("/v1/models/linear:regress", { examples: [{ x0: 1, x1: 2, x2: 3 }, { X: [1, 1, 1] }].slice(0, 1) })).toEqual({ results: [14] });
  });
  it("refuse models of the other kind, a feature given twice, and what is no example", async () => {
    expect(await failure("/v1/models/linear:classify", { examples: [{ x0: 1, x1: 2, x2: 3 }] })).toEqual([400, expect.stringContaining("gives no score for every class. Ask with :predict.")]);
    expect(await failure("/v1/models/loan:regress", { examples: [row] })).toEqual([400, expect.stringContaining("does not give one number a row")]);
    expect(await failure("/v1/models/loan:classify", { context: { plan: "pro" }, examples: [row] })).toEqual([400, expect.stringContaining('"plan" is in the context and in example 0')]);
    expect(await failure("/v1/models/loan:classify", { examples: [3] })).toEqual([400, expect.stringContaining("example 0 is no object")]);
    expect(await failure("/v1/models/loan:classify", {})).toEqual([400, expect.stringContaining('no list of "examples"')]);
  });
});

describe("around it", () => {
  const get = async (url: string) => (await inject(app, url)).json();
  it("tells of models what TensorFlow Serving, KServe and OpenAI's clients look for", async () => {
    const all = await get("/v1/models");
    expect(all).toMatchObject({ object: "list", models: ["loan", "linear", "tickets"] });
    expect(all.data[0]).toMatchObject({ id: "loan", object: "model", owned_by: "slipway", created: expect.any(Number) });
    const status = { model_version_status: [{ version: "1.2.0", state: "AVAILABLE", status: { error_code: "OK", error_message: "" } }] };
    expect(await get("/v1/models/loan")).toMatchObject({ ...status, id: "loan", object: "model", name: "loan", ready: true });
    expect(await get("/v1/models/loan/versions/1.2.0")).toMatchObject(status);
  });
  it("describes signatures in protobuf's JSON", async () => {
    const { model_spec, metadata } = await get("/v1/models/loan/metadata");
    expect(model_spec).toEqual({ name: "loan", signature_name: "", version: "1.2.0" });
    const { signature_def } = metadata.signature_def;
    expect(Object.keys(signature_def).sort()).toEqual(["label", "probabilities", "score", "serving_default"]);
    expect(signature_def.serving_default.inputs.plan).toEqual({ dtype: "DT_STRING", tensor_shape: { dim: [{ size: "-1", name: "" }], unknown_rank: false }, name: "plan" });
    expect(signature_def.probabilities.outputs).toEqual({ probabilities: expect.objectContaining({ dtype: "DT_DOUBLE", tensor_shape: { dim: [{ size: "-1", name: "" }, { size: "2", name: "" }], unknown_rank: false } }) });
    expect(signature_def.serving_default.method_name).toBe("tensorflow/serving/predict");
  });
  it("says 400 of a malformed address, 405 of a method, 404 of a model, and refuses explanations by name", async () => {
    expect((await inject(app, "/v1/models/loan/version/3")).statusCode).toBe(400);
    const get_ = await inject(app, "/v1/models/loan:predict");
    expect([get_.statusCode, get_.headers["allow"]]).toEqual([405, "POST"]);
    expect(await failure("/v1/models/loan/labels/best:predict", { instances: [row] })).toEqual([400, 'Unrecognized servable version label: "best". The model has no labels.']);
    app.context.models.entryOf("loan").aliases.set("best", "1.2.0");
    expect((await inject(app, post("/v1/models/loan/labels/best:predict", { instances: [row] }))).statusCode).toBe(200);
    expect((await inject(app, "/v1/models/loan/labels/nix/metadata")).json().error).toMatch(/There are: best/);
    expect((await inject(app, "/v1/models/loan/labels/best")).json().model_version_status).toHaveLength(1);
    expect((await inject(app, "/v1/models/nix/metadata")).json()).toEqual({ error: expect.stringContaining('"nix"') });
    expect(await failure("/v1/models/loan:explain", {})).toEqual([501, "explanations are not offered. Ask for predictions with :predict."]);
  });
});
