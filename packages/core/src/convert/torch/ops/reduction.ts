// Reductions over axes, and what is found along one.

import type { Value } from "../../../onnx/index.ts";
import type { Args } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { defineOperator, type Operator } from "../operator.ts";
import { ListValue, TensorValue, type TorchValue } from "../values.ts";
import { both } from "./promotion.ts";

function reduce(op: string, given: Value, args: Args, c: TorchContext): Value {
  // The engine reduces few kinds of whole numbers.
  if (/^(int16|int8|uint8|bool)$/.test(given.type)) return c.o.cast(reduce(op, c.o.cast(given, "int64"), args, c), given.type);
  const x = given;
  const axes = args.axes("dim", c.rank(x));
  // An empty list is all of them, as None is.
  const listed = axes && axes.length > 0 ? axes : null;
  if (op === "ReduceMean") return c.o.meanOver(x, listed, args.bool("keepdim", false));
  const over = listed && c.o.int64s(listed);
  return c.graph.op(op, [x, over], { keepdims: args.bool("keepdim", false) ? 1 : 0 });
}
const floating = (x: Value, c: TorchContext): Value => (x.type === "float" || x.type === "double" ? x : c.o.cast(x, "float"));
const summable = (x: Value, c: TorchContext): Value => (x.type === "float" || x.type === "double" || x.type === "int64" ? x : c.o.cast(x, "int64"));

const reduction = (names: readonly string[], op: string, prepare: (x: Value, c: TorchContext) => Value): Operator =>
  defineOperator({ names, params: "self dim keepdim dtype", convert: (args, c) => {
    // sum(x, dtype=...) and sum(x, dim, keepdim, dtype).
    const x = prepare(args.tensor("self"), c);
    return reduce(op, args.has("dtype") ? c.o.cast(x, c.typeNamed(args)) : x, args, c);
  } });

/** max and min: of all, of two tensors, or along an axis with the index. */
function extreme(args: Args, c: TorchContext, kind: "Max" | "Min"): TorchValue | Value {
  const x = args.tensor("self");
  if (args.isTensor("dim") || args.isTensor("other")) return c.graph.op(kind, both(args, c, "bool", ["self", args.isTensor("dim") ? "dim" : "other"]));
  const values = reduce(`Reduce${kind}`, x, args, c);
  if (!args.has("dim") || args.op.startsWith("a")) return values;
  const indices = c.graph.op(`Arg${kind}`, [x], { axis: args.axis("dim", c.rank(x)), keepdims: args.bool("keepdim", false) ? 1 : 0 });
  return new ListValue([new TensorValue(values), new TensorValue(indices)], true);
}

function argument(args: Args, c: TorchContext, op: string): Value {
  let x = args.tensor("self");
  if (!args.has("dim")) x = c.o.reshape(x, [-1]);
  return c.graph.op(op, [x], { axis: args.axis("dim", c.rank(x), 0), keepdims: args.bool("keepdim", false) ? 1 : 0 });
}

function variance(args: Args, c: TorchContext): TorchValue | Value {
  const x = args.tensor("self");
  const given = args.get("dim");
  // var(x, unbiased) and var(x, dim, unbiased, keepdim); correction where it is named.
  const unbiased = typeof given === "boolean" ? given : args.bool("unbiased", true);
  const correction = args.has("correction") ? args.float("correction") : unbiased ? 1 : 0;
  const rank = c.rank(x);
  const listed = typeof given === "boolean" ? undefined : args.axes("dim", rank);
  const axes = listed && listed.length > 0 ? listed : Array.from({ length: rank }, (_, i) => i);
  const over = c.o.int64s(axes);
  const centred = c.o.sub(x, c.graph.op("ReduceMean", [x, over], { keepdims: 1 }));
  const sum = c.graph.op("ReduceSum", [c.o.mul(centred, centred), over], { keepdims: args.bool("keepdim", false) ? 1 : 0 });
  const known = axes.reduce((a, axis) => a * (typeof x.shape?.[axis] === "number" ? (x.shape[axis]) : NaN), 1);
  const count = (): Value => c.o.cast(axes.map((axis) => c.graph.op("Shape", [x], { start: axis, end: axis + 1 })).reduce((a, b) => c.o.mul(a, b)), x.type);
  const v = Number.isNaN(known) ? c.o.div(sum, c.o.squeeze(c.o.maximum(c.o.sub(count(), correction), 0), 0)) : c.o.div(sum, Math.max(0, known - correction));
  const result = args.op.startsWith("std") ? c.o.sqrt(v) : v;
  if (!args.op.endsWith("_mean")) return result;
  return new ListValue([new TensorValue(result), new TensorValue(c.o.meanOver(x, axes, args.bool("keepdim", false)))], true);
}

