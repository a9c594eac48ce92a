// One small node of every operator, for every combination of types: what the probe runs.

import { GraphBuilder, type AttributeInput, type Value } from "@slipway/core/onnx";
import { elementCount, type ElementType, type Tensor } from "@slipway/core/tensor";

/** float16 is left out: Slipway never computes in it. */
export const PROBED: readonly ElementType[] = ["float", "double", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool", "string"];
/** Where an operator has several type variables. */
export const CORE: readonly ElementType[] = ["float", "double", "int32", "int64", "bool", "string"];

export type Types = Readonly<Record<string, ElementType>>;
export interface Example {
  /** Graph inputs; a constant is written as { constant }. null: left out. */
  readonly inputs: readonly (Tensor | { readonly constant: Tensor } | null)[];
  readonly attributes?: Readonly<Record<string, AttributeInput>>;
  readonly outputs?: number;
}
/** Builds other than one plain node. */
export type Builder = (g: GraphBuilder, types: Types) => { readonly outputs: readonly Value[]; readonly feeds: readonly Tensor[] };

const ARRAYS = {
  float: Float32Array, double: Float64Array, int8: Int8Array, int16: Int16Array, int32: Int32Array, uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, bool: Uint8Array,
} as const;

/** A tensor of small numbers in any type. */
function tensor(type: ElementType, shape: readonly number[], values?: readonly number[]): Tensor {
  const n = elementCount(shape);
  const data = values ?? Array.from({ length: n }, (_, i) => (type === "bool" ? i % 2 : 1));
  if (type === "string") return { type, shape, data: data.map((v) => `a${v}`) };
  if (type === "int64") return { type, shape, data: BigInt64Array.from(data, BigInt) };
  if (type === "uint64") return { type, shape, data: BigUint64Array.from(data, BigInt) };
  return { type, shape, data: ARRAYS[type as keyof typeof ARRAYS].from(data) };
}
const ints = (...values: number[]): { constant: Tensor } => ({ constant: tensor("int64", [values.length], values) });
const matrix = (type: ElementType): Tensor => tensor(type, [2, 3]);

type Make = (t: Types) => Example;
const one: Make = (t) => ({ inputs: [matrix(t["T"] ?? t["T1"] ?? "float")] });
const two: Make = (t) => ({ inputs: [matrix(t["T"] ?? "bool"), tensor(t["T"] ?? "bool", [3])] });
const reduce: Make = (t) => ({ inputs: [matrix(t["T"]!), ints(1)], attributes: { keepdims: 0 } });
const onnxTypes: Readonly<Record<ElementType, number>> = { float: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, string: 8, bool: 9, float16: 10, double: 11, uint32: 12, uint64: 13 };
const spread = (names: readonly string[], make: Make): Record<string, Make> => Object.fromEntries(names.map((n) => [n, make]));

const svm = { kernel_type: "RBF", kernel_params: [0.5, 0, 3], coefficients: [1, -1], support_vectors: [1, 2, 3, 4, 5, 6], rho: [0.1] };

export const EXAMPLES: Readonly<Record<string, Make>> = {
  ...spread([
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Clip", "Cos", "Cosh", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "Hardmax",
    "Identity", "IsInf", "IsNaN", "LeakyRelu", "Log", "LogSoftmax", "Neg", "Not", "Reciprocal", "Relu", "Round", "Selu", "Shape", "Sigmoid", "Sign", "Sin", "Sinh",
    "Size", "Softmax", "Softplus", "Softsign", "Sqrt", "Tan", "Tanh", "Trilu", "NonZero", "Flatten", "Transpose", "Binarizer", "Normalizer", "HardSwish", "Mish", "Celu", "ThresholdedRelu",
  ], one),
  ...spread(["Add", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Mean", "Min", "Mul", "Sub", "Sum", "And", "Or", "Xor", "StringConcat", "BitwiseAnd", "BitwiseOr", "BitwiseXor"], two),
  ...spread(["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"].map((k) => `Reduce${k}`), reduce),
  ...spread(["ArgMax", "ArgMin"], (t) => ({ inputs: [matrix(t["T"]!)], attributes: { axis: 1, keepdims: 0 } })),
  Mod: (t) => ({ ...two(t), attributes: { fmod: t["T"] === "float" || t["T"] === "double" ? 1 : 0 } }),
  Pow: (t) => ({ inputs: [matrix(t["T"]!), tensor(t["T1"]!, [])] }),
  Where: (t) => ({ inputs: [matrix("bool"), matrix(t["T"]!), tensor(t["T"]!, [])] }),
  Cast: (t) => ({ inputs: [tensor(t["T1"]!, [2, 3]).type === "string" ? { type: "string", shape: [2, 3], data: ["1", "2", "3", "4", "5", "6"] } : matrix(t["T1"]!)], attributes: { to: onnxTypes[t["T2"]!] } }),
  BitShift: (t) => ({ ...two(t), attributes: { direction: "LEFT" } }),
  Concat: (t) => ({ inputs: [matrix(t["T"]!), matrix(t["T"]!)], attributes: { axis: 1 } }),
  Gather: (t) => ({ inputs: [matrix(t["T"]!), tensor(t["Tind"]!, [2])], attributes: { axis: 1 } }),
  GatherElements: (t) => ({ inputs: [matrix(t["T"]!), tensor(t["Tind"]!, [2, 2])], attributes: { axis: 1 } }),
  GatherND: (t) => ({ inputs: [matrix(t["T"]!), tensor("int64", [2, 1])] }),
  ScatterElements: (t) => ({ inputs: [matrix(t["T"]!), tensor(t["Tind"]!, [2, 1]), tensor(t["T"]!, [2, 1])], attributes: { axis: 1 } }),
  ScatterND: (t) => ({ inputs: [matrix(t["T"]!), tensor("int64", [1, 1]), tensor(t["T"]!, [1, 3])] }),
  Slice: (t) => ({ inputs: [matrix(t["T"]!), ...[[0], [2], [1], [1]].map((v) => ({ constant: tensor(t["Tind"]!, [1], v) }))] }),
  Split: (t) => ({ inputs: [matrix(t["T"]!), ints(1, 2)], attributes: { axis: 1 }, outputs: 2 }),
  Reshape: (t) => ({ inputs: [matrix(t["T"]!), ints(3, -1)] }),
  Squeeze: (t) => ({ inputs: [tensor(t["T"]!, [2, 1]), ints(1)] }),
  Unsqueeze: (t) => ({ inputs: [matrix(t["T"]!), ints(1)] }),
  Expand: (t) => ({ inputs: [tensor(t["T"]!, [3]), ints(2, 3)] }),
  Tile: (t) => ({ inputs: [matrix(t["T"]!), ints(2, 1)] }),
  ConstantOfShape: (t) => ({ inputs: [ints(2, 3)], attributes: { value: tensor(t["T2"]!, [1]) } }),
  Range: (t) => ({ inputs: [0, 5, 1].map((v) => ({ constant: tensor(t["T"]!, [], [v]) })) }),
  OneHot: (t) => ({ inputs: [tensor(t["T1"]!, [2]), { constant: tensor(t["T2"]!, [], [4]) }, tensor(t["T3"]!, [2], [0, 1])], attributes: { axis: -1 } }),
  TopK: (t) => ({ inputs: [matrix(t["T"]!), ints(2)], attributes: { axis: 1 }, outputs: 2 }),
  CumSum: (t) => ({ inputs: [matrix(t["T"]!), { constant: tensor(t["T2"]!, []) }] }),
  Gemm: (t) => ({ inputs: [matrix(t["T"]!), tensor(t["T"]!, [4, 3]), tensor(t["T"]!, [4])], attributes: { transB: 1 } }),
  MatMul: (t) => ({ inputs: [matrix(t["T"]!), tensor(t["T"]!, [3, 4])] }),
  Einsum: (t) => ({ inputs: [matrix(t["T"]!), tensor(t["T"]!, [3, 4])], attributes: { equation: "ij,jk->ik" } }),
  Conv: (t) => ({ inputs: [tensor(t["T"]!, [1, 2, 5]), tensor(t["T"]!, [3, 2, 2]), tensor(t["T"]!, [3])], attributes: { strides: [2], pads: [1, 0] } }),
  ConvInteger: (t) => ({ inputs: [tensor(t["T1"]!, [1, 2, 5, 4]), tensor(t["T2"]!, [2, 1, 2, 3])], attributes: { group: 2, auto_pad: "SAME_UPPER", strides: [2, 2] } }),
  ConvTranspose: (t) => ({ inputs: [tensor(t["T"]!, [1, 2, 5]), tensor(t["T"]!, [2, 3, 2])], attributes: { strides: [2], pads: [1, 0], output_padding: [1] } }),
  ...spread(["MaxPool", "AveragePool"], (t) => ({ inputs: [tensor(t["T"]!, [1, 2, 5, 4])], attributes: { kernel_shape: [2, 3], strides: [2, 1] } })),
  ...spread(["GlobalMaxPool", "GlobalAveragePool"], (t) => ({ inputs: [tensor(t["T"]!, [1, 2, 5, 4])] })),
  Pad: (t) => ({ inputs: [matrix(t["T"]!), ints(1, 0, 2, 1), tensor(t["T"]!, [])] }),
  PRelu: (t) => ({ inputs: [matrix(t["T"]!), tensor(t["T"]!, [3])] }),
  MatMulInteger: (t) => ({ inputs: [matrix(t["T1"]!), tensor(t["T2"]!, [3, 4])] }),
  Compress: (t) => ({ inputs: [matrix(t["T"]!), tensor("bool", [3])], attributes: { axis: 1 } }),
  Dropout: (t) => ({ inputs: [matrix(t["T"]!)] }),
  Det: (t) => ({ inputs: [tensor(t["T"]!, [2, 2])] }),
  EyeLike: (t) => ({ inputs: [matrix(t["T1"]!)], attributes: { dtype: onnxTypes[t["T2"]!] } }),
  // The default locale en_US.UTF-8 is not on every machine, and the engine refuses the model where it is not.
  StringNormalizer: () => ({ inputs: [tensor("string", [1, 3])], attributes: { case_change_action: "LOWER", locale: "C" } }),
  StringSplit: () => ({ inputs: [tensor("string", [3])], outputs: 2 }),
  RegexFullMatch: () => ({ inputs: [matrix("string")], attributes: { pattern: "a.*" } }),
  TfIdfVectorizer: (t) => ({
    inputs: [matrix(t["T"]!)],
    attributes: {
      mode: "TF", min_gram_length: 1, max_gram_length: 1, max_skip_count: 0, ngram_counts: [0], ngram_indexes: [0, 1],
      ...(t["T"] === "string" ? { pool_strings: ["a1", "b"] } : { pool_int64s: [1, 2] }),
    },
  }),
  Tokenizer: () => ({ inputs: [tensor("string", [2, 1])], attributes: { mark: 0, mincharnum: 1, pad_value: "", tokenexp: "[a-z]+" } }),
  CDist: (t) => ({ inputs: [matrix(t["T"]!), tensor(t["T"]!, [4, 3])], attributes: { metric: "euclidean" } }),
  MurmurHash3: (t) => ({ inputs: [matrix(t["T1"]!)], attributes: { positive: t["T2"] === "uint32" ? 1 : 0 } }),
  LabelEncoder: (t) => {
    const list = (side: string, type: ElementType): Record<string, AttributeInput> => {
      const values = tensor(type, [2], [1, 2]);
      if (type === "string") return { [`${side}_strings`]: values.data as string[] };
      if (type === "int64") return { [`${side}_int64s`]: values.data as BigInt64Array };
      return type === "float" ? { [`${side}_floats`]: values.data as Float32Array } : { [`${side}_tensor`]: values };
    };
    const fallback: Record<string, AttributeInput> = t["T2"] === "double" || t["T2"] === "int32" || t["T2"] === "int16" ? { default_tensor: tensor(t["T2"], [1]) } : {};
    return { inputs: [matrix(t["T1"]!)], attributes: { ...list("keys", t["T1"]!), ...list("values", t["T2"]!), ...fallback } };
  },
  TreeEnsemble: (t) => ({
    inputs: [matrix(t["T"]!)],
    attributes: {
      n_targets: 2, tree_roots: [0], nodes_modes: tensor("uint8", [1], [0]), nodes_featureids: [1], nodes_splits: tensor(t["T"]!, [1]), nodes_truenodeids: [0],
      nodes_falsenodeids: [1], nodes_trueleafs: [1], nodes_falseleafs: [1], leaf_targetids: [0, 1], leaf_weights: tensor(t["T"]!, [2]),
    },
  }),
  ArrayFeatureExtractor: (t) => ({ inputs: [matrix(t["T"]!), tensor("int64", [2])] }),
  OneHotEncoder: (t) => ({ inputs: [matrix(t["T"]!)], attributes: t["T"] === "string" ? { cats_strings: ["a1", "b"] } : { cats_int64s: [1, 2] } }),
  Scaler: (t) => ({ inputs: [matrix(t["T"]!)], attributes: { offset: [0, 0, 0], scale: [1, 1, 2] } }),
  Imputer: (t) => ({ inputs: [matrix(t["T"]!)], attributes: t["T"] === "int64" || t["T"] === "int32" ? { imputed_value_int64s: [1, 2, 3], replaced_value_int64: 1 } : { imputed_value_floats: [1, 2, 3], replaced_value_float: NaN } }),
  SVMRegressor: (t) => ({ inputs: [matrix(t["T"]!)], attributes: { ...svm, n_supports: 2 } }),
  SVMClassifier: (t) => ({ inputs: [matrix(t["T1"]!)], outputs: 2, attributes: { ...svm, vectors_per_class: [1, 1], ...(t["T2"] === "string" ? { classlabels_strings: ["a", "b"] } : { classlabels_ints: [0, 1] }) } }),
  LinearRegressor: (t) => ({ inputs: [matrix(t["T"]!)], attributes: { coefficients: [1, 2, 3], intercepts: [1], targets: 1 } }),
  LinearClassifier: (t) => ({ inputs: [matrix(t["T1"]!)], outputs: 2, attributes: { coefficients: [1, 2, 3, 4, 5, 6], intercepts: [1, 2], ...(t["T2"] === "string" ? { classlabels_strings: ["a", "b"] } : { classlabels_ints: [0, 1] }) } }),
};

export const BUILDERS: Readonly<Record<string, Builder>> = {
  Loop: (g, t) => {
    const type = t["V"]!;
    const start = tensor(type, [2]);
    const x = g.input("x0", type, [2]);
    const body = g.body([{ type: "int64", shape: [] }, { type: "bool", shape: [] }, { type, shape: [2] }], (b, [, go, v]) => {
      const next = b.op("Identity", [v!]);
      return [go!, next, next];
    });
    return { outputs: g.ops("Loop", [g.constant(tensor("int64", [], [3])), null, x], { body }, 2), feeds: [start] };
  },
  Scan: (g, t) => {
    const type = t["V"]!;
    const state = g.input("x0", type, [3]);
    const x = g.input("x1", type, [2, 3]);
    const body = g.body([{ type, shape: [3] }, { type, shape: [3] }], (_, [s, row]) => [row!, s!]);
    return { outputs: g.ops("Scan", [state, x], { body, num_scan_inputs: 1 }, 2), feeds: [tensor(type, [3]), matrix(type)] };
  },
  If: (g, t) => {
    const type = t["V"]!;
    const x = g.input("x0", type, [2, 3]);
    const condition = g.input("x1", "bool", []);
    const then_branch = g.body([], () => [x]);
    const else_branch = g.body([], (b) => [b.op("Concat", [x, x], { axis: 1 })]);
    return { outputs: g.ops("If", [condition], { then_branch, else_branch }, 1), feeds: [matrix(type), tensor("bool", [], [0])] };
  },
};
