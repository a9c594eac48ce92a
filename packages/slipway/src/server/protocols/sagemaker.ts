// Amazon SageMaker's contract of an inference container: /ping, /invocations, /execution-parameters, and multi-model
// endpoints (/models, /models/NAME, /models/NAME/invoke).
// https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html, mms-container-apis.html
// /invocations is MLflow's address as well: what says so by its headers is SageMaker's; the rest is told by its body.
// GET /models and GET /models/NAME are in protocols/predict.ts, whose answers hold modelName and modelUrl too.

import type { Servable } from "../../runtime/index.ts";
import { mediaType } from "../body.ts";
import type { ServerContext } from "../context.ts";
import { availableCpus } from "../../runtime/index.ts";
import { jsonAnswer, type Answer, type Call } from "../http/call.ts";
import type { Protocol } from "../http/routing-table.ts";
import { mlflowError } from "./mlflow.ts";
import { invoke } from "./shared/invoke.ts";
import { acceptedKind, kindOf } from "./shared/media-types.ts";

const ATTRIBUTES = "x-amzn-sagemaker-custom-attributes";
/** SageMaker's own limit on batch transform payloads. */
const MAX_PAYLOAD_MB = 100;

export function sagemakerProtocol(context: ServerContext): Protocol {
  const { models } = context;
  return {
    name: "sagemaker",
    error: (error, call) => ({ ...mlflowError(error), ...(error.code === "memory-budget" && call.path === "/models" ? { status: 507 } : {}) }),
    routes: [
      { method: "POST", path: "/invocations", action: "predict", claims: isSageMakers, handle: async (call) => answer(context, await models.select(call, { name: targetOf(call) }), call) },
      { method: "POST", path: "/models/{name}/invoke", action: "predict", handle: async (call) => answer(context, await models.select(call, call.params), call) },
      { method: "POST", path: "/models", action: "operate", handle: async (call) => (await import("./sagemaker/multi-model.ts")).loadModel(context, call) },
      { method: "DELETE", path: "/models/{name}", action: "operate", handle: async (call) => (await import("./sagemaker/multi-model.ts")).unloadModel(context, call) },
      { method: "GET", path: "/execution-parameters", action: "read", handle: () => jsonAnswer({
        MaxConcurrentTransforms: Math.max(1, Math.floor(availableCpus())), BatchStrategy: "MULTI_RECORD", MaxPayloadInMB: Math.max(1, Math.min(MAX_PAYLOAD_MB, Math.floor(context.options.bodyLimit / 2 ** 20))) }) },
    ],
  };
}

/** Headers that only SageMaker sends, types that MLflow does not take, or an answer that MLflow does not give. */
function isSageMakers(call: Call): boolean {
  for (const name in call.headers) if (name.startsWith("x-amzn-sagemaker-")) return true;
  const type = mediaType(call.headers);
  const kind = kindOf(type);
  if ((kind !== "json" && kind !== "csv" && kind !== "parquet") || (kind === "json" && type.includes("triton"))) return true;
  const accepted = acceptedKind(call)?.kind;
  return accepted !== undefined && accepted !== "json";
}

/** The model of a multi-model endpoint that SageMaker names in a header; the first one where there is none. */
function targetOf(call: Call): string | undefined {
  return call.header("x-amzn-sagemaker-target-model")?.replace(/^\/+/, "").replace(/\.(?:tar\.gz|slip)$/, "");
}

async function answer(context: ServerContext, model: Servable, call: Call): Promise<Answer> {
  const given = await invoke(context, model, call, { headless: true });
  const attributes = call.header(ATTRIBUTES);
  if (attributes === undefined || !/^[\x20-\x7e]{0,1024}$/.test(attributes)) return given;
  return { ...given, headers: { ...given.headers, [ATTRIBUTES]: attributes } };
}
