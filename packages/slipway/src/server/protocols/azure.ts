// The inference server of Azure Machine Learning (azureml-inference-server-http): GET /, /score, /swagger.json, and its
// headers. https://learn.microsoft.com/azure/machine-learning/how-to-inference-server-http
// Rows come as {"input_data": {"columns", "index", "data"}} (MLflow models without code), {"Inputs": {"data": [...]}},
// {"data": [...]}, or in any form that POST /predict takes; by GET as the query's parameters.

import type { SlipwayError } from "@slipway/core/base";
import type { Signature } from "@slipway/core/package";
import { type ModelInput, parseJson, predictError, readInput, type Servable } from "../../runtime/index.ts";
import { bodyText } from "../body.ts";
import type { ServerContext } from "../context.ts";
import { serverError, statusOf } from "../errors.ts";
import { jsonAnswer, jsonText, textAnswer, type Answer, type Call } from "../http/call.ts";
import type { Protocol, Route } from "../http/routing-table.ts";
import { infer } from "../inference.ts";
import { readSplit } from "./mlflow/read-scoring.ts";
import { plainRowsJson } from "./shared/answer-rows.ts";
import { chosenOutputs } from "./shared/chosen-outputs.ts";
import { errorText } from "./shared/error-text.ts";
import { bodyKind } from "./shared/media-types.ts";
import { readBody } from "./shared/read-body.ts";
import { filesInput, takesFiles } from "./shared/read-encoded.ts";
import { isObject, readInstances } from "./tfs/read-predict.ts";

const MAX_ID = 100;

export function azureProtocol(context: ServerContext): Protocol {
  const score: Route["handle"] = async (call) => {
    const ids = clientIds(call);
    const answer = await ask(context, await context.models.select(call, {}), call);
    const ms = call.observation?.computeMs ?? 0;
    return { ...answer, headers: { ...answer.headers, ...ids, "x-ms-run-function-failed": "false", "x-ms-run-fn-exec-ms": ms.toFixed(3) } };
  };
  return {
    name: "azure",
    prefixes: ["/score", "/swagger.json"],
    error: azureError,
    routes: [
      // Browsers get the page; https://kserve.github.io's v1 asks here as well and looks at the status alone.
      { method: "GET", path: "/", action: "open", claims: (call) => !/text\/html/.test(call.header("accept") ?? ""), handle: () => textAnswer(context.ready ? "Healthy" : "Stopping", context.ready ? 200 : 503) },
      { method: "GET", path: "/score", action: "predict", handle: score },
      { method: "POST", path: "/score", action: "predict", handle: score },
      { method: "OPTIONS", path: "/score", action: "open", handle: (call) => ({ status: 200, headers: { allow: "GET, OPTIONS, POST", ...clientIds(call) }, body: "" }) },
      { method: "GET", path: "/swagger.json", action: "read", handle: async (call) => {
        const version = call.query.get("version") ?? "2";
        if (version !== "2" && version !== "3") throw serverError("request-malformed", `there is no swagger of version ${JSON.stringify(version.slice(0, 20))}`, { hint: "Ask for ?version=2 or ?version=3." });
        return jsonAnswer((await import("./azure/swagger.ts")).swaggerDocument(context.models.first, version));
      } },
    ],
  };
}

/** Echoed, so that a client can find its request in the log. @throws SlipwayError header-too-long */
function clientIds(call: Call): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of ["x-ms-request-id", "x-ms-client-request-id", "x-request-id"]) {
    const value = call.header(name);
    if (value === undefined) continue;
    if (value.length > MAX_ID) throw serverError("header-too-long", `the header ${name} has ${value.length} characters`, { hint: `It may have ${MAX_ID}.` });
    if (/^[\x21-\x7e]+$/.test(value)) found[name] = value;
  }
  return found;
}

async function ask(context: ServerContext, model: Servable, call: Call): Promise<Answer> {
  const { signature } = model;
  let input: ModelInput;
  let outputs: readonly string[] | undefined;
  let results = false;
  if (call.method !== "POST") {
    // As a CSV file, a query has only texts.
    input = { kind: "records", records: [Object.fromEntries(call.query)], source: "csv" };
  } else if (bodyKind(call) === "json") {
    const body = parseJson(bodyText(call.body, call.header("content-type") ?? ""));
    const files = takesFiles(signature) ? wrappedFiles(body, call, signature) : undefined;
    const read = files === undefined && isObject(body) ? readWrapped(body, signature) : undefined;
    input = files === undefined ? read?.input ?? readInput(body, signature) : await files.input;
    outputs = files?.outputs ?? read?.outputs;
    results = (files ?? read)?.results ?? false;
  } else input = await readBody(call, model);
  const { prediction } = await infer(context, call, model, input, { outputs });
  return jsonText(results ? plainRowsJson(prediction, '{"Results":[', "]}") : plainRowsJson(prediction, "[", "]"));
}

interface Wrapped {
  readonly input: ModelInput;
  readonly outputs: readonly string[] | undefined;
  readonly results: boolean;
}

/** Pictures and sounds in the place of rows. */
function wrappedFiles(body: unknown, call: Call, signature: Signature): { readonly input: Promise<ModelInput>; readonly outputs: readonly string[] | undefined; readonly results: boolean } | undefined {
  const { input_data: split, Inputs: inputs, data, params, parameters, GlobalParameters: parametersOf } = isObject(body) ? body : {};
  const rows = (value: unknown): unknown => (isObject(value) ? value["data"] ?? value["input1"] ?? value : value);
  const input = filesInput(rows(split) ?? rows(inputs) ?? data ?? body, call, signature);
  if (input === undefined) return undefined;
  const outputs = split === undefined ? chosenOutputs(parametersOf, "GlobalParameters") : chosenOutputs(params ?? parameters, "params");
  return { input, outputs, results: inputs !== undefined };
}

function readWrapped(body: Readonly<Record<string, unknown>>, signature: Signature): Wrapped | undefined {
  const names = new Set(signature.columns.map((c) => c.name));
  const has = (key: string): boolean => Object.hasOwn(body, key) && !names.has(key);
  if (has("input_data")) {
    const data = body["input_data"];
    const input = isObject(data) && Object.hasOwn(data, "data") && !names.has("data") ? readSplit(data, signature) : Array.isArray(data) ? readInstances(data, signature) : readInput(data, signature);
    return { input, outputs: chosenOutputs(body["params"] ?? body["parameters"], "params"), results: false };
  }
  if (has("Inputs")) {
    const inputs = body["Inputs"];
    const data = isObject(inputs) ? inputs["data"] ?? inputs["input1"] : undefined;
    if (data === undefined) throw predictError("request-shape", '"Inputs" has no "data"', { hint: 'Send {"Inputs": {"data": [...]}}.' });
    return { input: readInstances(data, signature), outputs: chosenOutputs(body["GlobalParameters"], "GlobalParameters"), results: true };
  }
  if (has("data") && Object.keys(body).every((key) => key === "data" || key === "method" || key === "GlobalParameters")) return { input: readInstances(body["data"], signature), outputs: chosenOutputs(body["GlobalParameters"], "GlobalParameters"), results: false };
  return undefined;
}

function azureError(error: SlipwayError): Answer {
  const status = error.code === "header-too-long" ? 431 : statusOf(error);
  return jsonAnswer({ message: errorText(error) }, status, { "x-ms-run-function-failed": String(status >= 500) });
}
