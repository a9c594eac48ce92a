// Expressions of derived fields: references, normalizations, discretizations, tables and functions.

import type { Value } from "../../onnx/index.ts";
import { doubles } from "../../tensor/index.ts";
import { MISSING_STRING } from "../../package/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { arctangent } from "../conversion/special-functions.ts";
import { expm1, log1p, numpyFunction } from "../sklearn/compose/numpy-functions.ts";
import {
  allOf, anyOf, asCondition, asField, blanked, filled, holds, kindOfType, literal, missingOf, negate, number, numeric, roundFloat, Scope, text, compared,
  type Condition, type Field, type Pmml,
} from "./context.ts";
import { childrenOf, childOf, choiceOf, malformed, needChild, numberOf, refuse, textOf } from "./element.ts";
import { normContinuous } from "./norm-continuous.ts";
import { compare } from "./predicates.ts";

const EXPRESSIONS: ReadonlySet<string> = new Set(["Constant", "FieldRef", "NormContinuous", "NormDiscrete", "Discretize", "MapValues", "Apply", "TextIndex", "Aggregate", "Lag"]);
const DEEPEST = 100;

export function expressionOf(el: XmlElement): XmlElement {
  const found = childrenOf(el).find((child) => EXPRESSIONS.has(child.name));
  if (!found) throw malformed(el, "it has no expression");
  return found;
}
/** Makes the derived fields below `el` known in the scope. */
export function defineFields(p: Pmml, el: XmlElement | undefined, scope: Scope): void {
  for (const derived of el ? childrenOf(el, "DerivedField") : []) {
    scope.set(textOf(derived, "name"), () => derive(p, derived, scope));
  }
}
export function derive(p: Pmml, derived: XmlElement, scope: Scope): Field {
  const type = derived.attributes.get("dataType");
  const made = express(p, expressionOf(derived), scope, type ?? "double", 0);
  if (type === undefined) return made;
  const kind = kindOfType(derived, type);
  if (kind.kind !== made.kind) throw refuse(derived, `dataType=${type}`, `the expression gives a ${made.kind}`);
  return kind.float && !made.float ? { ...made, float: true, whole: undefined, value: roundFloat(p, made.value, true) } : { ...made, float: kind.float, whole: kind.whole };
}

/** `type`: of values that say no type of their own. */
export function express(p: Pmml, el: XmlElement, scope: Scope, type: string, depth: number): Field {
  if (depth > DEEPEST) throw malformed(el, `expressions are nested more than ${DEEPEST} deep`);
  const { o } = p.c;
  const given = (): Field => scope.get(textOf(el, "field"), el);
  const mapMissing = (field: Field): Field => {
    const to = el.attributes.get("mapMissingTo");
    return to === undefined ? field : filled(p, field, to, el);
  };
  switch (el.name) {
    case "Constant": {
      if (el.attributes.get("missing") === "true") return number(p, NaN);
      const dataType = el.attributes.get("dataType") ?? (/^\s*[-+]?(?:\d|\.\d)/.test(el.text) ? "double" : "string");
      const like = kindOfType(el, dataType);
      return { ...literal(p, el.text.trim(), like, el), whole: like.whole };
    }
    case "FieldRef": return mapMissing(given());
    case "NormContinuous": return normContinuous(p, el, given());
    case "NormDiscrete": return mapMissing(asField(p, compared(p, o.equal(given().value, literal(p, textOf(el, "value"), given(), el).value), [given()])));
    case "Discretize": {
      const field = given();
      const x = numeric(field, el);
      const like = kindOfType(el, el.attributes.get("dataType") ?? type);
      const otherwise = el.attributes.get("defaultValue");
      const blank = like.kind === "number" ? number(p, NaN) : text(p, MISSING_STRING);
      let value = otherwise === undefined ? blank.value : literal(p, otherwise, like, el).value;
      // Bins must not overlap; where they do, JPMML-Evaluator has the later ones.
      for (const bin of childrenOf(el, "DiscretizeBin")) {
        const interval = needChild(bin, "Interval");
        const closure = choiceOf(interval, "closure", ["openOpen", "openClosed", "closedOpen", "closedClosed"], "closedClosed");
        const low = numberOf(interval, "leftMargin");
        const high = numberOf(interval, "rightMargin");
        const parts: Condition[] = [];
        if (low !== undefined) parts.push({ holds: closure.startsWith("open") ? o.greater(x, low) : o.greaterEqual(x, low) });
        if (high !== undefined) parts.push({ holds: closure.endsWith("Open") ? o.less(x, high) : o.lessEqual(x, high) });
        value = o.where(holds(p, allOf(p, parts)), literal(p, textOf(bin, "binValue"), like, bin).value, value);
      }
      const found: Field = { ...like, value, canBeMissing: true };
      return mapped(p, el, found, field.canBeMissing ? missingOf(p, field) : undefined, otherwise !== undefined);
    }
    case "MapValues": return mapValues(p, el, scope, type);
    case "Apply": return apply(p, el, scope, type, depth);
    default: throw refuse(el, "its function", "this expression is not compiled");
  }
}

