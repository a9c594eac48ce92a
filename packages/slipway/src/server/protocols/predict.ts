// Slipway's own protocol: POST /predict and POST /models/NAME/predict.
// In: JSON (every form that readInput takes) or text/csv. Out, always the same shape:
//   {"predictions": [{output name: value ...}, ...], "model": {name, version, digest}, "prediction_id": uuid}
// Row i of an answer is called `<prediction_id>-<i>`. `?outputs=label,score` chooses outputs; `?on_invalid=rows` answers
// bad rows with {"error": {...}} in their place instead of refusing the request.

import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { parseJson, placeRows, readCsv, readInput, toRows, type Model, type ModelInput, type OnInvalid } from "../../runtime/index.ts";
import { bodyText, mediaType, plainBody } from "../body.ts";
import type { ServerContext } from "../context.ts";
import { serverError } from "../errors.ts";

/** Answers longer than this are written piece by piece, so that the event loop stays free. */
const ROWS_AT_ONCE = 2000;

export function registerPredict(app: FastifyInstance, context: ServerContext): void {
  app.post("/predict", (request, reply) => predict(context, context.models.first, request, reply));
  app.post<{ Params: { name: string } }>("/models/:name/predict", (request, reply) => predict(context, context.models.find(request.params.name), request, reply));
  app.get("/models", () => ({ models: context.models.all.map(summary) }));
  app.get<{ Params: { name: string } }>("/models/:name", async (request, reply) => {
    const model = context.models.find(request.params.name);
    // A browser gets the page, unless it asks for the JSON by ?format=json.
    if (/text\/html/.test(request.headers.accept ?? "") && (request.query as { format?: unknown }).format !== "json") return context.page(model, reply);
    return { ...summary(model), signature: model.signature };
  });
}

function summary(model: Model): object {
  return { name: model.name, version: model.version, digest: model.digest };
}

async function predict(context: ServerContext, model: Model, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const query = request.query as Record<string, string | string[] | undefined>;
  const onInvalid = readOnInvalid(query["on_invalid"]);
  const outputs = query["outputs"] === undefined ? undefined : [query["outputs"]].flat().flatMap((names) => names.split(",")).map((n) => n.trim()).filter((n) => n !== "");
  const input = await readBody(context, model, request);
  const encoded = model.encode(input, onInvalid);
  const prediction = await model.run(encoded.batch, { onInvalid, ...(outputs === undefined ? {} : { outputs }), signal: context.signal(request) });
  context.observe(request, { model, rows: prediction.rows, computeMs: prediction.computeMs });
  const id = randomUUID();
  const tail = `"model":${JSON.stringify(summary(model))},"prediction_id":"${id}"}`;
  reply.type("application/json; charset=utf-8").header("x-prediction-id", id);
  if (prediction.rows <= ROWS_AT_ONCE || encoded.kept !== undefined || prediction.refused !== undefined) {
    return `{"predictions":${JSON.stringify(placeRows(encoded, prediction))},${tail}`;
  }
  return Readable.from(pieces());

  async function* pieces(): AsyncGenerator<string> {
    yield '{"predictions":[';
    for (let start = 0; start < prediction.rows; start += ROWS_AT_ONCE) {
      const text = JSON.stringify(toRows(prediction, start, Math.min(prediction.rows, start + ROWS_AT_ONCE)));
      yield (start === 0 ? "" : ",") + text.slice(1, -1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    yield `],${tail}`;
  }
}

function readOnInvalid(value: string | string[] | undefined): OnInvalid {
  if (value === undefined || value === "throw") return "throw";
  if (value === "rows") return "rows";
  throw serverError("request-malformed", `on_invalid is ${JSON.stringify(value)}`, { hint: "It is throw (one bad row refuses the request) or rows (bad rows are answered with an error each)." });
}

async function readBody(context: ServerContext, model: Model, request: FastifyRequest): Promise<ModelInput> {
  const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const bytes = await plainBody(raw, request.headers, context.options.bodyLimit);
  const type = mediaType(request.headers);
  const text = bodyText(bytes, request.headers["content-type"] ?? "");
  if (type === "text/csv" || type === "application/csv" || type === "text/tab-separated-values") return readCsv(text, model.signature);
  if (type === "text/plain" && model.signature.layout === "text" && !/^\s*[[{"]/.test(text)) return { kind: "texts", texts: [text] };
  // curl -d sends JSON as a form unless told otherwise; clients in the field send no type at all.
  if (type === "" || type === "text/plain" || type === "application/x-www-form-urlencoded" || /^application\/(?:[\w.-]+\+)?json$/.test(type) || type === "text/json") {
    return readInput(parseJson(text), model.signature);
  }
  throw serverError("content-type-unsupported", `bodies of type ${JSON.stringify(type.slice(0, 80))} are not understood`, { hint: "Send application/json or text/csv." });
}
