// HistGradientBoostingClassifier and HistGradientBoostingRegressor (sklearn.ensemble): trees of binned training, asked
// here with raw float64 values. A node is `x <= num_threshold`, or membership of a set of categories (a bitset of 256).
// NaN, and a category unknown to the model, goes where missing_go_to_left says.
//
// Categories: up to 1.3 they arrive as numbers 0..254, and a number that training did not see counts as missing; from 1.4
// `_preprocessor` encodes them, moves them before the numerical columns, and gives NaN for what it does not know.

import type { Value } from "../../../onnx/index.ts";
import { NumpyArray, PyObject, type PyValue } from "../../../pickle/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { describe, toEstimator, toList, toMatrix, type Estimator } from "../../conversion/estimator.ts";
import { Frame } from "../../conversion/frame.ts";
import { bothClasses, flat } from "../../conversion/algebra.ts";
import { byteColumn, checkTree, countNodes, float64Column, int32Column, LEAF, type FlatTree } from "../tree/flat-tree.ts";
import { sumLeafRows } from "../tree/emit-trees.ts";

export const histGradientBoostingClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.HistGradientBoostingClassifier"],
  convert(est, X, c) {
    const classes = est.labels();
    const count = classes.values.length;
    const loss = est.raw("loss");
    if (typeof loss !== "string" || !["log_loss", "auto", "binary_crossentropy", "categorical_crossentropy"].includes(loss)) {
      throw c.refuse(est, `loss=${describe(loss)}`, "this loss is not known");
    }
    const binary = count <= 2;
    const raw = rawScores(est, X, c, binary ? 1 : count);
    const decision = memo(() => (binary ? flat(c, raw()) : raw()));
    const proba = memo(() => [binary ? bothClasses(c, c.o.sigmoid(decision())) : c.o.softmax(raw())]);
    return {
      kind: "classifier", classes: [classes], decisionFunction: decision, predictProba: proba,
      predict: memo(() => (binary ? c.o.cast(c.o.greater(decision(), 0), "int64") : c.o.argmax(raw(), 1))),
    };
  },
});

const IDENTITY: ReadonlySet<string> = new Set(["squared_error", "absolute_error", "quantile", "least_squares", "least_absolute_deviation"]);
const LOG: ReadonlySet<string> = new Set(["poisson", "gamma"]);

export const histGradientBoostingRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.HistGradientBoostingRegressor"],
  convert(est, X, c) {
    const loss = est.raw("loss");
    if (typeof loss !== "string" || (!IDENTITY.has(loss) && !LOG.has(loss))) throw c.refuse(est, `loss=${describe(loss)}`, "this loss is not known");
    const raw = rawScores(est, X, c, 1);
    return { kind: "regressor", predict: memo(() => (LOG.has(loss) ? c.o.exp(flat(c, raw())) : flat(c, raw()))) };
  },
});

/** [N, K]: baseline plus the leaves, in stages of K trees. */
function rawScores(est: Estimator, frame: Frame, c: Conversion, perStage: number): () => Value {
  const width = est.int("n_features_in_", frame.width);
  if (width !== frame.width) throw c.malformed(est, `it was fitted on ${width} features, the step before it gives ${frame.width}`);
  const { trees, values, categorical } = readPredictors(est, c, perStage, width);
  const baseline = est.matrix("_baseline_prediction").data;
  if (baseline.length !== 1 && baseline.length !== perStage) throw c.malformed(est, `_baseline_prediction has ${baseline.length} numbers, expected ${perStage}`);
  const X = preprocess(est, frame, c, categorical);
  return memo(() => c.o.add(c.o.doubles(baseline, [1, baseline.length]), sumLeafRows(c, X(), trees, perStage, (t, node, row, at) => {
    row[at + (t % perStage)] = values[t]![node]!;
  })));
}

interface Predictors {
  readonly trees: readonly FlatTree[];
  readonly values: readonly Float64Array[];
  /** Features that some node asks a category of. */
  readonly categorical: ReadonlySet<number>;
}

