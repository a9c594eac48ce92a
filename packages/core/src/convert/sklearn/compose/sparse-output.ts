// Whether a transformer gives a SciPy sparse matrix: for the few models to which an entry that is not stored is missing
// rather than zero (XGBoost).

import { PyList, PyObject, PyTuple, type PyValue } from "../../../pickle/index.ts";
import { toEstimator, type Estimator } from "../../conversion/estimator.ts";

const ALWAYS = new Set(["CountVectorizer", "TfidfVectorizer", "HashingVectorizer", "TfidfTransformer", "FeatureHasher", "KNeighborsTransformer", "RadiusNeighborsTransformer"]);
/** Sparse in, sparse out. */
const KEEPS = new Set([
  "StandardScaler", "MaxAbsScaler", "RobustScaler", "Normalizer", "Binarizer", "SimpleImputer", "VarianceThreshold", "SelectKBest", "SelectPercentile",
  "SelectFpr", "SelectFdr", "SelectFwe", "GenericUnivariateSelect", "SelectFromModel", "RFE", "RFECV", "SequentialFeatureSelector", "FunctionTransformer", "PolynomialFeatures",
  "AdditiveChi2Sampler", "QuantileTransformer",
]);
const DEEPEST = 30;

/** @param input whether it is given one */
export function givesSparse(est: Estimator, input: boolean, depth = 0): boolean {
  if (depth > DEEPEST) return false;
  const name = est.className;
  // category_encoders' namesakes give data frames.
  if (!/^(sklearn|imblearn)\./.test(est.key)) return false;
  if (ALWAYS.has(name)) return true;
  if (KEEPS.has(name)) return input;
  const flag = (...names: string[]): boolean => {
    const v = est.rawOf(...names);
    return v === undefined || v === true;
  };
  switch (name) {
    case "ColumnTransformer": return est.raw("sparse_output_") === true;
    case "OneHotEncoder": return flag("sparse_output", "sparse");
    case "DictVectorizer": return flag("sparse");
    case "RandomTreesEmbedding": return flag("sparse_output");
    case "SplineTransformer": return est.raw("sparse_output") === true;
    case "KBinsDiscretizer": return est.raw("encode") === "onehot";
    case "SparseRandomProjection": return input && est.raw("dense_output") !== true;
    case "FeatureUnion": return parts(est.raw("transformer_list")).some((child) => givesSparse(toEstimator(child, est.path), input, depth + 1));
    case "Pipeline": return parts(est.raw("steps")).reduce((sparse, child) => givesSparse(toEstimator(child, est.path), sparse, depth + 1), input);
    default: return false;
  }
}

/** The estimators of (name, estimator) pairs. */
function parts(list: PyValue | undefined): PyObject[] {
  return list instanceof PyList ? list.items.flatMap((item) => {
    const child = item instanceof PyTuple ? item.items[1] : undefined;
    return child instanceof PyObject && child.attributes ? [child] : [];
  }) : [];
}
