// GeneralRegressionModel: parameters made of covariates and factors (the PPMatrix), weighted (the ParamMatrix), and a link:
// generalized and general linear models, and multinomial logistic regression (PMML 4.4).

import type { Value } from "../../onnx/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { literal, missingOf, number, spread, type Pmml, type Scope } from "./context.ts";
import { childOf, childrenOf, malformed, needChild, needNumber, numberOf, refuse, textOf } from "./element.ts";
import { classified, dictionaryClasses, either, isFloat, union, type Result } from "./result.ts";

function inverse(p: Pmml, model: XmlElement, y: Value): Value {
  const { o } = p.c;
  const link = model.attributes.get("linkFunction") ?? model.attributes.get("cumulativeLink") ?? "identity";
  switch (link) {
    case "identity": return y;
    case "log": return o.exp(y);
    case "logit": return o.div(1, o.add(o.exp(o.neg(y)), 1));
    case "cloglog": return o.sub(1, o.exp(o.neg(o.exp(y))));
    case "loglog": return o.exp(o.neg(o.exp(o.neg(y))));
    case "logc": return o.sub(1, o.exp(y));
    case "inverse": return o.div(1, y);
    case "power": {
      const d = numberOf(model, "linkParameter");
      if (d === undefined) throw malformed(model, "linkFunction=power without linkParameter");
      return d === 0 ? o.exp(y) : o.pow(y, 1 / d);
    }
    case "oddspower": {
      const d = numberOf(model, "linkParameter");
      if (d === undefined) throw malformed(model, "linkFunction=oddspower without linkParameter");
      return d === 0 ? o.div(1, o.add(o.exp(o.neg(y)), 1)) : o.div(1, o.add(o.pow(o.add(o.mul(y, d), 1), -1 / d), 1));
    }
    default: throw refuse(model, `linkFunction=${JSON.stringify(link.slice(0, 40))}`, "the engine has no double arithmetic for it");
  }
}

export function convertGeneralRegression(p: Pmml, model: XmlElement, scope: Scope): Result {
  const { o } = p.c;
  const kind = textOf(model, "modelType");
  if (!["generalizedLinear", "generalLinear", "regression", "multinomialLogistic"].includes(kind)) throw refuse(model, `modelType=${JSON.stringify(kind.slice(0, 40))}`, "generalizedLinear, generalLinear, regression and multinomialLogistic are compiled");
  if (isFloat(model)) throw refuse(model, "x-mathContext=float", "these models are compiled in double");
  for (const name of ["offsetVariable", "trialsVariable"]) if (model.attributes.has(name)) throw refuse(model, name, "it is not compiled");
  const names = (list: string): Set<string> => new Set(childrenOf(childOf(model, list) ?? model, "Predictor").map((v) => textOf(v, "name")));
  const factors = names("FactorList");
  for (const list of ["FactorList", "CovariateList"]) for (const v of childrenOf(childOf(model, list) ?? model, "Predictor")) if (childOf(v, "Categories") && childOf(v, "Matrix")) throw refuse(v, "a contrast matrix", "it is not compiled");
  let none: Value | undefined;
  const parameters = new Map<string, Value>();
  const cells = childOf(model, "PPMatrix");
  for (const cell of cells ? childrenOf(cells, "PPCell") : []) {
    const name = textOf(cell, "parameterName");
    if (cell.attributes.has("targetCategory")) throw refuse(cell, "targetCategory", "it is not compiled there");
    const field = scope.get(textOf(cell, "predictorName"), cell);
    if (field.canBeMissing) none = either(p, none, spread(p, missingOf(p, field)));
    let value: Value;
    if (factors.has(textOf(cell, "predictorName"))) value = o.cast(o.equal(field.value, literal(p, textOf(cell, "value"), field, cell).value), "double");
    else {
      if (field.kind !== "number") throw malformed(cell, "a covariate is a text");
      const exponent = needNumber(cell, "value");
      value = exponent === 1 ? field.value : o.pow(field.value, exponent);
    }
    const before = parameters.get(name);
    parameters.set(name, before ? o.mul(before, value) : value);
  }
  const sums = new Map<string, Value>();
  for (const cell of childrenOf(needChild(model, "ParamMatrix"), "PCell")) {
    const category = cell.attributes.get("targetCategory") ?? "";
    const beta = needNumber(cell, "beta");
    const parameter = parameters.get(textOf(cell, "parameterName"));
    const term = parameter ? o.mul(parameter, beta) : number(p, beta).value;
    const before = sums.get(category);
    sums.set(category, before ? o.add(before, term) : term);
  }
  const predictors = [...sums.values()];
  if (kind !== "multinomialLogistic" && predictors.length !== 1) throw malformed(model, `it has ${predictors.length} predictors`);
  if (textOf(model, "functionName") === "regression") return { kind: "regression", value: spread(p, inverse(p, model, predictors[0]!)), none };
  const named = dictionaryClasses(p, model);
  const reference = model.attributes.get("targetReferenceCategory") ?? named.find((v) => !sums.has(v));
  if (kind === "multinomialLogistic") {
    if (reference === undefined || sums.has("")) throw malformed(model, "its parameters do not name the classes");
    const own = union([[...sums.keys()], [reference]]);
    const classes = union([named.filter((v) => own.includes(v)), own]);
    const all = o.concat(classes.map((v) => spread(p, sums.get(v) ?? number(p, 0).value)));
    return classified(p, classes, o.softmax(all), none);
  }
  const target = [...sums.keys()][0] ?? "";
  const positive = target !== "" ? target : named.find((v) => v !== reference);
  if (named.length !== 2 || positive === undefined || reference === undefined) throw refuse(model, "this target", "a classification has two classes, one of them the reference");
  const share = spread(p, inverse(p, model, predictors[0]!));
  return classified(p, named, o.concat(named.map((v) => (v === positive ? share : o.sub(1, share)))), none);
}
