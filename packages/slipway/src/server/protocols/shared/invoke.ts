// What MLflow's and SageMaker's `/invocations` have in common: rows in any form, JSON told apart by its keys, answers
// by the Accept header.

import type { Signature } from "@slipway/core/package";
import { type ModelInput, parseJson, readInput, type Servable } from "../../../runtime/index.ts";
import { bodyText } from "../../body.ts";
import type { ServerContext } from "../../context.ts";
import { jsonText, type Answer, type Call } from "../../http/call.ts";
import { infer } from "../../inference.ts";
import { readScoringRequest, type ScoringRequest } from "../mlflow/read-scoring.ts";
import { inferTensors, isInferRequest, jsonHeaderSize } from "../oip/infer.ts";
import { negotiated, plainRowsJson } from "./answer-rows.ts";
import { chosenOutputs } from "./chosen-outputs.ts";
import { bodyKind } from "./media-types.ts";
import { filesInput, takesFiles } from "./read-encoded.ts";
import { isObject } from "../tfs/read-predict.ts";
import { readBody } from "./read-body.ts";

const TRITON = /^\s*application\/vnd\.(?:sagemaker|vertex-ai)-triton\.binary\+json/i;

/** A vendor's type for JSON that is followed by binary tensors. */
export function isTritonBinary(contentType: string): boolean {
  return TRITON.test(contentType);
}

/** Pictures and sounds in any of MLflow's forms, or by themselves. */
function scoredFiles(body: unknown, call: Call, signature: Signature): Promise<ModelInput> | undefined {
  if (!takesFiles(signature)) return undefined;
  const { dataframe_split: split, dataframe_records: records, instances, inputs } = isObject(body) ? body : {};
  const given = [isObject(split) ? split["data"] : split, records, instances, inputs].filter((v) => v !== undefined);
  return given.length > 1 ? undefined : filesInput(given[0] ?? body, call, signature);
}

export async function invoke(context: ServerContext, model: Servable, call: Call, options: { readonly headless: boolean }): Promise<Answer> {
  const contentType = call.header("content-type") ?? "";
  if (isTritonBinary(contentType)) {
    const type = contentType.split(";", 1)[0]!.trim();
    return inferTensors(context, model, call, jsonHeaderSize(contentType), (size) => `${type};json-header-size=${size}`);
  }
  let request: ScoringRequest;
  if (bodyKind(call) === "json") {
    const body = parseJson(bodyText(call.body, contentType));
    if (isInferRequest(body)) return inferTensors(context, model, call, undefined);
    const files = scoredFiles(body, call, model.signature);
    request = files !== undefined ? { input: await files, outputs: isObject(body) ? chosenOutputs(body["params"], "params") : undefined, bare: false } : readScoringRequest(body, model.signature) ?? { input: readInput(body, model.signature), outputs: undefined, bare: false };
  } else request = { input: await readBody(call, model, options), outputs: undefined, bare: false };
  const { prediction } = await infer(context, call, model, request.input, { outputs: request.outputs });
  const other = await negotiated(call, prediction, { header: false });
  if (other !== undefined) return other;
  return jsonText(request.bare ? plainRowsJson(prediction, "[", "]") : plainRowsJson(prediction, '{"predictions":[', "]}"));
}
