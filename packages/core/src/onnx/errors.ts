// Errors of the ONNX room.

import { defineErrors, type ErrorDefinition, type ErrorDetails, type SlipwayError } from "../base/index.ts";

type Code =
  | "onnx-internal" | "onnx-malformed" | "onnx-truncated" | "onnx-external-data" | "onnx-limit" | "onnx-invalid-graph" | "onnx-unsupported";

export const onnxError: ((code: Code, message: string, details?: ErrorDetails) => SlipwayError) & {
  readonly table: Readonly<Record<Code, ErrorDefinition>>;
} = defineErrors({
  "onnx-internal": { kind: "internal", doc: "Slipway built a graph that is not valid or that the engine cannot run. This is a fault of Slipway: please report it with the file." },
  "onnx-malformed": { kind: "invalid", doc: "The file is not a readable ONNX model: a part of it has the wrong form or does not fit the rest." },
  "onnx-truncated": { kind: "invalid", doc: "The ONNX file ends before something it announces. It was cut off: download or save it again." },
  "onnx-external-data": { kind: "refused", doc: "The ONNX model keeps tensors in other files, and one of them lies outside the model's own folder or is not at hand. Save the model as one file." },
  "onnx-limit": { kind: "limit", doc: "The ONNX model is larger or nested deeper than Slipway reads, or the one that a saved model becomes has more operators than the engine loads in reasonable time." },
  "onnx-unsupported": { kind: "unsupported", doc: "The ONNX model has something that Slipway does not read yet, such as sparse tensors or element types of under eight bits." },
  "onnx-invalid-graph": { kind: "invalid", doc: "The ONNX model can be read, but its graph is not valid: names, operators, attributes or types do not fit." },
});
