// Arithmetic, comparisons and activations, element by element.

import type { Value } from "../../../onnx/index.ts";
import { bools } from "../../../tensor/index.ts";
import { define, type NodeView, type Operator, type TfContext } from "../context.ts";
import type { Size, TfTensor } from "../values.ts";

const floating = (op: NodeView, i = 0): Value => {
  const x = op.value(i);
  if (x.type !== "float" && x.type !== "double") throw op.unsupported(`${x.type} is not compiled here`);
  return x;
};
const unary = (names: string, type: string): Operator => define(names, (op, c) => c.graph.op(type, [op.value(0)]));
const activation = (names: string, convert: (x: Value, c: TfContext, op: NodeView) => Value): Operator => define(names, (op, c) => convert(floating(op), c, op));

/** Whole numbers that are all known stay so: sizes are computed like this. */
const FOLDED: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b, Sub: (a, b) => a - b, Mul: (a, b) => a * b, Max: Math.max, Min: Math.min, FloorDiv: (a, b) => Math.floor(a / b), FloorMod: (a, b) => a - Math.floor(a / b) * b,
};
function folded(op: NodeView, c: TfContext, type: string): TfTensor | undefined {
  const [a, b] = [op.tensor(0), op.tensor(1)];
  const fold = FOLDED[type];
  if (!fold || !a.sizes || !b.sizes) return undefined;
  const [x, y] = [a.sizes, b.sizes];
  const length = x.length === 1 ? y.length : x.length;
  if (y.length !== 1 && y.length !== length) return undefined;
  const out: Size[] = [];
  for (let i = 0; i < length; i++) {
    const [l, r] = [x[x.length === 1 ? 0 : i]!, y[y.length === 1 ? 0 : i]!];
    if (typeof l === "number" && typeof r === "number") {
      const value = fold(l, r);
      if (!Number.isSafeInteger(value)) return undefined;
      out.push(value);
    } else if (type === "Mul" && (l === 1 || r === 1)) out.push(l === 1 ? r : l);
    else if ((type === "Add" && (l === 0 || r === 0))) out.push(l === 0 ? r : l);
    else if (type === "Add" || type === "Sub" || type === "Mul") out.push({ value: c.graph.op(type, [l, r].map((s) => (typeof s === "number" ? c.o.int64s([s]) : s.value))), dim: undefined });
    else return undefined;
  }
  return c.sizes(out, a.type, Math.max(a.sizesRank, b.sizesRank));
}
/** Comparisons of sizes are known too: loops end by them. */
const COMPARED: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  Less: (a, b) => a < b, LessOrEqual: (a, b) => a <= b, Greater: (a, b) => a > b, GreaterOrEqual: (a, b) => a >= b, Equal: (a, b) => a === b,
};
function compared(op: NodeView, c: TfContext, type: string): TfTensor | undefined {
  const [a, b] = [op.tensor(0), op.tensor(1)];
  const [x, y] = [a.sizes?.[0], b.sizes?.[0]];
  if (typeof x !== "number" || typeof y !== "number" || a.sizesRank !== 0 || b.sizesRank !== 0) return undefined;
  return c.constant(bools([COMPARED[type]!(x, y)], []));
}
const comparison = (name: string, type: string): Operator => define(name, (op, c) => compared(op, c, type) ?? c.graph.op(type, [op.value(0), op.value(1)]));
const truths = (op: NodeView): readonly [boolean, boolean] | undefined => {
  const [a, b] = [op.tensor(0).constant, op.tensor(1).constant];
  return a?.type === "bool" && b?.type === "bool" && a.data.length === 1 && b.data.length === 1 ? [a.data[0] === 1, b.data[0] === 1] : undefined;
};
function logical(op: NodeView, c: TfContext, fold: (a: boolean, b: boolean) => boolean, otherwise: (a: Value, b: Value) => Value): TfTensor | Value {
  const known = truths(op);
  return known ? c.constant(bools([fold(...known)], [])) : otherwise(op.value(0), op.value(1));
}
const binary = (names: string, type: string): Operator => define(names, (op, c) => folded(op, c, type) ?? c.graph.op(type, [op.value(0), op.value(1)]));

function floorDivide(op: NodeView, c: TfContext): TfTensor | Value {
  const known = folded(op, c, "FloorDiv");
  if (known) return known;
  const [a, b] = [op.value(0), op.value(1)];
  if (a.type === "float" || a.type === "double") return c.graph.op("Floor", [c.o.div(a, b)]);
  // The engine divides whole numbers towards zero.
  const rest = c.graph.op("Mod", [a, b]);
  return c.o.div(c.o.sub(a, rest), b);
}
function floorModulo(op: NodeView, c: TfContext): TfTensor | Value {
  const known = folded(op, c, "FloorMod");
  if (known) return known;
  const [a, b] = [op.value(0), op.value(1)];
  if (a.type !== "float" && a.type !== "double") return c.graph.op("Mod", [a, b]);
  return c.o.sub(a, c.o.mul(c.graph.op("Floor", [c.o.div(a, b)]), b));
}
function square(x: Value, c: TfContext): Value {
  return c.o.mul(x, x);
}
function select(op: NodeView, c: TfContext): Value {
  const [condition, a, b] = [op.value(0), op.value(1), op.value(2)];
  const rank = condition.shape?.length;
  if (op.type === "Select" && rank === 1 && a.shape?.length !== 1) {
    const dims = a.shape?.length;
    if (dims === undefined) throw op.unsupported("a choice between values of unknown rank is not compiled");
    return c.o.where(c.graph.op("Unsqueeze", [condition, c.o.int64s(Array.from({ length: dims - 1 }, (_, i) => i + 1))]), a, b);
  }
  return c.o.where(condition, a, b);
}
function cast(op: NodeView, c: TfContext): TfTensor | Value {
  const to = op.elementType("DstT");
  const t = op.tensor(0);
  if (t.sizes && (to === "int32" || to === "int64")) return c.sizes(t.sizes, to, t.sizesRank);
  if (t.type === "string" || to === "string") throw op.unsupported("texts are not compiled here");
  return c.o.cast(t.value, to === "float16" ? "float" : to);
}
const clip = (x: Value, low: number, high: number, c: TfContext): Value => c.graph.op("Clip", [x, c.o.scalar(low, x.type), c.o.scalar(high, x.type)]);

