// ClusteringModel (center-based): the nearest cluster by the squared or plain euclidean, chebychev or city block distance.
// Missing values do not count; the factor that makes up for them is the same for all clusters of a row.

import type { Value } from "../../onnx/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { missingOf, spread, type Pmml, type Scope } from "./context.ts";
import { arrayOf, childOf, childrenOf, choiceOf, malformed, needChild, numberOf, parseNumber, refuse, textOf } from "./element.ts";
import { isFloat, type Result } from "./result.ts";

const DISTANCES = ["euclidean", "squaredEuclidean", "cityBlock", "chebychev"];

export function convertClustering(p: Pmml, model: XmlElement, scope: Scope): Result {
  const { o } = p.c;
  choiceOf(model, "modelClass", ["centerBased"], "centerBased");
  if (isFloat(model)) throw refuse(model, "x-mathContext=float", "these models are compiled in double");
  const measure = needChild(model, "ComparisonMeasure");
  choiceOf(measure, "compareFunction", ["absDiff"], "absDiff");
  const kind = childrenOf(measure).find((el) => DISTANCES.includes(el.name))?.name;
  if (kind === undefined || textOf(measure, "kind") !== "distance") throw refuse(measure, "this measure", `${DISTANCES.join(", ")} are compiled`);
  const missing: (Value | undefined)[] = [];
  const weights: number[] = [];
  const columns = childrenOf(model, "ClusteringField").filter((el) => (el.attributes.get("isCenterField") ?? "true") === "true").map((el) => {
    const field = scope.get(textOf(el, "field"), el);
    if (field.kind !== "number") throw refuse(el, "a text", "numbers are compared");
    if (el.attributes.has("compareFunction")) choiceOf(el, "compareFunction", ["absDiff"], "absDiff");
    weights.push(numberOf(el, "fieldWeight") ?? 1);
    missing.push(field.canBeMissing ? spread(p, missingOf(p, field)) : undefined);
    return spread(p, field.value);
  });
  const clusters = childrenOf(model, "Cluster");
  if (clusters.length === 0 || columns.length === 0) throw malformed(model, "it has no clusters or no fields");
  const centers = clusters.flatMap((cluster) => {
    const array = childOf(cluster, "Array");
    const values = array ? arrayOf(array).map((v) => parseNumber(v, array)) : [];
    if (values.length !== columns.length) throw malformed(cluster, `it has ${values.length} values for ${columns.length} fields`);
    return values;
  });
  const apart = o.abs(o.sub(o.unsqueeze(o.concat(columns), 1), o.doubles(Float64Array.from(centers), [1, clusters.length, columns.length])));
  const away = missing.some((m) => m) ? o.where(o.isNaN(apart), 0, apart) : apart;
  const none = missing.every((m) => m !== undefined) ? missing.reduce((a, b) => o.and(a!, b!)) : undefined;
  const weigh = (v: Value): Value => (weights.every((w) => w === 1) ? v : o.mul(v, o.doubles(Float64Array.from(weights), [1, 1, weights.length])));
  const distance = kind === "chebychev" ? o.max(weigh(away), 2) : o.sum(weigh(kind === "cityBlock" ? away : o.mul(away, away)), 2);
  // The root does not change which is nearest.
  return { kind: "classification", classes: clusters.map((cluster, i) => cluster.attributes.get("id") ?? String(i + 1)), index: o.argmin(distance, 1), none };
}
