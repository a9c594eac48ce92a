// The description of /score that Azure Machine Learning's studio reads: Swagger 2.0 or OpenAPI 3.0.

import { exampleRequest, type Servable } from "../../../runtime/index.ts";
import { toOpenApi30 } from "./to-openapi-30.ts";
import { predictionSchema, rowSchema } from "../../openapi/schemas.ts";

type Json = Readonly<Record<string, unknown>>;

export function swaggerDocument(model: Servable, version: "2" | "3"): Json {
  const description = `Predictions of ${model.name} ${model.version}`;
  const rows = { type: "array", items: toOpenApi30(rowSchema(model)) };
  const input = { type: "object", properties: { data: rows }, required: ["data"], example: { data: exampleRequest(model.signature) } };
  const output = { type: "array", items: toOpenApi30(predictionSchema(model)) };
  const failure = { type: "object", properties: { message: { type: "string" } } };
  const info = { title: model.name, description, version: model.version };
  if (version === "2") {
    const responses = { 200: { description, schema: { $ref: "#/definitions/ServiceOutput" } }, default: { description: "An error", schema: { $ref: "#/definitions/ErrorResponse" } } };
    return {
      swagger: "2.0", info, schemes: ["http", "https"], consumes: ["application/json"], produces: ["application/json"],
      paths: {
        "/": { get: { operationId: "ServiceHealthCheck", produces: ["text/plain"], responses: { 200: { description: "Healthy", schema: { type: "string" } } } } },
        "/score": { post: { operationId: "RunMLService", parameters: [{ name: "serviceInputPayload", in: "body", required: true, schema: { $ref: "#/definitions/ServiceInput" } }], responses } },
      },
      definitions: { ServiceInput: input, ServiceOutput: output, ErrorResponse: failure },
    };
  }
  const json = (name: string): Json => ({ "application/json": { schema: { $ref: `#/components/schemas/${name}` } } });
  return {
    openapi: "3.0.3", info, servers: [{ url: "/" }],
    paths: {
      "/": { get: { operationId: "ServiceHealthCheck", responses: { 200: { description: "Healthy", content: { "text/plain": { schema: { type: "string" } } } } } } },
      "/score": { post: { operationId: "RunMLService", requestBody: { required: true, content: json("ServiceInput") }, responses: { 200: { description, content: json("ServiceOutput") }, default: { description: "An error", content: json("ErrorResponse") } } } },
    },
    components: { schemas: { ServiceInput: input, ServiceOutput: output, ErrorResponse: failure } },
  };
}
