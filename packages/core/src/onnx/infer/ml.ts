// Types and shapes of the ai.onnx.ml operators.

import type { ElementType, Tensor } from "../../tensor/index.ts";
import { InferenceError, product, type Dims, type Infer, type NodeContext } from "./context.ts";

/** [N, width] from [N, F] or [F]. */
function rows(n: NodeContext, width: number | null): Dims {
  const shape = n.shape(0);
  return [shape === null ? null : shape.length === 1 ? 1 : (shape[0] ?? null), width];
}

const labelEncoder: Infer = (n) => {
  const values = (["values_strings", "values_int64s", "values_floats", "values_tensor"] as const).filter((k) => n.has(k));
  const keys = (["keys_strings", "keys_int64s", "keys_floats", "keys_tensor"] as const).filter((k) => n.has(k));
  if (values.length !== 1 || keys.length !== 1) throw new InferenceError("LabelEncoder needs keys_* and values_* of one type each");
  const of = (name: string): ElementType => (name.endsWith("strings") ? "string" : name.endsWith("int64s") ? "int64" : name.endsWith("floats") ? "float" : n.tensor(name)!.type);
  const count = (name: string): number => n.length(name) ?? n.tensor(name)!.shape[0] ?? 0;
  if (count(keys[0]!) !== count(values[0]!)) throw new InferenceError(`${count(keys[0]!)} keys for ${count(values[0]!)} values`);
  if (n.inputs[0] && n.inputs[0].type !== of(keys[0]!)) throw new InferenceError(`${n.inputs[0].type} input with ${of(keys[0]!)} keys`);
  return [{ type: of(values[0]!), shape: n.shape(0) }];
};

const classifierLabels = (n: NodeContext): { type: ElementType; count: number | null } => {
  const strings = n.length("classlabels_strings");
  const ints = n.length("classlabels_int64s") ?? n.length("classlabels_ints");
  return strings ? { type: "string", count: strings } : { type: "int64", count: ints ?? null };
};
const classifier: Infer = (n) => {
  const { type, count } = classifierLabels(n);
  return [{ type, shape: [rows(n, null)![0]!] }, { type: "float", shape: rows(n, count) }];
};

const arrayFeatureExtractor: Infer = (n) => {
  const shape = n.shape(0);
  const indices = n.shape(1);
  if (shape === null || indices === null) return [{ shape: null }];
  const count = product(indices);
  return [{ shape: shape.length === 1 ? [1, count] : [...shape.slice(0, -1), count] }];
};

const oneHotEncoder: Infer = (n) => {
  const shape = n.shape(0);
  const count = n.length("cats_int64s") ?? n.length("cats_strings") ?? null;
  return [{ type: "float", shape: shape === null ? null : [...shape, count] }];
};

/** The engine allocates this many numbers a row and a thread, whether or not a leaf has them. */
const MAX_TARGETS = 1_000_000;
const targets = (n: Parameters<Infer>[0]): number => {
  const count = n.has("n_targets") ? n.int("n_targets") : 1;
  if (!(count >= 1 && count <= MAX_TARGETS)) throw new InferenceError(`${count} targets`);
  return count;
};

const treeEnsemble: Infer = (n) => {
  const tensors = ["nodes_splits", "leaf_weights"].map((k): Tensor | undefined => n.tensor(k));
  for (const t of tensors) {
    if (t && n.inputs[0] && t.type !== n.inputs[0].type) throw new InferenceError(`${n.inputs[0].type} input with ${t.type} splits or weights`);
  }
  return [{ shape: rows(n, targets(n)) }];
};

export const ML_OPERATORS: Readonly<Record<string, Infer>> = {
  LabelEncoder: labelEncoder,
  TreeEnsemble: treeEnsemble,
  TreeEnsembleClassifier: classifier,
  TreeEnsembleRegressor: (n) => [{ type: "float", shape: rows(n, targets(n)) }],
  SVMClassifier: classifier,
  SVMRegressor: (n) => [{ type: "float", shape: rows(n, 1) }],
  LinearClassifier: classifier,
  LinearRegressor: (n) => [{ type: "float", shape: rows(n, n.int("targets")) }],
  ArrayFeatureExtractor: arrayFeatureExtractor,
  OneHotEncoder: oneHotEncoder,
  Normalizer: (n) => [{ type: "float", shape: n.shape(0) }],
  Scaler: (n) => [{ type: "float", shape: n.shape(0) }],
  FeatureVectorizer: (n) => [{ type: "float", shape: rows(n, null) }],
};
