import { once } from "node:events";
import { constants, type ClientHttp2Session } from "node:http2";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { loadModelPackage } from "../../runtime/index.ts";
import { columnsModel, matrixModel, textModel } from "../../runtime/testing.ts";
import { startServer, type RunningServer } from "../index.ts";
import { PREFIX } from "./frames.ts";
import { ModelInferRequest, ModelInferResponse, ModelReadyResponse, ModelStreamInferResponse, nameAndVersion } from "./oip/messages.ts";
import { one, message, type Draft } from "./protobuf/schema.ts";
import { callGrpc, connectGrpc, frameOf, openCall, outcomeOf, type GrpcOutcome } from "./testing.ts";

const INFER = "/inference.GRPCInferenceService/ModelInfer";
const STREAM = "/inference.GRPCInferenceService/ModelStreamInfer";
const TYPES = [ModelInferRequest, ModelInferResponse] as const;
const HealthRequest = message<{ readonly service: string }>("grpc.health.v1.HealthCheckRequest", { service: one(1, "string") });
const HealthResponse = message<{ readonly status: number }>("grpc.health.v1.HealthCheckResponse", { status: one(1, "int32") });

let server: RunningServer;
let session: ClientHttp2Session;
const LIMIT = 200_000;
beforeAll(async () => {
  server = await startServer(await Promise.all([columnsModel(), matrixModel(), textModel()].map((s) => loadModelPackage(s))), { port: 0, bodyLimit: LIMIT });
  session = connectGrpc(server.url);
});
afterAll(async () => {
  session.destroy();
  await server.close();
});

const infer = (request: Draft<ModelInferRequest>, headers?: Record<string, string>): Promise<GrpcOutcome<ModelInferResponse>> => callGrpc(session, INFER, TYPES, request, headers);
const matrix = (values: readonly number[], extra: Draft<ModelInferRequest> = {}): Draft<ModelInferRequest> => ({
  model_name: "linear", inputs: [{ name: "X", datatype: "FP64", shape: [values.length / 3, 3], contents: { fp64_contents: values } }], ...extra });
const floats = (bytes: Uint8Array | undefined): number[] => Array.from(new Float64Array(new Uint8Array(bytes!).buffer));
const bytes = (text: string): Buffer => Buffer.from(text);
function byteStrings(blob: Uint8Array): string[] {
  const out: string[] = [];
  const b = Buffer.from(blob);
  for (let at = 0; at < b.length;) {
    const length = b.readUInt32LE(at);
    out.push(b.toString("utf8", at + 4, at + 4 + length));
    at += 4 + length;
  }
  return out;
}

