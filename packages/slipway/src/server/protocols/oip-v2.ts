// The Open Inference Protocol v2 over REST: https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
// with Triton's extensions for binary tensors, the repository, statistics and model configuration.
// Quirks of its clients: tritonclient sends no Content-Type and posts an empty body for the index; KServe's client reads
// `ready` from the health answers' body. A model named "stats" has its metadata shadowed by the statistics route.

import { Model, type Servable } from "../../runtime/index.ts";
import type { ServerContext } from "../context.ts";
import { oipErrorBody, statusOf } from "../errors.ts";
import { jsonAnswer, type Call } from "../http/call.ts";
import type { Protocol, Route } from "../http/routing-table.ts";
import type { ModelStats } from "../telemetry/telemetry.ts";
import { generate } from "./oip/generate.ts";
import { inferTensors } from "./oip/infer.ts";
import { repositoryIndex, repositoryLoad, repositoryUnload } from "./oip/repository.ts";
import { logSetting, notSettable, traceSetting } from "./oip/settings.ts";
import { inputMetadata, outputMetadata, type TensorMetadata } from "./oip/tensors.ts";

export const EXTENSIONS: readonly string[] = ["binary_tensor_data", "classification", "generate", "logging", "model_configuration", "model_repository", "parameters", "schedule_policy", "statistics", "trace"];

export function oipProtocol(context: ServerContext): Protocol {
  const { models, telemetry } = context;
  const find = (call: Call): Servable => models.find(call.params["name"]!, call.params["version"]);
  const statusNow = (): number => (context.ready ? 200 : 503);
  const read = (path: string, handle: Route["handle"], action: Route["action"] = "read"): Route => ({ method: "GET", path, action, handle });

  return {
    name: "oip",
    prefixes: ["/v2"],
    error: (error) => jsonAnswer(oipErrorBody(error), error.kind === "unsupported" ? 400 : statusOf(error)),
    routes: [
      read("/v2", () => jsonAnswer({ name: "slipway", version: context.options.version, extensions: EXTENSIONS }), "open"),
      read("/v2/health/live", () => jsonAnswer({ live: true }), "open"),
      read("/v2/health/ready", () => jsonAnswer({ live: true, ready: context.ready }, statusNow()), "open"),
      read("/v2/models", () => jsonAnswer({ models: models.all.map((m) => m.name) })),
      read("/v2/models/stats", () => jsonAnswer({ model_stats: models.all.map((m) => statistics(m, telemetry.of(m))) }), "observe"),
      { method: "POST", path: "/v2/repository/index", action: "read", handle: (call) => repositoryIndex(context, call) },
      { method: "POST", path: "/v2/repository/models/{name}/load", action: "operate", handle: (call) => repositoryLoad(context, call) },
      { method: "POST", path: "/v2/repository/models/{name}/unload", action: "operate", handle: (call) => repositoryUnload(context, call) },
      read("/v2/logging", () => logSetting(context), "observe"),
      { method: "POST", path: "/v2/logging", action: "operate", handle: notSettable },
      ...["/v2/trace/setting", "/v2/models/{name}/trace/setting"].flatMap((path): Route[] => [
        read(path, (call) => {
          if (call.params["name"] !== undefined) find(call);
          return traceSetting(context);
        }, "observe"),
        { method: "POST", path, action: "operate", handle: notSettable },
      ]),
      ...["/v2/models/{name}", "/v2/models/{name}/versions/{version}"].flatMap((prefix): Route[] => [
        read(prefix, (call) => jsonAnswer(metadata(find(call), models.versionsOf(call.params["name"]!)))),
        read(`${prefix}/ready`, (call) => jsonAnswer({ name: find(call).name, ready: context.ready }, statusNow()), "open"),
        read(`${prefix}/config`, (call) => jsonAnswer(configuration(find(call)))),
        read(`${prefix}/stats`, (call) => jsonAnswer({ model_stats: [statistics(find(call), telemetry.of(find(call)))] }), "observe"),
        { method: "POST", path: `${prefix}/generate`, action: "predict", handle: async (call) => generate(context, await models.select(call, call.params), call, false) },
        { method: "POST", path: `${prefix}/generate_stream`, action: "predict", handle: async (call) => generate(context, await models.select(call, call.params), call, true) },
        { method: "POST", path: `${prefix}/infer`, action: "predict", handle: async (call) => inferTensors(context, await models.select(call, call.params), call, call.header("inference-header-content-length")) },
      ]),
    ],
  };
}

export function metadata(model: Servable, versions: readonly string[]): object {
  return { name: model.name, versions, platform: platformOf(model).platform, inputs: inputMetadata(model.signature), outputs: outputMetadata(model.signature), parameters: { digest: model.digest } };
}

/** In Triton's words. */
function platformOf(model: Servable): { readonly platform: string; readonly backend: string } {
  return model instanceof Model && model.engine.name === "python" ? { platform: "python", backend: "python" } : { platform: "onnxruntime_onnx", backend: "onnxruntime" };
}

/** Triton's ModelConfig, as far as its load tools read it. Rows are an open first dimension, so max_batch_size is 0. */
export function configuration(model: Servable): object {
  const tensor = (t: TensorMetadata): object => ({ name: t.name, data_type: t.datatype === "BYTES" ? "TYPE_STRING" : `TYPE_${t.datatype}`, dims: t.shape });
  return { name: model.name, ...platformOf(model), max_batch_size: 0, input: inputMetadata(model.signature).map(tensor), output: outputMetadata(model.signature).map(tensor) };
}

export function statistics(model: Servable, stats: ModelStats): object {
  const { success, failure } = stats;
  const none = { count: 0, ns: 0 };
  const part = (ns: number): object => ({ count: success.count, ns: Math.round(ns) });
  return {
    name: model.name, version: model.version, last_inference: stats.lastInferenceMs,
    inference_count: stats.rowCount, execution_count: Math.round(stats.executionCount),
    inference_stats: {
      success: part(success.ns), fail: { count: failure.count, ns: Math.round(failure.ns) },
      queue: part(stats.queueNs), compute_input: part(stats.decodeNs), compute_infer: part(stats.computeNs), compute_output: part(stats.serializeNs), cache_hit: none, cache_miss: none,
    },
    batch_stats: [], memory_usage: [],
  };
}
