// Functions of one or two numbers that ONNX lacks, spelled out; distances; bits of whole numbers.

import type { Value } from "../../../onnx/index.ts";
import type { Args } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { defineOperator, type Operator } from "../operator.ts";
import { expm1, log1p, wholeFloor } from "./exact.ts";
import { both } from "./promotion.ts";
import { reduceTo } from "./reduction.ts";

const floating = (x: Value, c: TorchContext): Value => (x.type === "float" || x.type === "double" ? x : c.o.cast(x, "float"));
const unary = (names: readonly string[], make: (x: Value, c: TorchContext, args: Args) => Value, params = "self"): Operator =>
  defineOperator({ names, params, open: "through", convert: (args, c) => make(floating(args.tensor("self"), c), c, args) });
const binary = (names: readonly string[], make: (a: Value, b: Value, c: TorchContext) => Value): Operator =>
  defineOperator({ names, params: "self other", convert: (args, c) => make(...both(args, c, "float"), c) });

const floor = (x: Value, c: TorchContext): Value => c.graph.op("Floor", [x]);
const truncated = (x: Value, c: TorchContext): Value => c.o.mul(c.graph.op("Sign", [x]), floor(c.o.abs(x), c));

function atan2(y: Value, x: Value, c: TorchContext): Value {
  const { o } = c;
  const zero = o.equal(x, 0);
  const base = c.graph.op("Atan", [o.div(y, o.where(zero, 1, x))]);
  const turned = o.where(o.less(x, 0), o.where(o.less(y, 0), o.sub(base, Math.PI), o.add(base, Math.PI)), base);
  return o.where(zero, o.mul(c.graph.op("Sign", [y]), Math.PI / 2), turned);
}

const LIMITS: Readonly<Record<string, number>> = { float: 3.4028234663852886e38, double: Number.MAX_VALUE };

/** Bits of whole numbers; of bools the logical operation, and of numbers known now the number. */
function bits(names: readonly string[], op: "And" | "Or" | "Xor", known: (a: bigint, b: bigint) => bigint): Operator {
  return defineOperator({ names, params: "self other", convert: (args, c) => {
    const [x, y] = [args.get("self"), args.get("other")];
    if (typeof x === "boolean" && typeof y === "boolean") return op === "And" ? x && y : op === "Or" ? x || y : x !== y;
    if (typeof x === "bigint" && typeof y === "bigint") return known(x, y);
    const [a, b] = both(args, c);
    return c.graph.op(a.type === "bool" ? op : `Bitwise${op}`, [a, b]);
  } });
}
function shift(names: readonly string[], left: boolean): Operator {
  return defineOperator({ names, params: "self other", convert: (args, c) => {
    const [x, y] = [args.get("self"), args.get("other")];
    if (typeof x === "bigint" && typeof y === "bigint" && y >= 0n && y < 63n) return left ? x << y : x >> y;
    const [a, b] = both(args, c);
    if (a.type === "float" || a.type === "double") throw args.refuse("a shift of floats");
    const power = c.o.cast(c.graph.op("Pow", [c.o.scalar(2, "int64"), c.o.cast(b, "int64")]), "int64");
    const wide = c.o.cast(a, "int64");
    return c.o.cast(left ? c.o.mul(wide, power) : wholeFloor(wide, power, c), a.type);
  } });
}
/** |x - y|_p over the last dimension. */
function distance(x: Value, y: Value, p: number, keep: boolean, args: Args, c: TorchContext): Value {
  return reduceTo(c.o.sub(x, y), p, [Math.max(c.rank(x), c.rank(y)) - 1], keep, args, c);
}

