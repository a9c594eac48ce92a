// Matrix products, convolutions, pools and normalisation, channels last.

import type { Value } from "../../../onnx/index.ts";
import type { Tensor } from "../../../tensor/index.ts";
import { transposed } from "../../keras/layer.ts";
import { define, type NodeView, type Operator, type TfContext } from "../context.ts";
import { Dilated } from "../values.ts";

const nchw = (c: TfContext, x: Value): Value => c.o.transpose(x, [0, 3, 1, 2]);
const nhwc = (c: TfContext, x: Value): Value => c.o.transpose(x, [0, 2, 3, 1]);

function channelsLast(op: NodeView): void {
  const format = op.text("data_format", "NHWC");
  if (format !== "NHWC") throw op.unsupported(`data_format ${JSON.stringify(format.slice(0, 20))} is not compiled`, "Build the model with channels_last.");
}
/** Height and width of an attribute [1, h, w, 1]. */
function spatial(op: NodeView, name: string): [number, number] {
  const list = op.list(name);
  if (list.length === 0 && name === "dilations") return [1, 1];
  if (list.length !== 4 || list[0] !== 1 || list[3] !== 1 || list[1]! < 1 || list[2]! < 1) throw op.unsupported(`${name} [${list.slice(0, 8).join(", ")}] are not compiled`);
  return [list[1]!, list[2]!];
}
function padding(op: NodeView): { auto_pad?: string; pads?: number[] } {
  const kind = op.text("padding");
  if (kind === "SAME") return { auto_pad: "SAME_UPPER" };
  if (kind === "VALID") return { auto_pad: "VALID" };
  const p = op.list("explicit_paddings");
  if (kind !== "EXPLICIT" || p.length !== 8) throw op.unsupported(`padding ${JSON.stringify(kind.slice(0, 20))} is not compiled`);
  return { pads: [p[2]!, p[4]!, p[3]!, p[5]!] };
}
function image(op: NodeView, i: number): Value {
  const x = op.value(i);
  if (x.shape?.length !== 4) throw op.malformed("its input is not [N, H, W, C]");
  return x;
}
/** A weight with its axes in another order; turned here where it is a constant. */
function turned(op: NodeView, c: TfContext, i: number, perm: readonly number[]): Value {
  const t = op.tensor(i);
  if (t.constant?.type === "float" && t.constant.shape.length === perm.length) return c.graph.constant(transposed(t.constant as Tensor<"float">, perm));
  return c.o.transpose(t.value, perm);
}
function weightShape(op: NodeView, i: number): number[] {
  const shape = op.shape(i);
  if (shape.length !== 4 || shape.some((d) => typeof d !== "number" || d < 1)) throw op.malformed("its weights are not [h, w, in, out]");
  return shape as number[];
}

/** What only a convolution can follow, and only BatchToSpaceND after that. */
const onlyDilated = (op: NodeView) => (): Error => op.unsupported("it is compiled around a convolution only, as a dilation");

function spaceToBatch(op: NodeView, c: TfContext): Dilated {
  const [block, pads] = [op.ints(1, "blocks"), op.ints(2, "paddings")];
  const x = op.value(0);
  if (x.shape?.length === 3 && block.length === 1 && pads.length === 2) return new Dilated(c.o.unsqueeze(x, 1), [1, block[0]!], [0, pads[0]!, 0, pads[1]!], true, onlyDilated(op));
  if (x.shape?.length !== 4 || block.length > 2 || block.length === 0 || pads.length !== 2 * block.length || block.some((b) => b < 1) || pads.some((p) => p < 0)) throw op.unsupported("this form is not compiled");
  const [h, w] = block.length === 2 ? [block[0]!, block[1]!] : [block[0]!, 1];
  return new Dilated(x, [h, w], block.length === 2 ? [pads[0]!, pads[2]!, pads[1]!, pads[3]!] : [pads[0]!, 0, pads[1]!, 0], false, onlyDilated(op));
}
function batchToSpace(op: NodeView, c: TfContext): Value {
  const t = op.tensor(0);
  const [block, crops] = [op.ints(1, "blocks"), op.ints(2, "crops")];
  if (t instanceof Dilated && t.flat && t.pads === undefined && block.length === 1 && block[0] === t.dilations[1] && crops.length === 2 && crops.every((p) => p >= 0)) {
    return c.o.squeeze(c.o.slice(t.x, crops[0]!, crops[1] === 0 ? Number.MAX_SAFE_INTEGER : -crops[1]!, 2), 1);
  }
  if (!(t instanceof Dilated) || t.flat || t.pads !== undefined || block.some((b, i) => t.dilations[i] !== b) || (block[1] ?? t.dilations[1]) !== t.dilations[1]) throw onlyDilated(op)();
  if (crops.length !== 2 * block.length || crops.some((p) => p < 0)) throw op.malformed("its crops do not fit its blocks");
  return block.reduce((y, _, i) => {
    const [begin, end] = [crops[2 * i]!, crops[2 * i + 1]!];
    return begin === 0 && end === 0 ? y : c.o.slice(y, begin, end === 0 ? Number.MAX_SAFE_INTEGER : -end, i + 1);
  }, t.x);
}