/** The result where the argument is missing: mapMissingTo, or missing. */
function mapped(p: Pmml, el: XmlElement, found: Field, missing: Value | undefined, complete: boolean): Field {
  if (!missing) return { ...found, canBeMissing: !complete };
  const to = el.attributes.get("mapMissingTo");
  if (to === undefined) return blanked(p, found, missing);
  return { ...found, value: p.c.o.where(missing, literal(p, to, found, el).value, found.value), canBeMissing: !complete };
}

function mapValues(p: Pmml, el: XmlElement, scope: Scope, type: string): Field {
  const { o } = p.c;
  const pairs = childrenOf(el, "FieldColumnPair").map((pair) => ({ field: scope.get(textOf(pair, "field"), pair), column: textOf(pair, "column") }));
  const table = childOf(el, "InlineTable");
  if (!table) throw refuse(el, "TableLocator", "its table is not in the file");
  const output = textOf(el, "outputColumn");
  const like = kindOfType(el, el.attributes.get("dataType") ?? type);
  const otherwise = el.attributes.get("defaultValue");
  let value = (otherwise === undefined ? (like.kind === "number" ? number(p, NaN) : text(p, MISSING_STRING)) : literal(p, otherwise, like, el)).value;
  const rows = childrenOf(table, "row");
  if (rows.length > 5000) throw refuse(el, `a table of ${rows.length} rows`, "5000 rows are compiled at most");
  for (const row of rows.toReversed()) {
    const cell = (column: string): string => {
      const found = childOf(row, column.slice(column.lastIndexOf(":") + 1));
      if (!found) throw malformed(row, `it has no column ${JSON.stringify(column.slice(0, 40))}`);
      return found.text.trim();
    };
    const matches = pairs.map(({ field, column }): Condition => ({ holds: o.equal(field.value, literal(p, cell(column), field, row).value) }));
    value = o.where(holds(p, allOf(p, matches)), literal(p, cell(output), like, row).value, value);
  }
  const missing = pairs.filter(({ field }) => field.canBeMissing).map(({ field }) => missingOf(p, field));
  return mapped(p, el, { ...like, value, canBeMissing: true }, missing.length > 0 ? missing.reduce((a, b) => o.or(a, b)) : undefined, otherwise !== undefined);
}

const COMPARISONS: ReadonlySet<string> = new Set(["equal", "notEqual", "lessThan", "lessOrEqual", "greaterThan", "greaterOrEqual"]);

/** Functions that give a whole number of whole numbers. */
const WHOLE: ReadonlySet<string> = new Set(["+", "-", "*", "/", "min", "max", "sum", "product", "abs", "modulo"]);