export const ELEMENTARY: readonly Operator[] = [
  unary(["exp2", "special_exp2"], (x, c) => c.graph.op("Pow", [c.number(2, x), x])),
  unary(["expm1", "special_expm1"], expm1), unary(["log1p", "special_log1p"], log1p),
  unary(["asinh", "arcsinh"], (x, c) => c.graph.op("Asinh", [x])), unary(["acosh", "arccosh"], (x, c) => c.graph.op("Acosh", [x])), unary(["atanh", "arctanh"], (x, c) => c.graph.op("Atanh", [x])),
  unary(["erfc", "special_erfc"], (x, c) => c.o.sub(1, c.graph.op("Erf", [x]))),
  unary(["frac"], (x, c) => c.o.sub(x, truncated(x, c))),
  unary(["deg2rad"], (x, c) => c.o.mul(x, Math.PI / 180)), unary(["rad2deg"], (x, c) => c.o.mul(x, 180 / Math.PI)),
  unary(["logit", "special_logit"], (x, c, args) => {
    const eps = args.has("eps") ? args.float("eps") : undefined;
    const y = eps === undefined ? x : c.o.minimum(c.o.maximum(x, eps), 1 - eps);
    return c.o.log(c.o.div(y, c.o.sub(1, y)));
  }, "self eps"),
  unary(["round"], (x, c, args) => {
    const decimals = args.int("decimals", 0);
    if (Math.abs(decimals) > 30) throw args.refuse(`decimals=${decimals}`);
    if (decimals === 0) return c.graph.op("Round", [x]);
    const ten = 10 ** Math.abs(decimals);
    return decimals > 0 ? c.o.div(c.graph.op("Round", [c.o.mul(x, ten)]), ten) : c.o.mul(c.graph.op("Round", [c.o.div(x, ten)]), ten);
  }, "self decimals"),
  unary(["nan_to_num"], (x, c, args) => {
    const top = LIMITS[x.type]!;
    const infinite = (v: Value, sign: 1 | -1): Value => c.o.equal(v, sign * Infinity);
    const [nan, high, low] = [args.float("nan", 0), args.float("posinf", top), args.float("neginf", -top)];
    const y = c.o.where(c.o.isNaN(x), nan, x);
    return c.o.where(infinite(y, 1), high, c.o.where(infinite(y, -1), low, y));
  }, "self nan posinf neginf"),
  unary(["isfinite"], (x, c) => c.o.less(c.o.abs(x), Infinity)),
  unary(["isposinf"], (x, c) => c.o.equal(x, Infinity)), unary(["isneginf"], (x, c) => c.o.equal(x, -Infinity)),
  binary(["atan2", "arctan2"], atan2),
  binary(["hypot"], (a, b, c) => c.o.sqrt(c.o.add(c.o.mul(a, a), c.o.mul(b, b)))),
  binary(["logaddexp"], (a, b, c) => c.o.add(c.o.maximum(a, b), log1p(c.o.exp(c.o.neg(c.o.abs(c.o.sub(a, b)))), c))),
  binary(["xlogy", "special_xlogy"], (a, b, c) => c.o.where(c.o.isNaN(b), b, c.o.where(c.o.equal(a, 0), 0, c.o.mul(a, c.o.log(b))))),
  binary(["copysign"], (a, b, c) => c.o.where(c.o.less(c.o.where(c.o.equal(b, 0), c.o.div(1, b), b), 0), c.o.neg(c.o.abs(a)), c.o.abs(a))),
  defineOperator({ names: ["heaviside"], params: "self values", convert: (args, c) => {
    const [x, v] = both(args, c, "bool", ["self", "values"]);
    const zero = c.o.cast(c.o.scalar(0, "int64"), x.type);
    return c.where(c.o.equal(x, zero), v, c.o.cast(c.o.greater(x, zero), x.type));
  } }),
  defineOperator({ names: ["isclose"], params: "self other rtol atol equal_nan", convert: (args, c) => {
    if (args.bool("equal_nan", false)) throw args.refuse("equal_nan");
    const [a, b] = both(args, c, "float");
    const near = c.o.lessEqual(c.o.abs(c.o.sub(a, b)), c.o.add(c.o.mul(c.o.abs(b), args.float("rtol", 1e-5)), args.float("atol", 1e-8)));
    return c.o.or(c.o.equal(a, b), c.o.and(near, c.o.less(c.o.abs(b), Infinity)));
  } }),
  bits(["__and__", "__iand__", "bitwise_and"], "And", (a, b) => a & b), bits(["__or__", "__ior__", "bitwise_or"], "Or", (a, b) => a | b), bits(["__xor__", "__ixor__", "bitwise_xor"], "Xor", (a, b) => a ^ b),
  shift(["__lshift__", "bitwise_left_shift"], true), shift(["__rshift__", "bitwise_right_shift"], false),
  defineOperator({ names: ["bitwise_not", "__invert__"], params: "self", convert: (args, c) => {
    args.sure("self", "the inverse");
    const x = args.tensor("self");
    // ~x is -x - 1 of every signed number.
    return x.type === "bool" ? c.o.not(x) : x.type === "uint8" ? c.o.cast(c.o.sub(c.o.scalar(255, "int64"), c.o.cast(x, "int64")), "uint8") : c.o.sub(c.o.neg(x), c.o.cast(c.o.scalar(1, "int64"), x.type));
  } }),
  defineOperator({ names: ["cosine_similarity"], params: "x1 x2 dim eps", convert: (args, c) => {
    const [a, b] = both(args, c, "float", ["x1", "x2"]);
    const axis = args.axis("dim", Math.max(c.rank(a), c.rank(b)), 1);
    const length = (v: Value): Value => c.o.maximum(reduceTo(v, 2, [axis], false, args, c), args.float("eps", 1e-8));
    return c.o.div(c.o.sum(c.o.mul(a, b), axis), c.o.mul(length(a), length(b)));
  } }),
  defineOperator({ names: ["pairwise_distance"], params: "x1 x2 p eps keepdim", convert: (args, c) => {
    const [a, b] = both(args, c, "float", ["x1", "x2"]);
    return distance(c.o.add(a, args.float("eps", 1e-6)), b, args.float("p", 2), args.bool("keepdim", false), args, c);
  } }),
  defineOperator({ names: ["cdist", "_cdist_forward"], params: "x1 x2 p compute_mode", convert: (args, c) => {
    args.get("compute_mode");
    const [a, b] = both(args, c, "float", ["x1", "x2"]);
    return distance(c.o.unsqueeze(a, c.rank(a) - 1), c.o.unsqueeze(b, c.rank(b) - 2), args.float("p", 2), false, args, c);
  } }),
  defineOperator({ names: ["cross", "linalg_cross"], params: "self other dim", convert: (args, c) => {
    const [a, b] = both(args, c, "bool");
    const rank = c.rank(a);
    const axis = args.has("dim") ? args.axis("dim", rank) : args.op === "cross" ? (a.shape ?? []).indexOf(3) : rank - 1;
    if (axis < 0) throw args.bad("dim", "a dimension of 3");
    const turn = (v: Value, by: 1 | 2): Value => c.o.concat([c.o.slice(v, by, 3, axis), c.o.slice(v, 0, by, axis)], axis);
    return c.o.sub(c.o.mul(turn(a, 1), turn(b, 2)), c.o.mul(turn(a, 2), turn(b, 1)));
  } }),
];
