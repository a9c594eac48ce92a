// MiningModel: segments of any model, aggregated; and the dispatch to the kinds of model.

import type { Value } from "../../onnx/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { convertError } from "../conversion/errors.ts";
import { leafColumns, sumLeafRows } from "../sklearn/tree/emit-trees.ts";
import { sumInFloat32 } from "../boosted/float-sums.ts";
import { holds, number, roundFloat, Scope, spread, type Condition, type Pmml } from "./context.ts";
import { childOf, childrenOf, choiceOf, malformed, needChild, numberOf, refuse, textOf } from "./element.ts";
import { convertClustering } from "./clustering.ts";
import { convertGeneralRegression } from "./general-regression.ts";
import { convertNaiveBayes } from "./naive-bayes.ts";
import { median } from "./median.ts";
import { convertNearestNeighbor } from "./nearest-neighbor.ts";
import { convertNeuralNetwork } from "./neural-network.ts";
import { convertRuleSet } from "./rule-set.ts";
import { convertVectorMachine } from "./vector-machine.ts";
import { defineFields, derive, expressionOf } from "./expressions.ts";
import { overlay } from "./fields.ts";
import { evaluate, predicateOf } from "./predicates.ts";
import { convertRegression } from "./regression-model.ts";
import { aligned, classified, dictionaryClasses, either, firstOfMost, isFloat, rescaled, resultField, union, type Classification, type Regression, type Result } from "./result.ts";
import { convertScorecard } from "./scorecard.ts";
import { readTree, TreeColumns } from "./tree.ts";
import { convertTree, leafNumber, leafVote } from "./tree-model.ts";

/** The models that PMML knows; those that are not compiled are refused by name. */
export const MODELS: ReadonlySet<string> = new Set([
  "TreeModel", "RegressionModel", "Scorecard", "MiningModel", "GeneralRegressionModel", "NeuralNetwork", "SupportVectorMachineModel", "ClusteringModel", "NaiveBayesModel",
  "NearestNeighborModel", "RuleSetModel", "AssociationModel", "BaselineModel", "BayesianNetworkModel", "GaussianProcessModel", "SequenceModel", "TextModel", "TimeSeriesModel", "AnomalyDetectionModel",
]);
const DEEPEST = 16;
const METHODS = ["sum", "average", "weightedSum", "weightedAverage", "majorityVote", "weightedMajorityVote", "median", "weightedMedian", "max", "selectFirst", "modelChain"] as const;

/** Methods that add nothing up. */
const NO_SUMS: ReadonlySet<string> = new Set(["max", "median", "weightedMedian"]);

export function modelOf(el: XmlElement): XmlElement {
  const models = el.children.filter((child) => MODELS.has(child.name));
  if (models.length === 0) throw malformed(el, "it has no model");
  return models[0]!;
}

/** `scope`: the fields around the model. */
export function convertModel(p: Pmml, model: XmlElement, around: Scope, depth: number): Result {
  if (depth > DEEPEST) throw malformed(model, `models are nested more than ${DEEPEST} deep`);
  if (model.attributes.get("isScorable") === "false") throw refuse(model, "isScorable=false", "its maker says that it cannot be scored");
  const functionName = textOf(model, "functionName");
  const clusters = functionName === "clustering" && model.name === "ClusteringModel";
  if (functionName !== "regression" && functionName !== "classification" && !clusters) throw refuse(model, `functionName=${JSON.stringify(functionName.slice(0, 40))}`, "regression and classification are compiled");
  const scope = new Scope(around);
  if (depth > 0) for (const mining of childrenOf(needChild(model, "MiningSchema"), "MiningField")) overlay(p, mining, around, scope);
  defineFields(p, childOf(model, "LocalTransformations"), scope);
  const convert = (): Result => {
    switch (model.name) {
      case "TreeModel": return convertTree(p, model, scope);
      case "RegressionModel": return convertRegression(p, model, scope, depth === 0);
      case "Scorecard": return convertScorecard(p, model, scope);
      case "NeuralNetwork": return convertNeuralNetwork(p, model, scope);
      case "GeneralRegressionModel": return convertGeneralRegression(p, model, scope);
      case "NaiveBayesModel": return convertNaiveBayes(p, model, scope);
      case "SupportVectorMachineModel": return convertVectorMachine(p, model, scope);
      case "ClusteringModel": return convertClustering(p, model, scope);
      case "NearestNeighborModel": return convertNearestNeighbor(p, model, scope);
      case "RuleSetModel": return convertRuleSet(p, model, scope);
      case "MiningModel": return convertMining(p, model, scope, depth);
      default: throw convertError("unsupported-estimator", `a PMML ${model.name} is not compiled`, {
        where: `line ${model.line}`, hint: "Export the model from the library that trained it: its own file, or ONNX." });
    }
  };
  const result = convert();
  if (functionName !== result.kind && !clusters) throw malformed(model, `functionName=${functionName}, but it gives a ${result.kind}`);
  return rescaled(p, model, result);
}

