// Shapes of operators that work element by element, and of products of matrices.

import type { Dim } from "../value.ts";
import { broadcast, InferenceError, sameDim, type Dims, type Infer } from "./context.ts";
import { typeOf } from "./types.ts";

const same: Infer = (n) => [{ shape: n.shape(0) }];
const broadcastAll: Infer = (n) => [{ shape: broadcast(...n.inputs.map((x) => x?.shape ?? null)) }];

/** [..., n, k] x [..., k, m], with NumPy's rules for vectors. */
function matmul(a: Dims, b: Dims): Dims {
  if (a === null || b === null) return null;
  if (a.length === 0 || b.length === 0) throw new InferenceError("a scalar cannot be multiplied as a matrix");
  const x = a.length === 1 ? [1, ...a] : a;
  const y = b.length === 1 ? [...b, 1] : b;
  sameDim(x.at(-1)!, y.at(-2)!, "inner dimensions differ");
  const out = [...broadcast(x.slice(0, -2), y.slice(0, -2))!];
  if (a.length > 1) out.push(x.at(-2)!);
  if (b.length > 1) out.push(y.at(-1)!);
  return out;
}

const gemm: Infer = (n) => {
  const a = n.shape(0);
  const b = n.shape(1);
  if (a === null || b === null) return [{ shape: [null, null] }];
  if (a.length !== 2 || b.length !== 2) throw new InferenceError("Gemm takes matrices");
  const [rows, inner] = n.int("transA") ? [a[1]!, a[0]!] : [a[0]!, a[1]!];
  const [depth, columns] = n.int("transB") ? [b[1]!, b[0]!] : [b[0]!, b[1]!];
  sameDim(inner, depth, "inner dimensions differ");
  return [{ shape: [rows, columns] }];
};

const einsum: Infer = (n) => {
  if (n.string("equation").length > 1000) return [{ shape: null }];
  const [left, right] = n.string("equation").replaceAll(" ", "").split("->") as [string, string | undefined];
  const terms = left.split(",");
  if (terms.length !== n.inputs.length || left.includes(".")) return [{ shape: null }];
  const dims = new Map<string, Dim>();
  terms.forEach((term, i) => {
    const shape = n.shape(i);
    if (shape === null) return;
    if (shape.length !== term.length) throw new InferenceError(`term ${term} against rank ${shape.length}`);
    [...term].forEach((letter, k) => dims.set(letter, sameDim(dims.get(letter) ?? null, shape[k]!, `index ${letter}`)));
  });
  const letters = right ?? [...new Set(left.replaceAll(",", ""))].filter((c) => left.split(c).length === 2).sort().join("");
  return [{ shape: [...letters].map((letter) => dims.get(letter) ?? null) }];
};

const cast: Infer = (n) => [{ type: typeOf(n.int("to")), shape: n.shape(0), content: n.content(0) }];

const unary = [
  "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "BitwiseNot", "Ceil", "Celu", "Clip", "Cos", "Cosh", "CumSum", "Elu", "Erf", "Exp",
  "Floor", "Gelu", "HardSigmoid", "HardSwish", "Hardmax", "IsInf", "IsNaN", "LeakyRelu", "Log", "LogSoftmax", "Mish", "Neg", "Not", "Reciprocal",
  "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Softmax", "Softplus", "Softsign", "Sqrt", "Tan", "Tanh", "ThresholdedRelu",
  "Trilu", "ScatterElements", "ScatterND", "RegexFullMatch", "Binarizer", "Imputer",
];
const binary = [
  "Add", "And", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max",
  "Mean", "Min", "Mod", "Mul", "Or", "Pow", "StringConcat", "Sub", "Sum", "Where", "Xor",
];

export const ELEMENTWISE: Readonly<Record<string, Infer>> = {
  ...Object.fromEntries(unary.map((name) => [name, same])),
  ...Object.fromEntries(binary.map((name) => [name, broadcastAll])),
  Identity: (n) => [{ shape: n.shape(0), content: n.content(0) }],
  Cast: cast,
  MurmurHash3: (n) => [{ type: n.int("positive") ? "uint32" : "int32", shape: n.shape(0) }],
  CastLike: (n) => [{ shape: n.shape(0) }],
  Dropout: (n) => [{ shape: n.shape(0) }, { shape: n.shape(0) }],
  Det: (n) => [{ shape: n.shape(0)?.slice(0, -2) ?? null }],
  MatMul: (n) => [{ shape: matmul(n.shape(0), n.shape(1)) }],
  Gemm: gemm,
  Einsum: einsum,
};
