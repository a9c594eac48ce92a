// Operators that move blocks between the rows, the places and the channels of an image.

import type { Value } from "../../../onnx/index.ts";
import type { Tensor } from "../../../tensor/index.ts";
import type { LiteContext, Operator, OperatorView } from "../context.ts";

/** Sizes of the dimensions between the rows and the rest. */
function places(op: OperatorView, shape: readonly unknown[], count: number): number[] {
  return shape.slice(1, 1 + count).map((d) => {
    if (typeof d !== "number") throw op.unsupported("an input of open size is not compiled");
    return d;
  });
}
function readBlocks(op: OperatorView): { readonly blocks: number[]; readonly pairs: [number, number][] } {
  const blocks = op.ints(1, "block sizes");
  const flat = op.ints(2, "paddings");
  if (blocks.length < 1 || blocks.length > 4 || blocks.some((b) => b < 1) || flat.length !== 2 * blocks.length || flat.some((v) => v < 0 || v > 2 ** 24)) throw op.malformed("its blocks are not readable");
  return { blocks, pairs: blocks.map((_, i) => [flat[2 * i]!, flat[2 * i + 1]!]) };
}
/** The scalar that means zero in the tensor's type. */
function zeroOf(op: OperatorView, c: LiteContext): Value {
  const t = op.tensor(0);
  const value = t.quantization ? op.zeroPoint(t) : 0;
  switch (t.type) {
    case "int8": return c.graph.constant({ type: "int8", shape: [], data: Int8Array.of(value) });
    case "uint8": return c.graph.constant({ type: "uint8", shape: [], data: Uint8Array.of(value) });
    case "int16": return c.graph.constant({ type: "int16", shape: [], data: Int16Array.of(value) } as Tensor);
    case "bool": return c.graph.constant({ type: "bool", shape: [], data: Uint8Array.of(0) });
    case "float": case "int32": case "int64": return c.o.scalar(0, t.type);
    default: throw op.unsupported(`${t.type} is not compiled`);
  }
}
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

const spaceToBatch: Operator = {
  names: ["SPACE_TO_BATCH_ND"],
  convert: (op, c) => {
    const { blocks, pairs } = readBlocks(op);
    const m = blocks.length;
    const rest = op.shape(0).slice(1 + m);
    const sizes = places(op, op.shape(0), m).map((d, i) => d + pairs[i]![0] + pairs[i]![1]);
    if (rest.some((d) => typeof d !== "number") || sizes.some((d, i) => d % blocks[i]! !== 0)) throw op.malformed("its blocks do not fit its input");
    const ends = [[0, 0], ...pairs, ...rest.map(() => [0, 0])];
    const padded = c.graph.op("Pad", [op.value(0), c.o.int64s([...ends.map((p) => p[0]!), ...ends.map((p) => p[1]!)]), zeroOf(op, c)]);
    const cut = c.o.reshape(padded, [-1, ...sizes.flatMap((d, i) => [d / blocks[i]!, blocks[i]!]), ...(rest as number[])]);
    const turned = c.o.transpose(cut, [...blocks.map((_, i) => 2 * i + 2), 0, ...blocks.map((_, i) => 2 * i + 1), ...range(2 * m + 1, rest.length)]);
    return c.o.reshape(turned, [-1, ...sizes.map((d, i) => d / blocks[i]!), ...(rest as number[])]);
  },
};
const batchToSpace: Operator = {
  names: ["BATCH_TO_SPACE_ND"],
  convert: (op, c) => {
    const { blocks, pairs } = readBlocks(op);
    const m = blocks.length;
    const rest = op.shape(0).slice(1 + m);
    const sizes = places(op, op.shape(0), m);
    if (rest.some((d) => typeof d !== "number")) throw op.unsupported("an input of open size is not compiled");
    const split = c.o.reshape(op.value(0), [...blocks, -1, ...sizes, ...(rest as number[])]);
    const turned = c.o.transpose(split, [m, ...blocks.flatMap((_, i) => [m + 1 + i, i]), ...range(2 * m + 1, rest.length)]);
    const whole = c.o.reshape(turned, [-1, ...sizes.map((d, i) => d * blocks[i]!), ...(rest as number[])]);
    return pairs.reduce<Value>((x, [before, after], i) => (before + after === 0 ? x : c.o.slice(x, before, sizes[i]! * blocks[i]! - after, i + 1)), whole);
  },
};

const depthToSpace: Operator = {
  names: ["DEPTH_TO_SPACE"],
  convert: (op, c) => {
    const b = op.int(0);
    const [, h, w, d] = op.shape(0);
    if (typeof h !== "number" || typeof w !== "number" || typeof d !== "number" || b < 1 || d % (b * b) !== 0) throw op.unsupported("an input of open size is not compiled");
    const y = c.o.transpose(c.o.reshape(op.value(0), [-1, h, w, b, b, d / (b * b)]), [0, 1, 3, 2, 4, 5]);
    return c.o.reshape(y, [-1, h * b, w * b, d / (b * b)]);
  },
};
const spaceToDepth: Operator = {
  names: ["SPACE_TO_DEPTH"],
  convert: (op, c) => {
    const b = op.int(0);
    const [, h, w, d] = op.shape(0);
    if (typeof h !== "number" || typeof w !== "number" || typeof d !== "number" || b < 1 || h % b !== 0 || w % b !== 0) throw op.unsupported("an input of open size is not compiled");
    const y = c.o.transpose(c.o.reshape(op.value(0), [-1, h / b, b, w / b, b, d]), [0, 1, 3, 2, 4, 5]);
    return c.o.reshape(y, [-1, h / b, w / b, b * b * d]);
  },
};

export const BLOCKS: readonly Operator[] = [spaceToBatch, batchToSpace, depthToSpace, spaceToDepth];