interface Segment {
  readonly el: XmlElement;
  readonly model: XmlElement;
  readonly predicate: XmlElement;
  readonly weight: number;
}

function convertMining(p: Pmml, model: XmlElement, scope: Scope, depth: number): Result {
  const segmentation = needChild(model, "Segmentation");
  const method = choiceOf(segmentation, "multipleModelMethod", METHODS, "sum");
  choiceOf(segmentation, "missingPredictionTreatment", ["continue", "returnMissing"], "continue");
  const segments = childrenOf(segmentation, "Segment").map((el): Segment => ({ el, model: modelOf(el), predicate: predicateOf(el), weight: numberOf(el, "weight") ?? 1 }));
  if (segments.length === 0) throw malformed(segmentation, "it has no segments");
  if (method === "modelChain") return chain(p, model, segments, scope, depth);
  if (method === "selectFirst") return selectFirst(p, segments, scope, depth);
  return forest(p, model, segments, method, scope) ?? aggregated(p, model, segments, method, scope, depth);
}

/** The last model's answer; those before it feed it through their outputs. */
function chain(p: Pmml, model: XmlElement, segments: readonly Segment[], scope: Scope, depth: number): Result {
  let last: Result | undefined;
  for (const { el, model: inner, predicate } of segments) {
    if (evaluate(p, predicate, scope) !== true) throw refuse(el, "a predicate in a modelChain", "only segments that always hold are compiled there");
    const result = convertModel(p, inner, scope, depth + 1);
    defineOutputs(p, inner, result, scope);
    last = result;
  }
  if (last!.kind !== textOf(model, "functionName")) throw malformed(model, "its last segment has another function");
  return last!;
}

/** The output fields of a model, for models after it. */
function defineOutputs(p: Pmml, model: XmlElement, result: Result, scope: Scope): void {
  const output = childOf(model, "Output");
  for (const field of output ? childrenOf(output, "OutputField") : []) {
    const feature = field.attributes.get("feature") ?? "predictedValue";
    const name = textOf(field, "name");
    scope.set(name, () => {
      if (feature === "predictedValue") return resultField(p, result, { feature }, field);
      if (feature === "probability") return resultField(p, result, { feature, value: textOf(field, "value") }, field);
      if (feature !== "transformedValue" && feature !== "decision") throw refuse(field, `feature=${JSON.stringify(feature.slice(0, 40))}`, "predictedValue, probability and transformedValue are compiled");
      expressionOf(field);
      return derive(p, field, scope);
    });
  }
}

function selectFirst(p: Pmml, segments: readonly Segment[], scope: Scope, depth: number): Result {
  const { o } = p.c;
  const parts = segments.map((s) => ({ condition: evaluate(p, s.predicate, scope), result: convertModel(p, s.model, scope, depth + 1) }));
  const classes = union(parts.map(({ result }) => (result.kind === "classification" ? result.classes : [])));
  const always = p.c.graph.constant({ type: "bool", shape: [1, 1], data: Uint8Array.of(1) });
  let none: Value | undefined = always;
  let value: Value | undefined;
  let index: Value | undefined;
  let probabilities: Value | undefined;
  for (const { condition, result } of parts.toReversed()) {
    const when = holds(p, condition);
    if (condition === true) none = result.none;
    else none = either(p, result.none && o.and(when, result.none), none && o.and(o.not(when), none));
    if (result.kind === "regression") value = value && condition !== true ? o.where(when, result.value, value) : result.value;
    else {
      const same = aligned(p, result, classes);
      if (!same.probabilities) throw malformed(segments[0]!.el, "its model gives no probabilities");
      index = index && condition !== true ? o.where(o.squeeze(spread(p, when), 1), same.index, index) : same.index;
      probabilities = probabilities && condition !== true ? o.where(when, same.probabilities, probabilities) : same.probabilities;
    }
  }
  if (value && index) throw malformed(segments[0]!.el, "some segments classify, others do not");
  return value ? { kind: "regression", value, none } : { kind: "classification", classes, index: index!, probabilities, none };
}