function apply(p: Pmml, el: XmlElement, scope: Scope, type: string, depth: number): Field {
  const name = textOf(el, "function");
  const elements = childrenOf(el);
  const args = elements.map((child) => express(p, child, scope, type, depth + 1));
  let made = call(p, el, name, args, depth);
  const otherwise = el.attributes.get("defaultValue");
  const to = el.attributes.get("mapMissingTo");
  // mapMissingTo is for missing arguments, defaultValue for a missing result.
  const missing = args.filter((a) => a.canBeMissing).map((a) => missingOf(p, a));
  if (to !== undefined && missing.length > 0) {
    const { column: _, ...rest } = made;
    made = { ...rest, value: p.c.o.where(missing.reduce((a, b) => p.c.o.or(a, b)), literal(p, to, made, el).value, made.value) };
  }
  return otherwise === undefined ? made : filled(p, made, otherwise, el);
}

function call(p: Pmml, el: XmlElement, name: string, args: readonly Field[], depth: number): Field {
  const { o, graph } = p.c;
  const need = (least: number, most = least): void => {
    if (args.length < least || args.length > most) throw malformed(el, `${name} has ${args.length} arguments`);
  };
  const [a, b] = args as [Field, Field];
  const conditions = (): Condition[] => args.map((x) => asCondition(p, x, el));
  const arithmetic = (value: () => Value): Field => {
    if (args.some((x) => x.kind !== "number")) throw refuse(el, name, "it is given a text");
    const whole = WHOLE.has(name) && args.every((x) => x.whole);
    return { kind: "number", value: roundFloat(p, value(), args.every((x) => x.float)), canBeMissing: args.some((x) => x.canBeMissing), float: args.every((x) => x.float), whole };
  };
  const quotient = (): Value => {
    const value = o.div(a.value, b.value);
    // Of two whole numbers, as in JPMML-Evaluator: towards zero, and none by zero.
    return a.whole && b.whole ? o.where(o.equal(b.value, 0), NaN, o.mul(graph.op("Sign", [value]), graph.op("Floor", [o.abs(value)]))) : value;
  };
  const unary = (op: (v: Value) => Value): Field => {
    need(1);
    return arithmetic(() => op(a.value));
  };
  if (COMPARISONS.has(name)) {
    need(2);
    return asField(p, compare(p, name, a, b, el));
  }
  switch (name) {
    case "+": case "-": case "*":
      need(2);
      return arithmetic(() => (name === "+" ? o.add(a.value, b.value) : name === "-" ? o.sub(a.value, b.value) : o.mul(a.value, b.value)));
    case "/": {
      need(2);
      const made = arithmetic(quotient);
      return made.whole === true ? { ...made, canBeMissing: true } : made;
    }
    case "pow": need(2); return arithmetic(() => o.pow(a.value, b.value));
    case "threshold": need(2); return arithmetic(() => o.where(o.or(o.isNaN(a.value), o.isNaN(b.value)), NaN, o.cast(o.greater(a.value, b.value), "double")));
    case "exp": return unary((v) => o.exp(v));
    case "ln": return unary((v) => o.log(v));
    case "log10": return unary((v) => o.div(o.log(v), Math.LN10));
    case "sqrt": return unary((v) => o.sqrt(v));
    case "abs": return unary((v) => o.abs(v));
    case "ln1p": return unary((v) => log1p(p.c, v));
    case "expm1": return unary((v) => expm1(p.c, v));
    case "rint": return unary((v) => graph.op("Round", [v]));
    case "modulo": need(2); return arithmetic(() => o.sub(a.value, o.mul(b.value, graph.op("Floor", [o.div(a.value, b.value)]))));
    case "hypot": need(2); return arithmetic(() => o.sqrt(o.add(o.mul(a.value, a.value), o.mul(b.value, b.value))));
    case "sin": case "cos": case "sinh": case "cosh": case "tanh": return unary((v) => numpyFunction("numpy", name)!.emit(p.c, v));
    case "tan": return unary((v) => o.div(graph.op("Sin", [v]), graph.op("Cos", [v])));
    case "atan": return unary((v) => arctangent(p.c, v));
    case "asin": return unary((v) => arcsine(p, v));
    case "acos": return unary((v) => o.sub(Math.PI / 2, arcsine(p, v)));
    case "floor": return unary((v) => graph.op("Floor", [v]));
    case "ceil": return unary((v) => graph.op("Ceil", [v]));
    case "round": return unary((v) => graph.op("Floor", [o.add(v, 0.5)]));
    case "min": case "max": case "sum": case "avg": case "product": return aggregate(p, name, args, arithmetic);
    case "isMissing": need(1); return asField(p, a.canBeMissing ? { holds: missingOf(p, a) } : false);
    case "isNotMissing": case "isValid": need(1); return asField(p, negate(p, a.canBeMissing ? { holds: missingOf(p, a) } : false));
    case "and": need(2, 100); return asField(p, allOf(p, conditions()));
    case "or": need(2, 100); return asField(p, anyOf(p, conditions()));
    case "not": need(1); return asField(p, negate(p, asCondition(p, a, el)));
    case "isIn": case "isNotIn": {
      need(2, 10_000);
      // Unlike the predicate: a missing value is in no list.
      const found = anyOf(p, args.slice(1).map((x): Condition => ({ holds: holds(p, compare(p, "equal", a, x, el)) })));
      return asField(p, name === "isIn" ? found : negate(p, found));
    }
    case "if": {
      need(2, 3);
      const condition = asCondition(p, a, el) as Exclude<Condition, boolean>;
      const otherwise = args[2] ?? (b.kind === "number" ? number(p, NaN) : text(p, MISSING_STRING));
      if (otherwise.kind !== b.kind) throw refuse(el, "if", "one branch gives a text, the other a number");
      const made: Field = { kind: b.kind, float: b.float && otherwise.float, whole: b.whole && otherwise.whole, value: o.where(condition.holds, b.value, otherwise.value), canBeMissing: b.canBeMissing || otherwise.canBeMissing };
      return condition.unknown ? blanked(p, made, condition.unknown) : made;
    }
    default: {
      const own = p.functions.get(name);
      if (!own) throw refuse(el, `function=${JSON.stringify(name.slice(0, 60))}`, "this function is not compiled");
      const parameters = childrenOf(own, "ParameterField");
      need(parameters.length);
      const inner = new Scope();
      const typed = (field: Field, el: XmlElement): Field => {
        const type = el.attributes.get("dataType");
        return type === undefined || field.kind !== "number" ? field : { ...field, whole: kindOfType(el, type).whole };
      };
      parameters.forEach((parameter, i) => inner.set(textOf(parameter, "name"), typed(args[i]!, parameter)));
      return typed(express(p, expressionOf(own), inner, own.attributes.get("dataType") ?? "double", depth + 1), own);
    }
  }
}

