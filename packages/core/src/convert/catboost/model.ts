// A CatBoost model as it is evaluated (catboost/libs/model of CatBoost 1.2): splits on floats, on single categories and on
// statistics of categories (CTRs), numbered one after the other; trees that ask for these numbers.

/** What a missing value of a float feature counts as: AsIs and AsFalse answer every split with no, AsTrue with yes. */
export type MissingTreatment = "AsIs" | "AsFalse" | "AsTrue";

export interface FloatFeature {
  /** Among the float features. */
  readonly index: number;
  /** Among all features: the column of the data. */
  readonly flatIndex: number;
  readonly name: string;
  readonly hasMissing: boolean;
  readonly missing: MissingTreatment;
  readonly borders: Float32Array;
}
export interface CategoricalFeature {
  /** Among the categorical features. */
  readonly index: number;
  readonly flatIndex: number;
  readonly name: string;
}
export interface OneHotFeature {
  readonly categorical: number;
  /** Hashes of the categories, as signed integers. */
  readonly values: Int32Array;
  /** The categories themselves, or none. */
  readonly texts: readonly string[];
}

export const CTR_TYPES = ["Borders", "Buckets", "BinarizedTargetMeanValue", "FloatTargetMeanValue", "Counter", "FeatureFreq"] as const;
export type CtrType = (typeof CTR_TYPES)[number];

/** Whose statistics: the combination of these categories and of the answers to these splits. */
export interface Projection {
  readonly categorical: readonly number[];
  readonly floats: readonly (readonly [feature: number, border: number])[];
  readonly oneHot: readonly (readonly [categorical: number, value: number])[];
}
export interface CtrFeature {
  readonly projection: Projection;
  readonly type: CtrType;
  /** Which table has its counts. */
  readonly table: string;
  readonly targetBorder: number;
  readonly priorNumerator: number;
  readonly priorDenominator: number;
  readonly shift: number;
  readonly scale: number;
  readonly borders: Float32Array;
}
export interface CtrTable {
  /** Hashes of the combinations that training saw, as signed integers. */
  readonly hashes: BigInt64Array;
  /** `width` numbers for each: counts of the target's classes, one count, or a sum and a count. */
  readonly counts: Float64Array;
  readonly width: number;
  readonly denominator: number;
}

/** Trees whose levels all ask the same: bit k of a leaf's number is the answer to split k. */
export interface ObliviousTrees {
  readonly kind: "oblivious";
  readonly splits: Int32Array;
  /** Levels of each tree. */
  readonly sizes: Int32Array;
}
export interface FreeTree {
  /** -1 for a leaf. Children have greater numbers than their parents. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly split: Int32Array;
  /** Where a leaf's values begin. */
  readonly leaf: Int32Array;
}
export interface FreeTrees {
  readonly kind: "free";
  readonly trees: readonly FreeTree[];
}

export interface CatboostModel {
  /** Numbers that a leaf holds. */
  readonly dimension: number;
  readonly floats: readonly FloatFeature[];
  readonly categorical: readonly CategoricalFeature[];
  readonly oneHot: readonly OneHotFeature[];
  readonly ctrs: readonly CtrFeature[];
  readonly tables: ReadonlyMap<string, CtrTable>;
  readonly trees: ObliviousTrees | FreeTrees;
  /** The oblivious trees' leaves one after the other, `dimension` numbers each. */
  readonly leafValues: Float64Array;
  readonly scale: number;
  readonly bias: readonly number[];
  /** Features that are read but not compiled. */
  readonly refused: readonly ("text" | "embedding")[];
  /** Training parameters, class labels and so on; JSON texts are left as they are. */
  readonly info: ReadonlyMap<string, unknown>;
}

/** A table's name, made of what identifies it. */
export function tableKey(projection: Projection, type: CtrType, classifier: number): string {
  return JSON.stringify([type, classifier, projection.categorical, projection.floats, projection.oneHot]);
}
