// One inference over gRPC, alone or of a stream.

import type { Prediction, Servable } from "../../../runtime/index.ts";
import { bodyText } from "../../body.ts";
import type { ServerContext } from "../../context.ts";
import { oipErrorBody, toSlipwayError } from "../../errors.ts";
import { after, type Call } from "../../http/call.ts";
import { predictTensors, withExample } from "../../protocols/oip/infer.ts";
import { outputDatatype, type Datatype } from "../../protocols/oip/datatype.ts";
import { outputShape, toBytes } from "../../protocols/oip/response.ts";
import { exampleInferRequest } from "../../protocols/oip/tensors.ts";
import type { MessageCalls } from "../method.ts";
import { inOrder } from "../ordered.ts";
import type { Draft } from "../protobuf/schema.ts";
import type { ModelInferRequest, ModelInferResponse, ModelStreamInferResponse, Parameter } from "./messages.ts";
import { memberOf, readGrpcRequest } from "./read-request.ts";

/** Requests of one stream that are worked on at a time. */
const STREAM_WIDTH = 16;

const decode = (bytes: Uint8Array): string => bodyText(bytes, "");

/** At once where the engine can, else later. @throws SlipwayError tensor-invalid, request-invalid, model-unknown ... */
export function inferGrpc(context: ServerContext, call: Call, request: ModelInferRequest): Draft<ModelInferResponse> | Promise<Draft<ModelInferResponse>> {
  const selected = context.models.select(call, { name: request.model_name, version: request.model_version === "" ? undefined : request.model_version });
  return after(selected, (model) => {
    const explain = (error: unknown): never => {
      throw withExample(error, model, exampleMessage, `ModelMetadata of ${model.name} lists the inputs.`);
    };
    try {
      const prediction = predictTensors(context, model, call, readGrpcRequest(request, decode));
      return prediction instanceof Promise ? prediction.then((p) => respond(model, p, request.id), explain) : respond(model, prediction, request.id);
    } catch (error) {
      return explain(error);
    }
  });
}

function respond(model: Servable, prediction: Prediction, id: string): Draft<ModelInferResponse> {
  return {
    model_name: model.name, model_version: model.version, id,
    outputs: prediction.outputs.map((o) => ({ name: o.output.name, datatype: outputDatatype(o.output), shape: outputShape(o, prediction, model) })),
    // Never typed contents: tritonclient reads nothing else.
    raw_output_contents: prediction.outputs.map(toBytes),
  };
}

/** A request that fails is answered in its place, and the stream goes on. */
export function streamGrpc(context: ServerContext, requests: AsyncIterable<ModelInferRequest>, calls: MessageCalls): AsyncIterable<Draft<ModelStreamInferResponse>> {
  return inOrder(requests, STREAM_WIDTH, async (request): Promise<Draft<ModelStreamInferResponse>> => {
    const call = calls.begin();
    let failed: unknown;
    try {
      await calls.admit(call);
      const response = await inferGrpc(context, call, request);
      return { infer_response: request.parameters.get("triton_enable_empty_final_response")?.bool_param === true ? { ...response, parameters: FINAL } : response };
    } catch (error) {
      failed = error;
      return { error_message: oipErrorBody(toSlipwayError(error)).error, infer_response: { model_name: request.model_name, model_version: request.model_version, id: request.id } };
    } finally {
      calls.end(call, failed);
    }
  });
}
/** There is one answer a request, so every one is the last. */
const FINAL: ReadonlyMap<string, Draft<Parameter>> = new Map([["triton_final_response", { bool_param: true }]]);

/** A valid request as grpcurl takes it. */
function exampleMessage(model: Servable): object {
  const { inputs } = exampleInferRequest(model) as { inputs: readonly { readonly name: string; readonly datatype: Datatype; readonly shape: readonly number[]; readonly data: readonly unknown[] }[] };
  return {
    model_name: model.name,
    inputs: inputs.map(({ name, datatype, shape, data }) => {
      const member = memberOf(datatype) ?? "fp32_contents";
      return { name, datatype, shape, contents: { [member]: member === "bytes_contents" ? data.map((v) => Buffer.from(String(v)).toString("base64")) : data } };
    }),
  };
}
