// The OpenAPI 3.1 document of exactly the models that are served, and of every route of the routing table.
// https://spec.openapis.org/oas/v3.1.1

import { exampleRequest, usedColumns, type Servable } from "../../runtime/index.ts";
import type { ServerContext } from "../context.ts";
import type { Route } from "../http/routing-table.ts";
import { exampleInferRequest } from "../protocols/oip/tensors.ts";
import { describeRoutes, ERROR_SCHEMAS, ref, type Description, type Json } from "./descriptions.ts";
import { answerSchema, predictionSchema, requestSchema, rowSchema, schemaName, TENSOR } from "./schemas.ts";

/** Addresses that are no interface: the page's files, gRPC's methods, which reflection describes, and what is only refused. */
const UNDESCRIBED = /^\/(?:assets\/|dashboard|\w+\.[\w.]+\/)|:explain$/;

/** `models`: those that the reader may ask. */
export function openApiDocument(context: ServerContext, models: readonly Servable[] = context.models.all): Json {
  const ids = models.map((m) => schemaName(m.name));
  const schemas: Record<string, Json> = { ...SHARED, ...ERROR_SCHEMAS };
  const paths: Record<string, Record<string, Json>> = {};
  models.forEach((model, i) => {
    const id = ids[i]!;
    schemas[`${id}.Row`] = rowSchema(model);
    schemas[`${id}.Request`] = requestSchema(model, id);
    schemas[`${id}.Prediction`] = predictionSchema(model);
    schemas[`${id}.Answer`] = answerSchema(id);
    const path = `/models/${encodeURIComponent(model.name)}`;
    if (i === 0) paths["/predict"] = { post: predictOperation(model, id, "predict") };
    paths[`${path}/predict`] = { post: predictOperation(model, id, `predict.${id}`) };
    paths[`/v2${path}/infer`] = { post: inferOperation(model, id) };
  });
  const descriptions = describeRoutes(models, ids);
  for (const { method, path, about } of context.table?.routes ?? []) {
    const verb = method.toLowerCase();
    // Each model has these under its own name.
    if (UNDESCRIBED.test(path) || path === "/models/{name}/predict" || path === "/v2/models/{name}/infer" || paths[path]?.[verb] !== undefined) continue;
    (paths[path] ??= {})[verb] = routeOperation({ method, path }, descriptions.get(`${method} ${path}`) ?? about, models);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: models.map((m) => m.name).join(", ") || "no model",
      version: models[0]?.version ?? "0.0.0",
      description: models.map((m) => `${m.name} ${m.version} (${m.digest})`).join("\n\n"),
    },
    servers: [{ url: context.options.basePath ?? "/" }],
    paths,
    components: { schemas },
  };
}

function routeOperation({ method, path }: Pick<Route, "method" | "path">, description: Description | undefined, models: readonly Servable[]): Json {
  const { tag = "Administration", summary = `${method} ${path}`, request, example, query = {}, response = { "application/json": {} }, error = path.startsWith("/v2") ? "OipError" : "Error" } = description ?? {};
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name, in: "path", required: true,
    schema: name === "name" && models.length > 0 && !path.startsWith("/api/") ? { enum: models.map((m) => m.name) } : { type: "string", minLength: 1, ...(name === "version" && models[0] !== undefined ? { examples: [models[0].version] } : {}) },
  }));
  const json = request?.["application/json"];
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[^A-Za-z0-9]+/g, ".").replace(/\.$/, "")}`, tags: [tag], summary,
    parameters: [...parameters, ...Object.entries(query).map(([name, schema]) => ({ name, in: "query", schema }))],
    ...(request === undefined ? {} : { requestBody: { required: true, content: {
      ...Object.fromEntries(Object.entries(request).map(([type, schema]) => [type, { schema }])),
      ...(json === undefined || example === undefined ? {} : { "application/json": { schema: json, example } }),
    } } }),
    responses: { "200": { description: summary, content: contentOf(response) }, default: failure(error) },
  };
}

function contentOf(types: Readonly<Record<string, Json>>): Json {
  return Object.fromEntries(Object.entries(types).map(([type, schema]) => [type, { schema }]));
}
function failure(schema: string): Json {
  return { description: "An error", content: { "application/json": { schema: ref(schema) } } };
}

function predictOperation(model: Servable, id: string, operationId: string): Json {
  const csv = usedColumns(model.signature).map((c) => c.name).join(",");
  const bytes = { type: "string" };
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
        ...contentOf({ "application/jsonlines": bytes, "application/vnd.apache.arrow.stream": bytes, "application/vnd.apache.parquet": bytes, "multipart/form-data": { type: "object" } }),
        ...(model.signature.tensors === undefined ? {} : contentOf({ "image/png": bytes, "image/jpeg": bytes })),
      },
    },
    responses: {
      "200": { description: "Predictions, in the form that Accept asks for", content: contentOf({ "application/json": ref(`${id}.Answer`), "text/csv": bytes, "application/jsonlines": bytes, "application/vnd.apache.arrow.stream": bytes }) },
      ...ERRORS, default: failure("Error"),
    },
  };
}

function inferOperation(model: Servable, id: string): Json {
  return {
    operationId: `oip.infer.${id}`, tags: ["Open Inference Protocol"], summary: `Infer with ${model.name}, in tensors`,
    requestBody: { required: true, content: { "application/json": { schema: ref("InferRequest"), example: exampleInferRequest(model) }, "application/octet-stream": { schema: { type: "string", description: "JSON, then binary tensors; Inference-Header-Content-Length is the JSON's length." } } } },
    responses: { "200": { description: "Outputs as tensors", content: contentOf({ "application/json": ref("InferResponse"), "application/octet-stream": { type: "string" } }) }, default: failure("OipError") },
  };
}

const ERRORS: Json = Object.fromEntries(
  [["400", "The rows do not fit the model"], ["404", "No such model"], ["413", "Too large"], ["415", "No such content type"], ["503", "Stopping, or out of time"]]
    .map(([status, description]) => [status, { description, content: { "application/json": { schema: ref("Error") } } }]),
);

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
  RowError: { type: "object", properties: { error: { type: "object" } }, required: ["error"] },
};
