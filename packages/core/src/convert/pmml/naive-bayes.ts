// NaiveBayesModel: counts of categories and Gaussian densities of numbers, multiplied as logarithms (PMML 4.4).

import type { Value } from "../../onnx/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { literal, missingOf, spread, type Pmml, type Scope } from "./context.ts";
import { childOf, childrenOf, malformed, needChild, needNumber, refuse, textOf } from "./element.ts";
import { derive } from "./expressions.ts";
import { classified, dictionaryClasses, union, type Result } from "./result.ts";

export function convertNaiveBayes(p: Pmml, model: XmlElement, scope: Scope): Result {
  const { o } = p.c;
  const least = needNumber(model, "threshold");
  const countsOf = (el: XmlElement): Map<string, number> => new Map(childrenOf(needChild(el, "TargetValueCounts"), "TargetValueCount").map((v) => [textOf(v, "value"), needNumber(v, "count")]));
  const totals = countsOf(needChild(model, "BayesOutput"));
  const classes = union([dictionaryClasses(p, model).filter((v) => totals.has(v)), [...totals.keys()]]);
  const row = (values: readonly number[]): Value => o.doubles(Float64Array.from(values), [1, values.length]);
  let score: Value = row(classes.map((v) => Math.log(totals.get(v)!)));
  for (const input of childrenOf(needChild(model, "BayesInputs"), "BayesInput")) {
    const derived = childOf(input, "DerivedField");
    const field = derived ? derive(p, derived, scope) : scope.get(textOf(input, "fieldName"), input);
    let term: Value;
    const stats = childOf(input, "TargetValueStats");
    if (stats) {
      if (field.kind !== "number") throw malformed(input, "a density of a text");
      const by = new Map(childrenOf(stats, "TargetValueStat").map((s) => {
        const gaussian = childOf(s, "GaussianDistribution");
        if (!gaussian) throw refuse(s, "this distribution", "GaussianDistribution is compiled");
        return [textOf(s, "value"), { mean: needNumber(gaussian, "mean"), variance: needNumber(gaussian, "variance") }] as const;
      }));
      const of = classes.map((v) => by.get(v) ?? (() => { throw malformed(stats, `it says nothing of the class ${JSON.stringify(v.slice(0, 40))}`); })());
      const away = o.sub(field.value, row(of.map((s) => s.mean)));
      const density = o.mul(o.exp(o.neg(o.div(o.mul(away, away), row(of.map((s) => 2 * s.variance))))), row(of.map((s) => 1 / Math.sqrt(2 * Math.PI * s.variance))));
      term = o.log(o.maximum(density, least));
    } else {
      const pairs = childrenOf(input, "PairCounts");
      const counts = pairs.map((pair) => countsOf(pair));
      const sums = classes.map((v) => counts.reduce((n, by) => n + (by.get(v) ?? 0), 0));
      term = row(classes.map(() => Math.log(least)));
      pairs.forEach((pair, i) => {
        const shares = classes.map((v, k) => Math.log(Math.max((counts[i]!.get(v) ?? 0) / sums[k]!, least)));
        const hit = o.equal(field.value, literal(p, textOf(pair, "value"), field, pair).value);
        term = o.where(hit, row(shares), term);
      });
    }
    // A missing value says nothing.
    score = o.add(score, field.canBeMissing ? o.where(missingOf(p, field), 0, term) : term);
  }
  return classified(p, classes, o.softmax(spread(p, score)));
}