function arcsine(p: Pmml, x: Value): Value {
  const { o } = p.c;
  return arctangent(p.c, o.div(x, o.sqrt(o.mul(o.sub(1, x), o.add(1, x)))));
}

/** Missing arguments do not count. */
function aggregate(p: Pmml, name: string, args: readonly Field[], arithmetic: (value: () => Value) => Field): Field {
  const { o } = p.c;
  const parts = args.map((x) => ({ value: x.value, missing: x.canBeMissing ? missingOf(p, x) : undefined }));
  const neutral = name === "min" ? Infinity : name === "max" ? -Infinity : name === "product" ? 1 : 0;
  return arithmetic(() => {
    const values = parts.map(({ value, missing }) => (missing ? o.where(missing, neutral, value) : value));
    const joined = values.reduce((x, y) => (name === "min" ? o.minimum(x, y) : name === "max" ? o.maximum(x, y) : name === "product" ? o.mul(x, y) : o.add(x, y)));
    if (parts.some(({ missing }) => !missing)) {
      if (name !== "avg") return joined;
    }
    const counts = parts.map(({ missing }) => (missing ? o.sub(1, o.cast(missing, "double")) : p.c.graph.constant(doubles([1], [1, 1])))).reduce((x, y) => o.add(x, y));
    return o.where(o.equal(counts, 0), NaN, name === "avg" ? o.div(joined, counts) : joined);
  });
}
