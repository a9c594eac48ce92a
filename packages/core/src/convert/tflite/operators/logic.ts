// Comparisons, conditions, order and whole-number arithmetic.

import type { Value } from "../../../onnx/index.ts";
import { int64s } from "../../../tensor/index.ts";
import type { LiteContext, Operator, OperatorView } from "../context.ts";

/** A quantized tensor's numbers in float; others as they are. */
function real(op: OperatorView, c: LiteContext, i: number): Value {
  const t = op.tensor(i);
  return op.quantized(t) ? c.o.mul(c.o.sub(c.float(op.value(i)), op.zeroPoint(t)), op.scale(t)) : op.value(i);
}
const compare = (name: string, type: string, negate = false): Operator => ({
  names: [name],
  convert: (op, c) => {
    const [a, b] = [op.tensor(0), op.tensor(1)];
    const same = op.quantized(a) && op.quantized(b) && op.scale(a) === op.scale(b) && op.zeroPoint(a) === op.zeroPoint(b);
    // In 256ths, as the interpreter's own kernels compare.
    const fine = (i: number): Value => c.multiply(c.o.mul(c.o.sub(c.int64(op.value(i)), op.zeroPoint(op.tensor(i))), 256), [op.scale(op.tensor(i))]);
    const [x, y] = same ? [c.o.cast(op.value(0), "int32"), c.o.cast(op.value(1), "int32")] : op.quantized(a) && op.quantized(b) ? [fine(0), fine(1)] : [op.value(0), op.value(1)];
    const made = c.graph.op(type, [x, y]);
    return negate ? c.o.not(made) : made;
  },
});
const logical = (name: string, type: string): Operator => ({ names: [name], convert: (op, c) => c.graph.op(type, [op.value(0), op.value(1)]) });
const anyAll = (name: string, type: string): Operator => ({
  names: [name],
  convert: (op, c) => c.o.cast(c.graph.op(type, [c.o.cast(op.value(0), "int32"), c.o.int64s(op.ints(1, "axes"))], { keepdims: op.flag(0) ? 1 : 0 }), "bool"),
});
function noQuantized(op: OperatorView): void {
  if (op.quantized(op.tensor(0))) throw op.unsupported("int8 is not compiled");
}