function conv(op: NodeView, c: TfContext): Value | Dilated {
  channelsLast(op);
  const given = op.tensor(0);
  if (given instanceof Dilated) {
    const [h, w, inner] = weightShape(op, 1);
    const channels = given.x.shape?.[3];
    const plain = [...spatial(op, "strides"), ...spatial(op, "dilations")].every((v) => v === 1) && op.text("padding") === "VALID";
    if (!plain || !given.pads || typeof channels !== "number" || channels % inner! !== 0) throw onlyDilated(op)();
    const y = c.graph.op("Conv", [nchw(c, given.x), turned(op, c, 1, [3, 2, 0, 1])], { kernel_shape: [h!, w!], strides: [1, 1], dilations: [...given.dilations], pads: [...given.pads], group: channels / inner! });
    return new Dilated(nhwc(c, y), given.dilations, undefined, given.flat, onlyDilated(op));
  }
  const x = image(op, 0);
  const [h, w, inner] = weightShape(op, 1);
  const channels = x.shape![3];
  if (typeof channels !== "number" || channels % inner! !== 0) throw op.malformed(`an input of ${String(channels)} channels for weights of ${inner}`);
  const y = c.graph.op("Conv", [nchw(c, x), turned(op, c, 1, [3, 2, 0, 1])], {
    kernel_shape: [h!, w!], strides: spatial(op, "strides"), dilations: spatial(op, "dilations"), group: channels / inner!, ...padding(op) });
  return nhwc(c, y);
}
function depthwise(op: NodeView, c: TfContext): Value {
  channelsLast(op);
  const x = image(op, 0);
  const [h, w, channels, multiplier] = weightShape(op, 1);
  if (x.shape![3] !== channels) throw op.malformed(`an input of ${String(x.shape![3])} channels for weights of ${channels}`);
  const weights = c.o.reshape(turned(op, c, 1, [2, 3, 0, 1]), [channels! * multiplier!, 1, h!, w!]);
  const y = c.graph.op("Conv", [nchw(c, x), weights], {
    kernel_shape: [h!, w!], strides: spatial(op, "strides"), dilations: spatial(op, "dilations"), group: channels!, ...padding(op) });
  return nhwc(c, y);
}
/** Conv2DBackpropInput(sizes, weights [h, w, out, in], x): the transposed convolution. */
function convTranspose(op: NodeView, c: TfContext): Value {
  channelsLast(op);
  const x = image(op, 2);
  const [h, w, out] = weightShape(op, 1);
  const strides = spatial(op, "strides");
  const dilations = spatial(op, "dilations");
  const target = op.tensor(0).sizes;
  const pads: number[][] = [[], []];
  const more: number[] = [];
  [h!, w!].forEach((k, i) => {
    const [from, to] = [x.shape![i + 1], target?.[i + 1]];
    if (typeof from !== "number" || typeof to !== "number") throw op.unsupported("a transposed convolution of open size is not compiled", "Give the model's Input a full shape.");
    const over = strides[i]! * (from - 1) + (k - 1) * dilations[i]! + 1 - to;
    const begin = op.text("padding") === "VALID" ? 0 : Math.floor(Math.max(0, over) / 2);
    if (op.text("padding") !== "VALID" && op.text("padding") !== "SAME") throw op.unsupported("explicit padding is not compiled");
    pads[0]!.push(begin);
    pads[1]!.push(Math.max(0, over) - begin);
    more.push(Math.max(0, -over));
  });
  if (target?.[3] !== undefined && target[3] !== out) throw op.malformed("its weights do not fit its output");
  if (more.some((m, i) => m >= Math.max(strides[i]!, dilations[i]!))) throw op.unsupported("an output that is larger than its strides make it is not compiled");
  return nhwc(c, c.graph.op("ConvTranspose", [nchw(c, x), turned(op, c, 1, [3, 2, 0, 1])], { kernel_shape: [h!, w!], strides, dilations, pads: pads.flat(), output_padding: more }));
}
function pool(op: NodeView, c: TfContext, type: string): Value {
  channelsLast(op);
  return nhwc(c, c.graph.op(type, [nchw(c, image(op, 0))], { kernel_shape: spatial(op, "ksize"), strides: spatial(op, "strides"), ...padding(op) }));
}

