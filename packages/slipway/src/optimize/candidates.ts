// The ways in which a model may be made smaller or faster. Exact ones change no answer and are taken where they help; the
// others are judged.

import { readModel, serializeModel, type Model } from "@slipway/core/onnx";
import { calibrationModel, dropUnusedCategories, dropUnusedColumns, dropZeroTrees, dynamicInt8, halveWeights, keepOutputs, shareWeights, staticInt8, tidy, weightsOf } from "@slipway/core/optimize";
import type { Signature } from "@slipway/core/package";
import type { Batch } from "@slipway/core/predict";
import { Subject } from "./subject.ts";

export interface Candidate {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly signature: Signature;
}
export interface Exact {
  readonly model: Model;
  readonly signature: Signature;
  /** What was done, for people. */
  readonly notes: readonly string[];
}

/** @param outputs names of the signature's outputs that are kept; all of them by default */
export function exactChanges(bytes: Uint8Array, signature: Signature, outputs: readonly string[] | undefined): Exact {
  const given = readModel(bytes);
  const kept = outputs === undefined ? signature.outputs : signature.outputs.filter((o) => outputs.includes(o.name));
  const names = [...kept.map((o) => o.graphName), ...given.graph.outputs.map((o) => o.name).filter((name) => !signature.outputs.some((o) => o.graphName === name))];
  const notes: string[] = [];
  const fewer = keepOutputs(given, names);
  if (kept.length < signature.outputs.length) notes.push(`outputs left out: ${signature.outputs.filter((o) => !kept.includes(o)).map((o) => o.name).join(", ")}; ${given.graph.nodes.length - fewer.graph.nodes.length} of ${given.graph.nodes.length} nodes with them`);
  const tidied = tidy(fewer);
  const [nodes, constants] = [fewer.graph.nodes.length - tidied.graph.nodes.length, fewer.graph.initializers.length - tidied.graph.initializers.length];
  if (nodes > 0 || constants > 0) notes.push(`${nodes} nodes and ${constants} constants that were there twice or did nothing`);
  const { model, dropped, trees } = dropZeroTrees(tidied);
  if (dropped > 0) notes.push(`${dropped} of ${trees} trees, which add nothing`);
  const fewerColumns = dropUnusedColumns(model);
  if (fewerColumns.dropped > 0) notes.push(`${fewerColumns.dropped} of ${fewerColumns.columns} columns of features, which no tree asks`);
  const asked = dropUnusedCategories(fewerColumns.dropped === 0 ? model : tidy(fewerColumns.model));
  if (asked.dropped > 0) notes.push(`${asked.dropped} of ${asked.categories} categories, which nothing asks`);
  return { model: asked.model, signature: { ...signature, outputs: kept }, notes };
}

/** Why no number of the model can be kept in fewer bits; undefined where some can. */
export function whyNotQuantised(model: Model): string | undefined {
  if (weightsOf(model).length > 0) {
    const version = model.opsets.find((o) => o.domain === "")?.version ?? 0;
    return version < 13 ? `the model is of operator set ${version}, and quantising needs 13` : undefined;
  }
  const trees = model.graph.nodes.filter((n) => n.opType.startsWith("TreeEnsemble"));
  if (trees.length > 0) return "trees compare a number with a threshold: in fewer bits the same row would fall to the other side, and no multiplication would become cheaper";
  return "it has no weights of single precision that a multiplication or a convolution takes: linear models of scikit-learn compute in doubles, and their labels hang on it";
}

/** Weights of zero: what is added up is the same, in another order. Undefined where there are none. */
export function withoutZeroWeights({ model, signature }: Exact): { readonly candidate: Candidate; readonly note: string } | undefined {
  const fewer = dropUnusedColumns(model, { weights: true });
  if (fewer.dropped === 0) return undefined;
  const asked = dropUnusedCategories(tidy(fewer.model));
  return { candidate: { name: "without zero weights", bytes: serializeModel(asked.model), signature }, note: `${fewer.dropped} of ${fewer.columns} columns of features, and ${asked.dropped} of ${asked.categories} categories, weigh nothing` };
}

export async function lossyCandidates({ model, signature }: Exact, batch: Batch): Promise<(Candidate | { readonly name: string; readonly reason: string })[]> {
  const found: (Candidate | { readonly name: string; readonly reason: string })[] = [];
  const add = (name: string, changed: Model | undefined, own: Signature = signature): void => {
    found.push(changed === undefined ? { name, reason: "there is nothing in the model that it helps" } : { name, bytes: serializeModel(changed), signature: own });
  };
  add("weights in float16", halveWeights(model));
  add("weights shared, 256 values", shareWeights(model));
  // Ranges are those of the batch at hand: rows that are computed in one call hang together.
  const together = signature.layout === "tensors" && (signature.tensorRows ?? "independent") !== "independent" ? {} : { tensorRows: "together" as const };
  add("int8, dynamic", dynamicInt8(model), { ...signature, ...together });
  const calibration = calibrationModel(model);
  if (calibration === undefined) add("int8, static", undefined);
  else {
    const subject = await Subject.open(serializeModel(calibration.model), signature);
    try {
      add("int8, static", staticInt8(model, await subject.ranges(batch, calibration.names)));
    } finally {
      await subject.close();
    }
  }
  return found;
}
