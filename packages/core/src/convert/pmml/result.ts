// What a model says of a row: a number, or classes with their probabilities; and where it says nothing.

import type { Value } from "../../onnx/index.ts";
import { doubles } from "../../tensor/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { roundFloat, spread, type Field, type Pmml } from "./context.ts";
import { childOf, childrenOf, choiceOf, literalTexts, malformed, numberOf, textOf } from "./element.ts";

/** A scorecard's reason codes: string [N, K], a column for each name; "" where a row has no more of them. */
export interface ReasonCodes {
  readonly value: Value;
  readonly names: readonly string[];
}

export type Result =
  | { readonly kind: "regression"; readonly value: Value; readonly none?: Value | undefined; readonly reasons?: ReasonCodes | undefined }
  /** `index` int64 [N] into `classes`; `probabilities` [N, C]. */
  | { readonly kind: "classification"; readonly classes: readonly string[]; readonly index: Value; readonly probabilities?: Value | undefined; readonly none?: Value | undefined;
    /** The order in which the file names them, which decides between equals. */ readonly order?: readonly string[] | undefined };

export type Regression = Extract<Result, { kind: "regression" }>;
export type Classification = Extract<Result, { kind: "classification" }>;

export function isFloat(model: XmlElement): boolean {
  return model.attributes.get("x-mathContext") === "float";
}
export function either(p: Pmml, a: Value | undefined, b: Value | undefined): Value | undefined {
  return a && b ? p.c.o.or(a, b) : (a ?? b);
}
/** The classes that the dictionary names for a model's target, in its order. */
export function dictionaryClasses(p: Pmml, model: XmlElement): string[] {
  const schema = childOf(model, "MiningSchema");
  const target = schema && childrenOf(schema, "MiningField").find((f) => f.attributes.get("usageType") === "target" || f.attributes.get("usageType") === "predicted");
  const data = target && p.dictionary.get(textOf(target, "name"));
  return data ? literalTexts(childrenOf(data, "Value")) : [];
}
/** The most probable class; of equals the one that stands first in `order`, as JPMML-Evaluator has it. */
export function classified(p: Pmml, classes: readonly string[], probabilities: Value, none?: Value, order: readonly string[] = classes): Classification {
  const { o } = p.c;
  const places = union([order, classes]).map((name) => classes.indexOf(name)).filter((place) => place >= 0);
  const sorted = places.every((place, i) => place === i);
  const index = sorted ? o.argmax(probabilities, 1) : o.gather(o.int64s(places), o.argmax(o.columns(probabilities, places), 1), 0);
  return { kind: "classification", classes, probabilities, index, none, order };
}
/** Of the classes with the most `votes` [N, C] the one that `ballots` [N, S], numbers of classes, name first; only those count that are valid, bool [N, S]. */
export function firstOfMost(p: Pmml, votes: Value, ballots: Value, valid?: Value): Value {
  const { o, graph } = p.c;
  const best = o.equal(graph.op("GatherElements", [votes, ballots], { axis: 1 }), o.max(votes, 1, true));
  const at = o.unsqueeze(o.argmax(o.cast(valid ? o.and(best, valid) : best, "int32"), 1), 1);
  return o.squeeze(graph.op("GatherElements", [ballots, at], { axis: 1 }), 1);
}
/** The same answer in another order of the classes. */
export function aligned(p: Pmml, result: Classification, classes: readonly string[]): Classification {
  if (classes.length === result.classes.length && classes.every((v, i) => v === result.classes[i])) return result;
  const { o } = p.c;
  const places = result.classes.map((v) => classes.indexOf(v));
  const table = new Float64Array(result.classes.length * classes.length);
  places.forEach((place, i) => { table[i * classes.length + place] = 1; });
  return {
    kind: "classification", classes, none: result.none, order: result.order,
    index: o.gather(o.int64s(places), result.index, 0),
    probabilities: result.probabilities && o.matmul(result.probabilities, doubles(table, [result.classes.length, classes.length])),
  };
}
export function union(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())];
}

/** Targets: limits, factor, constant, rounding, and the value that stands for no answer. */
export function rescaled(p: Pmml, model: XmlElement, result: Result): Result {
  const targets = childOf(model, "Targets");
  const all = targets ? childrenOf(targets, "Target") : [];
  if (all.length > 1) throw malformed(targets!, "models of several targets are not compiled");
  const target = all[0];
  if (!target || result.kind !== "regression") return result;
  const { o, graph } = p.c;
  const float = isFloat(model);
  let value = result.value;
  let none = result.none;
  const low = numberOf(target, "min");
  const high = numberOf(target, "max");
  if (low !== undefined) value = o.where(o.less(value, low), low, value);
  if (high !== undefined) value = o.where(o.greater(value, high), high, value);
  const factor = numberOf(target, "rescaleFactor") ?? 1;
  const constant = numberOf(target, "rescaleConstant") ?? 0;
  if (factor !== 1) value = roundFloat(p, o.mul(value, float ? Math.fround(factor) : factor), float);
  if (constant !== 0) value = roundFloat(p, o.add(value, float ? Math.fround(constant) : constant), float);
  if (target.attributes.has("castInteger")) {
    const cast = choiceOf(target, "castInteger", ["round", "ceiling", "floor"], "round");
    value = cast === "round" ? graph.op("Floor", [o.add(value, 0.5)]) : graph.op(cast === "floor" ? "Floor" : "Ceil", [value]);
  }
  const usual = childrenOf(target, "TargetValue").map((v) => numberOf(v, "defaultValue")).find((v) => v !== undefined);
  if (usual !== undefined && none) {
    value = o.where(none, usual, value);
    none = undefined;
  }
  return { kind: "regression", value, none, reasons: result.reasons };
}

/** A result as a field for the models after it. */
export function resultField(p: Pmml, result: Result, what: { feature: "predictedValue" } | { feature: "probability"; value: string }, el: XmlElement): Field {
  const { o } = p.c;
  if (what.feature === "predictedValue") {
    if (result.kind === "regression") return { kind: "number", value: result.none ? o.where(result.none, NaN, result.value) : result.value, canBeMissing: result.none !== undefined, float: false };
    return { kind: "string", value: o.unsqueeze(o.gather(o.strings(result.classes), result.index, 0), 1), canBeMissing: false, float: false };
  }
  if (result.kind !== "classification" || !result.probabilities) throw malformed(el, "the model gives no probabilities");
  const at = result.classes.indexOf(what.value);
  if (at < 0) throw malformed(el, `there is no class ${JSON.stringify(what.value.slice(0, 40))}`);
  const value = o.columns(spread(p, result.probabilities), [at]);
  return { kind: "number", value: result.none ? o.where(result.none, NaN, value) : value, canBeMissing: result.none !== undefined, float: false };
}
