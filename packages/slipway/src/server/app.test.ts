import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModelPackage, runtimeError, type Servable } from "../runtime/index.ts";
import { columnsModel, matrixModel, textModel } from "../runtime/testing.ts";
import { createServer, type App } from "./index.ts";
import { inject } from "./testing.ts";

let app: App;
const lines: Record<string, unknown>[] = [];
beforeAll(async () => {
  const models = await Promise.all([columnsModel(), matrixModel(), textModel()].map((s) => loadModelPackage(s)));
  app = createServer({ models, options: { bodyLimit: 100_000, loopbackOnly: true, log: { level: "debug", write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) } } });
});
afterAll(async () => {
  await Promise.all(app.context.models.all.map((m) => m.close()));
});

async function post(url: string, payload: unknown, headers: Record<string, string> = { "content-type": "application/json" }) {
  const answer = await inject(app, { method: "POST", url, headers, payload: typeof payload === "string" || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload) });
  return { status: answer.statusCode, body: answer.json(), headers: answer.headers };
}
const row = { age: 45, plan: "pro", member: false, note: null };

describe("POST /predict", () => {
  it("answers with every output, the model and a prediction id", async () => {
    const { status, body } = await post("/predict", row);
    expect(status).toBe(200);
    expect(body).toEqual({
      predictions: [{ label: "yes", probabilities: { no: expect.any(Number), yes: expect.any(Number) }, score: 55 }],
      model: { name: "loan", version: "1.2.0", digest: `sha256:${"ab".repeat(32)}` },
      prediction_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });
  it("takes records, columns, rows, CSV, a form's content type and none at all", async () => {
    const want = [{ score: 55 }];
    const ask = async (payload: unknown, headers?: Record<string, string>): Promise<unknown> => (await post("/predict?outputs=score", payload, headers)).body.predictions;
    expect(await ask([row])).toEqual(want);
    expect(await ask({ records: [row] })).toEqual(want);
    expect(await ask({ columns: { age: [45], plan: ["pro"], member: [false] } })).toEqual(want);
    expect(await ask({ age: [45], plan: ["pro"], member: [false] })).toEqual(want);
    expect(await ask("plan;age;member\npro;45;False\n", { "content-type": "text/csv" })).toEqual(want);
    expect(await ask(JSON.stringify(row), { "content-type": "application/x-www-form-urlencoded" })).toEqual(want);
    expect(await ask(JSON.stringify(row), {})).toEqual(want);
    expect((await post("/models/linear/predict", [[1, 2, 3]])).body.predictions).toEqual([{ value: 14 }]);
    expect((await post("/models/tickets/predict", '"Café"')).body.predictions).toEqual([{ label: 1 }]);
    expect((await post("/models/tickets/predict", "Café", { "content-type": "text/plain" })).body.predictions).toEqual([{ label: 1 }]);
  });
  it("takes bare NaN and answers null", async () => {
    const { body } = await post("/predict?outputs=score", '[{"age": NaN, "plan": "pro", "member": 1}]');
    expect(body.predictions).toEqual([{ score: null }]);
  });
  it("takes compressed bodies and refuses bombs", async () => {
    const zipped = await post("/predict?outputs=score", gzipSync(JSON.stringify(row)), { "content-encoding": "gzip" });
    expect(zipped.body.predictions).toEqual([{ score: 55 }]);
    const bomb = await post("/predict", gzipSync(Buffer.alloc(200_000, 32)), { "content-encoding": "gzip" });
    expect([bomb.status, bomb.body.error.code]).toEqual([413, "body-too-large"]);
    expect((await post("/predict", "x", { "content-encoding": "zip" })).status).toBe(415);
    expect((await post("/predict", "xx", { "content-encoding": "gzip" })).body.error.code).toBe("body-damaged");
  });
  it("answers large requests piece by piece, equal to small ones", async () => {
    const { body } = await post("/predict?outputs=score", { columns: { age: Array.from({ length: 5000 }, (_, i) => i), plan: Array(5000).fill("basic"), member: Array(5000).fill(true) } });
    expect(body.predictions.length).toBe(5000);
    expect(body.predictions[4999]).toEqual({ score: 5099 });
    expect(body.prediction_id).toMatch(/-/);
  });
});

describe("errors", () => {
  it("name row and column, say what was expected, and show a valid request", async () => {
    const { status, body } = await post("/predict", [row, { ...row, age: "45", plan: "por" }]);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({
      code: "request-invalid", where: 'row 2, column "age"',
      data: {
        problems: [
          { row: 1, column: "age", expected: "a number or null", found: 'text "45"' },
          { row: 1, column: "plan", expected: 'one of "basic", "pro"', found: 'text "por"' },
        ],
        problem_count: 2, bad_rows: 1,
      },
    });
    expect(body.error.message).toContain("send it without quotes");
    const again = await post("/predict", body.error.data.example);
    expect(again.status).toBe(200);
  });
  it.each([
    ["{", "request-json"], ["", "request-json"], ["3", "request-shape"], ["[]", "request-shape"], ["null", "request-shape"],
    ['{"records": 3}', "request-shape"], ['{"records": [], "x": 1}', "request-shape"], ['{"columns": {"age": 3}}', "request-shape"],
    ['{"age":[1,2],"plan":["pro"]}', "request-shape"], ['["a"]', "request-invalid"], ["\ufeff[1,]", "request-json"],
  ])("%s is %s", async (payload, code) => {
    const { status, body } = await post("/predict", payload);
    expect(body.error.code).toBe(code);
    expect(status).toBe(400);
  });
  it("refuse deep nesting before it costs anything", async () => {
    expect((await post("/predict", "[".repeat(5000))).body.error.code).toBe("request-limit");
    expect((await post("/predict", `${"[".repeat(500)}${"]".repeat(500)}`)).status).toBe(400);
  });
  it("lists every missing column at once", async () => {
    const { body } = await post("/predict", [{ age: 3, plam: "pro" }]);
    expect(body.error.data.missing_columns).toEqual(["plan", "member"]);
    expect(body.error.message).toContain('plan ("plam" is not known; was it meant?)');
  });
  it("answers unknown addresses, methods, models, types and sizes in JSON with a hint", async () => {
    const get = async (method: "GET" | "PUT", url: string): Promise<[number, string]> => {
      const a = await inject(app, { method, url });
      return [a.statusCode, a.json().error.code];
    };
    expect(await get("GET", "/predictt")).toEqual([404, "route-unknown"]);
    expect(await get("GET", "/api/v1/rollouts")).toEqual([501, "not-offered"]);
    expect(await get("GET", "/api/v1/models")).toEqual([404, "route-unknown"]);
    expect(await get("GET", "/predict")).toEqual([405, "method-not-allowed"]);
    expect(await get("PUT", "/models/loan/predict")).toEqual([405, "method-not-allowed"]);
    expect(await get("GET", "/models/loam")).toEqual([404, "model-unknown"]);
    expect((await inject(app, { method: "GET", url: "/predict" })).headers["allow"]).toBe("POST");
    expect((await post("/predict", "x", { "content-type": "video/mp4" })).body.error.code).toBe("content-type-unsupported");
    const large = await post("/predict", "x".repeat(100_001));
    expect([large.status, large.body.error.code]).toEqual([413, "body-too-large"]);
    expect((await post("/predict", Buffer.from([0x22, 0xff, 0x22]))).body.error.code).toBe("body-damaged");
    expect((await post("/predict?on_invalid=maybe", row)).status).toBe(400);
    expect(await get("GET", "/%E0%A4%A")).toEqual([400, "request-malformed"]);
  });
  it("refuses foreign host names on loopback", async () => {
    const answer = await inject(app, { url: "/models", headers: { host: "evil.example:8080" } });
    expect([answer.statusCode, answer.json().error.code]).toEqual([403, "host-refused"]);
    expect((await inject(app, { url: "/models", headers: { host: "[::1]:8080" } })).statusCode).toBe(200);
  });
});

describe("a full queue", () => {
  it("refuses before it looks at what was sent, with the time to come back", async () => {
    const { manifest: { name, version }, digest, signature } = matrixModel();
    const never = (): never => {
      throw new Error("not asked");
    };
    const full: Servable = { name, version, digest, signature, busy: true, encode: never, run: never, selectOutputs: never, close: () => Promise.resolve(), admit: () => { throw runtimeError("overloaded", "full", { data: { retryAfterMs: 2500 } }); } };
    const busy = createServer({ models: [full] });
    const answer = await inject(busy, { method: "POST", url: "/predict", payload: "{ this is no JSON" });
    expect([answer.statusCode, answer.headers["retry-after"], answer.json().error.code]).toEqual([429, "3", "overloaded"]);
  });
});

describe("around it", () => {
  it("tells which models there are", async () => {
    expect((await inject(app, "/models")).json().models.map((m: { name: string }) => m.name)).toEqual(["loan", "linear", "tickets"]);
    expect((await inject(app, "/models/loan")).json().signature.layout).toBe("columns");
    expect((await inject(app, "/health/live")).statusCode).toBe(200);
    expect((await inject(app, "/health/ready")).json().status).toBe("ready");
  });
  it("echoes a sane request id and logs one line a request", async () => {
    lines.length = 0;
    const { headers } = await post("/predict", row, { "x-request-id": "abc-1" });
    expect(headers["x-request-id"]).toBe("abc-1");
    expect(lines.at(-1)).toMatchObject({ level: "info", msg: "request", request_id: "abc-1", status: 200, model: "loan", rows: 1 });
    expect((await post("/predict", row, { "x-request-id": "a b\n" })).headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  });
  it("counts requests, rows and errors", async () => {
    const text = (await inject(app, "/metrics")).body;
    expect(text).toMatch(/slipway_prediction_rows_total\{model="loan",version="1\.2\.0"\} [1-9]\d*/);
    expect(text).toMatch(/slipway_errors_total\{code="request-invalid"\} [1-9]/);
    expect(text).toMatch(/slipway_http_request_duration_seconds_bucket\{method="POST",route="\/predict",status="200",le="\+Inf"\} [1-9]/);
    for (const line of text.trim().split("\n")) expect(line).toMatch(/^(?:# (?:HELP|TYPE) [a-z_0-9]+ .+|[a-z_0-9]+(?:\{(?:[a-z]+="(?:[^"\\]|\\.)*",?)*\})? (?:[-+.\de]+|NaN))$/);
  });
});
