// SupportVectorMachineModel: sums of kernels over support vectors, one against one or one against all (PMML 4.4).

import type { Value } from "../../onnx/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { literal, missingOf, spread, type Field, type Pmml, type Scope } from "./context.ts";
import { arrayOf, childOf, childrenOf, choiceOf, malformed, needChild, numberOf, parseNumber, refuse, textOf } from "./element.ts";
import { dictionaryClasses, either, isFloat, union, type Result } from "./result.ts";

const KERNELS = ["LinearKernelType", "PolynomialKernelType", "RadialBasisKernelType", "SigmoidKernelType"];

/** [N, F] against [V, F] -> [N, V]. */
function kernel(p: Pmml, model: XmlElement, x: Value, vectors: Float64Array, width: number): Value {
  const { o } = p.c;
  const el = childrenOf(model).find((child) => KERNELS.includes(child.name));
  if (!el) throw malformed(model, "it has no kernel");
  const count = vectors.length / width;
  if (el.name === "RadialBasisKernelType") {
    const away = o.sub(o.unsqueeze(x, 1), o.doubles(vectors, [1, count, width]));
    return o.exp(o.mul(o.sum(o.mul(away, away), 2), -(numberOf(el, "gamma") ?? 1)));
  }
  const turned = new Float64Array(vectors.length);
  for (let i = 0; i < count; i++) for (let k = 0; k < width; k++) turned[k * count + i] = vectors[i * width + k]!;
  const dot = o.matmul(x, o.doubles(turned, [width, count]));
  if (el.name === "LinearKernelType") return dot;
  const inner = o.add(o.mul(dot, numberOf(el, "gamma") ?? 1), numberOf(el, "coef0") ?? 1);
  return el.name === "SigmoidKernelType" ? o.tanh(inner) : o.pow(inner, numberOf(el, "degree") ?? 1);
}

export function convertVectorMachine(p: Pmml, model: XmlElement, scope: Scope): Result {
  const { o } = p.c;
  if (isFloat(model)) throw refuse(model, "x-mathContext=float", "these models are compiled in double");
  choiceOf(model, "svmRepresentation", ["SupportVectors"], "SupportVectors");
  const dictionary = needChild(model, "VectorDictionary");
  const fields = childrenOf(needChild(dictionary, "VectorFields")).map((el): Field => {
    const field = scope.get(textOf(el, el.name === "FieldRef" ? "field" : "name"), el);
    if (el.name === "FieldRef") return field;
    // CategoricalPredictor: its coefficient where the field has the value, else 0.
    const equal = o.equal(field.value, literal(p, textOf(el, "value"), field, el).value);
    return { kind: "number", value: o.where(equal, numberOf(el, "coefficient") ?? 1, 0), canBeMissing: false, float: false };
  });
  if (fields.length === 0 || fields.some((f) => f.kind !== "number")) throw malformed(dictionary, "its fields are not numbers");
  let none: Value | undefined;
  for (const f of fields) if (f.canBeMissing) none = either(p, none, spread(p, missingOf(p, f)));
  const x = o.concat(fields.map((f) => spread(p, f.value)));
  const places = new Map<string, number>();
  const rows: number[] = [];
  for (const instance of childrenOf(dictionary, "VectorInstance")) {
    const values = instanceValues(instance, fields.length);
    places.set(textOf(instance, "id"), places.size);
    for (const v of values) rows.push(v);
  }
  const machines = childrenOf(model, "SupportVectorMachine");
  if (machines.length === 0 || places.size === 0) throw malformed(model, "it has no machines or no vectors");
  const K = kernel(p, model, x, Float64Array.from(rows), fields.length);
  const values = machines.map((machine): Value => {
    const weights = new Float64Array(places.size);
    const coefficients = needChild(machine, "Coefficients");
    const list = childrenOf(coefficients, "Coefficient").map((c) => numberOf(c, "value") ?? 0);
    childrenOf(needChild(machine, "SupportVectors"), "SupportVector").forEach((v, i) => {
      const at = places.get(textOf(v, "vectorId"));
      if (at === undefined || list[i] === undefined) throw malformed(v, "its vector or its coefficient is missing");
      weights[at]! += list[i];
    });
    return o.add(o.matmul(K, o.doubles(weights, [weights.length, 1])), numberOf(coefficients, "absoluteValue") ?? 0);
  });
  if (textOf(model, "functionName") === "regression") {
    if (machines.length > 1) throw malformed(model, "a regression has one machine");
    return { kind: "regression", value: values[0]!, none };
  }
  const own = union([machines.map((m) => m.attributes.get("targetCategory") ?? ""), machines.flatMap((m) => (m.attributes.has("alternateTargetCategory") ? [textOf(m, "alternateTargetCategory")] : []))].map((l) => l.filter((v) => v !== "")));
  const classes = union([dictionaryClasses(p, model).filter((v) => own.includes(v)), own]);
  const method = choiceOf(model, "classificationMethod", ["OneAgainstOne", "OneAgainstAll"], "OneAgainstAll");
  const max = model.attributes.get("maxWins") === "true";
  if (method === "OneAgainstAll") {
    const scores = o.concat(classes.map((v) => values[machines.findIndex((m) => m.attributes.get("targetCategory") === v)] ?? (() => { throw malformed(model, "a class has no machine"); })()));
    return { kind: "classification", classes, index: max ? o.argmax(scores, 1) : o.argmin(scores, 1), none };
  }
  // Each machine votes for its category where its value lies below the threshold, for the other one where above.
  const votes = machines.map((m, i) => {
    const threshold = numberOf(m, "threshold") ?? needThreshold(model);
    const [a, b] = [textOf(m, "targetCategory"), textOf(m, "alternateTargetCategory")].map((v) => classes.indexOf(v)) as [number, number];
    const first = o.cast(max ? o.greater(values[i]!, threshold) : o.less(values[i]!, threshold), "double");
    const hot = (at: number): Value => o.doubles(Float64Array.from(classes, (_, k) => (k === at ? 1 : 0)), [1, classes.length]);
    return o.add(o.mul(first, hot(a)), o.mul(o.sub(1, first), hot(b)));
  });
  return { kind: "classification", classes, index: o.argmax(votes.reduce((a, b) => o.add(a, b)), 1), none };
}
const needThreshold = (model: XmlElement): number => numberOf(model, "threshold") ?? 0;

/** A dense or a sparse array; indices of the latter count from 1. */
function instanceValues(instance: XmlElement, width: number): number[] {
  const dense = childOf(instance, "Array");
  if (dense) {
    const values = arrayOf(dense).map((v) => parseNumber(v, dense));
    if (values.length !== width) throw malformed(instance, `it has ${values.length} values for ${width} fields`);
    return values;
  }
  const sparse = needChild(instance, "REAL-SparseArray");
  const values = new Array<number>(width).fill(0);
  const [indices, entries] = [childOf(sparse, "Indices"), childOf(sparse, "REAL-Entries")];
  const numbers = entries ? arrayOf(entries) : [];
  (indices ? arrayOf(indices) : []).forEach((at, i) => {
    const place = Number(at) - 1;
    if (!(place >= 0 && place < width) || numbers[i] === undefined) throw malformed(instance, `it has no place ${at.slice(0, 20)}`);
    values[place] = parseNumber(numbers[i], sparse);
  });
  return values;
}
