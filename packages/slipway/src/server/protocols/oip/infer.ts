// One inference of the Open Inference Protocol, as REST, SageMaker's and Vertex AI's binary types and others carry it.

import { SlipwayError } from "@slipway/core/base";
import type { Prediction, Servable } from "../../../runtime/index.ts";
import { bodyText } from "../../body.ts";
import type { ServerContext } from "../../context.ts";
import type { Answer, Call } from "../../http/call.ts";
import { after, jsonText } from "../../http/call.ts";
import { infer } from "../../inference.ts";
import { classify } from "./classification.ts";
import { readInferRequest, type InferRequest } from "./request.ts";
import { writeInferResponse } from "./response.ts";
import { exampleInferRequest, rawInput, toModelInput } from "./tensors.ts";

/** Examples longer than this would bury the error they belong to. */
const MAX_EXAMPLE = 1500;

/** `headerLength`: bytes of JSON before binary data. `binaryType` names the answer's type where binary data follows its JSON. */
export async function inferTensors(context: ServerContext, model: Servable, call: Call, headerLength: string | undefined, binaryType?: (jsonBytes: number) => string): Promise<Answer> {
  try {
    const decode = (bytes: Uint8Array): string => bodyText(bytes, "");
    const read = readInferRequest(call.body, headerLength, decode);
    const asked: InferRequest = "raw" in read ? { id: undefined, inputs: [rawInput(read.raw, model.signature, decode)], outputs: undefined, binaryOutput: true } : read;
    const prediction = await predictTensors(context, model, call, asked);
    const binary = new Map(asked.outputs?.map((o) => [o.name, o.binary]));
    const response = writeInferResponse(model, prediction, asked.id, (name) => binary.get(name) ?? asked.binaryOutput);
    const length = response.headerLength;
    if (length === undefined) return jsonText(response.body);
    return { headers: binaryType === undefined ? { "content-type": "application/octet-stream", "inference-header-content-length": String(length) } : { "content-type": binaryType(length) }, body: response.body };
  } catch (error) {
    throw withExample(error, model);
  }
}

/** The outputs that were asked for, in that order. At once where the engine can, else later. */
export function predictTensors(context: ServerContext, model: Servable, call: Call, asked: InferRequest): Prediction | Promise<Prediction> {
  const names = asked.outputs?.map((o) => o.name);
  model.selectOutputs(names);
  if (asked.timeoutUs !== undefined) call.deadline = Math.min(call.deadline, call.startedAt + asked.timeoutUs / 1000);
  const inferred = infer(context, call, model, toModelInput(asked.inputs, model.signature), { outputs: names === undefined ? undefined : [...new Set(names)], priority: asked.priority });
  return after(inferred, ({ prediction }) => {
    if (asked.outputs?.some((o) => o.classes !== undefined) !== true) return prediction;
    const classes = new Map(asked.outputs.map((o) => [o.name, o.classes]));
    return { ...prediction, outputs: prediction.outputs.map((o) => (classes.get(o.output.name) === undefined ? o : classify(o, classes.get(o.output.name)!))) };
  });
}

/** The protocol's errors are one string, so the valid request goes into the hint. */
export function withExample(error: unknown, model: Servable, makeExample: (model: Servable) => object = exampleInferRequest, elsewhere = `GET /v2/models/${model.name} lists the inputs.`): unknown {
  if (!(error instanceof SlipwayError) || !["request-invalid", "request-shape", "tensor-invalid"].includes(error.code)) return error;
  const example = JSON.stringify(makeExample(model));
  const own = error.code === "tensor-invalid" && error.hint !== undefined ? `${error.hint} ` : "";
  const hint = example.length <= MAX_EXAMPLE ? `${own}A valid request: ${example}` : `${own}${elsewhere}`;
  return new SlipwayError(error.code, error.kind, error.message, { where: error.where, data: error.data, hint });
}

const JSON_HEADER_SIZE = /;\s*json-header-size\s*=\s*"?(\d{1,15})"?/i;

/** Bytes of JSON that a content type like application/vnd.sagemaker-triton.binary+json;json-header-size=N tells. */
export function jsonHeaderSize(contentType: string): string | undefined {
  return JSON_HEADER_SIZE.exec(contentType)?.[1];
}

/** Whether a JSON body is a request of this protocol: {"inputs": [{"name", "shape", "datatype", ...}]}. */
export function isInferRequest(body: unknown): boolean {
  const inputs = (body as { inputs?: unknown } | null)?.inputs;
  return Array.isArray(inputs) && inputs.length > 0 && inputs.every((t) => typeof t === "object" && t !== null && Object.hasOwn(t, "name") && Object.hasOwn(t, "datatype") && Object.hasOwn(t, "shape"));
}
