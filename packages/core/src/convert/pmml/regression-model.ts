// RegressionModel: linear predictors of numbers, categories and products, and their normalization.

import type { Value } from "../../onnx/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { holds, literal, missingOf, number, roundFloat, spread, compared, type Field, type Pmml, type Scope } from "./context.ts";
import { childrenOf, malformed, needNumber, numberOf, refuse, textOf } from "./element.ts";
import { refuseMissing } from "./fields.ts";
import { inverseCauchit, inverseProbit } from "./link-functions.ts";
import { classified, dictionaryClasses, either, isFloat, union, type Result } from "./result.ts";

const FLOAT_E = 2.7182817;

export function convertRegression(p: Pmml, model: XmlElement, scope: Scope, top: boolean): Result {
  const { o } = p.c;
  const float = isFloat(model);
  const round = (v: Value): Value => roundFloat(p, v, float);
  // JPMML's FloatValue.exp takes a power of E as it is written in seven digits.
  const exp = (v: Value): Value => (float ? round(o.pow(FLOAT_E, v)) : o.exp(v));
  const tables = childrenOf(model, "RegressionTable");
  if (tables.length === 0) throw malformed(model, "it has no RegressionTable");
  const scores = tables.map((table) => linear(p, table, scope, float, top));
  const none = scores.map((s) => s.none).reduce((a, b) => either(p, a, b), undefined);
  const method = model.attributes.get("normalizationMethod") ?? "none";
  const unknown = (): Error => refuse(model, `normalizationMethod=${JSON.stringify(method.slice(0, 40))}`, "this normalization is not compiled");
  const link = (y: Value): Value => {
    switch (method) {
      case "none": return y;
      case "logit": case "softmax": return round(o.div(1, round(o.add(exp(o.neg(y)), 1))));
      case "exp": return exp(y);
      case "cloglog": return round(o.sub(1, exp(o.neg(exp(y)))));
      case "loglog": return exp(o.neg(exp(o.neg(y))));
      case "probit": return round(inverseProbit(p, y));
      case "cauchit": return round(inverseCauchit(p, y));
      default: throw unknown();
    }
  };
  if (textOf(model, "functionName") === "regression") {
    if (tables.length > 1) throw malformed(model, "a regression has one RegressionTable");
    return { kind: "regression", value: spread(p, link(scores[0]!.value)), none };
  }
  const own = tables.map((table) => textOf(table, "targetCategory"));
  if (new Set(own).size !== own.length || own.length < 2) throw malformed(model, "its tables are not those of two or more classes");
  const values = scores.map((s) => spread(p, s.value));
  const all = (): Value => o.concat(values);
  let probabilities: Value;
  if (method === "softmax") {
    const e = exp(round(o.sub(all(), o.max(all(), 1, true))));
    // One after the other: floats round at every step.
    const sum = float ? values.map((_, i) => o.columns(e, [i])).reduce((a, b) => round(o.add(a, b))) : o.sum(e, 1, true);
    probabilities = round(o.div(e, sum));
  } else if (method === "simplemax") probabilities = round(o.div(all(), round(o.sum(all(), 1, true))));
  else if (own.length === 2) {
    const first = link(values[0]!);
    probabilities = o.concat([first, round(o.sub(1, first))]);
  } else if (method === "none") {
    const rest = values.slice(0, -1);
    probabilities = o.concat([...rest, o.sub(1, o.sum(o.concat(rest), 1, true))]);
  } else throw refuse(model, `normalizationMethod=${JSON.stringify(method.slice(0, 40))} for ${own.length} classes`, "what the probabilities then are is not defined alike everywhere");
  const classes = union([dictionaryClasses(p, model).filter((v) => own.includes(v)), own]);
  return classified(p, classes, o.columns(probabilities, classes.map((v) => own.indexOf(v))), none, own);
}

function linear(p: Pmml, table: XmlElement, scope: Scope, float: boolean, top: boolean): { value: Value; none: Value | undefined } {
  const { o } = p.c;
  const round = (v: Value): Value => roundFloat(p, v, float);
  const fix = (v: number): number => (float ? Math.fround(v) : v);
  let none: Value | undefined;
  const needed = (field: Field, el: XmlElement): Field => {
    if (field.kind !== "number") throw malformed(el, "its field is a text");
    if (!field.canBeMissing) return field;
    if (top && field.column !== undefined) refuseMissing(p, field.column, "the regression has no answer without it");
    else none = either(p, none, missingOf(p, field));
    return field;
  };
  // JPMML's order: the intercept last would differ by rounding only; terms are added as they stand.
  let sum: Value = number(p, fix(needNumber(table, "intercept"))).value;
  const add = (term: Value): void => { sum = round(o.add(sum, term)); };
  for (const el of childrenOf(table)) {
    if (el.name === "NumericPredictor") {
      const field = needed(scope.get(textOf(el, "name"), el), el);
      const exponent = numberOf(el, "exponent") ?? 1;
      const x = exponent === 1 ? field.value : round(o.pow(field.value, exponent));
      add(round(o.mul(x, fix(needNumber(el, "coefficient")))));
    } else if (el.name === "CategoricalPredictor") {
      const field = scope.get(textOf(el, "name"), el);
      const equal = holds(p, compared(p, o.equal(field.value, literal(p, textOf(el, "value"), field, el).value), [field]));
      add(o.where(equal, fix(needNumber(el, "coefficient")), 0));
    } else if (el.name === "PredictorTerm") {
      const factors = childrenOf(el, "FieldRef").map((ref) => needed(scope.get(textOf(ref, "field"), ref), ref).value);
      add(factors.reduce<Value>((a, b) => round(o.mul(a, b)), number(p, fix(needNumber(el, "coefficient"))).value));
    }
  }
  return { value: sum, none };
}
