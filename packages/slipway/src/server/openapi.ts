// The OpenAPI 3.1 document of exactly the models that are served: their columns with types, categories, ranges, which
// may be missing, and an example; their outputs with class names. https://spec.openapis.org/oas/v3.1.1

import type { Column, Output, TensorInput } from "@slipway/core/package";
import { exampleRequest, exampleValue, isFlag, usedColumns, type Servable } from "../runtime/index.ts";
import type { ServerContext } from "./context.ts";
import { exampleInferRequest } from "./protocols/oip/tensors.ts";

type Json = Readonly<Record<string, unknown>>;

/** Longer lists would make the document unreadable; the signature has them all. */
const MAX_ENUM = 500;
const MAX_PROPERTIES = 2000;

export function openApiDocument(context: ServerContext): Json {
  const models = context.models.all;
  const schemas: Record<string, Json> = { ...SHARED };
  const paths: Record<string, Json> = {};
  for (const model of models) {
    const id = schemaName(model.name);
    schemas[`${id}.Row`] = rowSchema(model);
    schemas[`${id}.Request`] = requestSchema(model, id);
    schemas[`${id}.Prediction`] = predictionSchema(model);
    schemas[`${id}.Answer`] = answerSchema(id);
    const path = `/models/${encodeURIComponent(model.name)}`;
    if (model === models[0]) paths["/predict"] = { post: predictOperation(model, id, "predict") };
    paths[`${path}/predict`] = { post: predictOperation(model, id, `predict.${id}`) };
    paths[`/v2${path}`] = { get: operation(`oip.metadata.${id}`, "Open Inference Protocol", `Inputs and outputs of ${model.name} as tensors`, {}) };
    paths[`/v2${path}/infer`] = { post: inferOperation(model, id) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: models.map((m) => m.name).join(", "),
      version: models[0]?.version ?? "0.0.0",
      description: models.map((m) => `${m.name} ${m.version} (${m.digest})`).join("\n\n"),
    },
    servers: [{ url: context.options.basePath ?? "/" }],
    paths: { ...paths, ...FIXED_PATHS },
    components: { schemas },
  };
}

/** Component names may hold letters, digits, ".", "-" and "_" only, which package names keep to. */
function schemaName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/g, "_");
}

export function rowSchema(model: Servable): Json {
  if (model.signature.tensors) return tensorsRowSchema(model.signature.tensors, model.signature.tensorRows === "none");
  const columns = usedColumns(model.signature).slice(0, MAX_PROPERTIES);
  return {
    type: "object",
    properties: Object.fromEntries(columns.map((c) => [c.name, columnSchema(c)])),
    required: columns.filter((c) => c.missing === "refused").map((c) => c.name),
    ...(model.signature.extraColumns === "refused" ? { additionalProperties: false } : {}),
    example: Object.fromEntries(columns.map((c) => [c.name, exampleValue(c)])),
  };
}

/** One nested list an input: of one row, or (`whole`) of the whole request. */
function tensorsRowSchema(tensors: readonly TensorInput[], whole: boolean): Json {
  return { type: "object", properties: Object.fromEntries(tensors.map((t) => [t.name, nestedSchema(t, whole ? 0 : 1)])), required: tensors.map((t) => t.name), additionalProperties: false };
}
function nestedSchema(input: TensorInput, depth: number): Json {
  const size = input.shape[depth];
  if (size === undefined) return { type: input.type === "string" ? "string" : input.type === "bool" ? "boolean" : /int/.test(input.type) ? "integer" : ["number", "null"] };
  const fixed = typeof size === "number" && size >= 0 && depth > 0;
  return { type: "array", items: nestedSchema(input, depth + 1), ...(fixed ? { minItems: size, maxItems: size } : {}) };
}