function readPredictors(est: Estimator, c: Conversion, perStage: number, features: number): Predictors {
  const trees: FlatTree[] = [];
  const values: Float64Array[] = [];
  const categorical = new Set<number>();
  est.list("_predictors").forEach((stage, i) => {
    const predictors = toList(stage, `${est.path}._predictors[${i}]`);
    if (predictors.length !== perStage) throw c.malformed(est, `stage ${i} has ${predictors.length} trees, expected ${perStage}`);
    for (const predictor of predictors) {
      if (!(predictor instanceof PyObject) || !predictor.attributes) throw c.malformed(est, `a stage holds ${describe(predictor)} instead of a tree`);
      const nodes = predictor.attributes.get("nodes");
      if (!(nodes instanceof NumpyArray) || nodes.shape.length !== 1 || nodes.shape[0] === 0) throw c.malformed(est, "a tree has no nodes");
      countNodes(nodes, est, c);
      const fields = new Set(nodes.dtype.fields?.map((f) => f.name));
      for (const name of ["value", "feature_idx", "num_threshold", "missing_go_to_left", "left", "right", "is_leaf"]) {
        if (!fields.has(name)) throw c.malformed(est, `a tree's nodes have no field ${name}`);
      }
      values.push(float64Column(nodes, "value"));
      trees.push(readPredictor(est, c, nodes, fields.has("is_categorical"), predictor.attributes.get("raw_left_cat_bitsets"), features, categorical));
    }
  });
  if (trees.length === 0) throw c.malformed(est, "it has no trees");
  return { trees, values, categorical };
}

function readPredictor(est: Estimator, c: Conversion, nodes: NumpyArray, hasCategories: boolean, bitsets: PyValue | undefined, features: number, categorical: Set<number>): FlatTree {
  const nodeCount = nodes.shape[0]!;
  const left = int32Column(nodes, "left");
  const right = int32Column(nodes, "right");
  const feature = int32Column(nodes, "feature_idx");
  const threshold = float64Column(nodes, "num_threshold");
  const leaf = byteColumn(nodes, "is_leaf");
  const byCategory = hasCategories ? byteColumn(nodes, "is_categorical") : new Uint8Array(nodeCount);
  const place = hasCategories ? int32Column(nodes, "bitset_idx") : new Int32Array(nodeCount);
  const members = new Map<number, number[]>();
  let sets: { rows: number; data: Float64Array } | undefined;
  for (let i = 0; i < nodeCount; i++) {
    if (leaf[i] !== 0) {
      left[i] = right[i] = LEAF;
      continue;
    }
    if (left[i] === LEAF) throw c.malformed(est, `node ${i} of a tree has no left child`);
    if (byCategory[i] === 0) continue;
    sets ??= readBitsets(est, c, bitsets);
    if (place[i]! < 0 || place[i]! >= sets.rows) throw c.malformed(est, `node ${i} of a tree names a set of categories that is not there`);
    const set = categoriesOf(sets.data.subarray(place[i]! * 8, place[i]! * 8 + 8));
    if (set.length > 0) members.set(i, set);
    categorical.add(feature[i]!);
    // An empty set, which ONNX Runtime does not take, lets no category go left: nor does this comparison.
    threshold[i] = -Infinity;
  }
  const tree = { nodeCount, left, right, feature, threshold, missingLeft: byteColumn(nodes, "missing_go_to_left"), members };
  return { ...tree, reached: checkTree(tree, features, est, c) };
}
function readBitsets(est: Estimator, c: Conversion, bitsets: PyValue | undefined): { rows: number; data: Float64Array } {
  if (!(bitsets instanceof NumpyArray) || bitsets.shape.length !== 2 || bitsets.shape[1] !== 8) throw c.malformed(est, "the sets of categories are not a table of 256 bits a row");
  return { rows: bitsets.shape[0]!, data: toMatrix(bitsets, est.path).data };
}
/** The numbers of the bits set in eight 32-bit words. */
function categoriesOf(words: Float64Array): number[] {
  const out: number[] = [];
  words.forEach((word, w) => {
    for (let bit = 0; bit < 32; bit++) if (((word >>> 0) >>> bit) & 1) out.push(w * 32 + bit);
  });
  return out;
}

