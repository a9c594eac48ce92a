// A graph that did not come from this process is checked before the engine sees it: the engine believes what it is told
// (a TopK of -2 ends the process, a tree of 2^31 targets takes all memory).

import { findProblems, type Problem } from "./check.ts";
import { onnxError } from "./errors.ts";
import type { Model } from "./model.ts";
import { readModel } from "./read.ts";

/** What the engine takes all the same: a shape that the file does not declare, or declares otherwise than it is. */
const TOLERATED = /^it is declared without a shape|^it has no name|^the output is declared (\[|of rank)/;

/** The first problem that the engine would not take. */
export function findFault(problems: readonly Problem[]): Problem | undefined {
  return problems.find((p) => !TOLERATED.test(p.message));
}

/** Gives what is amiss but harmless. @throws onnx-invalid-graph for the first fault, onnx-* for bytes that are no model */
export function assertSound(model: Model | Uint8Array): Problem[] {
  const problems = findProblems(model instanceof Uint8Array ? readModel(model) : model);
  const fault = findFault(problems);
  if (fault) throw onnxError("onnx-invalid-graph", fault.message, { where: fault.where, hint: "The engine would refuse it. Export or pack the model again." });
  return problems;
}