/** Exp and Log of numbers near 0 would lose what is far below 1: Log1p by the quotient that the rounding cancels in. */
function log1p(x: Value, c: TfContext): Value {
  const u = c.o.add(x, 1);
  const d = c.o.sub(u, 1);
  return c.o.where(c.o.equal(d, 0), x, c.o.mul(c.o.log(u), c.o.div(x, d)));
}

export const MATH: readonly Operator[] = [
  binary("Add AddV2", "Add"), binary("Sub", "Sub"), binary("Mul", "Mul"), binary("RealDiv", "Div"), binary("Maximum", "Max"), binary("Minimum", "Min"), binary("Pow", "Pow"),
  define("Div", (op, c) => c.graph.op("Div", [floating(op), op.value(1)])),
  define("DivNoNan", (op, c) => c.o.where(c.o.equal(op.value(1), 0), 0, c.o.div(floating(op), op.value(1)))),
  define("FloorDiv", floorDivide), define("FloorMod", floorModulo),
  define("AddN", (op, c) => (op.count === 1 ? op.value(0) : op.values().reduce((a, b) => c.o.add(a, b)))),
  define("SquaredDifference", (op, c) => square(c.o.sub(op.value(0), op.value(1)), c)),
  define("Square", (op, c) => square(op.value(0), c)),
  unary("Neg", "Neg"), unary("Abs", "Abs"), unary("Sign", "Sign"), unary("Floor", "Floor"), unary("Ceil", "Ceil"), unary("Round Rint", "Round"),
  unary("Exp", "Exp"), unary("Log", "Log"), unary("Sqrt", "Sqrt"), unary("Sin", "Sin"), unary("Cos", "Cos"), unary("Erf", "Erf"), unary("Tanh", "Tanh"), unary("Softsign", "Softsign"),
  unary("Reciprocal Inv", "Reciprocal"), unary("IsNan", "IsNaN"), unary("LogicalNot", "Not"), unary("Relu", "Relu"), unary("Sigmoid", "Sigmoid"), unary("Softplus", "Softplus"), unary("IsInf", "IsInf"),
  activation("Rsqrt", (x, c) => c.o.div(1, c.o.sqrt(x))),
  activation("Erfc", (x, c) => c.o.sub(1, c.graph.op("Erf", [x]))),
  activation("Log1p", log1p),
  activation("Expm1", (x, c) => c.graph.op("Where", [c.o.greater(x, 0), c.o.sub(c.o.exp(x), 1), c.graph.op("Elu", [c.o.minimum(x, 0)])])),
  activation("Relu6", (x, c) => clip(x, 0, 6, c)),
  activation("Elu", (x, c) => c.graph.op("Elu", [x])),
  activation("Selu", (x, c) => c.graph.op("Selu", [x], { alpha: 1.6732632423543772, gamma: 1.0507009873554805 })),
  activation("LeakyRelu", (x, c, op) => c.graph.op("LeakyRelu", [x], { alpha: op.float("alpha", Math.fround(0.2)) })),
  activation("Softmax", (x, c) => c.graph.op("Softmax", [x], { axis: -1 })),
  activation("LogSoftmax", (x, c) => c.graph.op("LogSoftmax", [x], { axis: -1 })),
  define("ClipByValue", (op, c) => c.o.minimum(c.o.maximum(op.value(0), op.value(1)), op.value(2))),
  comparison("Less", "Less"), comparison("Greater", "Greater"), comparison("LessEqual", "LessOrEqual"), comparison("GreaterEqual", "GreaterOrEqual"), comparison("Equal", "Equal"),
  define("NotEqual", (op, c) => c.o.not(c.o.equal(op.value(0), op.value(1)))),
  define("LogicalAnd", (op, c) => logical(op, c, (a, b) => a && b, (a, b) => c.o.and(a, b))), define("LogicalOr", (op, c) => logical(op, c, (a, b) => a || b, (a, b) => c.o.or(a, b))),
  define("Select SelectV2", select),
  define("Cast", cast),
  define("ZerosLike", (op, c) => c.graph.op("Expand", [c.o.scalar(0, op.value(0).type), c.shapeValue(c.dims(op.value(0), op))])),
  define("OnesLike", (op, c) => c.graph.op("Expand", [c.o.scalar(1, op.value(0).type), c.shapeValue(c.dims(op.value(0), op))])),
];
