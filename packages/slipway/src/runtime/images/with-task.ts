// A model of pictures, and what it is for -> the same model with the steps behind it that its task needs, and a signature that
// tells of them.

import { importModel, type ImportedModel } from "@slipway/core/convert";
import { changeGraph, describeOnnx } from "@slipway/core/onnx";
import type { Signature } from "@slipway/core/package";
import { DETECTIONS, MASK } from "@slipway/core/predict";
import { EMBEDDING, planEmbedding } from "./embedding-steps.ts";
import { planDetector } from "./detector.ts";
import { planSegmentation } from "./segmentation-steps.ts";
import { imageError } from "./errors.ts";
import { LEAST_OPSET, type GraphSteps } from "./graph-steps.ts";
import type { PictureSpec } from "./picture-spec.ts";

type Compiled = ImportedModel["compiled"];

/** @throws SlipwayError picture-task */
export function withTask(compiled: Compiled, spec: PictureSpec, where: string): Compiled {
  if (compiled.signature.layout !== "tensors" || compiled.signature.tensors?.length !== 1) throw imageError("picture-task", "the model does not take one tensor of pictures", { where });
  if (spec.task === "embedding") {
    const { steps, width } = planEmbedding(compiled.model, spec, where);
    return behind(compiled, steps, { ...compiled.signature, outputs: [{ name: EMBEDDING, graphName: EMBEDDING, kind: "transformed", type: "float", rowShape: [width] }] }, where);
  }
  if (spec.task === "segmentation") {
    const { steps, task } = planSegmentation(compiled.model, spec, compiled.signature.tensors[0]!, where);
    return behind(compiled, steps, { ...compiled.signature, task, outputs: [{ name: MASK, graphName: MASK, kind: "mask", type: "string", rowShape: [], json: true }] }, where);
  }
  const { steps, task } = planDetector(compiled.model, spec, where);
  return behind(compiled, steps, { ...compiled.signature, task, outputs: [{ name: DETECTIONS, graphName: DETECTIONS, kind: "value", type: "string", rowShape: [], json: true }] }, where);
}

/** The steps' outputs in the place of the network's. */
function behind(compiled: Compiled, steps: GraphSteps, signature: Signature, where: string): Compiled {
  const { outputs, opsets } = describeOnnx(compiled.model);
  const opset = opsets.find((o) => o.domain === "" || o.domain === "ai.onnx")?.version ?? 1;
  if (opset < LEAST_OPSET) throw imageError("picture-task", `the network is of operator set ${opset}; what stands behind it needs ${LEAST_OPSET}`, { where, hint: `Export it with opset ${LEAST_OPSET} or later.` });
  const model = changeGraph(compiled.model, { nodes: new Map(), outputs: new Map(outputs.map((o) => [o.name, null])), add: { nodes: steps.nodes, outputs: steps.outputs, opsets: [] } });
  // Read and checked as any other.
  return { ...compiled, model: importModel(model).compiled.model, signature };
}
