// GeneralRegressionModel: parameters made of covariates and factors (the PPMatrix), weighted (the ParamMatrix), and a link:
// generalized and general linear models, multinomial logistic and ordinal regression (PMML 4.4).

import type { Value } from "../../onnx/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { literal, missingOf, number, spread, type Pmml, type Scope } from "./context.ts";
import { childOf, childrenOf, malformed, needChild, needNumber, refuse, textOf } from "./element.ts";
import { inverseLink } from "./link-functions.ts";
import { classified, dictionaryClasses, either, isFloat, union, type Result } from "./result.ts";

export function convertGeneralRegression(p: Pmml, model: XmlElement, scope: Scope): Result {
  const { o } = p.c;
  const kind = textOf(model, "modelType");
  if (!["generalizedLinear", "generalLinear", "regression", "multinomialLogistic", "ordinalMultinomial"].includes(kind)) throw refuse(model, `modelType=${JSON.stringify(kind.slice(0, 40))}`, "generalizedLinear, generalLinear, regression, multinomialLogistic and ordinalMultinomial are compiled");
  if (isFloat(model)) throw refuse(model, "x-mathContext=float", "these models are compiled in double");
  const classifies = textOf(model, "functionName") === "classification";
  // Evaluators know an offset where there is a link, and trials where they stand before a number.
  const known: Readonly<Record<string, boolean>> = { offset: kind === "generalizedLinear" || kind === "ordinalMultinomial", trials: kind === "generalizedLinear" && !classifies };
  for (const [name, taken] of Object.entries(known)) for (const key of [`${name}Variable`, `${name}Value`]) if (!taken && model.attributes.has(key)) throw refuse(model, key, `a ${kind} ${textOf(model, "functionName")} takes none`);
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
  /** An offset or the trials: of a field, or a number; undefined where the model has none. */
  const beside = (name: "offset" | "trials"): Value | undefined => {
    const variable = model.attributes.get(`${name}Variable`);
    if (variable === undefined) return model.attributes.has(`${name}Value`) ? number(p, needNumber(model, `${name}Value`)).value : undefined;
    const field = scope.get(variable, model);
    if (field.kind !== "number") throw malformed(model, `its ${name}Variable is a text`);
    if (field.canBeMissing) none = either(p, none, spread(p, missingOf(p, field)));
    return field.value;
  };
  const offset = beside("offset");
  const trials = beside("trials");
  const moved = (y: Value): Value => (offset ? o.add(y, offset) : y);
  const linked = (y: Value): Value => (kind === "generalizedLinear" ? inverseLink(p, model, "linkFunction", moved(y)) : y);
  const named = dictionaryClasses(p, model);
  if (kind === "ordinalMultinomial") {
    const common = sums.get("");
    const last = named.at(-1);
    if (!classifies || named.length < 2 || common === undefined) throw malformed(model, "it is no classification into the classes of an ordered target");
    const cumulative = named.slice(0, -1).map((v) => {
      const intercept = sums.get(v);
      if (!intercept) throw malformed(model, `the class ${JSON.stringify(v.slice(0, 40))} has no parameter`);
      return spread(p, inverseLink(p, model, "cumulativeLink", moved(o.add(common, intercept))));
    });
    if (sums.size !== named.length) throw malformed(model, `its parameters are not those of the classes before ${JSON.stringify(last!.slice(0, 40))}`);
    const shares = [...cumulative, spread(p, number(p, 1).value)].map((v, i) => (i === 0 ? v : o.sub(v, cumulative[i - 1]!)));
    return classified(p, named, o.concat(shares), none);
  }
  const predictors = [...sums.values()];
  if (kind !== "multinomialLogistic" && predictors.length !== 1) throw malformed(model, `it has ${predictors.length} predictors`);
  if (!classifies) {
    const value = linked(predictors[0]!);
    return { kind: "regression", value: spread(p, trials ? o.mul(value, trials) : value), none };
  }
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
  const share = spread(p, linked(predictors[0]!));
  return classified(p, named, o.concat(named.map((v) => (v === positive ? share : o.sub(1, share)))), none);
}
