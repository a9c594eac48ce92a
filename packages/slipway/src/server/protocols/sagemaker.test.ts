import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createServer, type App } from "../app.ts";
import { writePackage } from "../models/testing-packages.ts";
import { inject, testApp, type InjectedAnswer } from "../testing.ts";
import { protocolContract, pythonJson, rowsOf, type Row, type Wire } from "./contract.ts";

const LINES = "application/jsonlines";
const lines = (rows: readonly unknown[], url = "/invocations") => ({ method: "POST", url, headers: { "content-type": LINES, accept: LINES }, payload: rows.map(pythonJson).join("\n") });
const message = (a: InjectedAnswer): string => (a.json() as { message: string }).message;
const readLines = (a: InjectedAnswer): unknown[] => a.body.trimEnd().split("\n").map((line) => JSON.parse(line) as unknown);
protocolContract({
  name: "SageMaker, JSON lines", namesModel: false,
  records: (_, rows) => lines(rows), matrix: (_, rows) => lines(rows.map((features) => ({ features }))), texts: (_, texts) => lines(texts),
  read: (a) => rowsOf(readLines(a)), message,
} satisfies Wire);

const field = (v: unknown): string => (v === null || v === undefined ? "" : typeof v === "string" ? `"${v}"` : String(v));
const csv = (rows: readonly (readonly unknown[])[]) => ({ method: "POST", url: "/invocations", headers: { "content-type": "text/csv", accept: "text/csv" }, payload: rows.map((r) => r.map(field).join(",")).join("\n") });
const recordsCsv = (rows: readonly Row[]) => {
  const names = [...new Set(rows.flatMap(Object.keys))];
  return csv([names, ...rows.map((r) => names.map((n) => r[n]))]);
};
protocolContract({
  name: "SageMaker, CSV", namesModel: false, missingForms: [null, NaN, ""], missing: NaN,
  records: (_, rows) => recordsCsv(rows), matrix: (_, rows) => csv(rows), texts: (_, texts) => csv([["text"], ...texts.map((t) => [t])]),
  read: (a) => a.body.trimEnd().split("\r\n").map((line) => {
    const f = line.split(",");
    return f.length === 1 ? { value: Number(f[0]), label: f[0] } : { label: f[0], probabilities: [Number(f[1]), Number(f[2])], score: Number(f[3]) };
  }),
  message,
} satisfies Wire);

let app: App;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.context.models.close());
const ask = (payload: string | Buffer, type: string, more: Record<string, string> = {}, url = "/invocations") => inject(app, { method: "POST", url, headers: { "content-type": type, ...more }, payload });

