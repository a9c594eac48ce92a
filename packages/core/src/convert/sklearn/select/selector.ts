// What all selectors share (SelectorMixin): a mask over the input columns, decided here from the fitted attributes.

import { NumpyArray, arrayValues } from "../../../pickle/index.ts";
import type { Fitted } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { toList, type Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";
import { forestTakesMissing, treeTakesMissing } from "../tree/leaf-values.ts";

/** With `free`, scikit-learn checks neither for NaN nor for infinity (the tag allow_nan). */
export function selected(est: Estimator, X: Frame, c: Conversion, mask: readonly boolean[], free: boolean): Fitted {
  if (mask.length !== X.width) throw c.malformed(est, `it was fitted on ${mask.length} columns, the step before it gives ${X.width}`);
  const input = free ? X : c.checkArray(X, est);
  // Columns that are not selected are checked all the same, so a row has to bring them.
  if (!free) for (const block of X.blocks) if (block.kind === "raw") c.settle(block.column, c.columns[block.column]!.kind ?? "number");
  return { kind: "transformer", transform: memo(() => c.select(input, mask.flatMap((on, j) => (on ? [j] : [])))) };
}

export function maskOf(est: Estimator, name: string): boolean[] {
  const v = est.need(name);
  return (v instanceof NumpyArray ? arrayValues(v) : toList(v, `${est.path}.${name}`)).map((x) => x === true || x === 1n);
}

const TAKES_MISSING = new Set([
  "HistGradientBoostingClassifier", "HistGradientBoostingRegressor", "XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor",
  "LGBMClassifier", "LGBMRegressor", "LGBMRanker", "CatBoostClassifier", "CatBoostRegressor", "DummyClassifier", "DummyRegressor",
  "SimpleImputer", "KNNImputer", "IterativeImputer", "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "OneHotEncoder",
  "OrdinalEncoder", "TargetEncoder", "PowerTransformer", "QuantileTransformer", "FunctionTransformer", "VarianceThreshold",
]);
const FORESTS = new Set(["RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor"]);
const TREES = new Set(["DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"]);

/** The tag allow_nan of an estimator, fitted or not. */
export function takesMissing(est: Estimator, depth = 0): boolean {
  if (TAKES_MISSING.has(est.className)) return true;
  if (depth > 8) return false;
  if (TREES.has(est.className)) return treeTakesMissing(est);
  if (FORESTS.has(est.className)) return est.has("estimators_") ? forestTakesMissing(est.estimators("estimators_")[0]!) : est.versionAtLeast(1, 4) && treeTakesMissing(est);
  if (/^(RFE|RFECV|SelectFromModel|SequentialFeatureSelector)$/.test(est.className)) return takesMissing(innerEstimator(est), depth + 1);
  return false;
}

/** The fitted estimator of a selector, or the one it was given (prefit). */
export function innerEstimator(est: Estimator): Estimator {
  return est.isNone("estimator_") ? est.estimator("estimator") : est.estimator("estimator_");
}
