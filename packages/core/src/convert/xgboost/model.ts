// An XGBoost model as read from any of its formats, before anything is checked against anything else.

/** One tree as it lies in the file. Leaves have LEAF in `left`. */
export interface RawTree {
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly feature: Int32Array;
  /** Where x < condition goes left; the value of a leaf. */
  readonly condition: Float32Array;
  /** 0 where missing goes right. */
  readonly defaultLeft: ArrayLike<number>;
  /** Nodes that ask for a set: its members go right. */
  readonly sets: ReadonlyMap<number, readonly number[]>;
  /** Of each node what its split gained, and the weight of its rows, where the file tells. */
  readonly gains?: Float32Array;
  readonly covers?: Float32Array;
  /** Leaves of several numbers: `size` each, at `at(node)` in `values`. */
  readonly vector?: { readonly size: number; readonly values: Float32Array; readonly at: (node: number) => number };
}

export interface RawForest {
  readonly kind: "trees";
  readonly trees: readonly RawTree[];
  /** Output that each tree adds to. */
  readonly group: Int32Array;
  /** DART: the weight of each tree. */
  readonly weights: Float32Array | undefined;
  readonly treesPerRound: number;
  /** Trees before round i; absent from older files. */
  readonly roundStarts: Int32Array | undefined;
}
export interface RawLinear {
  readonly kind: "linear";
  /** [features + 1, outputs], the last row the bias. */
  readonly weights: Float32Array;
}

export interface XgboostModel {
  readonly version: readonly number[];
  readonly objective: string;
  readonly features: number;
  /** 0 unless the objective is of several classes. */
  readonly classes: number;
  /** Numbers of the raw prediction. */
  readonly outputs: number;
  /** As stored: before the link function unless `baseIsMargin`; one, or one for each output. */
  readonly baseScore: Float32Array;
  /** Files of versions before 1.0 store it behind the link function. */
  readonly baseIsMargin: boolean;
  readonly booster: RawForest | RawLinear;
  readonly attributes: ReadonlyMap<string, string>;
  readonly featureNames: readonly string[] | undefined;
  readonly featureTypes: readonly string[] | undefined;
  /** From 3.1: the categories of each feature in the data frame it was fitted on, in the order of their codes. */
  readonly categories: readonly (readonly (string | number)[] | undefined)[];
}

/** Where prediction stops: the number of rounds and, up to 1.7, that of trees for each output, whatever a round has of them. */
export interface MarginRounds {
  readonly rounds: number;
  readonly trees: number | undefined;
}

/** Whether the file is of a release before this one. */
export function isBefore(model: XgboostModel, major: number, minor: number): boolean {
  const [a = 0, b = 0] = model.version;
  return a < major || (a === major && b < minor);
}