describe("SageMaker's container", () => {
  it("takes CSV without a header line, as batch transform sends it", async () => {
    const answer = await ask("45,pro,False,,\n3,basic,True,,\n", "text/csv", { accept: "text/csv" });
    expect(answer.headers["content-type"]).toBe("text/csv; charset=utf-8; header=absent");
    expect(answer.body.split("\r\n").map((l) => l.split(",")[0])).toEqual(["yes", "yes", ""]);
    expect((await ask("45,pro,False,,\n", "text/csv", { accept: "text/csv;header=present" })).body).toMatch(/^label,probabilities\.no,probabilities\.yes,score\r\nyes,/);
    expect((await ask("1,2\n", "text/csv", { accept: "text/csv" })).statusCode).toBe(400);
  });
  it("honours Accept by its weights, takes plain text, echoes custom attributes and finds the target model", async () => {
    const json = '{"age":45,"plan":"pro","member":false}';
    expect((await ask(json, "application/json", { accept: "text/csv;q=0.5, application/x-jsonlines" })).headers["content-type"]).toBe("application/x-jsonlines");
    expect((await ask(json, "application/json", { accept: "*/*" })).json().predictions[0].label).toBe("yes");
    const attributes = await ask(json, "application/json", { "x-amzn-sagemaker-custom-attributes": "trace=7" });
    expect(attributes.headers["x-amzn-sagemaker-custom-attributes"]).toBe("trace=7");
    expect((await ask("Café", "text/plain", { "x-amzn-sagemaker-target-model": "tickets.tar.gz" })).json()).toEqual({ predictions: [1] });
    expect((await ask("[[1,2,3]]", "application/json", { "x-amzn-sagemaker-target-model": "/nix" })).statusCode).toBe(404);
  });
  it("takes Triton's binary type and the Open Inference Protocol's JSON", async () => {
    const head = Buffer.from(JSON.stringify({ inputs: [{ name: "X", datatype: "FP64", shape: [1, 3], parameters: { binary_data_size: 24 } }], parameters: { binary_data_output: true } }));
    const body = Buffer.concat([head, Buffer.from(Float64Array.of(1, 2, 3).buffer)]);
    const answer = await ask(body, `application/vnd.sagemaker-triton.binary+json;json-header-size=${head.length}`, {}, "/models/linear/invoke");
    const [, size] = /^application\/vnd\.sagemaker-triton\.binary\+json;json-header-size=(\d+)$/.exec(answer.headers["content-type"]!)!;
    expect(answer.rawPayload.readDoubleLE(Number(size))).toBe(14);
    const json = await ask(JSON.stringify({ inputs: [{ name: "X", datatype: "FP64", shape: [1, 3], data: [1, 2, 3] }] }), "application/json", {}, "/models/linear/invoke");
    expect(json.json().outputs[0].data).toEqual([14]);
  });
  it("invokes models by name and tells its limits", async () => {
    expect((await ask("[[1,2,3]]", "application/json", {}, "/models/linear/invoke")).json()).toEqual({ predictions: [14] });
    expect((await ask("[[1,2,3]]", "application/json", {}, "/models/nix/invoke")).statusCode).toBe(404);
    expect((await inject(app, "/execution-parameters")).json()).toEqual({ MaxConcurrentTransforms: expect.any(Number), BatchStrategy: "MULTI_RECORD", MaxPayloadInMB: 64 });
    const { models } = (await inject(app, "/models")).json();
    expect(models[0]).toMatchObject({ name: "loan", modelName: "loan", modelUrl: expect.stringContaining("sha256:") });
    expect((await inject(app, "/models/loan")).json()).toMatchObject({ modelName: "loan" });
  });
});

describe("multi-model endpoints", () => {
  it("load what is below their folder, once, and unload it", async () => {
    const root = mkdtempSync(join(tmpdir(), "slipway-mme-"));
    await writePackage(join(root, "abc", "model", "m.slip"), { name: "other", factor: 2 });
    symlinkSync("/etc", join(root, "etc"));
    mkdirSync(join(root, "two"));
    for (const name of ["a", "b"]) writeFileSync(join(root, "two", name), "x");
    const multi = createServer({ models: [], options: { multiModelRoot: root, auth: { anonymous: "admin", administration: "any-port" } } });
    const load = async (body: unknown) => inject(multi, { method: "POST", url: "/models", payload: JSON.stringify(body), headers: { host: "localhost" } });
    try {
      const first = await load({ model_name: "m1", url: join(root, "abc", "model") });
      expect(first.statusCode, first.body).toBe(200);
      expect((await load({ model_name: "m1", url: join(root, "abc", "model") })).statusCode).toBe(409);
      expect((await inject(multi, { method: "POST", url: "/models/m1/invoke", headers: { "content-type": "application/json" }, payload: "[[1,2,3]]" })).json()).toEqual({ predictions: [28] });
      expect((await inject(multi, "/models")).json().models[0]).toMatchObject({ modelName: "m1" });
      for (const url of ["/etc/passwd", join(root, "etc", "passwd"), join(root, "..", "x"), root, join(root, "two"), "s3://bucket/m"]) {
        const answer = await load({ model_name: "m2", url });
        expect([answer.statusCode, answer.errorCode], url).toEqual([400, "load-invalid"]);
      }
      expect((await load({ model_name: "../x", url: root })).statusCode).toBe(400);
      expect((await inject(multi, { method: "DELETE", url: "/models/m1" })).json()).toEqual({ modelName: "m1" });
      expect((await inject(multi, { method: "DELETE", url: "/models/m1" })).statusCode).toBe(404);
      expect((await load({ model_name: "m1", url: join(root, "abc", "model") })).statusCode).toBe(200);
    } finally {
      await multi.context.models.close();
      rmSync(root, { recursive: true });
    }
  });
});