/** The matrix that the trees are asked with. */
function preprocess(est: Estimator, frame: Frame, c: Conversion, categorical: ReadonlySet<number>): () => Value {
  const open = (X: Frame): Frame => c.checkArray(X, est, { missing: "allowed", infinite: "allowed" });
  const mask = est.isNone("is_categorical_") ? undefined : [...est.vector("is_categorical_")];
  if (mask && mask.length !== frame.width) throw c.malformed(est, `is_categorical_ speaks of ${mask.length} features, there are ${frame.width}`);
  const preprocessor = est.raw("_preprocessor");
  if (preprocessor !== null && preprocessor !== undefined) {
    if (!mask) throw c.malformed(est, "it has a preprocessor and no is_categorical_");
    const steps = toEstimator(preprocessor, `${est.path}._preprocessor`).list("transformers_");
    const encoder = steps.map((step) => toList(step, est.path)).find((step) => step[0] === "encoder");
    if (!encoder) throw c.malformed(est, "its preprocessor has no encoder");
    const pick = (wanted: number): number[] => mask.flatMap((flag, i) => (flag === wanted ? [i] : []));
    const encoded = c.convert(toEstimator(encoder[1]!, `${est.path}._preprocessor.encoder`), c.select(frame, pick(1))).transform;
    if (!encoded) throw c.malformed(est, "the encoder of its preprocessor cannot transform");
    return memo(() => {
      const X = Frame.concat([encoded(), open(c.select(frame, pick(0)))]);
      if (X.width !== frame.width) throw c.malformed(est, `its preprocessor gives ${X.width} features of ${frame.width}`);
      return c.numbers(X);
    });
  }
  return memo(() => {
    const x = c.numbers(open(frame));
    if (categorical.size === 0) return x;
    const known = knownCategories(est, c, frame.width);
    const columns = Array.from({ length: frame.width }, (_, j) => {
      const column = c.o.slice(x, j, j + 1, 1);
      return categorical.has(j) ? knownOrMissing(c, column, known(j)) : column;
    });
    return c.o.concat(columns);
  });
}

/**
 * A category as the trees of 1.0 to 1.3 see it: NaN for negative and unknown numbers, otherwise cast to uint8 as C does
 * (the fraction cut off, 256 wrapping to 0; from 2^31 on, infinity included, x86 gives 0).
 */
function knownOrMissing(c: Conversion, column: Value, known: ReadonlySet<number>): Value {
  const table = Float64Array.from({ length: 257 }, (_, i) => (known.has(i) ? i : NaN));
  const absent = c.o.or(c.o.isNaN(column), c.o.less(column, 0));
  const beyond = c.o.not(c.o.less(column, 2 ** 31));
  const number = c.o.cast(c.o.where(absent, 256, c.graph.op("Mod", [c.graph.op("Floor", [c.o.where(beyond, 0, c.o.where(absent, 0, column))]), c.o.scalar(256)], { fmod: 1 })), "int64");
  return c.o.gather(c.o.doubles(table), number, 0);
}
function knownCategories(est: Estimator, c: Conversion, width: number): (feature: number) => ReadonlySet<number> {
  const mapper = est.estimator("_bin_mapper");
  const thresholds = mapper.list("bin_thresholds_");
  if (thresholds.length !== width) throw c.malformed(est, `its bin mapper knows ${thresholds.length} features, there are ${width}`);
  return (feature) => new Set(toMatrix(thresholds[feature]!, `${mapper.path}.bin_thresholds_[${feature}]`).data);
}