/** null is among the types where the column may be missing. */
function columnSchema(column: Column): Json {
  const nullable = column.missing === "allowed";
  const type = { double: "number", int64: "integer", boolean: "boolean", string: "string" }[column.type];
  const notes = [
    isFlag(column) && type === "number" ? "Usually true or false." : column.range === undefined ? "" : `Usually ${column.range[0]} to ${column.range[1]}.`,
    column.categories !== undefined && column.unknown === "allowed" ? `Known: ${column.categories.slice(0, 30).map((c) => JSON.stringify(c)).join(", ")}${column.categories.length > 30 ? ", ..." : ""}; any other value counts as unknown.` : "",
    column.missingReason === undefined ? "" : `May not be missing: ${column.missingReason}.`,
    type === "number" && column.infinite === "allowed" ? '"Infinity" and "-Infinity" are taken as numbers.' : "",
  ].filter((note) => note !== "");
  const closed = column.categories !== undefined && column.unknown === "refused" && column.categories.length <= MAX_ENUM;
  const [low, high] = column.limits ?? [-Infinity, Infinity];
  return {
    type: column.wholeNumbers === true ? [type, "integer"] : isFlag(column) && type === "number" ? ["boolean", type, ...(nullable ? ["null"] : [])] : nullable ? [type, "null"] : type,
    ...(closed ? { enum: [...column.categories!, ...(nullable ? [null] : [])] } : {}),
    ...(Number.isFinite(low) ? { minimum: low } : {}),
    ...(Number.isFinite(high) ? { maximum: high } : {}),
    ...(notes.length > 0 ? { description: notes.join(" ") } : {}),
    examples: [exampleValue(column)],
  };
}

function requestSchema(model: Servable, id: string): Json {
  const { signature } = model;
  const row = ref(`${id}.Row`);
  if (signature.tensors) {
    const named = { type: "object", properties: Object.fromEntries(signature.tensors.map((t) => [t.name, nestedSchema(t, 0)])), required: signature.tensors.map((t) => t.name) };
    const whole = { type: "object", properties: { inputs: { anyOf: [named, { type: "array", items: TENSOR }] } }, required: ["inputs"] };
    return { anyOf: [whole, row, ...(signature.tensorRows === "none" ? [] : [{ type: "array", items: row }])], examples: [exampleRequest(signature)] };
  }
  const cells = signature.columns.length;
  const list = { type: "array", minItems: cells, maxItems: cells, description: `The ${cells} columns in order: ${signature.columns.slice(0, 30).map((c) => c.name).join(", ")}${cells > 30 ? ", ..." : ""}` };
  const records = { type: "array", items: row };
  const rows = { type: "array", items: list };
  const text = { type: "string" };
  const texts = { type: "array", items: text };
  const columns = { type: "object", additionalProperties: { type: "array" } };
  const forms: Json[] = signature.layout === "text"
    ? [texts, text, { type: "object", properties: { texts }, required: ["texts"] }, records, row]
    : [records, row, { type: "object", properties: { records }, required: ["records"] }, rows, { type: "object", properties: { rows }, required: ["rows"] }, { type: "object", properties: { columns }, required: ["columns"] }];
  return { anyOf: forms, examples: [exampleRequest(signature)] };
}

export function predictionSchema(model: Servable): Json {
  return {
    type: "object",
    properties: Object.fromEntries(model.signature.outputs.map((o) => [o.name, outputSchema(o)])),
    required: model.signature.outputs.map((o) => o.name),
  };
}

function outputSchema(output: Output): Json {
  const scalar = { type: /^(double|float)/.test(output.type) ? ["number", "null"] : output.type === "string" ? ["string", "null"] : output.type === "bool" ? "boolean" : output.type.endsWith("64") ? ["integer", "string"] : "integer" };
  if (output.rowShape.length === 0) return output.classes !== undefined && output.classes.length <= MAX_ENUM ? { enum: [...output.classes] } : scalar;
  const names = output.columns?.map(String);
  if (names !== undefined && output.kind !== "transformed" && new Set(names).size === names.length && names.length <= MAX_PROPERTIES) {
    return { type: "object", properties: Object.fromEntries(names.map((n) => [n, scalar])), required: names };
  }
  const [width, ...inner] = output.rowShape as [number, ...number[]];
  const items = inner.reduceRight((of: Json, d) => ({ type: "array", items: of, ...(d >= 0 ? { minItems: d, maxItems: d } : {}) }), scalar);
  return { type: "array", items, ...(width >= 0 ? { minItems: width, maxItems: width } : {}) };
}

function answerSchema(id: string): Json {
  return {
    type: "object",
    properties: {
      predictions: { type: "array", items: ref(`${id}.Prediction`), description: "One a row, in the request's order." },
      model: ref("Model"),
      prediction_id: { type: "string", format: "uuid", description: "Row i of this answer is called <prediction_id>-<i>." },
    },
    required: ["predictions", "model", "prediction_id"],
  };
}

