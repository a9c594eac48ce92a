// Vertex AI's contract of a prediction container: {"instances", "parameters"} -> {"predictions"}.
// https://cloud.google.com/vertex-ai/docs/predictions/custom-container-requirements
// The addresses come from AIP_HEALTH_ROUTE and AIP_PREDICT_ROUTE; without them they are Vertex AI's defaults and, for
// its client libraries, those of its public interface.

import { predictError, type Servable } from "../../runtime/index.ts";
import { bodyText } from "../body.ts";
import type { ServerContext } from "../context.ts";
import { serverError, statusOf } from "../errors.ts";
import { jsonAnswer, jsonText, type Answer, type Call } from "../http/call.ts";
import type { Protocol, Route } from "../http/routing-table.ts";
import { infer } from "../inference.ts";
import { inferTensors, isInferRequest, jsonHeaderSize } from "./oip/infer.ts";
import { plainRowsJson } from "./shared/answer-rows.ts";
import { chosenOutputs } from "./shared/chosen-outputs.ts";
import { errorText } from "./shared/error-text.ts";
import { isTritonBinary } from "./shared/invoke.ts";
import { filesInput } from "./shared/read-encoded.ts";
import { decodeB64 } from "./tfs/decode-b64.ts";
import { isObject, readInstances, readRequestObject } from "./tfs/read-predict.ts";

const STATUS: Readonly<Record<number, string>> = {
  401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ABORTED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 501: "UNIMPLEMENTED", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
};

export function vertexProtocol(context: ServerContext): Protocol {
  const { models } = context;
  const { health, predict: asked, deployedModelId } = context.options.vertex ?? {};
  const deployed = "/v1/endpoints/{endpoint}/deployedModels/{deployed}";
  const open = "/v1/projects/{project}/locations/{location}/endpoints/{endpoint}";
  const alive = (): Answer => jsonAnswer({}, context.ready ? 200 : 503);
  // An address that was set belongs to Vertex AI, whoever else has it.
  const claim = { claims: () => true };
  const ask = async (call: Call): Promise<Answer> => redirected(context, call) ?? predict(context, await models.select(call, {}), call, deployedModelId ?? call.params["deployed"]);
  const routes: Route[] = [
    { method: "GET", path: deployed, action: "open", handle: alive },
    { method: "POST", path: `${deployed}:predict`, action: "predict", handle: ask },
    { method: "POST", path: `${open}:predict`, action: "predict", handle: ask },
    { method: "POST", path: `${open}:rawPredict`, action: "predict", handle: ask },
  ];
  if (health !== undefined) routes.push({ method: "GET", path: checked(health), action: "open", ...claim, handle: alive });
  if (asked !== undefined) routes.push({ method: "POST", path: checked(asked), action: "predict", ...claim, handle: ask });
  return {
    name: "vertex",
    prefixes: ["/v1/endpoints", "/v1/projects", ...(asked === undefined ? [] : [asked])],
    error: (error) => {
      const code = statusOf(error);
      return jsonAnswer({ error: { code, message: errorText(error), status: STATUS[code] ?? "INVALID_ARGUMENT" } }, code);
    },
    routes,
  };
}

function checked(path: string): string {
  if (/^\/[\w./:~-]{0,500}$/.test(path)) return path;
  throw serverError("address-invalid", `${JSON.stringify(path.slice(0, 100))} cannot be an address of this server`, { hint: "AIP_HEALTH_ROUTE and AIP_PREDICT_ROUTE begin with a slash and hold letters, digits and . / : ~ _ -" });
}

const REDIRECT = /^\/?v2\/models\/([^/]{1,200})(?:\/versions\/([^/]{1,100}))?\/infer$/;

/** Vertex AI hands raw predictions to Triton at the address that this header names, below the container's own. */
function redirected(context: ServerContext, call: Call): Promise<Answer> | undefined {
  const header = call.header("x-vertex-ai-triton-redirect");
  if (header === undefined) return undefined;
  const found = REDIRECT.exec(header);
  if (found === null) throw serverError("route-unknown", `X-Vertex-Ai-Triton-Redirect names ${JSON.stringify(header.slice(0, 100))}, to which nothing can be handed on`, { hint: "It takes v2/models/NAME/infer and v2/models/NAME/versions/VERSION/infer." });
  const [, name, version] = found.map((part) => (part === undefined ? undefined : decodeURIComponent(part)));
  return Promise.resolve(context.models.select(call, { name, ...(version === undefined ? {} : { version }) })).then((model) => inferTensors(context, model, call, call.header("inference-header-content-length")));
}

async function predict(context: ServerContext, model: Servable, call: Call, deployedModelId: string | undefined): Promise<Answer> {
  const contentType = call.header("content-type") ?? "";
  if (isTritonBinary(contentType)) {
    const type = contentType.split(";", 1)[0]!.trim();
    return inferTensors(context, model, call, jsonHeaderSize(contentType), (size) => `${type};json-header-size=${size}`);
  }
  const body = readRequestObject(bodyText(call.body, contentType));
  if (isInferRequest(body)) return inferTensors(context, model, call, undefined);
  if (!Object.hasOwn(body, "instances")) throw predictError("request-shape", 'the request has no "instances"', { hint: 'Send {"instances": [...]}, one entry a row.' });
  const { parameters } = body;
  if (parameters !== undefined && parameters !== null && !isObject(parameters)) throw predictError("request-shape", '"parameters" is no object');
  const input = await (filesInput(body["instances"], call, model.signature) ?? readInstances(decodeB64(body["instances"]), model.signature));
  const { prediction } = await infer(context, call, model, input, { outputs: chosenOutputs(parameters, "parameters") });
  const about = { ...(deployedModelId === undefined ? {} : { deployedModelId }), modelDisplayName: model.name, modelVersionId: model.version };
  return jsonText(plainRowsJson(prediction, '{"predictions":[', `],${JSON.stringify(about).slice(1)}`));
}
