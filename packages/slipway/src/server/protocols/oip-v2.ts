// The Open Inference Protocol v2 over REST: https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
// with Triton's extensions for binary tensors, the repository index, statistics and model configuration.
// Quirks of its clients: tritonclient sends no Content-Type and posts an empty body for the index; KServe's client reads
// `ready` from the health answers' body. A model named "stats" has its metadata shadowed by the statistics route.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { SlipwayError } from "@slipway/core/base";
import { parseJson, type Model } from "../../runtime/index.ts";
import { bodyText, plainBody } from "../body.ts";
import type { ServerContext } from "../context.ts";
import { serverError } from "../errors.ts";
import type { ModelStats, Telemetry } from "../telemetry/telemetry.ts";
import { readInferRequest, type InferRequest } from "./oip/request.ts";
import { writeInferResponse } from "./oip/response.ts";
import { exampleInferRequest, inputMetadata, outputMetadata, rawInput, toModelInput, type TensorMetadata } from "./oip/tensors.ts";

interface ModelParams {
  readonly name: string;
  readonly version?: string;
}
type ModelRequest = FastifyRequest<{ Params: ModelParams }>;

/** Examples longer than this would bury the error they belong to. */
const MAX_EXAMPLE = 1500;

export function registerOip(app: FastifyInstance, context: ServerContext, telemetry: Telemetry): void {
  const { models } = context;
  const find = (request: ModelRequest): Model => models.find(request.params.name, request.params.version);
  const readiness = (reply: FastifyReply): boolean => {
    if (!context.ready) reply.code(503);
    return context.ready;
  };

  app.get("/v2", () => ({ name: "slipway", version: context.options.version, extensions: ["binary_tensor_data", "model_configuration", "parameters", "statistics"] }));
  app.get("/v2/health/live", () => ({ live: true }));
  app.get("/v2/health/ready", (_request, reply) => {
    const ready = readiness(reply);
    return { live: true, ready };
  });
  app.get("/v2/models", () => ({ models: models.all.map((m) => m.name) }));
  app.post("/v2/repository/index", async (request) => {
    const text = bodyText(await plainBody(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0), request.headers, context.options.bodyLimit), "").trim();
    const wanted = text === "" ? {} : parseJson(text);
    const onlyReady = typeof wanted === "object" && wanted !== null && (wanted as { ready?: unknown }).ready === true;
    const state = context.ready ? "READY" : "UNAVAILABLE";
    return onlyReady && !context.ready ? [] : models.all.map((m) => ({ name: m.name, version: m.version, state, reason: context.ready ? "" : "the server is stopping" }));
  });
  for (const action of ["load", "unload"]) {
    app.post(`/v2/repository/models/:name/${action}`, () => {
      throw serverError("content-type-unsupported", `models cannot be ${action}ed over this interface`, { hint: "They are chosen when the server is started." });
    });
  }
  app.get("/v2/models/stats", () => ({ model_stats: models.all.map((m) => statistics(m, telemetry.of(m))) }));

  for (const prefix of ["/v2/models/:name", "/v2/models/:name/versions/:version"]) {
    app.get(prefix, (request: ModelRequest) => metadata(find(request)));
    app.get(`${prefix}/ready`, (request: ModelRequest, reply) => {
      const model = find(request);
      return { name: model.name, ready: readiness(reply) };
    });
    app.get(`${prefix}/config`, (request: ModelRequest) => configuration(find(request)));
    app.get(`${prefix}/stats`, (request: ModelRequest) => {
      const model = find(request);
      return { model_stats: [statistics(model, telemetry.of(model))] };
    });
    app.post(`${prefix}/infer`, (request: ModelRequest, reply) => infer(context, find(request), request, reply));
  }
}

async function infer(context: ServerContext, model: Model, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  try {
    const { headers } = request;
    const body = await plainBody(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0), headers, context.options.bodyLimit);
    const decode = (bytes: Uint8Array): string => bodyText(bytes, "");
    const headerLength = headers["inference-header-content-length"];
    const read = readInferRequest(body, typeof headerLength === "string" ? headerLength : undefined, decode);
    const asked: InferRequest = "raw" in read ? { id: undefined, inputs: [rawInput(read.raw, model.signature, decode)], outputs: undefined, binaryOutput: true } : read;
    const names = asked.outputs?.map((o) => o.name);
    model.selectOutputs(names);
    const encoded = model.encode(toModelInput(asked.inputs, model.signature));
    const prediction = await model.run(encoded.batch, { ...(names === undefined ? {} : { outputs: [...new Set(names)] }), signal: context.signal(request) });
    context.observe(request, { model, rows: prediction.rows, computeMs: prediction.computeMs, protocol: "oip" });
    const binary = new Map(asked.outputs?.map((o) => [o.name, o.binary]));
    const response = writeInferResponse(model, prediction, asked.id, (name) => binary.get(name) ?? asked.binaryOutput);
    if (response.headerLength === undefined) return reply.type("application/json").send(response.body);
    return reply.type("application/octet-stream").header("inference-header-content-length", String(response.headerLength)).send(response.body);
  } catch (error) {
    throw withExample(error, model);
  }
}

/** The protocol's errors are one string, so the valid request goes into the hint. */
function withExample(error: unknown, model: Model): unknown {
  if (!(error instanceof SlipwayError) || !["request-invalid", "request-shape", "tensor-invalid"].includes(error.code)) return error;
  const example = JSON.stringify(exampleInferRequest(model));
  const own = error.code === "tensor-invalid" && error.hint !== undefined ? `${error.hint} ` : "";
  const hint = example.length <= MAX_EXAMPLE ? `${own}A valid request: ${example}` : `${own}GET /v2/models/${model.name} lists the inputs.`;
  return new SlipwayError(error.code, error.kind, error.message, { where: error.where, data: error.data, hint });
}

function metadata(model: Model): object {
  return { name: model.name, versions: [model.version], platform: "onnxruntime_onnx", inputs: inputMetadata(model.signature), outputs: outputMetadata(model.signature), parameters: { digest: model.digest } };
}

/** Triton's ModelConfig, as far as its load tools read it. Rows are an open first dimension, so max_batch_size is 0. */
function configuration(model: Model): object {
  const tensor = (t: TensorMetadata): object => ({ name: t.name, data_type: t.datatype === "BYTES" ? "TYPE_STRING" : `TYPE_${t.datatype}`, dims: t.shape });
  return { name: model.name, platform: "onnxruntime_onnx", backend: "onnxruntime", max_batch_size: 0, input: inputMetadata(model.signature).map(tensor), output: outputMetadata(model.signature).map(tensor) };
}

function statistics(model: Model, stats: ModelStats): object {
  const { success, failure } = stats;
  const none = { count: 0, ns: 0 };
  const computeNs = Math.round(stats.computeNs);
  return {
    name: model.name, version: model.version, last_inference: stats.lastInferenceMs,
    inference_count: stats.rowCount, execution_count: success.count,
    inference_stats: {
      success: { count: success.count, ns: Math.round(success.ns) }, fail: { count: failure.count, ns: Math.round(failure.ns) },
      queue: none, compute_input: none, compute_infer: { count: success.count, ns: computeNs }, compute_output: none, cache_hit: none, cache_miss: none,
    },
    batch_stats: [], memory_usage: [],
  };
}
