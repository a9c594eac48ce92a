// Generated clients of models of every layout: type-checked, then run against a real server; what they do when a service is
// busy, slow, gone or no service, against one that misbehaves on purpose.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { loadModelPackage, openModel, type Model } from "../runtime/index.ts";
import { startServer, type RunningServer } from "../server/index.ts";
import { generateClient, serviceModels, type ClientModel } from "./index.ts";
import { clientRows, expression, someCases } from "./testing-corpus.ts";
import { compile, newFolder } from "./testing-compile.ts";

const folder = newFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface AnyClient {
  predict(row: unknown, options?: object): Promise<Record<string, unknown>>;
  predictMany(rows: unknown, options?: object): Promise<{ predictions: Record<string, unknown>[]; predictionId: string; requestId: string; model: { digest: string } }>;
}
type Module = Record<string, new (options: unknown) => AnyClient> & { isRowError(row: object): boolean };

async function load(file: string): Promise<Module> {
  return (await import(pathToFileURL(join(folder, file)).href)) as Module;
}

describe("clients of the corpus's models", () => {
  const models: Model[] = [];
  const rows: (unknown[] | undefined)[] = [];
  let server: RunningServer;
  let module: Module;
  let described: ClientModel[];

  beforeAll(async () => {
    for (const c of someCases()) {
      const model = await loadModelPackage((await openModel(c.modelFile, { name: `m${models.length}` })).package, { placement: "inline" });
      models.push(model);
      rows.push(clientRows(c, model, 3));
    }
    server = await startServer(models, { port: 0 });
    described = await serviceModels(server.url);
    writeFileSync(join(folder, "corpus.ts"), await generateClient(described));
    module = await load("corpus.ts");
  }, 120_000);
  afterAll(() => server?.close());

  it("are the same, made from the service or from the packages", async () => {
    expect(new Set(models.map((m) => m.signature.layout))).toEqual(new Set(["columns", "matrix", "text", "tensors"]));
    expect(await generateClient(models)).toBe(await generateClient(described));
  });

  it("answer as the model does, and every row and answer is of its type", async () => {
    const lines: string[] = [];
    const types: string[] = [];
    for (const [i, model] of models.entries()) {
      const some = rows[i];
      if (some === undefined) continue;
      const client = new module[`M${i}Client`]!(server.url);
      const { predictions, model: who } = await client.predictMany(some, { onInvalid: "rows" });
      expect(who.digest).toBe(model.digest);
      const kind = typeof some[0] === "string" ? "texts" : Array.isArray(some[0]) ? "rows" : "records";
      const wanted = await model.predictInput({ kind, [kind]: some } as never, { onInvalid: "rows" });
      const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
      expect(plain(predictions)).toEqual(plain(wanted));
      types.push(`M${i}Row, M${i}Prediction`);
      lines.push(`export const r${i}: readonly M${i}Row[] = [${some.map(expression).join(", ")}];`);
      lines.push(`export const p${i}: readonly M${i}Prediction[] = [${predictions.filter((p) => !module.isRowError(p)).map(expression).join(", ")}];`);
    }
    expect(lines.length).toBeGreaterThan(100);
    writeFileSync(join(folder, "uses.ts"), `import type { ${types.join(", ")} } from "./corpus.ts";\n${lines.join("\n")}\n`);
    expect(compile(folder, ["corpus.ts", "uses.ts"], "browser")).toBe("");
    expect(compile(folder, ["corpus.ts"], "node")).toBe("");
  });
});

