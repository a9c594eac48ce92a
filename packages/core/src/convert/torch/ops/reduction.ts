// Reductions over axes, and what is found along one.

import type { Value } from "../../../onnx/index.ts";
import { defineOperator, type Args, type Operator, type TorchContext } from "../operator.ts";
import { ListValue, TensorValue, type TorchValue } from "../values.ts";
import { both } from "./arithmetic.ts";

function reduce(op: string, x: Value, args: Args, c: TorchContext): Value {
  const axes = args.axes("dim", c.rank(x));
  // An empty list is all of them, as None is.
  const over = axes && axes.length > 0 ? c.o.int64s(axes) : null;
  return c.graph.op(op, [x, over], { keepdims: args.bool("keepdim", false) ? 1 : 0 });
}
const floating = (x: Value, c: TorchContext): Value => (x.type === "float" || x.type === "double" ? x : c.o.cast(x, "float"));
const summable = (x: Value, c: TorchContext): Value => (x.type === "float" || x.type === "double" || x.type === "int64" ? x : c.o.cast(x, "int64"));

const reduction = (names: readonly string[], op: string, prepare: (x: Value, c: TorchContext) => Value): Operator =>
  defineOperator({ names, params: "self dim keepdim dtype", convert: (args, c) => reduce(op, prepare(args.tensor("self"), c), args, c) });

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

function variance(args: Args, c: TorchContext): Value {
  const x = args.tensor("self");
  const given = args.get("dim");
  // var(x, unbiased) and var(x, dim, unbiased, keepdim); correction where it is named.
  const unbiased = typeof given === "boolean" ? given : args.bool("unbiased", true);
  const correction = args.has("correction") ? args.float("correction") : unbiased ? 1 : 0;
  const rank = c.rank(x);
  const listed = typeof given === "boolean" ? undefined : args.axes("dim", rank);
  const axes = listed && listed.length > 0 ? listed : Array.from({ length: rank }, (_, i) => i);
  const n = axes.reduce((a, axis) => a * c.size(x, axis, args), 1);
  const over = c.o.int64s(axes);
  const centred = c.o.sub(x, c.graph.op("ReduceMean", [x, over], { keepdims: 1 }));
  const sum = c.graph.op("ReduceSum", [c.o.mul(centred, centred), over], { keepdims: args.bool("keepdim", false) ? 1 : 0 });
  const v = c.o.div(sum, Math.max(0, n - correction));
  return args.op.startsWith("std") ? c.o.sqrt(v) : v;
}

function norm(args: Args, c: TorchContext): Value {
  const name = args.get("ord") === undefined ? "p" : "ord";
  const p = args.float(name, 2);
  const op = p === 2 ? "ReduceL2" : p === 1 ? "ReduceL1" : undefined;
  if (!op) throw args.refuse(`the norm of order ${p}`);
  return reduce(op, args.tensor("self"), args, c);
}

export const REDUCTION: readonly Operator[] = [
  reduction(["mean"], "ReduceMean", floating), reduction(["sum"], "ReduceSum", summable), reduction(["prod"], "ReduceProd", summable),
  reduction(["logsumexp"], "ReduceLogSumExp", floating), reduction(["amax"], "ReduceMax", (x) => x), reduction(["amin"], "ReduceMin", (x) => x),
  defineOperator({ names: ["max"], params: "self dim keepdim", convert: (args, c) => extreme(args, c, "Max") }),
  defineOperator({ names: ["min"], params: "self dim keepdim", convert: (args, c) => extreme(args, c, "Min") }),
  defineOperator({ names: ["argmax"], params: "self dim keepdim", convert: (args, c) => argument(args, c, "ArgMax") }),
  defineOperator({ names: ["argmin"], params: "self dim keepdim", convert: (args, c) => argument(args, c, "ArgMin") }),
  defineOperator({ names: ["var", "std"], params: "self dim unbiased keepdim correction", convert: variance }),
  defineOperator({ names: ["norm", "linalg_vector_norm"], params: "self ord dim keepdim dtype", convert: norm }),
  defineOperator({ names: ["cumsum"], params: "self dim dtype", convert: (args, c) => {
    const x = summable(args.tensor("self"), c);
    return c.graph.op("CumSum", [x, c.o.scalar(args.axis("dim", c.rank(x)), "int64")]);
  } }),
  defineOperator({ names: ["all", "any"], params: "self dim keepdim", convert: (args, c) => c.o.cast(reduce(args.op === "all" ? "ReduceMin" : "ReduceMax", c.o.cast(c.o.cast(args.tensor("self"), "bool"), "int64"), args, c), "bool") }),
];