describe("ModelInfer", () => {
  it("answers a matrix, typed or raw, always with raw contents", async () => {
    const typed = await infer(matrix([1, 2, 3, 1, 1, 1], { id: "seven" }));
    expect(typed).toMatchObject({ status: 0, responses: [{ model_name: "linear", model_version: "1.0.0", id: "seven", outputs: [{ name: "value", datatype: "FP64", contents: undefined }] }] });
    expect([Array.from(typed.responses[0]!.outputs[0]!.shape), floats(typed.responses[0]!.raw_output_contents[0])]).toEqual([[2], [14, 6]]);
    const raw = await infer({ model_name: "linear", inputs: [{ name: "X", datatype: "FP32", shape: [1, 3] }], raw_input_contents: [Buffer.from(Float32Array.of(1, 2, 3).buffer)] });
    expect(floats(raw.responses[0]!.raw_output_contents[0])).toEqual([14]);
    expect(typed.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  });
  const loan = (extra: Draft<ModelInferRequest> = {}): Draft<ModelInferRequest> => ({
    model_name: "loan",
    inputs: [
      { name: "age", datatype: "INT64", shape: [2], contents: { int64_contents: [45, 10] } },
      { name: "plan", datatype: "BYTES", shape: [2, 1], contents: { bytes_contents: [bytes("pro"), bytes("basic")] } },
      { name: "member", datatype: "BOOL", shape: [2, 1], contents: { bool_contents: [false, true] } },
    ], ...extra });
  it("answers named columns, with outputs in the order asked for", async () => {
    const all = await infer(loan());
    expect(all.responses[0]!.outputs.map((o) => [o.name, o.datatype, Array.from(o.shape)])).toEqual([["label", "BYTES", [2]], ["probabilities", "FP64", [2, 2]], ["score", "FP64", [2]]]);
    const some = await infer(loan({ outputs: [{ name: "score" }, { name: "label" }] }));
    expect(some.responses[0]!.outputs.map((o) => o.name)).toEqual(["score", "label"]);
    expect([floats(some.responses[0]!.raw_output_contents[0]), byteStrings(some.responses[0]!.raw_output_contents[1]!)]).toEqual([[55, 110], ["yes", "yes"]]);
  });
  it("gives the highest values as classes", async () => {
    const { responses: [answer] } = await infer(loan({ outputs: [{ name: "probabilities", parameters: new Map([["classification", { int64_param: 1 }]]) }] }));
    expect([answer!.outputs[0]!.datatype, Array.from(answer!.outputs[0]!.shape)]).toEqual(["BYTES", [2, 1]]);
    expect(byteStrings(answer!.raw_output_contents[0]!).map((t) => t.replace(/^[\d.]+/, "p"))).toEqual(["p:1:yes", "p:1:yes"]);
    expect(await infer(loan({ outputs: [{ name: "label", parameters: new Map([["classification", { int64_param: 1 }]]) }] }))).toMatchObject({ status: 3 });
  });
  it("answers texts, and requests without rows", async () => {
    const text = await infer({ model_name: "tickets", inputs: [{ name: "text", datatype: "BYTES", shape: [2], contents: { bytes_contents: [bytes("Café"), bytes("tea")] } }] });
    expect(new BigInt64Array(new Uint8Array(text.responses[0]!.raw_output_contents[0]!).buffer)).toEqual(BigInt64Array.of(1n, 0n));
    const none = await infer({ model_name: "linear", inputs: [{ name: "X", datatype: "FP64", shape: [0, 3] }] });
    expect([none.status, none.responses[0]!.raw_output_contents.map((b) => b.length)]).toEqual([0, [0]]);
  });
  it("says what is wrong, and what to send", async () => {
    const x = { name: "X", datatype: "FP64", shape: [1, 3] };
    const cases: readonly (readonly [Draft<ModelInferRequest>, number, RegExp])[] = [
      [{ model_name: "nobody" }, 5, /Request for unknown model: "nobody" is not found.*Served here: loan, linear, tickets/],
      [matrix([1, 2, 3], { model_version: "9" }), 5, /version "9" is not found/],
      [{ model_name: "linear" }, 3, /no inputs.*A valid request: \{"model_name":"linear","inputs":\[\{"name":"X".*"fp64_contents"/],
      [matrix([1, 2, 3], { raw_input_contents: [Buffer.alloc(24)] }), 3, /has contents, and the request has raw_input_contents/],
      [{ model_name: "linear", inputs: [x], raw_input_contents: [Buffer.alloc(24), Buffer.alloc(1)] }, 3, /1 inputs and 2 raw_input_contents/],
      [{ model_name: "linear", inputs: [x], raw_input_contents: [Buffer.alloc(23)] }, 3, /takes 24 bytes, found 23/],
      [{ model_name: "linear", inputs: [{ ...x, datatype: "FP16" }] }, 3, /FP16 has no typed contents.*raw_input_contents/],
      [{ model_name: "linear", inputs: [{ ...x, datatype: "FP32", contents: { fp64_contents: [1, 2, 3] } }] }, 3, /is FP32 and its values are in fp64_contents/],
      [{ model_name: "linear", inputs: [{ ...x, datatype: "INT8", contents: { int_contents: [1, 2, 300] } }] }, 3, /value 2 is 300, which is no INT8/],
      [{ model_name: "linear", inputs: [{ ...x, shape: [2 ** 40, 3] }] }, 3, /too large/],
      [{ model_name: "linear", inputs: [{ ...x, shape: [-1, 3] }] }, 3, /sizes are whole numbers/],
      [{ model_name: "linear", inputs: [{ ...x, parameters: new Map([["shared_memory_region", { string_param: "r" }]]) }] }, 12, /shared memory is not offered/],
      [matrix([1, 2, 3], { outputs: [{ name: "nothing" }] }), 3, /no output "nothing"/],
      [loan({ inputs: [{ name: "plan", datatype: "BYTES", shape: [1], contents: { bytes_contents: [Buffer.from([0xff])] } }] }), 3, /UTF-8/],
      [loan({ inputs: [{ name: "plan", datatype: "BYTES", shape: [1], contents: { bytes_contents: [bytes("por")] } }] }), 3, /did you mean "pro"/],
    ];
    for (const [request, status, pattern] of cases) {
      const outcome = await infer(request);
      expect(outcome.message).toMatch(pattern);
      expect([outcome.status, outcome.responses.length, typeof outcome.trailers["slipway-error"]]).toEqual([status, 0, "string"]);
    }
  });
  it("takes the parameters that tritonclient sends, of every type", async () => {
    const parameters = new Map<string, object>([["priority", { uint64_param: 3 }], ["large", { uint64_param: 18446744073709551615n }], ["weight", { double_param: 0.5 }], ["timeout", { int64_param: 10_000_000 }], ["own", { string_param: "x" }]]);
    expect((await infer(matrix([1, 2, 3], { parameters }))).status).toBe(0);
  });
});

describe("calls", () => {
  it("end at their deadline, be it gRPC's or the request's", async () => {
    expect(await infer(matrix([1, 2, 3]), { "grpc-timeout": "1n" })).toMatchObject({ status: 4 });
    expect(await infer(matrix([1, 2, 3], { parameters: new Map([["timeout", { int64_param: 1 }]]) }))).toMatchObject({ status: 4, trailers: { "slipway-error": "request-timeout" } });
    expect(await infer(matrix([1, 2, 3]), { "grpc-timeout": "10S" })).toMatchObject({ status: 0 });
  });
  it("are compressed on both ways where they say so", async () => {
    const rows = Array.from({ length: 600 }, (_, i) => i % 7);
    const stream = openCall(session, INFER, { "grpc-encoding": "gzip", "grpc-accept-encoding": "gzip" });
    const frame = gzipSync(frameOf(ModelInferRequest, matrix(rows)).subarray(PREFIX));
    const head = Buffer.alloc(PREFIX);
    head[0] = 1;
    head.writeUInt32BE(frame.length, 1);
    let flags = "";
    const outcome = outcomeOf(stream, ModelInferResponse, (f) => {
      flags += f[0];
      return f[0] === 1 ? gunzipSync(f.subarray(PREFIX)) : f.subarray(PREFIX);
    });
    stream.end(Buffer.concat([head, frame]));
    const { responses, headers } = await outcome;
    expect([flags, headers["grpc-encoding"], floats(responses[0]!.raw_output_contents[0]).length]).toEqual(["1", "gzip", 200]);
    expect(await infer(matrix([1, 2, 3]), { "grpc-encoding": "snappy" })).toMatchObject({ status: 12, headers: { "grpc-accept-encoding": "identity,gzip,deflate" } });
  });
  it("that are larger than the limit, plain or unpacked, are refused", async () => {
    expect(await infer(matrix(Array.from({ length: 30_000 }, () => 1)))).toMatchObject({ status: 8, trailers: { "slipway-error": "body-too-large" } });
    const bomb = gzipSync(Buffer.alloc(LIMIT * 10));
    const head = Buffer.alloc(PREFIX);
    head[0] = 1;
    head.writeUInt32BE(bomb.length, 1);
    const stream = openCall(session, INFER, { "grpc-encoding": "gzip" });
    const outcome = outcomeOf(stream, ModelInferResponse);
    stream.end(Buffer.concat([head, bomb]));
    expect(await outcome).toMatchObject({ status: 8 });
    expect((await infer(matrix([1, 2, 3]))).status).toBe(0);
  });
  it("that are malformed are refused with a code, and the connection lives on", async () => {
    const good = frameOf(ModelInferRequest, matrix([1, 2, 3]));
    const cases: readonly (readonly [Buffer, Record<string, string>, number])[] = [
      [Buffer.alloc(0), {}, 3], [good.subarray(0, 3), {}, 3], [good.subarray(0, 20), {}, 3], [Buffer.concat([good, good]), {}, 3],
      [Buffer.from([7, 0, 0, 0, 0]), {}, 3], [Buffer.from([1, 0, 0, 0, 0]), {}, 3], [Buffer.from([0, 255, 255, 255, 255]), {}, 3],
      [Buffer.from([0, 0, 0, 0, 2, 0xff, 0xff]), {}, 3], [good, { "content-type": "application/grpc+json" }, 12], [good, { ":path": "/inference.GRPCInferenceService/Nothing" }, 12],
      [good, { ":path": "/predict" }, 12], [Buffer.from([1, 0, 0, 0, 3, 1, 2, 3]), { "grpc-encoding": "gzip" }, 3],
    ];
    for (const [body, headers, status] of cases) {
      const stream = openCall(session, INFER, headers);
      const outcome = outcomeOf(stream, ModelInferResponse);
      stream.end(body);
      expect(await outcome, `${body.toString("hex").slice(0, 40)} ${JSON.stringify(headers)}`).toMatchObject({ status });
    }
    expect((await infer(matrix([1, 2, 3]))).status).toBe(0);
  });
  it("of a gRPC method over plain HTTP are told what it is", async () => {
    const answer = await fetch(`${server.url}${INFER}`, { method: "POST", body: "{}" });
    expect([answer.status, await answer.text()]).toEqual([415, expect.stringContaining("is a gRPC method")]);
  });
  it("of other origins' names are refused on loopback", async () => {
    expect(await infer(matrix([1, 2, 3]), { ":authority": "evil.example" })).toMatchObject({ status: 7 });
  });
  it("run side by side on one connection", async () => {
    const outcomes = await Promise.all(Array.from({ length: 200 }, (_, i) => infer(matrix([i, 0, 0], { id: String(i) }))));
    expect(outcomes.map((o) => [o.responses[0]!.id, floats(o.responses[0]!.raw_output_contents[0])[0]])).toEqual(Array.from({ length: 200 }, (_, i) => [String(i), i]));
  });
});

describe("ModelStreamInfer", () => {
  it("answers in the order of the requests, errors in their places", async () => {
    const stream = openCall(session, STREAM);
    const outcome = outcomeOf(stream, ModelStreamInferResponse);
    for (let i = 0; i < 100; i++) stream.write(frameOf(ModelInferRequest, i % 10 === 3 ? { model_name: "nobody", id: String(i) } : matrix([i, 0, 0], { id: String(i) })));
    stream.end();
    const { status, responses } = await outcome;
    expect([status, responses.map((r) => r.infer_response?.id)]).toEqual([0, Array.from({ length: 100 }, (_, i) => String(i))]);
    expect(responses.map((r) => r.error_message !== "")).toEqual(Array.from({ length: 100 }, (_, i) => i % 10 === 3));
    expect(floats(responses[42]!.infer_response!.raw_output_contents[0])).toEqual([42]);
  });
  it("answers while the stream is open, byte by byte", async () => {
    const stream = openCall(session, STREAM);
    const outcome = outcomeOf(stream, ModelStreamInferResponse);
    for (const byte of frameOf(ModelInferRequest, matrix([1, 2, 3], { parameters: new Map([["triton_enable_empty_final_response", { bool_param: true }]]) }))) stream.write(Buffer.from([byte]));
    await once(stream, "data");
    stream.end();
    const { responses } = await outcome;
    expect(responses[0]!.infer_response!.parameters.get("triton_final_response")).toMatchObject({ bool_param: true });
  });
  it("leaves with the sender what it cannot take yet", async () => {
    const stream = openCall(session, STREAM);
    // Nobody reads the answers, so the requests must stop being taken.
    const frame = frameOf(ModelInferRequest, matrix(Array.from({ length: 15_000 }, () => 1)));
    let written = 0;
    for (; written < 400; written++) {
      if (!stream.write(frame) && (await Promise.race([once(stream, "drain").then(() => "drained"), new Promise((resolve) => setTimeout(resolve, 500))])) !== "drained") break;
    }
    expect(written).toBeLessThan(400);
    const outcome = outcomeOf(stream, ModelStreamInferResponse);
    stream.end();
    expect((await outcome).responses.length).toBe(written + 1);
  });
  it("stops when the client goes", async () => {
    const stream = openCall(session, STREAM);
    stream.write(frameOf(ModelInferRequest, matrix([1, 2, 3])));
    await once(stream, "response");
    stream.close(constants.NGHTTP2_CANCEL);
    await once(stream, "close");
    expect((await infer(matrix([1, 2, 3]))).status).toBe(0);
  });
  it("ends at its deadline", async () => {
    const stream = openCall(session, STREAM, { "grpc-timeout": "100m" });
    expect(await outcomeOf(stream, ModelStreamInferResponse)).toMatchObject({ status: 4 });
  });
});

describe("health", () => {
  const check = (service: string): Promise<GrpcOutcome<{ readonly status: number }>> => callGrpc(session, "/grpc.health.v1.Health/Check", [HealthRequest, HealthResponse], { service });
  it("is told of the server and of its services", async () => {
    expect((await check("")).responses).toEqual([{ status: 1 }]);
    expect((await check("inference.GRPCInferenceService")).responses).toEqual([{ status: 1 }]);
    expect(await check("nothing")).toMatchObject({ status: 5 });
  });
  it("is told of models, unknown ones being not ready", async () => {
    const ready = (name: string) => callGrpc(session, "/inference.GRPCInferenceService/ModelReady", [nameAndVersion("ModelReadyRequest"), ModelReadyResponse], { name });
    expect([(await ready("loan")).responses, (await ready("nobody")).responses]).toEqual([[{ ready: true }], [{ ready: false }]]);
  });
  const open: ClientHttp2Session[] = [];
  afterEach(() => open.splice(0).forEach((s) => s.destroy()));
  it("is watched until the server stops", async () => {
    const other = await startServer([await loadModelPackage(matrixModel())], { port: 0 });
    const own = connectGrpc(other.url);
    open.push(own);
    const stream = openCall(own, "/grpc.health.v1.Health/Watch");
    const outcome = outcomeOf(stream, HealthResponse);
    stream.end(frameOf(HealthRequest, { service: "" }));
    await once(stream, "data");
    await other.close();
    expect(await outcome).toMatchObject({ status: 0, responses: [{ status: 1 }, { status: 2 }] });
  });
});
