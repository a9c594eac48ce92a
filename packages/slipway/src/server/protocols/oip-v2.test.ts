import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { App } from "../app.ts";
import { inject, testApp } from "../testing.ts";
import { pythonJson, protocolContract, type Row, type Wire } from "./contract.ts";

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}
const post = (model: string, inputs: readonly object[], version = "") => ({ method: "POST", url: `/v2/models/${model}${version}/infer`, payload: pythonJson({ inputs }) });
function tensors(rows: readonly Row[]): object[] {
  return [...new Set(rows.flatMap(Object.keys))].map((name) => {
    const data = rows.map((r) => r[name] ?? null);
    return { name, shape: [rows.length], datatype: name === "note" || data.some((v) => typeof v === "string") ? "BYTES" : name === "member" ? "BOOL" : "FP64", data };
  });
}
protocolContract({
  name: "Open Inference Protocol", namesModel: true, wrongType: /input "age": expected FP64 or another number type, found BYTES/,
  records: (model, rows) => post(model, tensors(rows)),
  matrix: (model, rows) => post(model, [{ name: "X", shape: [rows.length, 3], datatype: "FP64", data: rows }]),
  texts: (model, texts) => post(model, [{ name: "text", shape: [texts.length, 1], datatype: "BYTES", data: texts }]),
  version: (model, version, rows) => post(model, tensors(rows), `/versions/${version}`),
  read: (answer) => {
    const { outputs } = answer.json() as { outputs: Tensor[] };
    return Array.from({ length: outputs[0]!.shape[0]! }, (_, i) => Object.fromEntries(outputs.map(({ name, shape, data }) => [name, shape.length === 1 ? data[i] : data.slice(i * shape[1]!, (i + 1) * shape[1]!)])));
  },
  message: (answer) => (answer.json() as { error: string }).error,
} satisfies Wire);

let app: App;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.context.models.close());
const row = { age: 45, plan: "pro", member: false };
const send = (url: string, body: unknown, headers: Record<string, string> = {}) => inject(app, { method: "POST", url, payload: JSON.stringify(body), headers });

describe("generate", () => {
  it("answers one row as one JSON object, or one event", async () => {
    const answer = (await send("/v2/models/loan/generate", { id: "7", ...row, temperature: 1 })).json();
    expect(answer).toEqual({ id: "7", model_name: "loan", model_version: "1.2.0", label: "yes", probabilities: { no: expect.any(Number), yes: expect.any(Number) }, score: 55 });
    for (const body of [{ text_input: "Café" }, { text: ["cafe"] }, { prompt: "CAFE", stream: false }]) expect((await send("/v2/models/tickets/versions/1.0.0/generate", body)).json().label).toBe(1);
    const stream = await send("/v2/models/linear/generate_stream", { X: [1, 2, 3] });
    expect([stream.headers["content-type"], stream.body]).toEqual(["text/event-stream; charset=utf-8", 'data: {"model_name":"linear","model_version":"1.0.0","value":14}\n\n']);
  });
  it("refuses what is no row", async () => {
    for (const body of [[], 3, { id: 3 }, {}]) expect((await send("/v2/models/loan/generate", body)).statusCode).toBe(400);
  });
});

describe("parameters", () => {
  it("shorten the time, take a priority, and ask for classes", async () => {
    const infer = (more: object) => send("/v2/models/loan/infer", { inputs: tensors([row, { ...row, age: 3 }]), ...more });
    const late = await infer({ parameters: { timeout: 1 } });
    expect([late.statusCode, late.errorCode]).toEqual([504, "request-timeout"]);
    expect((await infer({ parameters: { timeout: 60_000_000, priority: 1 } })).statusCode).toBe(200);
    expect((await infer({ parameters: { timeout: "soon" } })).statusCode).toBe(400);
    const [classes] = (await infer({ outputs: [{ name: "probabilities", parameters: { classification: 1 } }] })).json().outputs as [Tensor & { datatype: string }];
    expect([classes.datatype, classes.shape]).toEqual(["BYTES", [2, 1]]);
    expect(classes.data.map((t) => String(t).replace(/^[\d.]+/, "v"))).toEqual(["v:1:yes", "v:0:no"]);
    expect((await infer({ outputs: [{ name: "score", parameters: { classification: 5 } }] })).json().outputs[0].data[0]).toBe("55:0");
    expect((await infer({ outputs: [{ name: "label", parameters: { classification: 1 } }] })).statusCode).toBe(400);
    expect((await infer({ outputs: [{ name: "score", parameters: { classification: -1 } }] })).statusCode).toBe(400);
  });
  it("of traces and logs are told, and set only when the server is started", async () => {
    expect((await inject(app, "/v2/models/loan/trace/setting")).json().trace_level).toEqual(["OFF"]);
    expect((await inject(app, "/v2/models/nix/trace/setting")).statusCode).toBe(404);
    expect((await inject(app, "/v2/logging")).json().log_verbose_level).toBe(0);
  });
});

describe("compression", () => {
  const many = { inputs: [{ name: "X", shape: [3000, 3], datatype: "FP64", data: Array.from({ length: 9000 }, (_, i) => i) }] };
  it("is the client's choice, for answers that are worth it", async () => {
    const plain = await send("/v2/models/linear/infer", many);
    expect(plain.headers["content-encoding"]).toBeUndefined();
    for (const [coding, open] of [["gzip", gunzipSync], ["deflate", inflateSync], ["br", brotliDecompressSync]] as const) {
      const packed = await send("/v2/models/linear/infer", many, { "accept-encoding": `identity;q=0.1, ${coding};q=0.8` });
      expect([packed.headers["content-encoding"], packed.headers["vary"]]).toEqual([coding, "accept-encoding"]);
      expect(packed.rawPayload.length).toBeLessThan(plain.rawPayload.length / 2);
      expect(open(packed.rawPayload).toString()).toBe(plain.body);
    }
    expect((await send("/v2/models/linear/infer", { inputs: [{ name: "X", shape: [1, 3], datatype: "FP64", data: [1, 2, 3] }] }, { "accept-encoding": "gzip" })).headers["content-encoding"]).toBeUndefined();
    for (const header of ["gzip;q=0", "identity", "", "zstd"]) expect((await send("/v2/models/linear/infer", many, { "accept-encoding": header })).headers["content-encoding"], header).toBeUndefined();
  });
  it("takes answers that come in pieces", async () => {
    const rows = Array.from({ length: 4500 }, (_, i) => [i, 1, 1]);
    const packed = await send("/models/linear/predict", rows, { "accept-encoding": "gzip" });
    expect(JSON.parse(gunzipSync(packed.rawPayload).toString()).predictions).toHaveLength(4500);
  });
});
