// sklearn.pipeline.Pipeline and imblearn.pipeline.Pipeline: every step but the last transforms, the last one answers.
// imblearn's samplers only work while fitting; at prediction the pipeline passes them by.

import { PyGlobal, PyObject, PyTuple, type PyValue } from "../../../pickle/index.ts";
import { defineEstimator, type EstimatorConverter, type Fitted } from "../../conversion/contract.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import { describe, Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";
import { givesSparse } from "./sparse-output.ts";

export const pipeline: EstimatorConverter = defineEstimator({
  names: ["sklearn.Pipeline", "imblearn.Pipeline"],
  convert(est, X, c) {
    const steps = est.list("steps").map((step, i) => namedStep(est, c, step, `steps[${i}]`));
    if (steps.length === 0) throw c.malformed(est, "it has no steps");
    let frame = X;
    for (const { name, value, place } of steps.slice(0, -1)) {
      if (isPassthrough(value)) continue;
      const child = stepEstimator(est, c, value, name, place);
      if (isSampler(child, c)) continue;
      const fitted = c.convert(child, frame);
      if (!fitted.transform) throw c.malformed(child, "it stands in the middle of a pipeline but does not transform");
      const sparse = givesSparse(child, c.sparse.has(frame));
      frame = fitted.transform();
      if (sparse) c.sparse.add(frame);
    }
    const last = steps.at(-1)!;
    if (isPassthrough(last.value)) return passthrough(frame);
    const child = stepEstimator(est, c, last.value, last.name, last.place);
    return isSampler(child, c) ? passthrough(frame) : c.convert(child, frame);
  },
});

export function passthrough(X: Frame): Fitted {
  return { kind: "transformer", transform: () => X };
}

/** (name, estimator, ...) of a pipeline, a union or a column transformer. */
export function namedStep(est: Estimator, c: Conversion, step: PyValue, place: string): { name: string; value: PyValue; place: string; rest: readonly PyValue[] } {
  const items = step instanceof PyTuple ? step.items : (step as { items?: readonly PyValue[] } | null)?.items;
  if (!Array.isArray(items) || items.length < 2 || typeof items[0] !== "string") throw c.malformed(est, `${place} is ${describe(step)}, expected (name, estimator)`);
  return { name: items[0], value: items[1]!, place, rest: items.slice(2) };
}

export function isPassthrough(value: PyValue): boolean {
  return value === null || value === "passthrough";
}

export function stepEstimator(est: Estimator, c: Conversion, value: PyValue, name: string, place: string): Estimator {
  if (!(value instanceof PyObject)) {
    throw c.malformed(est, `${place} ${JSON.stringify(name)} is ${value instanceof PyGlobal ? `the class ${value.qualifiedName} itself` : describe(value)}, expected an estimator`);
  }
  return new Estimator(value, `${est.path}.${place} ${JSON.stringify(name)}`);
}

const SAMPLER_MODULES = ["over_sampling", "under_sampling", "combine", "base"];

function isSampler(est: Estimator, c: Conversion): boolean {
  const segments = est.object.classGlobal?.module.split(".") ?? [];
  return segments[0] === "imblearn" && SAMPLER_MODULES.includes(segments[1] ?? "") && !c.knows(est.key);
}