/** Trees that always hold are added up as one ensemble. */
function forest(p: Pmml, model: XmlElement, segments: readonly Segment[], method: string, scope: Scope): Result | undefined {
  if (NO_SUMS.has(method) || segments.some((s) => s.model.name !== "TreeModel" || s.predicate.name !== "True" || childOf(s.model, "Targets"))) return undefined;
  const { o } = p.c;
  const float = isFloat(model);
  const columns = new TreeColumns(p);
  const reads = segments.map((s) => {
    const inner = new Scope(scope);
    for (const mining of childrenOf(needChild(s.model, "MiningSchema"), "MiningField")) overlay(p, mining, scope, inner);
    defineFields(p, childOf(s.model, "LocalTransformations"), inner);
    return readTree(p, s.model, inner, columns);
  });
  const trees = reads.map((r) => r.tree);
  const silent = reads.some((r) => r.answers.some((a, i) => a === null && r.tree.left[i] === -1));
  const X = columns.build();
  const none = silent ? o.greater(sumLeafRows(p.c, X, trees, 1, (t, node, row, at) => { row[at] = reads[t]!.answers[node] ? 0 : 1; }), 0.5) : undefined;
  const weighted = method.startsWith("weighted");
  const weights = segments.map((s) => (weighted ? s.weight : 1));
  const total = weights.reduce((a, b) => a + b, 0);
  if (textOf(model, "functionName") === "regression") {
    if (method === "majorityVote" || method === "weightedMajorityVote") throw malformed(model, "a regression has no votes");
    const leaf = (t: number, node: number): number => {
      const answer = reads[t]!.answers[node];
      return answer ? leafNumber(segments[t]!.model, answer) * weights[t]! : 0;
    };
    const sum = float && !weighted ? o.cast(sumInFloat32(p.c, X, trees, 0, leaf), "double") : sumLeafRows(p.c, X, trees, 1, (t, node, row, at) => { row[at] = leaf(t, node); });
    return { kind: "regression", value: method === "average" || method === "weightedAverage" ? roundFloat(p, o.div(sum, total), float) : sum, none };
  }
  const votes = method === "majorityVote" || method === "weightedMajorityVote";
  const known = new Map<XmlElement, ReturnType<typeof leafVote>>();
  for (const read of reads) read.answers.forEach((a, i) => a && read.tree.left[i] === -1 && known.set(a, leafVote(a)));
  const classes = union([dictionaryClasses(p, model), ...segments.map((s) => dictionaryClasses(p, s.model)), ...[...known.values()].map((v) => [...v.probabilities.keys(), v.score])]);
  const places = new Map(classes.map((v, i) => [v, i]));
  const sums = sumLeafRows(p.c, X, trees, classes.length, (t, node, row, at) => {
    const answer = reads[t]!.answers[node];
    const vote = answer && known.get(answer);
    if (!vote) return;
    if (votes) row[at + places.get(vote.score)!] = weights[t]!;
    else for (const [name, share] of vote.probabilities) row[at + places.get(name)!] = share * weights[t]!;
  });
  const probabilities = method === "sum" || method === "weightedSum" ? sums : o.div(sums, total);
  if (votes) {
    const ballots = o.cast(leafColumns(p.c, X, trees, (t, node) => {
      const answer = reads[t]!.answers[node];
      return answer ? places.get(known.get(answer)!.score)! : 0;
    }), "int64");
    return { kind: "classification", classes, probabilities, none, index: firstOfMost(p, sums, ballots) };
  }
  return classified(p, classes, probabilities, none, union([...known.values()].map((vote) => [...vote.probabilities.keys()])));
}

