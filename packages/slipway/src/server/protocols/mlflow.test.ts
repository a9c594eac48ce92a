import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createServer, type App } from "../app.ts";
import { loadModelPackage } from "../../runtime/index.ts";
import { textModel } from "../../runtime/testing.ts";
import { inject, testApp, type InjectedAnswer } from "../testing.ts";
import { protocolContract, pythonJson, rowsOf, type Row, type Wire } from "./contract.ts";

const post = (body: unknown, type = "application/json") => ({ method: "POST", url: "/invocations", headers: { "content-type": type }, payload: pythonJson(body) });
const split = (rows: readonly Row[]) => {
  const columns = [...new Set(rows.flatMap(Object.keys))];
  return { columns, index: rows.map((_, i) => i), data: rows.map((r) => columns.map((c) => r[c] ?? null)) };
};
const wire: Wire = {
  name: "MLflow, dataframe_split", namesModel: false,
  records: (_, rows) => post({ dataframe_split: split(rows) }),
  matrix: (_, rows) => post({ dataframe_split: { columns: [0, 1, 2], data: rows } }),
  texts: (_, texts) => post({ dataframe_split: { columns: ["text"], data: texts.map((t) => [t]) } }),
  read: (a) => rowsOf((a.json() as { predictions: unknown[] }).predictions),
  message: (a: InjectedAnswer) => (a.json() as { message: string }).message,
};
protocolContract(wire);
protocolContract({ ...wire, name: "MLflow, dataframe_records", records: (_, rows) => post({ dataframe_records: rows }), matrix: (_, rows) => post({ dataframe_records: rows.map(([x0, x1, x2]) => ({ x0, x1, x2 })) }), texts: (_, texts) => post({ dataframe_records: texts.map((text) => ({ text })) }) });
protocolContract({ ...wire, name: "MLflow, instances", records: (_, rows) => post({ instances: rows }), matrix: (_, rows) => post({ instances: rows }), texts: (_, instances) => post({ instances }) });
protocolContract({ ...wire, name: "MLflow, inputs", records: (_, rows) => post({ inputs: rows }), matrix: (_, rows) => post({ inputs: { X: rows } }), texts: (_, inputs) => post({ inputs }) });

let app: App;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.context.models.close());
const row = { age: 45, plan: "pro", member: false };

describe("MLflow's scoring server", () => {
  it("answers its other addresses", async () => {
    for (const url of ["/ping", "/health"]) expect(await inject(app, url)).toMatchObject({ statusCode: 200, body: "\n" });
    expect((await inject(app, "/version")).body).toBe("3.18.0");
  });
  it("takes CSV, and gives chosen outputs as plain values", async () => {
    const csv = await inject(app, { method: "POST", url: "/invocations", headers: { "content-type": "text/csv; charset=utf-8" }, payload: "age,plan,member\n45,pro,False\n" });
    expect(csv.json()).toEqual({ predictions: [{ label: "yes", probabilities: { no: expect.any(Number), yes: expect.any(Number) }, score: 55 }] });
    expect((await inject(app, post({ dataframe_records: [row], params: { outputs: ["label"] } }))).json()).toEqual({ predictions: ["yes"] });
  });
  it.each([
    [{ dataframe_records: [row], instances: [row] }, 400, /"dataframe_records" and "instances"/], [{ dataframe_split: { columns: ["a"], data: [[1]], dtype: 3 } }, 400, /the key "dtype"/],
    [{ dataframe_split: { columns: ["a", "a"], data: [[1, 2]] } }, 400, /"a" twice/], [{ dataframe_split: { columns: ["a"], data: [[1, 2]] } }, 400, /row 1 of "dataframe_split" has 2 values for 1 columns/],
    [{ dataframe_split: [] }, 400, /no object/], [{ dataframe_records: row }, 400, /no list of objects/], [{ instances: [row], signature_name: "x" }, 400, /"signature_name" is not understood/],
    [{ messages: [] }, 400, /does not chat/], [{ dataframe_records: [row], params: { outputs: ["lable"] } }, 400, /no output "lable"/], [{ dataframe_records: [row], params: 3 }, 400, /"params" is no object/],
  ])("refuses %j", async (body, status, pattern) => {
    const answer = await inject(app, post(body));
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ error_code: "BAD_REQUEST", message: expect.stringMatching(pattern) });
  });
  it("says 415 of other charsets, 405 of a GET", async () => {
    expect((await inject(app, post({}, "application/json; charset=utf-16"))).statusCode).toBe(415);
    expect((await inject(app, "/invocations")).statusCode).toBe(405);
  });
  it("answers a prompt with the predictions alone", async () => {
    const text = createServer({ models: [await loadModelPackage(textModel())] });
    expect((await inject(text, post({ prompt: "Café" }))).json()).toEqual([1]);
    expect((await inject(text, post({ input: ["x", "cafe"] }))).json()).toEqual([0, 1]);
    expect((await inject(text, post({ input: [3] }))).json()).toMatchObject({ message: '"input" is no text' });
    await text.context.models.close();
  });
});