const select: Operator = {
  names: ["SELECT", "SELECT_V2"],
  convert: (op, c) => {
    const ts = [op.tensor(1), op.tensor(2), op.output];
    if (op.quantized(op.output) && ts.some((t) => op.scale(t) !== op.scale(op.output) || op.zeroPoint(t) !== op.zeroPoint(op.output))) throw op.unsupported("an int8 choice between different scales is not compiled");
    let condition = op.value(0);
    // SELECT takes a condition for each row.
    if (op.name === "SELECT" && condition.shape?.length === 1 && (op.shape(1).length ?? 0) > 1) condition = c.graph.op("Unsqueeze", [condition, c.o.int64s(Array.from({ length: op.shape(1).length - 1 }, (_, i) => i + 1))]);
    if (op.value(1).type === "int8") return c.o.cast(c.o.where(condition, c.o.cast(op.value(1), "int32"), c.o.cast(op.value(2), "int32")), "int8");
    return c.graph.op("Where", [condition, op.value(1), op.value(2)]);
  },
};
const topK: Operator = {
  names: ["TOPK_V2"],
  convert: (op, c) => {
    noQuantized(op);
    const [values, indices] = c.graph.ops("TopK", [op.value(0), c.o.int64s(op.ints(1, "k").slice(0, 1))], { axis: -1, largest: 1, sorted: 1 }, 2);
    return [values!, c.o.cast(indices!, "int32")];
  },
};
const cumsum: Operator = {
  names: ["CUMSUM"],
  convert: (op, c) => {
    noQuantized(op);
    return c.graph.op("CumSum", [op.value(0), c.o.scalar(op.ints(1, "axes")[0]!, "int64")], { exclusive: op.flag(0) ? 1 : 0, reverse: op.flag(1) ? 1 : 0 });
  },
};
const oneHot: Operator = {
  names: ["ONE_HOT"],
  convert: (op, c) => {
    const depth = op.ints(1, "depth")[0] ?? 0;
    if (!(depth >= 1 && depth <= 2 ** 22)) throw op.malformed(`its depth is ${depth}`);
    const index = c.int64(op.value(0));
    const within = c.o.where(c.o.less(index, 0), c.o.scalar(depth, "int64"), index);
    const values = c.o.concat([op.value(3), op.value(2)].map((v) => c.o.reshape(v, [1])), 0);
    return c.graph.op("OneHot", [within, c.o.scalar(depth, "int64"), values], { axis: op.int(0, -1) });
  },
};
const reverse: Operator = {
  names: ["REVERSE_V2"],
  convert: (op, c) => op.ints(1, "axes").reduce((x, axis) => c.o.slice(x, -1, -Number.MAX_SAFE_INTEGER, axis, -1), op.value(0)),
};
const floorDiv: Operator = {
  names: ["FLOOR_DIV"],
  convert: (op, c) => {
    noQuantized(op);
    const [a, b] = [op.value(0), op.value(1)];
    if (a.type === "float") return c.graph.op("Floor", [c.o.div(a, b)]);
    const rest = c.graph.op("Mod", [a, b]);
    return c.o.div(c.o.sub(a, rest), b);
  },
};
const floorMod: Operator = {
  names: ["FLOOR_MOD"],
  convert: (op, c) => {
    noQuantized(op);
    const [a, b] = [op.value(0), op.value(1)];
    if (a.type !== "float") return c.graph.op("Mod", [a, b]);
    const rest = c.graph.op("Mod", [a, b], { fmod: 1 });
    return c.o.where(c.o.and(c.o.not(c.o.equal(rest, 0)), c.graph.op("Xor", [c.o.less(rest, 0), c.o.less(b, 0)])), c.o.add(rest, b), rest);
  },
};
const addN: Operator = {
  names: ["ADD_N"],
  convert: (op, c) => {
    noQuantized(op);
    return op.op.inputs.map((_, i) => op.value(i)).reduce((a, b) => c.o.add(a, b));
  },
};
const range: Operator = {
  names: ["RANGE"],
  convert: (op, c) => c.graph.op("Range", [0, 1, 2].map((i) => (op.value(i).shape?.length === 0 ? op.value(i) : c.o.reshape(op.value(i), [])))),
};
const gatherNd: Operator = { names: ["GATHER_ND"], convert: (op, c) => c.graph.op("GatherND", [op.value(0), c.int64(op.value(1))]) };
const zerosLike: Operator = { names: ["ZEROS_LIKE"], convert: (op, c) => c.graph.op("Expand", [c.o.scalar(0, op.tensor(0).type), c.graph.op("Shape", [op.value(0)])]) };
const rank: Operator = { names: ["RANK"], convert: (op, c) => c.o.cast(c.graph.constant(int64s([op.shape(0).length], [])), op.output.type) };
const l2: Operator = {
  names: ["L2_NORMALIZATION"],
  convert: (op, c) => {
    noQuantized(op);
    const x = op.value(0);
    return op.activate(c.o.div(x, c.o.maximum(c.o.sqrt(c.o.sum(c.o.mul(x, x), -1, true)), 1e-6)), op.activation(0));
  },
};
const where: Operator = {
  names: ["WHERE"],
  convert: (op, c) => c.o.transpose(c.graph.op("NonZero", [c.o.cast(real(op, c, 0), "bool")]), [1, 0]),
};
const update: Operator = {
  names: ["DYNAMIC_UPDATE_SLICE"],
  convert: (op, c) => {
    // The part is written over the operand from a start that may be computed; all but one axis must be whole.
    const [whole, part] = [op.shape(0), op.shape(1)];
    const axes = whole.flatMap((d, i) => (d === part[i] ? [] : [i]));
    if (axes.length !== 1 || part[axes[0]!] !== 1) throw op.unsupported("an update of more than one place of one axis is not compiled");
    const size = whole[axes[0]!];
    if (typeof size !== "number" || size > 2 ** 22) throw op.unsupported("an input of open size is not compiled");
    const at = c.o.gather(c.int64(op.value(2)), int64s([axes[0]!]), 0);
    const bounded = c.graph.op("Clip", [at, c.o.scalar(0, "int64"), c.o.scalar(size - 1, "int64")]);
    const here = c.o.equal(c.o.int64s(Array.from({ length: size }, (_, i) => i)), bounded);
    const spread = c.o.reshape(here, whole.map((_, i) => (i === axes[0] ? size : 1)));
    return c.graph.op("Where", [spread, op.value(1), op.value(0)]);
  },
};

export const LOGIC: readonly Operator[] = [
  compare("LESS", "Less"), compare("GREATER", "Greater"), compare("LESS_EQUAL", "LessOrEqual"), compare("GREATER_EQUAL", "GreaterOrEqual"), compare("EQUAL", "Equal"), compare("NOT_EQUAL", "Equal", true),
  logical("LOGICAL_AND", "And"), logical("LOGICAL_OR", "Or"), anyAll("REDUCE_ANY", "ReduceMax"), anyAll("REDUCE_ALL", "ReduceMin"),
  select, topK, cumsum, oneHot, reverse, floorDiv, floorMod, addN, range, gatherNd, zerosLike, rank, l2, where, update,
];
