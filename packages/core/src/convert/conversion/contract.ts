// What one estimator's converter receives and returns. One file per estimator or close family; the registry is a list.

import type { Value } from "../../onnx/index.ts";
import type { Forecasting } from "../../package/index.ts";
import type { Conversion } from "./conversion.ts";
import type { Estimator } from "./estimator.ts";
import type { Frame } from "./frame.ts";

/** What a fitted model expects as its input: named columns, a matrix of so many columns, or a sequence of texts. */
export type InputShape =
  | { readonly kind: "columns"; readonly names: readonly string[] }
  | { readonly kind: "matrix"; readonly width: number }
  | { readonly kind: "text" };

/** The labels of one target, in the order of the estimator's `classes_`. */
export type Labels =
  | { readonly type: "string"; readonly values: readonly string[] }
  | { readonly type: "int64"; readonly values: readonly bigint[] }
  | { readonly type: "double"; readonly values: readonly number[] }
  | { readonly type: "bool"; readonly values: readonly boolean[] };

/**
 * What a fitted estimator offers on new rows. Each method emits its nodes when called and may be called more than once
 * (`memo` in conversion.ts keeps it from emitting twice). N is the number of rows.
 */
export interface Fitted {
  readonly kind: "classifier" | "regressor" | "clusterer" | "outlier" | "transformer";
  /** Classifiers: one entry per target (one for the usual single-target classifier). */
  readonly classes?: readonly Labels[];
  /**
   * Classifier: int64 index into `classes` — [N] for one target, [N, T] for T. Regressor: double [N] or [N, T].
   * Clusterer and outlier detector: int64 [N] (cluster number; 1 inlier / -1 outlier).
   */
  readonly predict?: () => Value;
  /** One [N, C] value per target, columns in the order of `classes`. */
  readonly predictProba?: () => readonly Value[];
  /** [N] (binary, outlier) or [N, C], as scikit-learn shapes it. */
  readonly decisionFunction?: () => Value;
  /** What a regressor's predictions are called, where they are no plain values: `probability` of one number, `probabilities`. */
  readonly predictName?: "probability" | "probabilities";
  /**
   * Boosted trees: what the trees add up to, [N] or [N, C], where the objective makes something else of it (`output_margin`,
   * `raw_score`, `RawFormulaVal`). No method of the estimator, so that meta-estimators do not see it.
   */
  readonly margin?: () => Value;
  /** [N]. */
  readonly scoreSamples?: () => Value;
  readonly transform?: () => Frame;
  /** `kneighbors`: int64 [N, k] and double [N, k]. */
  readonly neighbors?: () => { readonly indices: Value; readonly distances: Value };
  /** Why a scorecard's answer is no better: string [N, K], one column for each name. */
  readonly reasonCodes?: () => { readonly value: Value; readonly names: readonly string[] };
  /** The standard deviation of what a regressor predicts (`return_std`), shaped as `predict`; and `return_cov`, [N, N]. */
  readonly deviation?: () => Value;
  readonly covariance?: () => Value;
  /** Trees: for every tree the number of the leaf a row ends in (`apply`), int64 [N, trees]. */
  readonly leaves?: () => Value;
  /** Trees: for every tree the nodes a row passes (`decision_path`) as a text of 0 and 1, string [N, trees]. */
  readonly paths?: () => Value;
}

export interface EstimatorConverter {
  /** `package.Class` with the package's first segment only, since modules moved: "sklearn.LogisticRegression". */
  readonly names: readonly string[];
  /** X is what the estimator's methods would be given; the estimator's own input checks are the converter's duty (`c.checkArray`). */
  readonly convert: (est: Estimator, X: Frame, c: Conversion) => Fitted;
  /** `feature_importances_`, where the library computes it from the model when asked; in its own precision. */
  readonly importances?: (est: Estimator) => Float64Array | Float32Array | undefined;
  /** Where something else than the usual attributes says which input it takes (input-shape.ts). */
  readonly inputShape?: (est: Estimator) => InputShape | undefined;
  /** Of a forecasting model whose file tells which past values its columns are. */
  readonly forecast?: (est: Estimator) => Forecasting | undefined;
}

export function defineEstimator(converter: EstimatorConverter): EstimatorConverter {
  return converter;
}