function biasAdd(op: NodeView, c: TfContext): Value {
  channelsLast(op);
  return c.o.add(op.value(0), op.value(1));
}
/** Keras 2 normalises layers so: every row is a channel of one image, and has a mean of its own. */
function rowsAsChannels(op: NodeView, c: TfContext): Value {
  const [x, scale, offset] = op.values(0, 3) as [Value, Value, Value];
  const axes = c.o.int64s([0, 2, 3]);
  const centred = c.o.sub(x, c.graph.op("ReduceMean", [x, axes], { keepdims: 1 }));
  const variance = c.graph.op("ReduceMean", [c.o.mul(centred, centred), axes], { keepdims: 1 });
  const normal = c.o.div(centred, c.o.sqrt(c.o.add(variance, op.float("epsilon", Math.fround(1e-4)))));
  const wide = (v: Value): Value => c.graph.op("Unsqueeze", [v, c.o.int64s([1, 2])]);
  return c.o.add(c.o.mul(normal, wide(scale)), wide(offset));
}

function batchNorm(op: NodeView, c: TfContext): Value {
  if (op.text("data_format") === "NCHW" && op.flag("is_training", true) && op.rank(0) === 4 && op.shape(0)[0] === 1) return rowsAsChannels(op, c);
  channelsLast(op);
  if (op.flag("is_training", true)) throw op.unsupported("batch normalisation in training mode is not compiled: its result depends on the other rows", "Save the model for inference: call it with training=False.");
  const [x, scale, offset, mean, variance] = op.values(0, 5) as [Value, Value, Value, Value, Value];
  const factor = c.o.div(scale, c.o.sqrt(c.o.add(variance, op.float("epsilon", Math.fround(1e-4)))));
  return c.o.add(c.o.mul(c.o.sub(x, mean), factor), offset);
}

function matmul(op: NodeView, c: TfContext, left: string, right: string): Value {
  const turn = (i: number, flag: boolean): Value => {
    if (!flag) return op.value(i);
    const rank = op.rank(i);
    return c.o.transpose(op.value(i), [...Array.from({ length: rank - 2 }, (_, k) => k), rank - 1, rank - 2]);
  };
  for (const i of [0, 1]) if (op.rank(i) < 2) throw op.malformed("it multiplies what is no matrix");
  return c.o.matmul(turn(0, op.flag(left)), turn(1, op.flag(right)));
}

export const NEURAL: readonly Operator[] = [
  define("MatMul", (op, c) => matmul(op, c, "transpose_a", "transpose_b")),
  define("BatchMatMul BatchMatMulV2 BatchMatMulV3", (op, c) => matmul(op, c, "adj_x", "adj_y")),
  define("Einsum", (op, c) => c.graph.op("Einsum", op.values(), { equation: op.text("equation") })),
  define("BiasAdd", biasAdd),
  define("Conv2D", conv), define("DepthwiseConv2dNative", depthwise), define("Conv2DBackpropInput", convTranspose),
  define("SpaceToBatchND", spaceToBatch), define("BatchToSpaceND", batchToSpace),
  define("MaxPool", (op, c) => pool(op, c, "MaxPool")), define("AvgPool", (op, c) => pool(op, c, "AveragePool")),
  define("FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3", batchNorm),
];
