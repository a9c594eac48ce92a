// TensorFlow Serving's gRPC interface: tensorflow.serving.PredictionService and ModelService.
// Versions are 64-bit integers there; a version of ours that is none is told, and asked for, by version_label.

import { SlipwayError } from "@slipway/core/base";
import { allowModel } from "../../auth/index.ts";
import { bodyText } from "../../body.ts";
import type { ServerContext } from "../../context.ts";
import type { Call } from "../../http/call.ts";
import { infer } from "../../inference.ts";
import { toModelInput } from "../../protocols/oip/tensors.ts";
import { bad } from "../../protocols/tfs/read-predict.ts";
import { signatureMetadata, signatureOutputs } from "../../protocols/tfs/signatures.ts";
import { classScores, regressionValues } from "../../protocols/tfs/write.ts";
import type { Prediction, Servable } from "../../../runtime/index.ts";
import { unary, type GrpcService } from "../method.ts";
import { encodeMessage } from "../protobuf/encode.ts";
import type { Draft } from "../protobuf/schema.ts";
import { readExamples } from "./examples.ts";
import * as m from "./messages.ts";
import { readTensorProto, writeTensorProto } from "./tensors.ts";

const CLASSIFY = "tensorflow/serving/classify";
const REGRESS = "tensorflow/serving/regress";
const decode = (bytes: Uint8Array): string => bodyText(bytes, "");

export interface WantedModel {
  readonly name: string;
  readonly version: string | undefined;
  readonly label: string | undefined;
}
/** What a ModelSpec asks for. A label that is none may be a version's text. @throws SlipwayError request-shape, model-unknown */
export function wantedModel(context: ServerContext, spec: m.ModelSpec | undefined): WantedModel {
  if (spec === undefined || spec.name === "") throw bad("model_spec names no model", `Served here: ${context.models.all.slice(0, 20).map((model) => model.name).join(", ")}.`);
  const { name, version, version_label: label } = spec;
  if (version !== undefined) return { name, version: String(version.value), label: undefined };
  if (label === undefined || label === "") return { name, version: undefined, label: undefined };
  return context.models.entryOf(name).aliases.has(label) ? { name, version: undefined, label } : { name, version: label, label: undefined };
}

export function predictionService(context: ServerContext): GrpcService {
  const select = async (call: Call, spec: m.ModelSpec | undefined): Promise<Servable> => context.models.select(call, wantedModel(context, spec));
  return {
    name: "tensorflow.serving.PredictionService",
    methods: [
      unary("Predict", "predict", m.PredictRequest, m.PredictResponse, async (call, { model_spec: spec, inputs, output_filter: filter }) => {
        const model = await select(call, spec);
        const names = chosenOutputs(model, spec, filter);
        try {
          if (inputs.size === 0) throw bad("the request has no inputs");
          const tensors = [...inputs].map(([name, tensor]) => readTensorProto(name, tensor, decode));
          const { prediction } = await infer(context, call, model, toModelInput(tensors, model.signature), { outputs: names });
          return { model_spec: answeredSpec(model, spec), outputs: new Map(prediction.outputs.map((o) => [o.output.name, writeTensorProto(o, prediction, model)])) };
        } catch (error) {
          throw withInputs(error, model);
        }
      }),
      unary("Classify", "predict", m.ClassificationRequest, m.ClassificationResponse, async (call, { model_spec: spec, input }) => {
        const { model, prediction } = await judge(call, spec, input);
        return { model_spec: answeredSpec(model, spec), result: classification(model, prediction) };
      }),
      unary("Regress", "predict", m.RegressionRequest, m.RegressionResponse, async (call, { model_spec: spec, input }) => {
        const { model, prediction } = await judge(call, spec, input);
        return { model_spec: answeredSpec(model, spec), result: regression(model, prediction) };
      }),
      unary("MultiInference", "predict", m.MultiInferenceRequest, m.MultiInferenceResponse, async (call, { tasks, input }) => {
        const [first] = tasks;
        if (first === undefined) throw bad("the request has no tasks");
        for (const { model_spec: spec, method_name: method } of tasks) {
          if (spec?.name !== first.model_spec?.name) throw bad("all tasks must be for the same model", "Ask one model a request.");
          if (method !== CLASSIFY && method !== REGRESS) throw bad(`the method ${JSON.stringify(method.slice(0, 100))} is not understood`, `It is ${CLASSIFY} or ${REGRESS}.`);
        }
        const { model, prediction } = await judge(call, first.model_spec, input);
        return { results: tasks.map(({ model_spec: spec, method_name: method }) => ({
          model_spec: answeredSpec(model, spec), ...(method === CLASSIFY ? { classification_result: classification(model, prediction) } : { regression_result: regression(model, prediction) }),
        })) };
      }),
      unary("GetModelMetadata", "read", m.GetModelMetadataRequest, m.GetModelMetadataResponse, (call, { model_spec: spec, metadata_field: fields }) => {
        const { name, version, label } = wantedModel(context, spec);
        allowModel(call, name);
        const model = context.models.find(name, version, label);
        const other = fields.find((f) => f !== "signature_def");
        if (fields.length === 0 || other !== undefined) throw bad(other === undefined ? "metadata_field is empty" : `Metadata field ${JSON.stringify(other.slice(0, 100))} is not supported`, "Ask for signature_def.");
        const { metadata } = signatureMetadata(model) as { metadata: { signature_def: object } };
        return {
          model_spec: answeredSpec(model, undefined),
          metadata: new Map([["signature_def", { type_url: "type.googleapis.com/tensorflow.serving.SignatureDefMap", value: encodeMessage(m.SignatureDefMap, metadata.signature_def as never) }]]),
        };
      }),
    ],
  };

  async function judge(call: Call, spec: m.ModelSpec | undefined, input: m.Input | undefined): Promise<{ model: Servable; prediction: Prediction }> {
    const model = await select(call, spec);
    signatureOutputs(model.signature, spec?.signature_name === "" ? undefined : spec?.signature_name);
    try {
      return { model, prediction: (await infer(context, call, model, readExamples(input, model.signature, decode))).prediction };
    } catch (error) {
      throw withInputs(error, model);
    }
  }
}