function predictOperation(model: Servable, id: string, operationId: string): Json {
  const csv = usedColumns(model.signature).map((c) => c.name).join(",");
  return {
    operationId, tags: ["Predict"], summary: `Predict with ${model.name}`,
    parameters: [
      { name: "outputs", in: "query", description: `Which outputs, separated by commas; all by default: ${model.signature.outputs.map((o) => o.name).join(", ")}.`, schema: { type: "string" } },
      { name: "on_invalid", in: "query", description: "throw: one bad row refuses the request. rows: a bad row is answered with an error in its place.", schema: { enum: ["throw", "rows"], default: "throw" } },
    ],
    requestBody: {
      required: true,
      content: {
        "application/json": { schema: ref(`${id}.Request`), example: exampleRequest(model.signature) },
        "text/csv": { schema: { type: "string", description: `The first line names the columns: ${csv.slice(0, 2000)}` } },
      },
    },
    responses: { "200": { description: "Predictions", content: { "application/json": { schema: ref(`${id}.Answer`) } } }, ...ERRORS },
  };
}

function inferOperation(model: Servable, id: string): Json {
  return {
    operationId: `oip.infer.${id}`, tags: ["Open Inference Protocol"], summary: `Infer with ${model.name}, in tensors`,
    requestBody: { required: true, content: { "application/json": { schema: ref("InferRequest"), example: exampleInferRequest(model) }, "application/octet-stream": { schema: { type: "string", description: "JSON, then binary tensors; Inference-Header-Content-Length is the JSON's length." } } } },
    responses: { "200": { description: "Outputs as tensors", content: { "application/json": { schema: ref("InferResponse") } } }, default: { description: "An error", content: { "application/json": { schema: ref("OipError") } } } },
  };
}

function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}
function operation(operationId: string, tag: string, summary: string, schema: Json, type = "application/json"): Json {
  return { operationId, tags: [tag], summary, responses: { "200": { description: summary, content: { [type]: { schema } } } } };
}

const ERRORS: Json = Object.fromEntries(
  [["400", "The rows do not fit the model"], ["404", "No such model"], ["413", "Too large"], ["415", "No such content type"], ["503", "Stopping, or out of time"]]
    .map(([status, description]) => [status, { description, content: { "application/json": { schema: ref("Error") } } }]),
);

const TENSOR: Json = {
  type: "object",
  properties: { name: { type: "string" }, shape: { type: "array", items: { type: "integer" } }, datatype: { type: "string" }, parameters: { type: "object" }, data: { type: "array" } },
  required: ["name", "shape", "datatype"],
};

const SHARED: Readonly<Record<string, Json>> = {
  Model: { type: "object", properties: { name: { type: "string" }, version: { type: "string" }, digest: { type: "string" } }, required: ["name", "version", "digest"] },
  Error: {
    type: "object",
    properties: {
      error: {
        type: "object",
        properties: { code: { type: "string" }, message: { type: "string" }, where: { type: "string" }, hint: { type: "string" }, data: { type: "object", description: "problems: row, column, expected, found; example: a valid request" } },
        required: ["code", "message"],
      },
      request_id: { type: "string" },
    },
    required: ["error"],
  },
  InferRequest: { type: "object", properties: { id: { type: "string" }, parameters: { type: "object" }, inputs: { type: "array", items: TENSOR }, outputs: { type: "array", items: { type: "object", properties: { name: { type: "string" } }, required: ["name"] } } }, required: ["inputs"] },
  InferResponse: { type: "object", properties: { model_name: { type: "string" }, model_version: { type: "string" }, id: { type: "string" }, outputs: { type: "array", items: TENSOR } }, required: ["model_name", "outputs"] },
  OipError: { type: "object", properties: { error: { type: "string" } }, required: ["error"] },
};

const FIXED_PATHS: Readonly<Record<string, Json>> = {
  "/models": { get: operation("models", "Models", "The models served here", { type: "object", properties: { models: { type: "array", items: ref("Model") } } }) },
  "/health/live": { get: operation("live", "Health", "The process answers", { type: "object" }) },
  "/health/ready": { get: operation("ready", "Health", "Requests are taken (503 while stopping)", { type: "object" }) },
  "/metrics": { get: operation("metrics", "Health", "Prometheus metrics", { type: "string" }, "text/plain") },
  "/v2": { get: operation("oip.server", "Open Inference Protocol", "The server and its extensions", { type: "object" }) },
  "/v2/health/live": { get: operation("oip.live", "Open Inference Protocol", "The process answers", { type: "object" }) },
  "/v2/health/ready": { get: operation("oip.ready", "Open Inference Protocol", "Every model is ready", { type: "object" }) },
};
