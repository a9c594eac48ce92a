// RuleSetModel: the first rule that holds, or the class of the heaviest sum (PMML 4.4).

import type { Value } from "../../onnx/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { allOf, holds, spread, type Condition, type Pmml, type Scope } from "./context.ts";
import { childrenOf, choiceOf, malformed, needChild, numberOf, textOf } from "./element.ts";
import { evaluate, predicateOf } from "./predicates.ts";
import { dictionaryClasses, union, type Result } from "./result.ts";

const MOST_RULES = 5_000;
const DEEPEST = 50;

export function convertRuleSet(p: Pmml, model: XmlElement, scope: Scope): Result {
  const { o } = p.c;
  const set = needChild(model, "RuleSet");
  const [selection] = childrenOf(set, "RuleSelectionMethod");
  if (!selection) throw malformed(set, "it does not say how a rule is chosen");
  const criterion = choiceOf(selection, "criterion", ["firstHit", "weightedSum"], "firstHit");
  const rules: { readonly condition: Condition; readonly score: string; readonly weight: number }[] = [];
  const collect = (el: XmlElement, around: readonly Condition[], depth: number): void => {
    if (depth > DEEPEST) throw malformed(el, `rules are nested more than ${DEEPEST} deep`);
    for (const rule of childrenOf(el)) {
      if (rule.name !== "SimpleRule" && rule.name !== "CompoundRule") continue;
      const conditions = [...around, evaluate(p, predicateOf(rule), scope)];
      if (rule.name === "CompoundRule") collect(rule, conditions, depth + 1);
      else rules.push({ condition: allOf(p, conditions), score: textOf(rule, "score"), weight: numberOf(rule, "weight") ?? 1 });
      if (rules.length > MOST_RULES) throw malformed(set, `it has more than ${MOST_RULES} rules`);
    }
  };
  collect(set, [], 0);
  const usual = set.attributes.get("defaultScore");
  const classes = union([dictionaryClasses(p, model), rules.map((r) => r.score), usual === undefined ? [] : [usual]]);
  const when = rules.map((r) => spread(p, holds(p, r.condition)));
  const fallback = o.int64s([usual === undefined ? 0 : classes.indexOf(usual)], [1, 1]);
  const hit = when.length === 0 ? undefined : when.reduce((a, b) => o.or(a, b));
  const none = usual === undefined && hit ? o.not(hit) : undefined;
  let index: Value;
  if (criterion === "weightedSum") {
    const sums = classes.map((c) => rules.reduce<Value>((sum, r, i) => (r.score === c ? o.add(sum, o.where(when[i]!, r.weight, 0)) : sum), o.doubles([0], [1, 1])));
    const best = o.unsqueeze(o.argmax(o.concat(sums.map((s) => spread(p, s))), 1), 1);
    index = hit ? o.where(hit, best, fallback) : fallback;
  } else {
    // The first is set last. Which rule weightedMax takes is not told alike by evaluators.
    index = rules.map((_, i) => i).reverse().reduce<Value>((rest, i) => o.where(when[i]!, o.int64s([classes.indexOf(rules[i]!.score)], [1, 1]), rest), fallback);
  }
  return { kind: "classification", classes, index: o.squeeze(spread(p, index), 1), none };
}
