// Slipway's own protocol: POST /predict and POST /models/NAME/predict.
// In: JSON (every form that readInput takes), JSON lines, CSV, Arrow, Parquet, a form, text, PNG and JPEG. Out, by default:
//   {"predictions": [{output name: value ...}, ...], "model": {name, version, digest}, "prediction_id": uuid}
// or, where the client's Accept header says so, CSV with a header line, JSON lines or Arrow.
// Row i of an answer is called `<prediction_id>-<i>`. `?outputs=label,score` chooses outputs; `?on_invalid=rows` answers
// bad rows with {"error": {...}} in their place instead of refusing the request.

import { signatureToJson } from "@slipway/core/package";
import { placeRows, rowsJson, type ModelInput, type OnInvalid, type Prediction, type Servable } from "../../runtime/index.ts";
import { mayAsk } from "../auth/index.ts";
import type { ServerContext } from "../context.ts";
import { serverError } from "../errors.ts";
import { jsonAnswer, jsonText, type Answer, type Call } from "../http/call.ts";
import type { Protocol } from "../http/routing-table.ts";
import { infer, type Inference, type InferOptions } from "../inference.ts";
import type { Selection } from "../models/directory.ts";
import { pageError, wantsPage } from "../pages/key-page.ts";
import { maskForm, maskPicture, withPngs, type MaskForm } from "./shared/mask-answer.ts";
import { negotiated } from "./shared/answer-rows.ts";
import { ROWS_AT_ONCE } from "./shared/pieces.ts";
import { readBody } from "./shared/read-body.ts";

const ANY_MODEL: Selection = {};

export function slipwayProtocol(context: ServerContext): Protocol {
  const { models } = context;
  return {
    name: "slipway",
    error: pageError(context.options.basePath),
    routes: [
      { method: "POST", path: "/predict", action: "predict", handle: (call) => predict(context, call, ANY_MODEL) },
      { method: "POST", path: "/models/{name}/predict", action: "predict", handle: (call) => predict(context, call, call.params) },
      { method: "POST", path: "/models/{name}/versions/{version}/predict", action: "predict", handle: (call) => predict(context, call, call.params) },
      { method: "GET", path: "/models", action: "read", handle: (call) => jsonAnswer({ models: models.all.filter((m) => mayAsk(call, m.name)).map(listed) }) },
      { method: "GET", path: "/models/{name}", action: "read", handle: show },
      { method: "GET", path: "/models/{name}/versions/{version}", action: "read", handle: show },
    ],
  };

  async function show(call: Call): Promise<Answer> {
    const { name, version } = call.params;
    const model = models.find(name!, version);
    if (wantsPage(call)) return (await import("../pages/try-page.ts")).tryPage(call, model, context, version);
    return jsonAnswer({ ...listed(model), signature: signatureToJson(model.signature) });
  }
}

interface Summary {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
}
function summary(model: Servable): Summary {
  return { name: model.name, version: model.version, digest: model.digest };
}
/** And what Amazon SageMaker asks of a multi-model endpoint at the same address. */
function listed(model: Servable): object {
  return { ...summary(model), ...(model.engine?.name === "python" ? { engine: "python" } : {}), ...(model.itemSpace === undefined ? {} : { recommends: true }), modelName: model.name, modelUrl: `slipway:${model.name}@${model.digest}` };
}

const summaries = new WeakMap<Servable, string>();
function summaryJson(model: Servable): string {
  let json = summaries.get(model);
  if (json === undefined) summaries.set(model, (json = JSON.stringify(summary(model))));
  return json;
}

// Each step is a function of its own, called at once where what it needs is there: a request has no closures.

function predict(context: ServerContext, call: Call, wanted: Selection): Answer | Promise<Answer> {
  const model = context.models.select(call, wanted);
  return model instanceof Promise ? model.then((found) => ask(context, call, found)) : ask(context, call, model);
}

function ask(context: ServerContext, call: Call, model: Servable): Answer | Promise<Answer> {
  const options = call.search === "" ? PLAIN : optionsOf(call.query);
  // What cannot be answered so is refused before it is computed.
  if (call.search !== "") formOf(call, model);
  const input = readBody(call, model);
  return input instanceof Promise ? askLater(context, call, model, input, options) : inferred(call, model, infer(context, call, model, input, options));
}
async function askLater(context: ServerContext, call: Call, model: Servable, input: Promise<ModelInput>, options: InferOptions): Promise<Answer> {
  return inferred(call, model, infer(context, call, model, await input, options));
}

function inferred(call: Call, model: Servable, inference: Inference | Promise<Inference>): Answer | Promise<Answer> {
  return inference instanceof Promise ? inference.then((found) => answer(call, model, found)) : answer(call, model, inference);
}

function formOf(call: Call, model: Servable): MaskForm {
  return model.signature.task === undefined && (call.search === "" || !call.query.has("mask")) ? "runs" : maskForm(call, model.signature);
}

const PLAIN: InferOptions = { onInvalid: "throw" };

function optionsOf(query: URLSearchParams): InferOptions {
  const onInvalid = readOnInvalid(query.get("on_invalid"));
  if (!query.has("outputs")) return { onInvalid };
  return { onInvalid, outputs: query.getAll("outputs").flatMap((names) => names.split(",")).map((n) => n.trim()).filter((n) => n !== "") };
}

/** What most clients say of the answer they would like. */
const ANY = new Set(["*/*", "application/json", "application/json, text/plain, */*"]);

function answer(call: Call, model: Servable, inference: Inference): Answer | Promise<Answer> {
  const { encoded, prediction } = inference;
  const form = formOf(call, model);
  if (form === "picture") return maskPicture(prediction);
  if (form === "png") return jsonText(`{"predictions":${JSON.stringify(withPngs(placeRows(encoded, prediction)))},"model":${summaryJson(model)},"prediction_id":"${call.predictionId!}"}`);
  const accept = call.header("accept");
  if (encoded.kept !== undefined || prediction.refused !== undefined || accept === undefined || ANY.has(accept)) return inJson(call, model, inference);
  return asWished(call, model, inference);
}
async function asWished(call: Call, model: Servable, inference: Inference): Promise<Answer> {
  return (await negotiated(call, inference.prediction, { header: true })) ?? inJson(call, model, inference);
}

function inJson(call: Call, model: Servable, { encoded, prediction }: Inference): Answer {
  const tail = `"model":${summaryJson(model)},"prediction_id":"${call.predictionId!}"}`;
  if (encoded.kept !== undefined || prediction.refused !== undefined) return jsonText(`{"predictions":${JSON.stringify(placeRows(encoded, prediction))},${tail}`);
  return jsonText(prediction.rows <= ROWS_AT_ONCE ? `{"predictions":[${rowsJson(prediction)}],${tail}` : pieces(prediction, tail));
}

async function* pieces(prediction: Prediction, tail: string): AsyncGenerator<string> {
  yield '{"predictions":[';
  for (let start = 0; start < prediction.rows; start += ROWS_AT_ONCE) {
    yield (start === 0 ? "" : ",") + rowsJson(prediction, start, Math.min(prediction.rows, start + ROWS_AT_ONCE));
    await new Promise((resolve) => setImmediate(resolve));
  }
  yield `],${tail}`;
}

function readOnInvalid(value: string | null): OnInvalid {
  if (value === null || value === "throw") return "throw";
  if (value === "rows") return "rows";
  throw serverError("request-malformed", `on_invalid is ${JSON.stringify(value)}`, { hint: "It is throw (one bad row refuses the request) or rows (bad rows are answered with an error each)." });
}
