// The signatures a model has for TensorFlow Serving's clients: `serving_default` with every output, and one of every
// output's name with that output alone, whose answers have no names.

import { nearest } from "@slipway/core/base";
import type { Signature } from "@slipway/core/package";
import type { Servable } from "../../../runtime/index.ts";
import { inputMetadata, outputMetadata, type TensorMetadata } from "../oip/tensors.ts";
import type { Datatype } from "../oip/datatype.ts";
import { bad } from "./read-predict.ts";

const DEFAULT = "serving_default";

/** Names of the outputs of a signature; undefined: all. @throws SlipwayError request-shape */
export function signatureOutputs(signature: Signature, name: string | undefined): readonly string[] | undefined {
  if (name === undefined || name === DEFAULT) return undefined;
  const names = signature.outputs.map((o) => o.name);
  if (names.includes(name)) return [name];
  const near = nearest(name, [DEFAULT, ...names]);
  throw bad(`Serving signature name: ${JSON.stringify(name.slice(0, 100))} not found in signature def`, `${near === undefined ? "" : `Did you mean ${JSON.stringify(near)}? `}There are: ${[DEFAULT, ...names].join(", ")}.`);
}

export const DTYPES: Readonly<Record<Datatype, string>> = {
  BOOL: "DT_BOOL", UINT8: "DT_UINT8", UINT16: "DT_UINT16", UINT32: "DT_UINT32", UINT64: "DT_UINT64", INT8: "DT_INT8", INT16: "DT_INT16",
  INT32: "DT_INT32", INT64: "DT_INT64", FP16: "DT_HALF", BF16: "DT_BFLOAT16", FP32: "DT_FLOAT", FP64: "DT_DOUBLE", BYTES: "DT_STRING",
};

/** GetModelMetadataResponse as JSON; 64-bit integers are texts there. */
export function signatureMetadata(model: Servable): object {
  const { signature } = model;
  const inputs = tensorInfos(inputMetadata(signature).map((t) => (signature.layout === "columns" || signature.layout === "text" ? { ...t, shape: [-1] } : t)));
  const outputs = outputMetadata(signature);
  const definition = (given: readonly TensorMetadata[]): object => ({ inputs, outputs: tensorInfos(given), method_name: "tensorflow/serving/predict" });
  return {
    model_spec: { name: model.name, signature_name: "", version: model.version },
    metadata: { signature_def: { signature_def: Object.fromEntries([...outputs.map((o) => [o.name, definition([o])] as const), [DEFAULT, definition(outputs)]]) } },
  };
}

function tensorInfos(tensors: readonly TensorMetadata[]): object {
  return Object.fromEntries(tensors.map((t) => [t.name, {
    dtype: DTYPES[t.datatype], tensor_shape: { dim: t.shape.map((d) => ({ size: String(d), name: "" })), unknown_rank: false }, name: t.name,
  }]));
}
