// A LightGBM model as read from its text or its JSON.

/** One tree as it lies in the file: interior nodes by number; a child below zero is leaf ~child. */
export interface RawTree {
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  /** Bit 0: by category; bit 1: missing goes left; bits 2 and 3: what is missing (0 nothing, 1 zero, 2 NaN). */
  readonly decision: Uint8Array;
  /** Sets of the nodes that ask for a category: members go left. */
  readonly sets: ReadonlyMap<number, readonly number[]>;
  /** One or more leaves. */
  readonly leaf: Float64Array;
  readonly linear: LinearLeaves | undefined;
  /** What each split gained in training, where the file tells. */
  readonly gains?: Float64Array;
}
/** constant + sum of coefficient * feature; the plain value where one of the features is NaN. */
export interface LinearLeaves {
  readonly constant: Float64Array;
  /** How many features each leaf has; their numbers and coefficients follow one another. */
  readonly counts: Int32Array;
  readonly features: Int32Array;
  readonly coefficients: Float64Array;
}

export interface LightgbmModel {
  /** "binary sigmoid:1" by words; empty for an objective of one's own. */
  readonly objective: readonly string[];
  readonly features: number;
  readonly treesPerIteration: number;
  /** Random forests: the mean of the trees. */
  readonly average: boolean;
  readonly names: readonly string[];
  /** "[0:72]", "-1:0:2", "none": what training saw of each feature. */
  readonly infos: readonly string[];
  /** `categorical_feature` of the parameters, where it is a list of numbers. */
  readonly categorical: readonly number[];
  readonly trees: readonly RawTree[];
  /** The categories of the data frame's columns of type category, in the order of those columns. */
  readonly pandasCategories: readonly (readonly (string | number | boolean)[])[];
}

export const CATEGORICAL = 1;
export const DEFAULT_LEFT = 2;
export const MISSING_ZERO = 1;
export const MISSING_NAN = 2;
