// Pools and reductions.

import type { Value } from "../../../onnx/index.ts";
import { floats } from "../../../tensor/index.ts";
import { toNchw, toNhwc, type LiteContext, type Operator, type OperatorView } from "../context.ts";

function window(op: OperatorView): { kernel_shape: number[]; strides: number[]; auto_pad: string } {
  const [sw, sh, kw, kh] = [op.int(1), op.int(2), op.int(3), op.int(4)];
  if ([sw, sh, kw, kh].some((v) => v < 1)) throw op.malformed("its window or strides are below 1");
  return { kernel_shape: [kh, kw], strides: [sh, sw], auto_pad: op.byte(0) === 0 ? "SAME_UPPER" : "VALID" };
}

const maxPool: Operator = {
  names: ["MAX_POOL_2D"],
  convert: (op, c) => {
    const y = toNhwc(c, c.graph.op("MaxPool", [toNchw(c, op.value(0))], window(op)));
    if (!op.quantized(op.tensor(0))) return op.activate(y, op.activation(5));
    const [low, high] = op.range(op.activation(5));
    return low === -128 && high === 127 ? y : c.clamp(c.int64(y), [low, high], "int8");
  },
};

/** x / n to the nearest, ties away from zero; n int64. */
function divideRounded(c: LiteContext, x: Value, n: Value): Value {
  const half = c.o.div(n, 2);
  return c.o.div(c.o.where(c.o.greater(x, 0), c.o.add(x, half), c.o.sub(x, half)), n);
}

const averagePool: Operator = {
  names: ["AVERAGE_POOL_2D"],
  convert: (op, c) => {
    const at = window(op);
    const x = op.value(0);
    if (!op.quantized(op.tensor(0))) return op.activate(toNhwc(c, c.graph.op("AveragePool", [toNchw(c, x)], at)), op.activation(5));
    // Sums of bytes over a window are exact in float.
    const channels = op.shape(0)[3];
    const [h, w] = [op.shape(0)[1], op.shape(0)[2]];
    if (typeof channels !== "number" || typeof h !== "number" || typeof w !== "number") throw op.unsupported("an input of open size is not compiled");
    if (h * w > 2 ** 24 || channels > 2 ** 16 || at.kernel_shape[0]! * at.kernel_shape[1]! > 65536) throw op.unsupported("so large an input or window is not compiled");
    const ones = (out: number): Value => c.graph.constant(floats(new Float32Array(out * at.kernel_shape[0]! * at.kernel_shape[1]!).fill(1), [out, 1, ...at.kernel_shape]));
    const sums = c.int64(c.graph.op("Conv", [toNchw(c, c.float(x)), ones(channels)], { ...at, group: channels }));
    const counts = c.int64(c.graph.op("Conv", [c.graph.constant(floats(new Float32Array(h * w).fill(1), [1, 1, h, w])), ones(1)], at));
    // Halves go away from zero, which for uint8 is upwards throughout.
    const mean = op.tensor(0).lowered ? c.o.sub(divideRounded(c, c.o.add(sums, c.o.mul(counts, 128)), counts), 128) : divideRounded(c, sums, counts);
    return c.clamp(toNhwc(c, mean), op.range(op.activation(5)), "int8");
  },
};

function reduce(op: OperatorView, c: LiteContext, type: string): Value {
  const x = op.value(0);
  const axes = op.ints(1, "axes");
  const keepdims = op.flag(0) ? 1 : 0;
  const list = c.o.int64s(axes);
  if (!op.quantized(op.tensor(0)) || type === "ReduceMax" || type === "ReduceMin") return c.graph.op(type, [x, list], { keepdims });
  if (type !== "ReduceMean" && type !== "ReduceSum") throw op.unsupported("only float is compiled");
  const shape = op.shape(0);
  const count = axes.reduce((n, a) => n * (typeof shape.at(a) === "number" ? (shape.at(a) as number) : NaN), 1);
  if (!Number.isSafeInteger(count) || count < 1) throw op.unsupported("an average over an open dimension is not compiled");
  // XNNPACK's sums of raw bytes, times a factor that has the division in it, plus a zero point that has the input's.
  const [input, output] = [op.tensor(0), op.output];
  const ratio = Math.fround(op.scale(input) / op.scale(output));
  const factor = type === "ReduceMean" ? Math.fround(ratio * Math.fround(1 / count)) : ratio;
  const raised = input.lowered ? 128 : 0;
  const zero = Math.fround(op.zeroPoint(output) + raised - Math.fround(Math.fround(count * (op.zeroPoint(input) + raised)) * factor));
  const sums = c.float(c.o.add(c.graph.op("ReduceSum", [c.int64(x), list], { keepdims }), count * raised));
  const nearest = c.graph.op("Round", [c.o.add(c.o.mul(sums, c.o.scalar(factor, "float")), c.o.scalar(zero, "float"))]);
  return c.o.cast(c.o.sub(c.graph.op("Clip", [nearest, c.o.scalar(raised - 128, "float"), c.o.scalar(raised + 127, "float")]), raised), "int8");
}
const reduction = (name: string, type: string): Operator => ({ names: [name], convert: (op, c) => reduce(op, c, type) });

export const POOLING: readonly Operator[] = [
  maxPool, averagePool, reduction("MEAN", "ReduceMean"), reduction("SUM", "ReduceSum"), reduction("REDUCE_MAX", "ReduceMax"), reduction("REDUCE_MIN", "ReduceMin"), reduction("REDUCE_PROD", "ReduceProd"),
];