function aggregated(p: Pmml, model: XmlElement, segments: readonly Segment[], method: string, scope: Scope, depth: number): Result {
  const { o } = p.c;
  const float = isFloat(model);
  const weighted = method.startsWith("weighted");
  const parts = segments.map((s) => ({ condition: evaluate(p, s.predicate, scope), weight: weighted ? s.weight : 1, result: convertModel(p, s.model, scope, depth + 1) }))
    .filter(({ condition }) => condition !== false);
  if (parts.length === 0) throw malformed(model, "none of its segments ever holds");
  const shares = parts.map(({ condition, weight }): Value => share(p, condition, weight));
  const total = shares.reduce((a, b) => o.add(a, b));
  let none = parts.every(({ condition }) => condition !== true) ? spread(p, o.equal(total, 0)) : undefined;
  for (const { condition, result } of parts) if (result.none) none = either(p, none, condition === true ? result.none : o.and(holds(p, condition), result.none));
  if (textOf(model, "functionName") === "regression") {
    const values = parts.map(({ result }) => regression(result, model).value);
    if (NO_SUMS.has(method)) {
      if (parts.some(({ condition }) => condition !== true)) throw refuse(model, `multipleModelMethod=${method}`, "its segments have predicates");
      if (method !== "max") return { kind: "regression", value: median(p, o.concat(values.map((v) => spread(p, v))), method === "weightedMedian" ? parts.map((part) => part.weight) : undefined), none };
      return { kind: "regression", value: values.reduce((a, b) => o.maximum(a, b)), none };
    }
    if (method === "majorityVote" || method === "weightedMajorityVote") throw malformed(model, "a regression has no votes");
    const terms = values.map((v, i) => (parts[i]!.condition === true ? (weighted ? o.mul(v, parts[i]!.weight) : v) : o.where(holds(p, parts[i]!.condition), o.mul(v, parts[i]!.weight), 0)));
    const sum = terms.reduce((a, b) => roundFloat(p, o.add(a, b), float));
    return { kind: "regression", value: spread(p, method === "average" || method === "weightedAverage" ? roundFloat(p, o.div(sum, total), float) : sum), none };
  }
  if (NO_SUMS.has(method)) throw refuse(model, `multipleModelMethod=${method}`, "of classes it is not defined alike everywhere");
  const results = parts.map(({ result }) => classification(result, model));
  const classes = union([dictionaryClasses(p, model), ...results.map((r) => r.classes)]);
  const votes = method === "majorityVote" || method === "weightedMajorityVote";
  const identity = o.doubles(Float64Array.from({ length: classes.length ** 2 }, (_, i) => (i % (classes.length + 1) === 0 ? 1 : 0)), [classes.length, classes.length]);
  const terms = results.map((r, i) => {
    const same = aligned(p, r, classes);
    if (!votes && !same.probabilities) throw malformed(model, "a segment gives no probabilities");
    return o.mul(votes ? o.gather(identity, same.index, 0) : same.probabilities!, shares[i]!);
  });
  const sum = terms.reduce((a, b) => o.add(a, b));
  const probabilities = method === "sum" || method === "weightedSum" ? sum : o.div(sum, total);
  if (!votes) return classified(p, classes, probabilities, none, union(results.map((r) => r.order ?? r.classes)));
  const ballots = o.concat(results.map((r) => o.unsqueeze(aligned(p, r, classes).index, 1)));
  const valid = parts.every(({ condition }) => condition === true) ? undefined : o.concat(parts.map(({ condition }) => spread(p, holds(p, condition))));
  return { kind: "classification", classes, probabilities, none, index: firstOfMost(p, sum, ballots, valid) };
}

/** The weight of a segment, 0 where it does not hold. */
function share(p: Pmml, condition: Condition, weight: number): Value {
  return condition === true ? number(p, weight).value : p.c.o.where(holds(p, condition), weight, 0);
}
function regression(result: Result, model: XmlElement): Regression {
  if (result.kind !== "regression") throw malformed(model, "one of its segments classifies");
  return result;
}
function classification(result: Result, model: XmlElement): Classification {
  if (result.kind !== "classification") throw malformed(model, "one of its segments does not classify");
  return result;
}