/** Those of the signature, or of them those that are asked for. */
function chosenOutputs(model: Servable, spec: m.ModelSpec | undefined, filter: readonly string[]): readonly string[] | undefined {
  const ofSignature = signatureOutputs(model.signature, spec?.signature_name === "" ? undefined : spec?.signature_name);
  if (filter.length === 0) return ofSignature;
  const names = [...new Set(filter)];
  const other = names.find((name) => ofSignature !== undefined && !ofSignature.includes(name));
  if (other !== undefined) throw bad(`output tensor alias not found in signature: ${JSON.stringify(other.slice(0, 100))}`, `The signature has ${ofSignature!.join(", ")}.`);
  model.selectOutputs(names);
  return names;
}

function answeredSpec(model: Servable, asked: m.ModelSpec | undefined): Draft<m.ModelSpec> {
  const version = integerVersion(model.version);
  return { name: model.name, signature_name: asked === undefined ? "" : asked.signature_name === "" ? "serving_default" : asked.signature_name, ...(version === undefined ? { version_label: model.version } : { version: { value: version } }) };
}
export function integerVersion(version: string): bigint | undefined {
  return /^v?\d{1,18}$/.test(version) ? BigInt(version.replace(/^v/, "")) : undefined;
}

function classification(model: Servable, prediction: Prediction): Draft<m.ClassificationResult> {
  const { labels, data, width } = classScores(model, prediction);
  return { classifications: Array.from({ length: prediction.rows }, (_, row) => ({ classes: labels.map((label, i) => ({ label, score: data[row * width + i]! })) })) };
}
function regression(model: Servable, prediction: Prediction): Draft<m.RegressionResult> {
  const { data } = regressionValues(model, prediction);
  return { regressions: Array.from({ length: prediction.rows }, (_, row) => ({ value: Number(data[row]) })) };
}

/** An error of a request's tensors says what the model takes. */
function withInputs(error: unknown, model: Servable): unknown {
  if (!(error instanceof SlipwayError) || !["request-invalid", "request-shape", "tensor-invalid"].includes(error.code)) return error;
  const { metadata } = signatureMetadata(model) as unknown as { metadata: { signature_def: { signature_def: Record<string, { inputs: Record<string, { dtype: string; tensor_shape: { dim: readonly { size: string }[] } }> }> } } };
  const inputs = Object.entries(metadata.signature_def.signature_def["serving_default"]!.inputs).slice(0, 40).map(([name, t]) => `${name} ${t.dtype} [${t.tensor_shape.dim.map((d) => d.size).join(", ")}]`);
  const own = error.hint === undefined || /data\.example/.test(error.hint) ? "" : `${error.hint} `;
  return new SlipwayError(error.code, error.kind, error.message, { where: error.where, data: error.data, hint: `${own}The model's inputs: ${inputs.join("; ")}.` });
}
