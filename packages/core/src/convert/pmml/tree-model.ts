// TreeModel: what its leaves say, as a result.

import type { Value } from "../../onnx/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import type { Pmml, Scope } from "./context.ts";
import { childrenOf, malformed, needNumber, numberOf, parseNumber, textOf } from "./element.ts";
import { dictionaryClasses, isFloat, union, type Result } from "./result.ts";
import { answerNumbers, readTree, TreeColumns, type ReadTree } from "./tree.ts";

export function convertTree(p: Pmml, model: XmlElement, scope: Scope): Result {
  const columns = new TreeColumns(p);
  const read = readTree(p, model, scope, columns);
  return treeResult(p, model, columns.build(), read);
}

function treeResult(p: Pmml, model: XmlElement, X: Value, read: ReadTree): Result {
  const { o } = p.c;
  const { index, nodes } = answerNumbers(p, X, read);
  const none = nodes.includes(null) ? o.unsqueeze(o.gather(p.c.graph.constant({ type: "bool", shape: [nodes.length], data: Uint8Array.from(nodes, (n) => (n ? 0 : 1)) }), index, 0), 1) : undefined;
  if (textOf(model, "functionName") === "regression") {
    return { kind: "regression", value: o.unsqueeze(o.gather(o.doubles(Float64Array.from(nodes, (n) => (n ? leafNumber(model, n) : 0))), index, 0), 1), none };
  }
  const votes = nodes.map((n) => (n ? leafVote(n) : undefined));
  const classes = union([dictionaryClasses(p, model), ...votes.map((v) => (v ? [...v.probabilities.keys(), v.score] : []))]);
  if (classes.length === 0) throw malformed(model, "its leaves name no class");
  const table = new Float64Array(nodes.length * classes.length);
  votes.forEach((v, i) => v && classes.forEach((name, k) => { table[i * classes.length + k] = v.probabilities.get(name) ?? 0; }));
  return {
    kind: "classification", classes, none, order: union(votes.map((v) => (v ? [...v.probabilities.keys()] : []))),
    index: o.gather(o.int64s(votes.map((v) => (v ? classes.indexOf(v.score) : 0))), index, 0),
    probabilities: o.gather(o.doubles(table, [nodes.length, classes.length]), index, 0),
  };
}

export function leafNumber(model: XmlElement, node: XmlElement): number {
  const v = parseNumber(textOf(node, "score"), node);
  return isFloat(model) ? Math.fround(v) : v;
}
/** The class of a leaf, and the probabilities: given, or shares of the records. */
export function leafVote(node: XmlElement): { readonly score: string; readonly probabilities: ReadonlyMap<string, number> } {
  const given = childrenOf(node, "ScoreDistribution").map((d) => ({ value: textOf(d, "value"), records: d.attributes.has("probability") ? (numberOf(d, "recordCount") ?? 0) : needNumber(d, "recordCount"), probability: numberOf(d, "probability") }));
  const total = given.reduce((sum, d) => sum + d.records, 0);
  const probabilities = new Map(given.map((d) => [d.value, d.probability ?? (total === 0 ? 0 : d.records / total)]));
  let score = node.attributes.get("score");
  if (score === undefined) score = given.reduce((best, d) => (d.records > best.records ? d : best)).value;
  return { score, probabilities: given.length > 0 ? probabilities : new Map([[score, 1]]) };
}
