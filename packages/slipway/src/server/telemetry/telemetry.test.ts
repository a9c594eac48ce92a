import { createServer as createHttpServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { loadModelPackage, type Model } from "../../runtime/index.ts";
import { columnsModel } from "../../runtime/testing.ts";
import { createServer } from "../index.ts";
import { inject } from "../testing.ts";
import { Call } from "../http/call.ts";
import { Logger } from "./log.ts";
import { hundredths, requestLog, rowsOf } from "./request-log.ts";
import { traceContext, traceparentOf } from "./trace-context.ts";

// eslint-disable-next-line typescript/no-explicit-any -- what was sent is what is checked
type Json = any;
let model: Model;
beforeAll(async () => {
  model = await loadModelPackage(columnsModel());
});
afterAll(() => model.close());
const row = { age: 45, plan: "pro", member: false, note: null };
const ask = (app: ReturnType<typeof createServer>, headers: Record<string, string> = {}, payload: unknown = [row, row]) => inject(app, { method: "POST", url: "/predict", headers, payload: JSON.stringify(payload) });

describe("metrics", () => {
  it("have histograms of every stage by model, version and protocol", async () => {
    const app = createServer({ models: [model] });
    await ask(app);
    await inject(app, { method: "POST", url: "/v2/models/loan/infer", payload: JSON.stringify({ inputs: [{ name: "age", datatype: "FP64", shape: [1], data: [45] }, { name: "plan", datatype: "BYTES", shape: [1], data: ["pro"] }, { name: "member", datatype: "BOOL", shape: [1], data: [true] }] }) });
    const text = (await inject(app, "/metrics")).body;
    for (const stage of ["prediction_duration_seconds", "decode_duration_seconds", "queue_duration_seconds", "compute_duration_seconds", "serialization_duration_seconds", "prediction_rows", "batch_rows"]) {
      for (const protocol of ["slipway", "oip"]) expect(text).toContain(`slipway_${stage}_count{model="loan",version="1.2.0",protocol="${protocol}"} 1\n`);
    }
    expect(text).toContain('slipway_prediction_rows_sum{model="loan",version="1.2.0",protocol="slipway"} 2\n');
    expect(text).toContain('slipway_queue_requests{model="loan",version="1.2.0"} 0\n');
    expect(text).toMatch(/slipway_prediction_rows_total\{model="loan",version="1\.2\.0"\} 3\n/);
  });
});

describe("trace context", () => {
  const given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  it("goes on with the caller's trace and decision", () => {
    const context = traceContext(given, "a=b", 0);
    expect(context).toMatchObject({ traceId: "0af7651916cd43dd8448eb211c80319c", parentId: "b7ad6b7169203331", sampled: true, state: "a=b" });
    expect(traceparentOf(context)).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    expect(traceContext(given.replace(/01$/, "00"), undefined, 1).sampled).toBe(false);
  });
  it.each(["", "x", given.toUpperCase(), given.replace("00-", "ff-"), given.replace("0af7651916cd43dd8448eb211c80319c", "0".repeat(32)), given.replace("b7ad6b7169203331", "0".repeat(16)), `${given}-more`])("starts anew after %j", (bad) => {
    expect(traceContext(bad, undefined, 1)).toMatchObject({ parentId: undefined, sampled: true });
  });
  it("takes a later version's header", () => {
    expect(traceContext(`${given.replace("00-", "01-")}-more`, undefined, 0).parentId).toBe("b7ad6b7169203331");
  });
  it("keeps about the share that it should", () => {
    const kept = Array.from({ length: 4000 }, () => traceContext(undefined, undefined, 0.25)).filter((t) => t.sampled).length;
    expect(kept).toBeGreaterThan(800);
    expect(kept).toBeLessThan(1200);
  });
});

describe("OTLP", () => {
  let collector: Server | undefined;
  afterEach(() => collector?.close());
  async function collect(status: () => number = () => 200): Promise<{ endpoint: string; got: { path: string; headers: Record<string, unknown>; body: Json }[] }> {
    const got: { path: string; headers: Record<string, unknown>; body: Json }[] = [];
    collector = createHttpServer((request, response) => {
      let text = "";
      request.on("data", (d: Buffer) => (text += d.toString()));
      request.on("end", () => {
        response.statusCode = status();
        if (response.statusCode === 200) got.push({ path: request.url!, headers: request.headers, body: JSON.parse(text) });
        response.end("{}");
      });
    });
    collector.listen(0, "127.0.0.1");
    await once(collector, "listening");
    return { endpoint: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`, got };
  }

  it("sends a request's spans, one inside the other, and the metrics", async () => {
    const { endpoint, got } = await collect();
    const app = createServer({ models: [model], options: { otlp: { endpoint, headers: { "x-team": "a" }, serviceName: "loans", metricsIntervalMs: 60_000 } } });
    await ask(app, { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" });
    await ask(app, {}, [{ age: "x" }]);
    await app.context.exporter!.close();
    const traces = got.find((g) => g.path === "/v1/traces")!;
    expect(traces.headers["x-team"]).toBe("a");
    const spans = traces.body.resourceSpans[0].scopeSpans[0].spans;
    const mine = spans.filter((s: { traceId: string }) => s.traceId === "0af7651916cd43dd8448eb211c80319c");
    expect(mine.map((s: { name: string }) => s.name)).toEqual(["POST /predict", "decode", "queue", "compute", "serialize"]);
    expect(mine[0]).toMatchObject({ kind: 2, parentSpanId: "b7ad6b7169203331", status: {} });
    for (const part of mine.slice(1)) {
      expect(part.parentSpanId).toBe(mine[0].spanId);
      expect(BigInt(part.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(mine[0].startTimeUnixNano));
      expect(BigInt(part.endTimeUnixNano)).toBeLessThanOrEqual(BigInt(mine[0].endTimeUnixNano));
    }
    expect(spans.at(-1).attributes).toContainEqual({ key: "error.type", value: { stringValue: "request-invalid" } });
    const metrics = got.find((g) => g.path === "/v1/metrics")!.body.resourceMetrics[0];
    expect(metrics.resource.attributes).toContainEqual({ key: "service.name", value: { stringValue: "loans" } });
    const duration = metrics.scopeMetrics[0].metrics.find((m: { name: string }) => m.name === "slipway_prediction_duration_seconds");
    expect(duration.unit).toBe("s");
    const [point] = duration.histogram.dataPoints;
    expect(point.bucketCounts.length).toBe(point.explicitBounds.length + 1);
    expect(point.count).toBe("1");
  });
  it("tries again where the collector asks for it, and gives up without holding anything up", async () => {
    let calls = 0;
    const { endpoint, got } = await collect(() => (++calls === 1 ? 503 : 200));
    const app = createServer({ models: [model], options: { otlp: { endpoint, metricsIntervalMs: 0 } } });
    await ask(app);
    await app.context.exporter!.close();
    expect([calls, got.length, app.context.exporter!.dropped]).toEqual([2, 1, 0]);
    const refused = await collect(() => 400);
    const other = createServer({ models: [model], options: { otlp: { endpoint: refused.endpoint, metricsIntervalMs: 0 } } });
    await ask(other);
    await other.context.exporter!.close();
    expect(other.context.exporter!.dropped).toBe(5);
  });
});

describe("the request log", () => {
  const logged = async (requestLog: object, count = 1): Promise<Record<string, unknown>[]> => {
    const lines: Record<string, unknown>[] = [];
    const app = createServer({ models: [model], options: { requestLog, log: { level: "info", write: (line) => lines.push(JSON.parse(line)) } } });
    for (let i = 0; i < count; i++) await ask(app, { "x-request-id": `r-${i}` });
    await ask(app, {}, "nonsense");
    return lines;
  };
  it("is sampled, errors always", async () => {
    const lines = await logged({ sample: 0.2 }, 300);
    const good = lines.filter((l) => l["status"] === 200).length;
    expect(good).toBeGreaterThan(25);
    expect(good).toBeLessThan(110);
    expect(lines.filter((l) => l["status"] === 400).length).toBe(1);
    expect((await logged({ sample: 0 }, 5)).length).toBe(1);
  });
  it("has rows only when asked for, without the columns that were named", async () => {
    expect((await logged({}))[0]).not.toHaveProperty("input");
    expect((await logged({ rows: 1, redact: ["age"] }))[0]!["input"]).toEqual([{ age: "[redacted]", plan: "pro", member: false, note: null }]);
  });
  it("tells times in hundredths of a millisecond, and quotes what a client may choose", () => {
    for (const ms of [0, 0.004, 0.01, 0.05, 0.1, 0.99, 0.995, 1, 1.5, 10.05, 10.1, 59_999.99, 123_456.789]) expect(Number(hundredths(ms)), String(ms)).toBe(Math.round(ms * 100) / 100);
    const lines: Record<string, unknown>[] = [];
    const log = new Logger({ level: "info", write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) });
    for (const [method, url] of [["POST", "/predict"], ['A"B', '/a"b\\c'], ["POST", "/predict"]] as const) requestLog(log, new Call({ id: "r", method, url, headers: {} }), 200);
    expect(lines.map((l) => [l["method"], l["path"]])).toEqual([["POST", "/predict"], ['A"B', '/a"b\\c'], ["POST", "/predict"]]);
  });
  it("strikes columns out of every form", () => {
    const redact = new Set(["b"]);
    const want = [{ a: 1, b: "[redacted]" }];
    expect(rowsOf({ kind: "records", records: [{ a: 1, b: 2 }] }, ["a", "b"], 5, redact)).toEqual(want);
    expect(rowsOf({ kind: "rows", rows: [[1, 2]] }, ["a", "b"], 5, redact)).toEqual(want);
    expect(rowsOf({ kind: "columns", columns: { a: [1], b: [2] } }, ["a", "b"], 5, redact)).toEqual(want);
    expect(rowsOf({ kind: "texts", texts: ["secret"] }, ["b"], 5, redact)).toEqual(["[redacted]"]);
    expect(JSON.stringify(rowsOf({ kind: "tensors", tensors: { b: { shape: [1], data: [42] } } }, [], 5, redact))).not.toContain("42");
  });
});
