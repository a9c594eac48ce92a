// TensorFlow Serving's REST interface (https://www.tensorflow.org/tfx/serving/api_rest, tensorflow_serving/model_servers/
// http_rest_api_util.cc) and, at the same addresses, KServe's protocol v1
// (https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol) and the model lists of OpenAI's
// clients: answers hold what each of the three looks for. Versions and labels may be any text; `version` is a text in
// answers, as 64-bit integers are in protobuf's JSON.

import { SlipwayError } from "@slipway/core/base";
import { exampleRequest, type Servable } from "../../runtime/index.ts";
import { bodyText } from "../body.ts";
import type { ServerContext } from "../context.ts";
import { oipErrorBody, serverError, statusOf } from "../errors.ts";
import { jsonAnswer, jsonText, type Answer, type Call } from "../http/call.ts";
import type { Protocol, Route } from "../http/routing-table.ts";
import { infer } from "../inference.ts";
import { filesInput } from "./shared/read-encoded.ts";
import { readExamplesRequest } from "./tfs/read-examples.ts";
import { readPredictRequest, readRequestObject, readSignatureName } from "./tfs/read-predict.ts";
import { signatureMetadata, signatureOutputs } from "./tfs/signatures.ts";
import { writeClassification, writeColumnarFormat, writeRegression, writeRowFormat } from "./tfs/write.ts";

const MAX_EXAMPLE = 1500;

export function tfsProtocol(context: ServerContext): Protocol {
  const { models } = context;
  const model = "/v1/models/{name}";
  const prefixes = [model, `${model}/versions/{version}`, `${model}/labels/{label}`];
  const ask = (handle: (model: Servable, call: Call) => Promise<Answer>): Route["handle"] => async (call) => {
    checkLabel(context, call);
    const target = await models.select(call, call.params);
    try {
      return await handle(target, call);
    } catch (error) {
      throw withExample(error, target, call);
    }
  };
  const find = (call: Call): Servable => {
    checkLabel(context, call);
    return models.find(call.params["name"]!, call.params["version"], call.params["label"]);
  };
  return {
    name: "tensorflow-serving",
    prefixes: ["/v1/models"],
    error: (error) => jsonAnswer(oipErrorBody(error), tfsStatus(error)),
    routes: [
      { method: "GET", path: "/v1/models", action: "read", handle: () => jsonAnswer({ object: "list", data: models.all.map((m) => openAiModel(m, context)), models: models.all.map((m) => m.name) }) },
      ...prefixes.flatMap((prefix): Route[] => [
        { method: "GET", path: prefix, action: "read", handle: (call) => jsonAnswer(status(find(call), call, context)) },
        { method: "GET", path: `${prefix}/metadata`, action: "read", handle: (call) => jsonAnswer(signatureMetadata(find(call))) },
        { method: "POST", path: `${prefix}:predict`, action: "predict", handle: ask((m, call) => predict(context, m, call)) },
        { method: "POST", path: `${prefix}:classify`, action: "predict", handle: ask((m, call) => judge(context, m, call, writeClassification)) },
        { method: "POST", path: `${prefix}:regress`, action: "predict", handle: ask((m, call) => judge(context, m, call, writeRegression)) },
      ]),
      { method: "POST", path: `${model}:explain`, action: "predict", handle: (call) => {
        models.find(call.params["name"]!);
        throw serverError("not-offered", "explanations are not offered", { hint: "Ask for predictions with :predict." });
      } },
    ],
  };
}

async function predict(context: ServerContext, model: Servable, call: Call): Promise<Answer> {
  const body = readRequestObject(textOf(call));
  const { instances, inputs } = body;
  const files = instances === undefined || inputs === undefined ? filesInput(instances ?? inputs, call, model.signature) : undefined;
  const { input, format, signatureName } = files === undefined ? readPredictRequest(body, model.signature)
    : { input: await files, format: instances === undefined ? "columnar" : "row", signatureName: readSignatureName(body) };
  const { prediction } = await infer(context, call, model, input, { outputs: signatureOutputs(model.signature, signatureName) });
  return jsonText(format === "row" ? writeRowFormat(prediction) : writeColumnarFormat(model, prediction));
}

