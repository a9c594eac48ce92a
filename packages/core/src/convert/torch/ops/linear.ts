// Matrix products.

import type { Value } from "../../../onnx/index.ts";
import type { Args } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { defineOperator, type Operator, type OpenShape } from "../operator.ts";
import { TensorValue } from "../values.ts";

const columns = (args: Args, name: string, axis: number): OpenShape | undefined => {
  const weight = args.get(name);
  const d = weight instanceof TensorValue ? weight.value.shape?.at(axis) : undefined;
  return typeof d === "number" && weight instanceof TensorValue ? { type: weight.value.type, shape: ["N", d] } : undefined;
};

/** x [..., in] by weight [out, in], as torch.nn.functional.linear. */
export function linear(x: Value, weight: Value, bias: Value | null, c: TorchContext): Value {
  const rank = c.rank(x);
  if (rank === 2) return c.graph.op("Gemm", [x, weight, bias], { transB: 1 });
  const product = c.o.matmul(x, c.o.transpose(weight, [1, 0]));
  return bias ? c.o.add(product, bias) : product;
}

const matmul = (args: Args, c: TorchContext, a: string, b: string): Value => c.graph.op("MatMul", [args.tensor(a), args.tensor(b)]);

/** An equation with letters for "..." and with its result told, as torch.einsum understands it. */
function spelledOut(given: string, ranks: readonly number[], args: Args): string {
  const equation = given.replaceAll(" ", "");
  const [left, right] = equation.split("->") as [string, string | undefined];
  const terms = left.split(",");
  if (equation.length > 1000 || terms.length !== ranks.length) throw args.bad("equation", "a term for each tensor");
  const used = new Set(equation);
  const free = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"].filter((letter) => !used.has(letter));
  const hidden = terms.map((term, i) => (term.includes("...") ? ranks[i]! - term.length + 3 : 0));
  const most = Math.max(0, ...hidden);
  if (most > free.length || Math.min(...hidden) < 0) throw args.bad("equation", "one that fits the tensors");
  const dots = free.slice(0, most).join("");
  const spelled = terms.map((term, i) => term.replace("...", dots.slice(most - hidden[i]!)));
  const letters = [...spelled.join("")].filter((letter) => !dots.includes(letter));
  const once = [...new Set(letters)].filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter)).sort().join("");
  return `${spelled.join(",")}->${right === undefined ? dots + once : right.replace("...", dots)}`;
}

export const LINEAR: readonly Operator[] = [
  defineOperator({
    names: ["linear"], params: "input weight bias",
    open: (args) => columns(args, "weight", -1),
    convert: (args, c) => linear(args.tensor("input"), args.tensor("weight"), args.optional("bias"), c),
  }),
  defineOperator({
    names: ["addmm"], params: "self mat1 mat2 beta alpha",
    open: (args) => columns(args, "mat2", 0),
    convert: (args, c) => c.graph.op("Gemm", [args.tensor("mat1"), args.tensor("mat2"), args.tensor("self")], { alpha: args.float("alpha", 1), beta: args.float("beta", 1) }),
  }),
  defineOperator({ names: ["matmul", "__matmul__"], params: "self other", open: (args) => columns(args, "other", 0), convert: (args, c) => matmul(args, c, "self", "other") }),
  defineOperator({ names: ["mm", "bmm"], params: "self mat2", open: (args) => (args.op === "bmm" ? { type: "float", shape: ["N", null, null] } : columns(args, "mat2", 0)), convert: (args, c) => matmul(args, c, "self", "mat2") }),
  defineOperator({ names: ["mv"], params: "self vec", convert: (args, c) => matmul(args, c, "self", "vec") }),
  defineOperator({ names: ["dot"], params: "self tensor", convert: (args, c) => matmul(args, c, "self", "tensor") }),
  defineOperator({
    names: ["baddbmm"], params: "self batch1 batch2 beta alpha",
    convert: (args, c) => {
      const product = c.o.mul(c.graph.op("MatMul", [args.tensor("batch1"), args.tensor("batch2")]), args.float("alpha", 1));
      return c.o.add(product, c.o.mul(args.tensor("self"), args.float("beta", 1)));
    },
  }),
  defineOperator({
    names: ["einsum"], params: "equation tensors path",
    convert: (args, c) => {
      const tensors = args.tensors("tensors");
      return c.graph.op("Einsum", tensors, { equation: spelledOut(args.string("equation", ""), tensors.map((t) => c.rank(t)), args) });
    },
  }),
  defineOperator({ names: ["outer", "ger"], params: "self vec2", convert: (args, c) => c.o.mul(c.o.unsqueeze(args.tensor("self"), 1), c.o.unsqueeze(args.tensor("vec2"), 0)) }),
  defineOperator({ names: ["inner"], params: "self other", convert: (args, c) => {
    const y = args.tensor("other");
    const rank = c.rank(y);
    return c.graph.op("MatMul", [args.tensor("self"), rank < 2 ? y : c.o.transpose(y, [...Array.from({ length: rank - 2 }, (_, i) => i), rank - 1, rank - 2])]);
  } }),
  defineOperator({ names: ["chain_matmul", "linalg_multi_dot"], params: "matrices", convert: (args, c) => args.tensors("matrices").reduce((a, b) => c.graph.op("MatMul", [a, b])) }),
  defineOperator({ names: ["tensordot"], params: "self other dims_self dims_other", convert: (args, c) => {
    const [x, y] = [args.tensor("self"), args.tensor("other")];
    const [left, right] = [args.axes("dims_self", c.rank(x))!, args.axes("dims_other", c.rank(y))!];
    const letters = [..."abcdefghijklmnopqrstuvwxyz"];
    if (left.length !== right.length || c.rank(x) + c.rank(y) > letters.length) throw args.bad("dims_other", "as many dimensions as dims_self");
    const first = letters.slice(0, c.rank(x));
    const second = letters.slice(c.rank(x), c.rank(x) + c.rank(y));
    right.forEach((axis, i) => { second[axis] = first[left[i]!]!; });
    const rest = [...first.filter((_, i) => !left.includes(i)), ...second.filter((_, i) => !right.includes(i))];
    return c.graph.op("Einsum", [x, y], { equation: `${first.join("")},${second.join("")}->${rest.join("")}` });
  } }),
  defineOperator({ names: ["bilinear"], params: "input1 input2 weight bias", convert: (args, c) => {
    const [x, y, bias] = [args.tensor("input1"), args.tensor("input2"), args.optional("bias")];
    if (c.rank(x) > 20) throw args.bad("input1", "of fewer dimensions");
    const lead = "bcdefghlmnpqrstuvwyz".slice(0, c.rank(x) - 1);
    const product = c.graph.op("Einsum", [x, args.tensor("weight"), y], { equation: `${lead}i,oij,${lead}j->${lead}o` });
    return bias ? c.o.add(product, bias) : product;
  } }),
  defineOperator({ names: ["linalg_det", "det"], params: "A", convert: (args, c) => c.graph.op("Det", [args.tensor("A")]) }),
  defineOperator({ names: ["_weight_norm"], params: "v g dim", convert: (args, c) => {
    const v = args.tensor("v");
    const rank = c.rank(v);
    const keep = args.int("dim", 0);
    const axes = Array.from({ length: rank }, (_, i) => i).filter((i) => keep === -1 || i !== keep);
    return c.o.mul(v, c.o.div(args.tensor("g"), c.graph.op("ReduceL2", [v, c.o.int64s(axes)], { keepdims: 1 })));
  } }),
];
