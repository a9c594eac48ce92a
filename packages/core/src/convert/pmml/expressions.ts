// Expressions of derived fields: references, normalizations, discretizations, tables and functions.

import type { Value } from "../../onnx/index.ts";
import { doubles } from "../../tensor/index.ts";
import { MISSING_STRING } from "../../package/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import {
  allOf, anyOf, asCondition, asField, blanked, filled, holds, kindOfType, literal, missingOf, negate, number, numeric, roundFloat, Scope, text, compared,
  type Condition, type Field, type Pmml,
} from "./context.ts";
import { childrenOf, childOf, choiceOf, malformed, needChild, needNumber, numberOf, refuse, textOf } from "./element.ts";
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
  return kind.float && !made.float ? { ...made, float: true, value: roundFloat(p, made.value, true) } : { ...made, float: kind.float };
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
      return literal(p, el.text.trim(), kindOfType(el, dataType), el);
    }
    case "FieldRef": return mapMissing(given());
    case "NormContinuous": return mapMissing(normContinuous(p, el, given()));
    case "NormDiscrete": return mapMissing(asField(p, compared(p, o.equal(given().value, literal(p, textOf(el, "value"), given(), el).value), [given()])));
    case "Discretize": {
      const field = given();
      const x = numeric(field, el);
      const like = kindOfType(el, el.attributes.get("dataType") ?? type);
      const otherwise = el.attributes.get("defaultValue");
      const blank = like.kind === "number" ? number(p, NaN) : text(p, MISSING_STRING);
      let value = otherwise === undefined ? blank.value : literal(p, otherwise, like, el).value;
      for (const bin of childrenOf(el, "DiscretizeBin").toReversed()) {
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

function normContinuous(p: Pmml, el: XmlElement, field: Field): Field {
  const { o } = p.c;
  const points = childrenOf(el, "LinearNorm").map((n) => ({ orig: needNumber(n, "orig"), norm: needNumber(n, "norm") }));
  if (points.length < 2) throw malformed(el, "it has fewer than two points");
  for (let i = 1; i < points.length; i++) if (!(points[i]!.orig > points[i - 1]!.orig)) throw malformed(el, "its points are not in order");
  const outliers = choiceOf(el, "outliers", ["asIs", "asMissingValues", "asExtremeValues"], "asIs");
  const x = numeric(field, el);
  const segment = (i: number): Value => {
    const [a, b] = [points[i]!, points[i + 1]!];
    return o.add(o.mul(o.div(o.sub(x, a.orig), b.orig - a.orig), b.norm - a.norm), a.norm);
  };
  let value = segment(points.length - 2);
  for (let i = points.length - 3; i >= 0; i--) value = o.where(o.lessEqual(x, points[i + 1]!.orig), segment(i), value);
  const [first, last] = [points[0]!, points.at(-1)!];
  if (outliers === "asExtremeValues") value = o.where(o.less(x, first.orig), first.norm, o.where(o.greater(x, last.orig), last.norm, value));
  const made: Field = { kind: "number", value, canBeMissing: field.canBeMissing, float: false };
  return outliers === "asMissingValues" ? blanked(p, made, o.or(o.less(x, first.orig), o.greater(x, last.orig))) : made;
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
    return { kind: "number", value: roundFloat(p, value(), args.every((x) => x.float)), canBeMissing: args.some((x) => x.canBeMissing), float: args.every((x) => x.float) };
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
    case "+": case "-": case "*": case "/":
      need(2);
      return arithmetic(() => (name === "+" ? o.add(a.value, b.value) : name === "-" ? o.sub(a.value, b.value) : name === "*" ? o.mul(a.value, b.value) : o.div(a.value, b.value)));
    case "pow": need(2); return arithmetic(() => o.pow(a.value, b.value));
    case "threshold": need(2); return arithmetic(() => o.where(o.or(o.isNaN(a.value), o.isNaN(b.value)), NaN, o.cast(o.greater(a.value, b.value), "double")));
    case "exp": return unary((v) => o.exp(v));
    case "ln": return unary((v) => o.log(v));
    case "log10": return unary((v) => o.div(o.log(v), Math.LN10));
    case "sqrt": return unary((v) => o.sqrt(v));
    case "abs": return unary((v) => o.abs(v));
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
      const found = anyOf(p, args.slice(1).map((x) => compare(p, "equal", a, x, el)));
      return asField(p, name === "isIn" ? found : negate(p, found));
    }
    case "if": {
      need(2, 3);
      const condition = asCondition(p, a, el) as Exclude<Condition, boolean>;
      const otherwise = args[2] ?? (b.kind === "number" ? number(p, NaN) : text(p, MISSING_STRING));
      if (otherwise.kind !== b.kind) throw refuse(el, "if", "one branch gives a text, the other a number");
      const made: Field = { kind: b.kind, float: b.float && otherwise.float, value: o.where(condition.holds, b.value, otherwise.value), canBeMissing: b.canBeMissing || otherwise.canBeMissing };
      return condition.unknown ? blanked(p, made, condition.unknown) : made;
    }
    default: {
      const own = p.functions.get(name);
      if (!own) throw refuse(el, `function=${JSON.stringify(name.slice(0, 60))}`, "this function is not compiled");
      const parameters = childrenOf(own, "ParameterField");
      need(parameters.length);
      const inner = new Scope();
      parameters.forEach((parameter, i) => inner.set(textOf(parameter, "name"), args[i]!));
      return express(p, expressionOf(own), inner, own.attributes.get("dataType") ?? "double", depth + 1);
    }
  }
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