async function judge(context: ServerContext, model: Servable, call: Call, write: (model: Servable, prediction: Awaited<ReturnType<typeof infer>>["prediction"]) => Answer["body"]): Promise<Answer> {
  const body = readRequestObject(textOf(call));
  const files = body["context"] === undefined ? filesInput(body["examples"], call, model.signature) : undefined;
  const { input, signatureName } = files === undefined ? readExamplesRequest(body, model.signature) : { input: await files, signatureName: readSignatureName(body) };
  signatureOutputs(model.signature, signatureName);
  return jsonText(write(model, (await infer(context, call, model, input)).prediction));
}

/** No content type is looked at: TensorFlow Serving's clients send what they like. */
function textOf(call: Call): string {
  return bodyText(call.body, call.header("content-type") ?? "");
}

/** A label that no version has is a malformed request there, where a version that is not there is not found. */
function checkLabel(context: ServerContext, call: Call): void {
  const { name, label } = call.params;
  if (label === undefined || name === undefined) return;
  const { aliases } = context.models.entryOf(name);
  if (aliases.has(label)) return;
  throw serverError("request-malformed", `Unrecognized servable version label: ${JSON.stringify(label.slice(0, 100))}`, { hint: aliases.size === 0 ? "The model has no labels." : `There are: ${[...aliases.keys()].slice(0, 20).join(", ")}.` });
}

/** What TensorFlow Serving, KServe v1 and OpenAI's clients each read of a model; without a version in the address, of every version. */
function status(model: Servable, call: Call, context: ServerContext): object {
  const one = call.params["version"] !== undefined || call.params["label"] !== undefined;
  const versions = context.models.list.filter((v) => v.name === model.name && (!one || v.version === model.version));
  const serving = context.ready ? "AVAILABLE" : "UNLOADING";
  return {
    ...openAiModel(model, context), name: model.name, ready: context.ready,
    model_version_status: versions.map((v) => ({
      version: v.version, state: v.state === "ready" || (v.onDemand && v.state === "unloaded") ? serving : v.state === "loading" ? "LOADING" : "END",
      status: { error_code: v.state === "unavailable" ? "UNAVAILABLE" : "OK", error_message: v.reason?.message ?? "" },
    })),
  };
}
function openAiModel(model: Servable, context: ServerContext): object {
  return { id: model.name, object: "model", created: Math.floor(context.startedAt / 1000), owned_by: "slipway" };
}

/** Of TensorFlow Serving's own: what is malformed is 400, also an address. */
function tfsStatus(error: SlipwayError): number {
  return error.code === "route-unknown" || error.kind === "unsupported" ? 400 : statusOf(error);
}

/** Errors are one text here, so the valid request goes into it. */
function withExample(error: unknown, model: Servable, call: Call): unknown {
  if (!(error instanceof SlipwayError) || !["request-invalid", "request-shape"].includes(error.code)) return error;
  const rows = exampleRequest(model.signature);
  const body = call.route?.path.endsWith(":predict") === true ? (Array.isArray(rows) ? { instances: rows } : rows) : Array.isArray(rows) ? { examples: rows } : undefined;
  const example = JSON.stringify(body) ?? "";
  const own = error.hint === undefined || /data\.example/.test(error.hint) ? "" : `${error.hint} `;
  const hint = example !== "" && example.length <= MAX_EXAMPLE ? `${own}A valid request: ${example}` : `${own}GET /v1/models/${model.name}/metadata lists the inputs.`;
  return new SlipwayError(error.code, error.kind, error.message, { where: error.where, data: error.data, hint });
}
