// What the OpenAPI document says of each route, by method and path. A route that is not here is in the document all the
// same, with nothing but its address.

import { exampleRequest, type Servable } from "../../runtime/index.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface Description {
  readonly tag: string;
  readonly summary: string;
  /** By media type. */
  readonly request?: Readonly<Record<string, Json>>;
  /** An example of the request as JSON. */
  readonly example?: unknown;
  readonly query?: Readonly<Record<string, Json>>;
  /** Of a 200, by media type. */
  readonly response: Readonly<Record<string, Json>>;
  /** The errors' component. */
  readonly error?: string;
}

const OBJECT: Json = { type: "object" };
const TEXT: Json = { type: "string" };
const NUMBERS: Json = { type: "array" };

export function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}
const json = (schema: Json): Record<string, Json> => ({ "application/json": schema });
const plain: Record<string, Json> = { "text/plain": TEXT };

/** `ids`: of every model's schemas. */
export function describeRoutes(models: readonly Servable[], ids: readonly string[]): ReadonlyMap<string, Description> {
  const rows: Json = { type: "array", minItems: 1, items: { anyOf: [...ids.map((id) => ref(`${id}.Row`)), NUMBERS, { type: ["string", "number", "boolean"] }] } };
  const objects: Json = { type: "array", minItems: 1, items: { anyOf: ids.map((id) => ref(`${id}.Row`)) } };
  const [first] = models;
  const example = first === undefined ? undefined : exampleRequest(first.signature);
  const list = Array.isArray(example) ? example : undefined;
  const wrapped = (key: string): unknown => (list === undefined ? undefined : { [key]: list });
  const all = new Map<string, Description>();
  const add = (route: string, description: Description): void => void all.set(route, description);
  const of = (properties: Record<string, Json>, required: readonly string[] = Object.keys(properties)): Json => ({ type: "object", properties, required });

  add("GET /models/{name}", { tag: "Models", summary: "A model and its signature; a page to try it, for browsers", response: { ...json(OBJECT), "text/html": TEXT } });
  add("GET /models/{name}/versions/{version}", { tag: "Models", summary: "The same of one version", response: { ...json(OBJECT), "text/html": TEXT } });
  add("GET /models", { tag: "Models", summary: "The models served here", response: json(of({ models: { type: "array", items: ref("Model") } })) });
  add("POST /models/{name}/versions/{version}/predict", { tag: "Predict", summary: "Predict with one version", request: json({ anyOf: ids.map((id) => ref(`${id}.Request`)) }), response: json({ anyOf: ids.map((id) => ref(`${id}.Answer`)) }) });
  add("GET /openapi.json", { tag: "Models", summary: "This document", response: json(OBJECT) });
  add("GET /", { tag: "Health", summary: "A page to try the model, for browsers; Healthy for others", response: { ...plain, "text/html": TEXT } });
  for (const [path, summary] of [["/health/live", "The process answers"], ["/health/ready", "Requests are taken (503 while stopping)"]] as const) add(`GET ${path}`, { tag: "Health", summary, response: json(OBJECT) });
  add("GET /metrics", { tag: "Health", summary: "Prometheus metrics", response: plain });

  const oip = { tag: "Open Inference Protocol", error: "OipError" };
  const oipGets: Readonly<Record<string, string>> = {
    "/v2": "The server and its extensions", "/v2/health/live": "The process answers", "/v2/health/ready": "Every model is ready", "/v2/models": "Names of the models", "/v2/models/stats": "Statistics of every model",
    "/v2/logging": "What is logged", "/v2/trace/setting": "What is traced", "/v2/models/{name}/trace/setting": "What is traced of a model",
  };
  for (const [path, summary] of Object.entries(oipGets)) add(`GET ${path}`, { ...oip, summary, response: json(OBJECT) });
  add("POST /v2/repository/index", { ...oip, summary: "Models and versions with their states", request: json(of({ ready: { type: "boolean" } }, [])), example: {}, response: json({ type: "array", items: OBJECT }) });
  for (const prefix of ["/v2/models/{name}", "/v2/models/{name}/versions/{version}"]) {
    for (const [end, summary] of [["", "Inputs and outputs as tensors"], ["/ready", "Whether it is ready"], ["/config", "Its configuration as Triton has it"], ["/stats", "Its statistics"]] as const) add(`GET ${prefix}${end}`, { ...oip, summary, response: json(OBJECT) });
    add(`POST ${prefix}/infer`, { ...oip, summary: "Infer in tensors", request: { ...json(ref("InferRequest")), "application/octet-stream": TEXT }, response: { ...json(ref("InferResponse")), "application/octet-stream": TEXT } });
    add(`POST ${prefix}/generate`, { ...oip, summary: "One row as one JSON object", request: json({ anyOf: [...ids.map((id) => ref(`${id}.Row`)), of({ text_input: TEXT })] }), response: json(OBJECT) });
    add(`POST ${prefix}/generate_stream`, { ...oip, summary: "One row, answered as an event", request: json({ anyOf: [...ids.map((id) => ref(`${id}.Row`)), of({ text_input: TEXT })] }), response: { "text/event-stream": {} } });
  }

  const tfs = { tag: "TensorFlow Serving and KServe v1", error: "OipError" };
  add("GET /v1/models", { ...tfs, summary: "The models, as KServe and OpenAI's clients read them", response: json(OBJECT) });
  const predict = { anyOf: [of({ instances: rows, signature_name: TEXT }, ["instances"]), of({ inputs: { type: ["array", "object"] }, signature_name: TEXT }, ["inputs"])] };
  const examples = of({ examples: objects, context: OBJECT, signature_name: TEXT }, ["examples"]);
  for (const prefix of ["/v1/models/{name}", "/v1/models/{name}/versions/{version}", "/v1/models/{name}/labels/{label}"]) {
    add(`GET ${prefix}`, { ...tfs, summary: "State of a model's versions", response: json(OBJECT) });
    add(`GET ${prefix}/metadata`, { ...tfs, summary: "Its signatures", response: json(OBJECT) });
    // Answers may hold bare NaN, which is no JSON to a validator.
    add(`POST ${prefix}:predict`, { ...tfs, summary: "Predict rows (instances) or columns (inputs)", request: json(predict), example: wrapped("instances"), response: json({}) });
    add(`POST ${prefix}:classify`, { ...tfs, summary: "Classes with their scores", request: json(examples), response: json({}) });
    add(`POST ${prefix}:regress`, { ...tfs, summary: "One number a row", request: json(examples), response: json({}) });
  }

  const tables = { "text/csv": TEXT, "application/jsonlines": TEXT, "application/vnd.apache.arrow.stream": TEXT };
  const mlflow = { tag: "MLflow and SageMaker", error: "MlflowError" };
  for (const path of ["/ping", "/health"]) add(`GET ${path}`, { ...mlflow, summary: "Whether it is well", response: plain });
  add("GET /version", { ...mlflow, summary: "The version of MLflow whose interface this is", response: plain });
  const scoring: Json = { anyOf: [
    of({ dataframe_split: of({ columns: { type: "array", items: TEXT }, data: { type: "array", minItems: 1, items: { type: "array" } }, index: { type: "array" } }, ["data"]), params: OBJECT }, ["dataframe_split"]),
    of({ dataframe_records: objects, params: OBJECT }, ["dataframe_records"]), of({ instances: rows, params: OBJECT }, ["instances"]), of({ inputs: { type: ["array", "object", "string"] }, params: OBJECT }, ["inputs"]),
    ...ids.map((id) => ref(`${id}.Request`)),
  ] };
  const answers = { ...json({ anyOf: [of({ predictions: { type: "array" } }), { type: "array" }, ref("InferResponse")] }), ...tables };
  const invocation = { request: { ...json(scoring), "text/csv": TEXT, "application/jsonlines": TEXT, "application/vnd.apache.parquet": TEXT }, response: answers };
  add("POST /invocations", { ...mlflow, summary: "Score rows in any form", ...invocation, example: wrapped("instances") });
  add("POST /models/{name}/invoke", { ...mlflow, summary: "Score rows with one model of a multi-model endpoint", ...invocation });
  add("GET /execution-parameters", { ...mlflow, summary: "What batch transform may send", response: json(OBJECT) });
  add("POST /models", { ...mlflow, summary: "Load a model (multi-model endpoints)", request: json(of({ model_name: TEXT, url: TEXT })), response: json(OBJECT) });
  add("DELETE /models/{name}", { ...mlflow, summary: "Unload a model (multi-model endpoints)", response: json(OBJECT) });

  const vertex = { tag: "Vertex AI", error: "GoogleError" };
  const instances = json(of({ instances: rows, parameters: OBJECT }, ["instances"]));
  const predictions = json(of({ predictions: { type: "array" }, deployedModelId: TEXT }, ["predictions"]));
  add("GET /v1/endpoints/{endpoint}/deployedModels/{deployed}", { ...vertex, summary: "Whether it is well", response: json(OBJECT) });
  for (const path of ["/v1/endpoints/{endpoint}/deployedModels/{deployed}:predict", "/v1/projects/{project}/locations/{location}/endpoints/{endpoint}:predict", "/v1/projects/{project}/locations/{location}/endpoints/{endpoint}:rawPredict"]) {
    add(`POST ${path}`, { ...vertex, summary: "Predict instances", request: instances, example: wrapped("instances"), response: predictions });
  }

  const azure = { tag: "Azure ML", error: "AzureError" };
  const scored = json({ anyOf: [{ type: "array" }, of({ Results: { type: "array" } })] });
  add("GET /score", { ...azure, summary: "Score one row, given as the query's parameters", response: scored });
  add("POST /score", { ...azure, summary: "Score rows", request: json({ anyOf: [of({ input_data: { type: ["object", "array"] } }), of({ Inputs: of({ data: rows }) }), of({ data: rows }), ...ids.map((id) => ref(`${id}.Request`))] }), example: wrapped("data"), response: scored });
  add("OPTIONS /score", { ...azure, summary: "The methods of /score", response: {} });
  add("GET /swagger.json", { ...azure, summary: "The description of /score for Azure's studio", query: { version: { enum: ["2", "3"], default: "2" } }, response: json(OBJECT) });
  return all;
}

const member = (name: string): Json => ({ type: "object", properties: { [name]: { type: "string" } }, required: [name] });

/** The shapes of errors. */
export const ERROR_SCHEMAS: Readonly<Record<string, Json>> = {
  OipError: member("error"), AzureError: member("message"),
  MlflowError: { type: "object", properties: { error_code: { type: "string" }, message: { type: "string" } }, required: ["error_code", "message"] },
  GoogleError: { type: "object", properties: { error: { type: "object", properties: { code: { type: "integer" }, message: { type: "string" }, status: { type: "string" } }, required: ["code", "message", "status"] } }, required: ["error"] },
};
