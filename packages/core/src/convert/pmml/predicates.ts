// Predicates in three-valued logic (true, false, unknown).

import { bools, doubles, strings } from "../../tensor/index.ts";
import type { Value } from "../../onnx/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { allOf, anyOf, compared, literal, literalNumber, missingOf, negate, type Condition, type Field, type Pmml, type Scope } from "./context.ts";
import { arrayOf, childrenOf, malformed, needChild, refuse, textOf } from "./element.ts";

const KINDS: ReadonlySet<string> = new Set(["SimplePredicate", "SimpleSetPredicate", "CompoundPredicate", "True", "False"]);
const DEEPEST = 100;

/** The predicate among an element's children. */
export function predicateOf(el: XmlElement): XmlElement {
  const found = childrenOf(el).find((child) => KINDS.has(child.name));
  if (!found) throw malformed(el, "it has no predicate");
  return found;
}

export function evaluate(p: Pmml, el: XmlElement, scope: Scope, depth = 0): Condition {
  if (depth > DEEPEST) throw malformed(el, `predicates are nested more than ${DEEPEST} deep`);
  switch (el.name) {
    case "True": return true;
    case "False": return false;
    case "SimplePredicate": return simple(p, el, scope);
    case "SimpleSetPredicate": {
      const field = scope.get(textOf(el, "field"), el);
      const inside = isIn(p, field, arrayOf(needChild(el, "Array")), el);
      const operator = textOf(el, "booleanOperator");
      if (operator !== "isIn" && operator !== "isNotIn") throw malformed(el, `there is no operator ${operator}`);
      return operator === "isIn" ? inside : negate(p, inside);
    }
    case "CompoundPredicate": return compound(p, el, scope, depth);
    default: throw malformed(el, "it is no predicate");
  }
}

function simple(p: Pmml, el: XmlElement, scope: Scope): Condition {
  const field = scope.get(textOf(el, "field"), el);
  const operator = textOf(el, "operator");
  if (operator === "isMissing" || operator === "isNotMissing") {
    const missing: Condition = field.canBeMissing ? { holds: missingOf(p, field) } : false;
    return operator === "isMissing" ? missing : negate(p, missing);
  }
  return compare(p, operator, field, literal(p, textOf(el, "value"), field, el), el);
}

/** A comparison of two fields. */
export function compare(p: Pmml, operator: string, a: Field, b: Field, el: XmlElement): Condition {
  const { o } = p.c;
  if (a.kind !== b.kind) throw refuse(el, operator, "a text is compared with a number");
  if (operator === "notEqual") return negate(p, compare(p, "equal", a, b, el));
  if (operator !== "equal" && a.kind === "string") throw refuse(el, operator, "texts are only compared for being equal");
  const result = (): Value => {
    switch (operator) {
      case "equal": return o.equal(a.value, b.value);
      case "lessThan": return o.less(a.value, b.value);
      case "lessOrEqual": return o.lessEqual(a.value, b.value);
      case "greaterThan": return o.greater(a.value, b.value);
      case "greaterOrEqual": return o.greaterEqual(a.value, b.value);
      default: throw malformed(el, `there is no operator ${JSON.stringify(operator.slice(0, 40))}`);
    }
  };
  return compared(p, result(), [a, b]);
}

export function isIn(p: Pmml, field: Field, values: readonly string[], el: XmlElement): Condition {
  const { o } = p.c;
  if (values.length === 0) return compared(p, p.c.graph.constant(bools([false], [1, 1])), [field]);
  // [N, 1] against [1, K]
  const all = field.kind === "string" ? strings([...values], [1, values.length]) : doubles(values.map((v) => literalNumber(v, field, el)), [1, values.length]);
  const equal = o.equal(field.value, all);
  return compared(p, values.length === 1 ? equal : o.greater(o.max(o.cast(equal, "float"), 1, true), 0), [field]);
}

function compound(p: Pmml, el: XmlElement, scope: Scope, depth: number): Condition {
  const { o } = p.c;
  const operator = textOf(el, "booleanOperator");
  const parts = childrenOf(el).map((child) => evaluate(p, child, scope, depth + 1));
  if (parts.length === 0) throw malformed(el, "it has no predicates");
  switch (operator) {
    case "and": return allOf(p, parts);
    case "or": return anyOf(p, parts);
    case "xor": return parts.reduce((a, b): Condition => {
      if (typeof a === "boolean") return a ? negate(p, b) : b;
      if (typeof b === "boolean") return b ? negate(p, a) : a;
      const one = p.c.graph.op("Xor", [a.holds, b.holds]);
      const unknown = a.unknown && b.unknown ? o.or(a.unknown, b.unknown) : (a.unknown ?? b.unknown);
      return unknown ? { holds: o.and(one, o.not(unknown)), unknown } : { holds: one };
    });
    // The first that is known.
    case "surrogate": return parts.reduceRight((rest, part): Condition => {
      if (typeof part === "boolean" || !part.unknown) return part;
      if (typeof rest === "boolean") return { holds: rest ? o.or(part.holds, part.unknown) : part.holds };
      return { holds: o.or(part.holds, o.and(part.unknown, rest.holds)), unknown: rest.unknown ? o.and(part.unknown, rest.unknown) : undefined };
    });
    default: throw malformed(el, `there is no operator ${JSON.stringify(operator.slice(0, 40))}`);
  }
}