/** The norm of order p over the axes. */
export function reduceTo(given: Value, p: number, axes: readonly number[] | undefined, keep: boolean, args: Args, c: TorchContext): Value {
  const x = floating(given, c);
  const over = axes && axes.length > 0 ? c.o.int64s(axes) : null;
  const reduced = (op: string, v: Value): Value => c.graph.op(op, [v, over], { keepdims: keep ? 1 : 0 });
  if (p === 2) return reduced("ReduceL2", x);
  if (p === 1) return reduced("ReduceL1", x);
  if (p === Infinity) return reduced("ReduceMax", c.o.abs(x));
  if (p === -Infinity) return reduced("ReduceMin", c.o.abs(x));
  if (p === 0) return reduced("ReduceSum", c.o.cast(c.o.not(c.o.equal(x, 0)), x.type));
  if (Number.isNaN(p)) throw args.bad("p", "a number");
  return c.o.pow(reduced("ReduceSum", c.o.pow(c.o.abs(x), p)), 1 / p);
}
/** norm, linalg_vector_norm and linalg_norm of vectors; of matrices only the one that sums all squares. */
function norm(args: Args, c: TorchContext): Value {
  // frobenius_norm(x, dim, keepdim)
  if (args.op === "frobenius_norm") {
    const of = args.tensor("self");
    const given = args.get("ord");
    const axes = given === undefined ? args.axes("dim", c.rank(of)) : args.axes("ord", c.rank(of));
    return reduceTo(of, 2, axes, given === undefined ? args.bool("keepdim", false) : args.bool("dim", false), args, c);
  }
  const name = args.get("ord") === undefined ? "p" : "ord";
  const x = args.tensor("self");
  const axes = args.axes("dim", c.rank(x));
  const given = args.get(name);
  const matrix = args.op !== "linalg_vector_norm" && (axes?.length === 2 || (axes === undefined && c.rank(x) === 2 && args.op !== "norm"));
  if (given === "nuc" || (matrix && args.has(name) && given !== "fro")) throw args.refuse("a norm of matrices");
  const p = given === "fro" || !args.has(name) ? 2 : args.float(name);
  return reduceTo(args.has("dtype") ? c.o.cast(x, c.typeNamed(args)) : x, p, axes, args.bool("keepdim", false), args, c);
}

export const REDUCTION: readonly Operator[] = [
  reduction(["mean"], "ReduceMean", floating), reduction(["sum"], "ReduceSum", summable), reduction(["prod"], "ReduceProd", summable),
  reduction(["logsumexp"], "ReduceLogSumExp", floating), reduction(["amax"], "ReduceMax", (x) => x), reduction(["amin"], "ReduceMin", (x) => x),
  defineOperator({ names: ["max"], params: "self dim keepdim", convert: (args, c) => extreme(args, c, "Max") }),
  defineOperator({ names: ["min"], params: "self dim keepdim", convert: (args, c) => extreme(args, c, "Min") }),
  defineOperator({ names: ["argmax"], params: "self dim keepdim", convert: (args, c) => argument(args, c, "ArgMax") }),
  defineOperator({ names: ["argmin"], params: "self dim keepdim", convert: (args, c) => argument(args, c, "ArgMin") }),
  defineOperator({ names: ["var", "std", "var_mean", "std_mean"], params: "self dim unbiased keepdim correction", convert: variance }),
  defineOperator({ names: ["norm", "linalg_vector_norm", "linalg_norm", "frobenius_norm"], params: "self ord dim keepdim dtype", convert: norm }),
  defineOperator({ names: ["cumsum"], params: "self dim dtype", convert: (args, c) => {
    const x = args.has("dtype") ? c.o.cast(args.tensor("self"), c.typeNamed(args)) : summable(args.tensor("self"), c);
    return c.graph.op("CumSum", [x, c.o.scalar(args.axis("dim", c.rank(x)), "int64")]);
  } }),
  defineOperator({ names: ["count_nonzero"], params: "self dim", convert: (args, c) => reduce("ReduceSum", c.o.cast(c.o.cast(args.tensor("self"), "bool"), "int64"), args, c) }),
  defineOperator({ names: ["aminmax"], params: "self dim keepdim", convert: (args, c) => new ListValue(["ReduceMin", "ReduceMax"].map((op) => new TensorValue(reduce(op, args.tensor("self"), args, c))), true) }),
  defineOperator({ names: ["nansum"], params: "self dim keepdim", convert: (args, c) => reduce("ReduceSum", c.o.where(c.o.isNaN(floating(args.tensor("self"), c)), 0, floating(args.tensor("self"), c)), args, c) }),
  defineOperator({ names: ["all", "any"], params: "self dim keepdim", convert: (args, c) => c.o.cast(reduce(args.op === "all" ? "ReduceMin" : "ReduceMax", c.o.cast(c.o.cast(args.tensor("self"), "bool"), "int64"), args, c), "bool") }),
];
