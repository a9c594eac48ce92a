import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { App } from "../app.ts";
import { inject, testApp, type InjectedAnswer } from "../testing.ts";
import { protocolContract, pythonJson, rowsOf, type Row, type Wire } from "./contract.ts";

const post = (body: unknown, headers: Record<string, string> = {}) => ({ method: "POST", url: "/score", headers: { "content-type": "application/json", ...headers }, payload: pythonJson(body) });
const message = (a: InjectedAnswer): string => (a.json() as { message: string }).message;
const split = (rows: readonly Row[]) => {
  const columns = [...new Set(rows.flatMap(Object.keys))];
  return { columns, index: rows.map((_, i) => i), data: rows.map((r) => columns.map((c) => r[c] ?? null)) };
};
const wire: Wire = {
  name: "Azure ML, input_data", namesModel: false, message,
  records: (_, rows) => post({ input_data: split(rows) }), matrix: (_, rows) => post({ input_data: { columns: [0, 1, 2], data: rows } }), texts: (_, texts) => post({ input_data: texts }),
  read: (a) => rowsOf(a.json() as unknown[]),
};
const inData = (_: string, data: readonly unknown[]) => post({ data });
const inInputs = (_: string, data: readonly unknown[]) => post({ Inputs: { data }, GlobalParameters: {} });
protocolContract(wire);
protocolContract({ ...wire, name: "Azure ML, data", records: inData, matrix: inData, texts: inData });
protocolContract({ ...wire, name: "Azure ML, Inputs", records: inInputs, matrix: inInputs, texts: inInputs, read: (a) => rowsOf((a.json() as { Results: unknown[] }).Results) });

let app: App;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.context.models.close());
const row = { age: 45, plan: "pro", member: false };

describe("Azure ML's inference server", () => {
  it("says Healthy, and gives browsers the page", async () => {
    expect((await inject(app, "/")).body).toBe("Healthy");
    expect((await inject(app, { url: "/", headers: { accept: "text/html,*/*" } })).body).toMatch(/^<!doctype html>/);
  });
  it("scores by GET and any form of rows, and answers OPTIONS", async () => {
    expect((await inject(app, "/score?age=45&plan=pro&member=false")).json()).toEqual([{ label: "yes", probabilities: { no: expect.any(Number), yes: expect.any(Number) }, score: 55 }]);
    expect((await inject(app, post([row]))).json()[0].label).toBe("yes");
    expect((await inject(app, { method: "OPTIONS", url: "/score" })).headers["allow"]).toBe("GET, OPTIONS, POST");
    expect((await inject(app, "/score?age=45")).json().message).toMatch(/missing columns: plan, member/);
    expect((await inject(app, post({ input_data: [row], params: { outputs: "label" } }))).json()).toEqual(["yes"]);
  });
  it("sends back the client's ids, refuses long ones, and tells the time it took", async () => {
    const { headers } = await inject(app, post([row], { "x-ms-client-request-id": "c-1", "x-request-id": "r-1" }));
    expect(headers).toMatchObject({ "x-ms-client-request-id": "c-1", "x-request-id": "r-1", "x-ms-run-function-failed": "false", "x-ms-run-fn-exec-ms": expect.stringMatching(/^\d+\.\d{3}$/) });
    const long = await inject(app, post([row], { "x-ms-client-request-id": "x".repeat(101) }));
    expect([long.statusCode, message(long)]).toEqual([431, expect.stringContaining("101 characters")]);
  });
  it("describes itself in both versions", async () => {
    for (const version of ["2", "3"]) {
      const document = (await inject(app, `/swagger.json?version=${version}`)).json();
      expect(await new Validator().validate(document)).toEqual({ valid: true });
    }
    expect((await inject(app, "/swagger.json")).json().swagger).toBe("2.0");
    expect((await inject(app, "/swagger.json?version=4")).statusCode).toBe(400);
  });
});
