// Triton's generate extension (docs/protocol/extension_generate.md): a request of plain JSON for one row, whose keys are
// inputs, answered with one JSON object or, by generate_stream, as one server-sent event. For models of columns and texts;
// a text model's text may be called text_input. Keys that are no inputs are parameters, and mean nothing here.

import { cellReader, keysOf, type ModelInput, type OutputData, parseJson, predictError, type Servable } from "../../../runtime/index.ts";
import { bodyText } from "../../body.ts";
import type { ServerContext } from "../../context.ts";
import { serverError } from "../../errors.ts";
import { jsonText, type Answer, type Call } from "../../http/call.ts";
import { infer } from "../../inference.ts";
import { rowWriter } from "../shared/output-json.ts";

export async function generate(context: ServerContext, model: Servable, call: Call, stream: boolean): Promise<Answer> {
  const body = parseJson(bodyText(call.body, ""));
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw predictError("request-shape", "the request is no JSON object", { hint: 'Send {"text_input": "..."}, or one value an input.' });
  const given = body as Readonly<Record<string, unknown>>;
  const { id } = given;
  if (id !== undefined && typeof id !== "string") throw predictError("request-shape", '"id" is no text');
  const { prediction } = await infer(context, call, model, readInputs(given, model));
  const outputs = prediction.outputs.map((o) => `${JSON.stringify(o.output.name)}:${value(o)}`);
  const json = `{${id === undefined ? "" : `"id":${JSON.stringify(id)},`}"model_name":${JSON.stringify(model.name)},"model_version":${JSON.stringify(model.version)},${outputs.join(",")}}`;
  return stream ? { headers: { "content-type": "text/event-stream; charset=utf-8" }, body: `data: ${json}\n\n` } : jsonText(json);
}

function value(o: OutputData): string {
  const keys = keysOf(o.output, o.width);
  if (keys === undefined || (o.dims ?? o.output.rowShape).length === 0) return rowWriter(o, { special: "null", point: false })(0);
  const cell = cellReader(o);
  return JSON.stringify(Object.fromEntries(keys.map((key, i) => [key, cell(i)])));
}

function readInputs(body: Readonly<Record<string, unknown>>, { signature }: Servable): ModelInput {
  if (signature.layout === "tensors") throw serverError("not-offered", "generate is for models of columns and texts; this one takes tensors", { hint: "Ask with /infer." });
  const [first] = signature.columns;
  if (signature.layout === "text" && first !== undefined && !Object.hasOwn(body, first.name)) {
    const text = body["text_input"] ?? body["text"] ?? body["prompt"];
    return { kind: "texts", texts: [Array.isArray(text) && text.length === 1 ? text[0] : text] };
  }
  const { matrixName } = signature;
  if (signature.layout === "matrix" && matrixName !== undefined && Array.isArray(body[matrixName])) return { kind: "rows", rows: [body[matrixName]] };
  return { kind: "records", records: [Object.fromEntries(signature.columns.filter((c) => Object.hasOwn(body, c.name)).map((c) => [c.name, single(body[c.name])]))] };
}

function single(given: unknown): unknown {
  return Array.isArray(given) && given.length === 1 ? given[0] : given;
}