describe("the client of the example", () => {
  let server: RunningServer;
  let module: Module;
  const good = { contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: null, support_calls: 2, senior: false };
  beforeAll(async () => {
    const model = await loadModelPackage((await openModel("examples/churn/churn.joblib", { name: "churn" })).package);
    server = await startServer([model], { port: 0 });
    writeFileSync(join(folder, "churn.ts"), await generateClient([model]));
    module = await load("churn.ts");
  });
  afterAll(() => server?.close());

  it("does not compile what the model would refuse, nor an output that was not asked for", () => {
    writeFileSync(join(folder, "wrong.ts"), `
import { ChurnClient, isRowError, SlipwayClientError, type ChurnRow } from "./churn.ts";
const client = new ChurnClient({ url: "http://127.0.0.1:1", apiKey: async () => "k", timeoutMs: 5 });
const good: ChurnRow = { contract: "one year", internet: undefined, tenure_months: 14, monthly_charges: null, senior: false };
// @ts-expect-error a column that may not be missing
export const absent: ChurnRow = { contract: "one year" };
// @ts-expect-error a mistyped column
export const mistyped: ChurnRow = { ...good, contarct: "one year" };
// @ts-expect-error text in a number's place
export const text: ChurnRow = { ...good, tenure_months: "14" };
// @ts-expect-error null where nothing fills it
export const missing: ChurnRow = { ...good, senior: null };
// @ts-expect-error one row is not a list
void client.predict([good]);
// @ts-expect-error many rows are a list
void client.predictMany(good);
// @ts-expect-error there is no such output
void client.predict(good, { outputs: ["lable"] });
export async function use(signal: AbortSignal): Promise<number> {
  const all = await client.predict(good, { signal });
  const label: "leaves" | "stays" = all.label;
  const few = await client.predict(good, { outputs: ["label", "score"] });
  // @ts-expect-error it was not asked for
  void few.probabilities;
  const { predictions } = await client.predictMany([good, good], { onInvalid: "rows", outputs: ["probabilities"] });
  const [first] = predictions;
  if (first === undefined) return 0;
  // @ts-expect-error it may be an error
  void first.probabilities;
  try {
    return isRowError(first) ? first.error.message.length : first.probabilities.leaves + few.score + label.length;
  } catch (error) {
    if (error instanceof SlipwayClientError) return error.problems[0]?.row ?? (error.code === "overloaded" ? 1 : 2);
    throw error;
  }
}
`);
    expect(compile(folder, ["churn.ts", "wrong.ts"], "browser")).toBe("");
  });

  it("chooses outputs, takes bad rows for themselves, and tells what is wrong by code, row and column", async () => {
    const client = new module["ChurnClient"]!({ url: `${server.url}/` });
    expect(await client.predict(good, { outputs: ["label"] })).toEqual({ label: "stays" });
    const answer = await client.predictMany([good, { ...good, senior: "x" }], { onInvalid: "rows", requestId: "mine-1" });
    expect(answer.requestId).toBe("mine-1");
    expect(answer.predictions.map((p) => module.isRowError(p))).toEqual([false, true]);
    await expect(client.predictMany([good, { ...good, senior: "x" }])).rejects.toMatchObject({ name: "SlipwayClientError", code: "request-invalid", status: 400, problems: [{ row: 1, column: "senior" }] });
    await expect(new module["ChurnClient"]!({ url: server.url, version: "9.9.9" }).predict(good)).rejects.toMatchObject({ status: 404 });
    await expect(client.predict({ ...good, tenure_months: Infinity })).rejects.toMatchObject({ code: "request-invalid", problems: [{ found: "Infinity" }] });
  });

  describe("when a service misbehaves", () => {
    let bad: Server | undefined;
    afterEach(() => {
      bad?.closeAllConnections();
      bad?.close();
    });
    const seen: IncomingMessage[] = [];
    const start = async (answer: (n: number, response: ServerResponse) => void, options: object = {}): Promise<AnyClient> => {
      seen.length = 0;
      bad = createServer((request, response) => {
        seen.push(request);
        request.resume().on("end", () => answer(seen.length, response));
      });
      await new Promise<void>((resolve) => bad!.listen(0, "127.0.0.1", resolve));
      return new module["ChurnClient"]!({ url: `http://127.0.0.1:${(bad.address() as AddressInfo).port}`, ...options });
    };
    const ok = (response: ServerResponse): void => void response.end(JSON.stringify({ predictions: [{ label: "stays", score: null }], model: { name: "churn", version: "0.0.0", digest: "d" }, prediction_id: "p" }));
    const busy = (response: ServerResponse, status: number, wait: string): void => void response.writeHead(status, { "retry-after": wait }).end('{"error": {"code": "overloaded", "message": "busy"}}');

    it("tries again after 429 and 503, with one request id and the key, and reads null of a number as NaN", async () => {
      const client = await start((n, response) => (n < 3 ? busy(response, n === 1 ? 429 : 503, "0") : ok(response)), { apiKey: () => Promise.resolve("secret"), headers: { "x-team": "a" } });
      expect(await client.predict(good)).toEqual({ label: "stays", score: NaN });
      expect(seen.map((r) => r.headers.authorization)).toEqual(Array(3).fill("Bearer secret"));
      expect(new Set(seen.map((r) => r.headers["x-request-id"])).size).toBe(1);
      expect(seen[0]!.headers["x-team"]).toBe("a");
    });
    it("honours Retry-After, and does not wait for an hour", async () => {
      const client = await start((_, response) => busy(response, 429, "3600"));
      await expect(client.predict(good)).rejects.toMatchObject({ code: "overloaded", status: 429, retryAfterMs: 3_600_000 });
      expect(seen).toHaveLength(1);
    });
    it("gives up after its tries, and never tries what cannot succeed again", async () => {
      const client = await start((_, response) => busy(response, 503, "0"), { retries: 1 });
      await expect(client.predict(good)).rejects.toMatchObject({ code: "overloaded", status: 503 });
      expect(seen).toHaveLength(2);
      const refused = await start((_, response) => void response.writeHead(400).end('{"error": {"code": "request-invalid", "message": "no"}}'));
      await expect(refused.predict(good)).rejects.toMatchObject({ code: "request-invalid" });
      expect(seen).toHaveLength(1);
    });
    it("ends at its time, also between two tries, and when it is aborted", async () => {
      const silent = await start(() => undefined, { timeoutMs: 50 });
      await expect(silent.predict(good)).rejects.toMatchObject({ code: "client-timeout" });
      const waiting = await start((_, response) => busy(response, 503, "5"), { timeoutMs: 50 });
      await expect(waiting.predict(good)).rejects.toMatchObject({ code: "client-timeout" });
      const stop = new AbortController();
      const aborted = (await start(() => stop.abort(new Error("enough")))).predict(good, { signal: stop.signal });
      await expect(aborted).rejects.toMatchObject({ code: "client-aborted", cause: { message: "enough" } });
      await expect((await start((_, r) => ok(r))).predict(good, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "client-aborted" });
      expect(seen).toHaveLength(0);
    });
    it("tells a page and a dead address from an answer", async () => {
      await expect((await start((_, response) => void response.end("<html>"))).predict(good)).rejects.toMatchObject({ code: "client-answer", status: 200 });
      await expect((await start((_, response) => void response.writeHead(502).end("<html>bad gateway"))).predict(good)).rejects.toMatchObject({ code: "client-answer", status: 502 });
      await expect((await start((_, response) => void response.socket!.destroy(), { retries: 1 })).predict(good)).rejects.toMatchObject({ code: "client-network" });
      expect(seen).toHaveLength(2);
    });
  });
});

