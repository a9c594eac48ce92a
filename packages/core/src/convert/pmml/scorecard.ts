// Scorecard: the partial scores of the first attribute that holds of every characteristic, and the reason codes.

import type { Value } from "../../onnx/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { allOf, anyOf, holds, negate, number, spread, type Pmml, type Scope } from "./context.ts";
import { childrenOf, childOf, malformed, needChild, needNumber, numberOf } from "./element.ts";
import { express, expressionOf } from "./expressions.ts";
import { evaluate, predicateOf } from "./predicates.ts";
import { reasonCodes, type Scored } from "./reason-codes.ts";
import { either, type Result } from "./result.ts";

export function convertScorecard(p: Pmml, model: XmlElement, scope: Scope): Result {
  const { o } = p.c;
  let sum: Value = number(p, numberOf(model, "initialScore") ?? 0).value;
  let none: Value | undefined;
  const characteristics = childrenOf(needChild(model, "Characteristics"), "Characteristic");
  const scored: Scored[] = [];
  for (const characteristic of characteristics) {
    const attributes = childrenOf(characteristic, "Attribute").map((el) => ({ el, condition: evaluate(p, predicateOf(el), scope) }));
    if (attributes.length === 0) throw malformed(characteristic, "it has no attributes");
    let partial: Value = number(p, NaN).value;
    for (const { el, condition } of attributes.toReversed()) {
      const complex = childOf(el, "ComplexPartialScore");
      const field = complex ? express(p, expressionOf(complex), scope, "double", 0) : number(p, needNumber(el, "partialScore"));
      if (field.kind !== "number") throw malformed(el, "its partial score is a text");
      partial = o.where(holds(p, condition), field.value, partial);
    }
    const sure = anyOf(p, attributes.map(({ condition }) => (typeof condition === "boolean" ? condition : { holds: condition.holds })));
    const missed = negate(p, allOf(p, [sure]));
    if (missed !== false) none = either(p, none, o.isNaN(spread(p, partial)));
    sum = o.add(sum, partial);
    scored.push({ characteristic, attributes, partial });
  }
  return { kind: "regression", value: spread(p, sum), none, reasons: reasonCodes(p, model, scored) };
}
