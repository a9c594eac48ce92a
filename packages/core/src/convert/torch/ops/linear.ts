// Matrix products.

import type { Value } from "../../../onnx/index.ts";
import { defineOperator, type Args, type Operator, type OpenShape, type TorchContext } from "../operator.ts";
import { TensorValue } from "../values.ts";

const columns = (args: Args, name: string, axis: number): OpenShape | undefined => {
  const weight = args.get(name);
  const d = weight instanceof TensorValue ? weight.value.shape?.at(axis) : undefined;
  return typeof d === "number" ? { type: "float", shape: ["N", d] } : undefined;
};

/** x [..., in] by weight [out, in], as torch.nn.functional.linear. */
export function linear(x: Value, weight: Value, bias: Value | null, c: TorchContext): Value {
  const rank = c.rank(x);
  if (rank === 2) return c.graph.op("Gemm", [x, weight, bias], { transB: 1 });
  const product = c.o.matmul(x, c.o.transpose(weight, [1, 0]));
  return bias ? c.o.add(product, bias) : product;
}

const matmul = (args: Args, c: TorchContext, a: string, b: string): Value => c.graph.op("MatMul", [args.tensor(a), args.tensor(b)]);

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
  defineOperator({ names: ["mm", "bmm"], params: "self mat2", open: (args) => columns(args, "mat2", 0), convert: (args, c) => matmul(args, c, "self", "mat2") }),
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
    convert: (args, c) => c.graph.op("Einsum", args.tensors("tensors"), { equation: args.string("equation", "") }),
  }),
];