describe("a service that tells of its models", () => {
  it("is told from what is none", async () => {
    const answers: Record<string, [number, string]> = { "/a/models": [200, "<html>"], "/b/models": [401, "{}"], "/c/models": [200, '{"models": [{"name": 1}]}'], "/d/models": [200, '{"models": [{"name": "x"}]}'], "/d/models/x?format=json": [200, '{"version": "1", "digest": "d", "signature": {"layout": "columns"}}'] };
    const server = createServer((request, response) => {
      const [status, text] = answers[request.url!] ?? [404, "{}"];
      response.writeHead(status).end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(serviceModels(`${url}/a`)).rejects.toMatchObject({ code: "service-answer" });
    await expect(serviceModels(`${url}/b`)).rejects.toMatchObject({ code: "service-refused", hint: expect.stringContaining("--api-key") });
    await expect(serviceModels(`${url}/c`)).rejects.toMatchObject({ code: "service-answer" });
    await expect(serviceModels(`${url}/d`)).rejects.toMatchObject({ code: "package-signature" });
    server.close();
    await expect(serviceModels("http://127.0.0.1:1")).rejects.toMatchObject({ code: "service-unreachable" });
  });
});

describe("answers that are JSON", () => {
  it("have the types of what they hold", async () => {
    const output = { name: "detections", graphName: "detections", kind: "value", type: "string", rowShape: [], json: true } as const;
    const signature = { layout: "tensors", tensorRows: "independent", columns: [], extraColumns: "refused", tensors: [{ name: "x", type: "float", shape: [-1, 3, 8, 8] }], outputs: [output] };
    const task = { kind: "detection", units: "pixels", labels: ["cat"], score: 0.5, least: 0, most: 10 };
    const models = [{ name: "finder", signature: { ...signature, task } }, { name: "other", signature }].map((m) => ({ ...m, version: "1.0.0", digest: "sha256:0" }) as unknown as ClientModel);
    writeFileSync(join(folder, "detector.ts"), await generateClient(models));
    writeFileSync(join(folder, "finds.ts"), `import type { FinderPrediction, OtherPrediction } from "./detector.ts";
export const one: FinderPrediction = { detections: [{ box: [0, 1, 2.5, 3], label: "cat", score: 0.75 }] };
export const label: string | undefined = one.detections[0]?.label;
// @ts-expect-error a box has four numbers
export const flat: FinderPrediction = { detections: [{ box: [0, 1, 2.5], label: "cat", score: 0.75 }] };
// @ts-expect-error it is no text
export const text: FinderPrediction = { detections: "[]" };
export const any: OtherPrediction = { detections: { anything: 1 } };
`);
    expect(compile(folder, ["detector.ts", "finds.ts"], "browser")).toBe("");
  });
});

describe("names that no program would choose", () => {
  it("stay names", async () => {
    const hostile = ["*/ globalThis.broken = 1; /*", "__proto__", "constructor", "a\nb", "\u2028globalThis.broken = 1", '"]; globalThis.broken = 1; //', "`${globalThis.broken = 1}`", "\\", "'", "", "@ts-ignore", "\u202eevil", "class", "1", "\ud800"];
    const column = (name: string, more: object = {}) => ({ name, type: "string", used: true, missing: "refused", missingReason: name, infinite: "refused", categories: hostile, unknown: "refused", ...more }) as const;
    const output = { name: "*/ x", graphName: "o", kind: "label", type: "string", rowShape: [], classes: hostile } as const;
    const scores = { name: "__proto__", graphName: "s", kind: "score", type: "double", rowShape: [hostile.length - 1], columns: hostile.filter((h) => h !== "__proto__") } as const;
    const signature = { layout: "columns", columns: hostile.map((n) => column(n)), extraColumns: "refused", outputs: [output, scores] } as const;
    const models = ["a-b", "a.b", "A_b", "Answer", "1model", "class", "---", "SlipwayError", "Model"].map((name) => ({ name, version: "1.0.0", digest: "*/ globalThis.broken = 1", signature }) as unknown as ClientModel);
    models.push({ ...models[0]!, signature: { ...signature, layout: "matrix" } as never }, { ...models[0]!, name: "*/ globalThis.broken = 1; /*", signature: { ...signature, layout: "tensors", tensorRows: "independent", columns: [], tensors: hostile.map((name) => ({ name, type: "float", shape: [-1, name, 3] })) } as never });
    writeFileSync(join(folder, "hostile.ts"), await generateClient(models));
    expect(compile(folder, ["hostile.ts"], "browser")).toBe("");
    const module = await load("hostile.ts");
    expect(Object.keys(module).filter((n) => n.endsWith("Client") && n !== "ModelClient")).toHaveLength(models.length);
    expect((globalThis as { broken?: number }).broken).toBeUndefined();
  });
});
