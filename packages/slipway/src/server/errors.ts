// The server's coded errors, and how every kind of error becomes an HTTP status and a body.

import { SlipwayError, defineErrors, type ErrorDetails, type ErrorKind } from "@slipway/core/base";

const table = {
  "route-unknown": { kind: "not-found", doc: "The address is none that the server answers. The error names the nearest one." },
  "method-not-allowed": { kind: "usage", doc: "The address is right and the method is not. The `Allow` header lists the methods." },
  "model-unknown": { kind: "not-found", doc: "No model of that name, or that version of it, is served. The error lists the names." },
  "model-unavailable": { kind: "unavailable", doc: "The model or version is known and cannot answer now: it is being loaded, was unloaded, or failed to load. The error gives the reason." },
  "model-exists": { kind: "conflict", doc: "Two models have the same name and version. Give one another name: NAME=PATH." },
  "model-check-failed": { kind: "failed-check", doc: "A model does not predict what its package's own checks promise, so it was not put into service. What was served before is served on." },
  "model-load-failed": { kind: "invalid", doc: "No version of the model could be loaded. The error gives the reason of the last one." },
  "memory-budget": { kind: "unavailable", doc: "The model does not fit into the memory budget beside those that are answering requests now. Raise `--memory-budget`, or serve fewer models." },
  "load-invalid": { kind: "invalid", doc: "A request to load, unload or change a model is not understood. The error says what was expected." },
  "traffic-invalid": { kind: "invalid", doc: "The traffic between a model's versions is set in a way that gives no version any request." },
  "pipeline-invalid": { kind: "usage", doc: "A pipeline of the configuration does not fit together: a model, column, output or type is not there, or its steps go round in a circle. The error names the step." },
  "guard-pattern": { kind: "usage", doc: "The pattern of a guard is none of RE2's: it has a backreference, looks ahead or behind, is malformed, or is far too large; or one of its words is empty." },
  "guard-refused": { kind: "invalid", doc: "A row breaks a rule that stands in front of the model: a guard among its pipeline's steps. `data.rule` names it; nothing of the row is repeated." },
  "pipeline-broken": { kind: "unavailable", doc: "A model that a pipeline asks was changed so that the pipeline no longer fits together. Put back the model, or start the server with a pipeline that fits." },
  "upload-refused": { kind: "refused", doc: "A load request brings the model itself, which the server was not started to take (`--uploads`)." },
  "cross-site": { kind: "refused", doc: "A web page of another site asked to change models. Ask from a program, or from the same site." },
  "body-too-large": { kind: "limit", doc: "The request's body is larger than the server takes. Send it in parts, or raise the limit." },
  "body-encoding": { kind: "unsupported", doc: "The body's Content-Encoding or charset is not understood. Send plain UTF-8, gzip, deflate or br." },
  "body-damaged": { kind: "invalid", doc: "The body cannot be decompressed, or is not UTF-8." },
  "content-type-unsupported": { kind: "unsupported", doc: "The body's Content-Type is not understood here. Send application/json or text/csv." },
  "body-too-slow": { kind: "timeout", doc: "The request's body did not arrive in time. Send less, over a faster line, or allow more (`--receive-timeout`)." },
  "request-malformed": { kind: "invalid", doc: "The HTTP request itself is malformed." },
  "request-timeout": { kind: "timeout", doc: "The prediction took longer than the server allows. Send fewer rows, or raise the limit." },
  "host-refused": {
    kind: "refused",
    doc: "A server on loopback was asked under another host's name, as a web page that rebinds its DNS name would. Ask under localhost, or allow the name.",
  },
  "unsafe-bind": { kind: "usage", doc: "Listening beyond this machine without authentication is refused unless it is asked for by name (insecure)." },
  "address-unusable": { kind: "usage", doc: "The address cannot be listened on: it is none of this machine's, or the port is reserved." },
  "address-in-use": { kind: "conflict", doc: "Another program listens on that port. Choose another, or 0 for any free one." },
  "client-gone": { kind: "unavailable", doc: "The client closed the connection before its answer was ready; the work was stopped. Only the log shows it." },
  "tensor-invalid": { kind: "invalid", doc: "A tensor of an Open Inference Protocol request does not fit: its name, datatype, shape or data. The error says what was expected." },
  "table-damaged": { kind: "invalid", doc: "A Parquet or Arrow body cannot be read: it is damaged, or uses a part of its format that is not known. Write it again." },
  "image-damaged": { kind: "invalid", doc: "An image cannot be decoded: it is damaged, or is no PNG or JPEG of a kind that is read." },
  "decoder-busy": { kind: "exhausted", doc: "Too many binary bodies wait to be decoded. Ask again later." },
  "header-too-long": { kind: "limit", doc: "A request header that is sent back is longer than a hundred characters." },
  "address-invalid": { kind: "usage", doc: "An address that a platform sets by environment variable cannot be one of a route." },
  "not-offered": { kind: "unimplemented", doc: "A part of a protocol that this server does not offer. The error says what to use in its place." },
  "grpc-message": { kind: "invalid", doc: "A gRPC message is malformed, or not the one that its method takes. The client's code is of another .proto file." },
  "grpc-too-large": { kind: "limit", doc: "A gRPC message has more parts, or an answer more bytes, than one message may. Send fewer rows." },
  "grpc-only": { kind: "unsupported", doc: "The address is a gRPC method, and the request is no gRPC call." },
  "service-unknown": { kind: "not-found", doc: "gRPC's health check was asked for a service that is not served. The error lists those that are." },
  "server-busy": { kind: "exhausted", doc: "The server holds too many large requests that are still arriving. Try again later." },
  "server-overloaded": { kind: "exhausted", doc: "More predictions wait than the server holds. Ask again after `Retry-After`, or run more replicas." },
  "server-failed": { kind: "internal", doc: "A fault of Slipway's. Report it with the request id from the log." },
} as const;

export const serverError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);

const STATUS: Readonly<Record<ErrorKind, number>> = {
  usage: 400, invalid: 400, unsupported: 415, refused: 403, limit: 413, "not-found": 404,
  conflict: 409, "failed-check": 422, unavailable: 503, exhausted: 429, timeout: 504, unauthenticated: 401, unimplemented: 501, internal: 500,
};

export function statusOf(error: SlipwayError): number {
  if (error.code === "method-not-allowed") return 405;
  return STATUS[error.kind];
}

/** Whatever was thrown, as a coded error; faults of ours keep their message for the log only. */
export function toSlipwayError(error: unknown): SlipwayError {
  if (error instanceof SlipwayError) return error;
  return serverError("server-failed", "the server failed to answer this request", { hint: "The log has the reason beside this request's id.", cause: error });
}

/** The body of a failed request on Slipway's own routes. */
export function errorBody(error: SlipwayError, requestId: string): object {
  return { error: error.toJSON(), request_id: requestId };
}
/** The Open Inference Protocol's: always {"error": string}. */
export function oipErrorBody(error: SlipwayError): { readonly error: string } {
  return { error: `${error.message}${error.hint === undefined ? "" : `. ${error.hint}`}` };
}
