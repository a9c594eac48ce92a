// Operators that move elements, whatever their type.

import type { Value } from "../../../onnx/index.ts";
import { floats, int64s } from "../../../tensor/index.ts";
import { type LiteContext, type Operator, type OperatorView } from "../context.ts";
import { nearestEven, shiftRight } from "../fixed-point.ts";

/** A list of sizes: a constant, or int32 made in the model. */
const sizes = (op: OperatorView, c: LiteContext, i: number): Value => (op.tensor(i).data ? c.o.int64s(op.ints(i, "sizes")) : c.int64(op.value(i)));

const reshape: Operator = {
  names: ["RESHAPE"],
  convert: (op, c) => {
    const options = op.op.options?.vectorLength(0) ? [...op.op.options.int32s(0)] : undefined;
    if (op.has(1) && !op.tensor(1).data) return c.graph.op("Reshape", [op.value(0), sizes(op, c, 1)]);
    const target = op.has(1) ? op.ints(1, "sizes") : options;
    if (!target) throw op.malformed("it has no shape");
    // A file that was converted for one row, but is open in the rows, has 1 here.
    const open = op.output.signature[0] === -1 && target[0] === 1 && !target.includes(-1);
    return c.o.reshape(op.value(0), open ? [-1, ...target.slice(1)] : target);
  },
};
const transpose: Operator = { names: ["TRANSPOSE"], convert: (op, c) => c.o.transpose(op.value(0), op.ints(1, "axes")) };
const squeeze: Operator = {
  names: ["SQUEEZE"],
  convert: (op, c) => {
    const axes = op.op.options?.vectorLength(0) ? [...op.op.options.int32s(0)] : op.shape(0).flatMap((d, i) => (d === 1 ? [i] : []));
    return c.graph.op("Squeeze", [op.value(0), c.o.int64s(axes)]);
  },
};
const expandDims: Operator = { names: ["EXPAND_DIMS"], convert: (op, c) => c.graph.op("Unsqueeze", [op.value(0), c.o.int64s(op.ints(1, "axes"))]) };
const shape: Operator = { names: ["SHAPE"], convert: (op, c) => c.o.cast(c.graph.op("Shape", [op.value(0)]), op.output.type) };

const concatenation: Operator = {
  names: ["CONCATENATION"],
  convert: (op, c) => {
    const parts = op.op.inputs.map((_, i) => op.value(i));
    if (op.quantized(op.output)) {
      for (let i = 0; i < op.count; i++) {
        const t = op.tensor(i);
        if (op.scale(t) !== op.scale(op.output) || op.zeroPoint(t) !== op.zeroPoint(op.output)) throw op.unsupported("int8 inputs with different scales are not compiled");
      }
    }
    const y = c.graph.op("Concat", parts, { axis: op.int(0) });
    return op.quantized(op.output) ? y : op.activate(y, op.activation(1));
  },
};
const pack: Operator = { names: ["PACK"], convert: (op, c) => c.graph.op("Concat", op.op.inputs.map((_, i) => c.graph.op("Unsqueeze", [op.value(i), c.o.int64s([op.int(1)])])), { axis: op.int(1) }) };
const unpack: Operator = {
  names: ["UNPACK"],
  convert: (op, c) => Array.from({ length: op.op.outputs.length }, (_, i) => c.o.gather(op.value(0), { type: "int64", shape: [], data: BigInt64Array.of(BigInt(i)) }, op.int(1))),
};
const split: Operator = {
  names: ["SPLIT"],
  convert: (op, c) => {
    const axis = op.ints(0, "axes")[0]!;
    const whole = op.shape(1).at(axis);
    const count = op.int(0);
    if (typeof whole !== "number" || count < 1 || count !== op.op.outputs.length || whole % count !== 0) throw op.unsupported("a split of this dimension is not compiled");
    return c.graph.ops("Split", [op.value(1), c.o.int64s(new Array<number>(count).fill(whole / count))], { axis }, count);
  },
};
const splitV: Operator = {
  names: ["SPLIT_V"],
  convert: (op, c) => {
    const parts = op.ints(1, "sizes");
    if (parts.includes(-1)) throw op.unsupported("a part of open size is not compiled");
    return c.graph.ops("Split", [op.value(0), c.o.int64s(parts)], { axis: op.ints(2, "axes")[0]! }, parts.length);
  },
};

const pad: Operator = {
  names: ["PAD", "PADV2"],
  convert: (op, c) => {
    const pairs = op.ints(1, "paddings");
    const rank = pairs.length / 2;
    const quantized = op.quantized(op.output);
    const t = op.tensor(0);
    const value = op.has(2) ? op.value(2) : c.graph.constant(quantized ? { type: "int8", shape: [], data: Int8Array.of(op.zeroPoint(op.output)) } : t.type === "float" ? { type: "float", shape: [], data: Float32Array.of(0) } : { type: "int32", shape: [], data: Int32Array.of(0) });
    const pads = [...Array.from({ length: rank }, (_, i) => pairs[2 * i]!), ...Array.from({ length: rank }, (_, i) => pairs[2 * i + 1]!)];
    return c.graph.op("Pad", [op.value(0), c.o.int64s(pads), value.shape?.length === 0 ? value : c.o.reshape(value, [])]);
  },
};
const mirrorPad: Operator = {
  names: ["MIRROR_PAD"],
  convert: (op, c) => {
    if (op.byte(0) !== 0) throw op.unsupported("symmetric padding is not compiled");
    const pairs = op.ints(1, "paddings");
    return c.graph.op("Pad", [op.value(0), c.o.int64s([...pairs.filter((_, i) => i % 2 === 0), ...pairs.filter((_, i) => i % 2 === 1)])], { mode: "reflect" });
  },
};

const slice: Operator = {
  names: ["SLICE"],
  convert: (op, c) => {
    if (c.constantOf(op.tensor(1)) === undefined || c.constantOf(op.tensor(2)) === undefined) {
      const [from, size] = [c.int64(op.value(1)), c.int64(op.value(2))];
      const ends = c.o.where(c.o.less(size, 0), c.o.scalar(Number.MAX_SAFE_INTEGER, "int64"), c.o.add(from, size));
      const y = c.graph.op("Slice", [op.value(0), from, ends]);
      // Where the size is known, so is the result's.
      const known = c.constantOf(op.tensor(2));
      return known && op.ints(2, "sizes").every((v) => v > 0) ? c.o.reshape(y, op.ints(2, "sizes")) : y;
    }
    const [begin, size] = [op.ints(1, "starts"), op.ints(2, "sizes")];
    return c.graph.op("Slice", [op.value(0), c.o.int64s(begin), c.o.int64s(begin.map((b, i) => (size[i] === -1 ? Number.MAX_SAFE_INTEGER : b + size[i]!)))]);
  },
};
const stridedSlice: Operator = {
  names: ["STRIDED_SLICE"],
  convert: (op, c) => {
    const [begin, end, steps] = [op.ints(1, "starts"), op.ints(2, "ends"), op.ints(3, "strides")];
    const [beginMask, endMask, ellipsis, newAxis, shrink] = [op.int(0), op.int(1), op.int(2), op.int(3), op.int(4)];
    if (ellipsis !== 0 || newAxis !== 0 || op.flag(5)) throw op.unsupported("an ellipsis, a new axis or an offset is not compiled");
    const bit = (mask: number, i: number): boolean => ((mask >> i) & 1) === 1;
    const last = Number.MAX_SAFE_INTEGER;
    const from = begin.map((b, i) => (bit(beginMask, i) && !bit(shrink, i) ? (steps[i]! > 0 ? 0 : last) : b));
    const to = end.map((e, i) => (bit(shrink, i) ? (begin[i] === -1 ? last : begin[i]! + 1) : bit(endMask, i) ? (steps[i]! > 0 ? last : -last) : e));
    const y = c.graph.op("Slice", [op.value(0), c.o.int64s(from), c.o.int64s(to), c.o.int64s(begin.map((_, i) => i)), c.o.int64s(steps)]);
    const gone = begin.flatMap((_, i) => (bit(shrink, i) ? [i] : []));
    return gone.length === 0 ? y : c.graph.op("Squeeze", [y, c.o.int64s(gone)]);
  },
};
const gather: Operator = {
  names: ["GATHER"],
  convert: (op, c) => {
    if (op.int(1) !== 0) throw op.unsupported("batch_dims is not compiled");
    const t = op.tensor(0);
    if (t.quantization && op.output.type === "float" && t.type === "int8") throw op.unsupported("int8 tables of float values are not compiled");
    return c.graph.op("Gather", [op.value(0), op.value(1)], { axis: op.int(0) });
  },
};
const tile: Operator = { names: ["TILE"], convert: (op, c) => c.graph.op("Tile", [op.value(0), sizes(op, c, 1)]) };
const broadcastTo: Operator = { names: ["BROADCAST_TO"], convert: (op, c) => c.graph.op("Expand", [op.value(0), sizes(op, c, 1)]) };
const fill: Operator = { names: ["FILL"], convert: (op, c) => c.graph.op("Expand", [op.value(1), sizes(op, c, 0)]) };

const arg = (name: string, type: string): Operator => ({ names: [name], convert: (op, c) => c.o.cast(c.graph.op(type, [op.value(0)], { axis: op.ints(1, "axes")[0]!, keepdims: 0 }), op.output.type) });

const batchMatmul: Operator = {
  names: ["BATCH_MATMUL"],
  convert: (op, c) => {
    const whole = op.quantized(op.output) && op.quantized(op.tensor(0)) && op.quantized(op.tensor(1));
    if (!whole && (op.tensor(0).type !== "float" || op.tensor(1).type !== "float")) throw op.unsupported("only float, or int8 throughout, is compiled");
    const turned = (i: number, flag: boolean): Value => {
      const rank = op.shape(i).length;
      return flag ? c.o.transpose(op.value(i), [...Array.from({ length: rank - 2 }, (_, k) => k), rank - 1, rank - 2]) : op.value(i);
    };
    if (!whole) return c.graph.op("MatMul", [turned(0, op.flag(0)), turned(1, op.flag(1))]);
    const bytes = [0, 1].map((i) => c.o.cast(c.o.add(c.o.cast(turned(i, op.flag(i)), "int32"), 128), "uint8"));
    const zeros = [0, 1].map((i) => c.graph.constant({ type: "uint8", shape: [], data: Uint8Array.of(op.zeroPoint(op.tensor(i)) + 128) }));
    const product = Math.fround(op.scale(op.tensor(0)) * op.scale(op.tensor(1)));
    const sums = c.graph.op("MatMulInteger", [...bytes, ...zeros]);
    if (op.zeroPoint(op.tensor(1)) === 0) return c.requantize(sums, [Math.fround(product / op.scale(op.output))], op.zeroPoint(op.output), op.range("NONE"), "int8");
    // XNNPACK has no zero point of the second factor: the interpreter's own kernel computes it.
    c.warn("int8 BATCH_MATMUL is computed as LiteRT does; tf.lite.Interpreter() of TensorFlow 2.21 leaves the second factor's zero point out, so that its results differ");
    return c.clamp(c.o.add(c.multiply(c.int64(sums), [product / op.scale(op.output)]), op.zeroPoint(op.output)), op.range("NONE"), "int8");
  },
};

const resizeNearest: Operator = {
  names: ["RESIZE_NEAREST_NEIGHBOR"],
  convert: (op, c) => {
    const target = op.ints(1, "sizes");
    const [align, half] = [op.flag(0), op.flag(1)];
    let x = op.value(0);
    target.forEach((to, i) => {
      const from = op.shape(0)[i + 1];
      if (typeof from !== "number") throw op.unsupported("an input of open size is not compiled");
      if (!(to >= 1 && to <= 2 ** 22)) throw op.malformed(`it resizes to ${to}`);
      const scale = Math.fround(align && to > 1 ? (from - 1) / (to - 1) : from / to);
      const at = Array.from({ length: to }, (_, k) => {
        const position = Math.fround(Math.fround(k + (half ? 0.5 : 0)) * scale);
        return BigInt(Math.min(from - 1, Math.max(0, align ? Math.round(position) : Math.floor(position))));
      });
      x = c.o.gather(x, { type: "int64", shape: [to], data: BigInt64Array.from(at) }, i + 1);
    });
    return x;
  },
};
/** The two places that each place of a resized axis lies between, and how far it is from the first. */
function between(from: number, to: number, align: boolean, half: boolean): { readonly low: number[]; readonly high: number[]; readonly weights: Float32Array } {
  const scale = Math.fround(align && to > 1 ? (from - 1) / (to - 1) : from / to);
  const at = Array.from({ length: to }, (_, k) => Math.min(from - 1, Math.max(0, half ? Math.fround(Math.fround(Math.fround(k + 0.5) * scale) - 0.5) : Math.fround(k * scale))));
  const low = at.map((p) => Math.floor(p));
  return { low, high: low.map((v) => Math.min(from - 1, v + 1)), weights: Float32Array.from(at, (p, k) => p - low[k]!) };
}
/** int8, with weights in 2048ths, as XNNPACK has them. */
function resizeBytes(op: OperatorView, c: LiteContext, target: readonly number[], align: boolean, half: boolean): Value {
  let x = c.int64(op.value(0));
  for (const i of [1, 0]) {
    const [from, to] = [op.shape(0)[i + 1], target[i]!];
    if (typeof from !== "number") throw op.unsupported("an input of open size is not compiled");
    if (!(to >= 1 && to <= 2 ** 22)) throw op.malformed(`it resizes to ${to}`);
    const { low, high, weights } = between(from, to, align, half);
    const below = c.o.gather(x, int64s(low), i + 1);
    const steps = c.graph.constant(int64s(Array.from(weights, (w) => nearestEven(w * 2048)), i === 0 ? [to, 1, 1] : [to, 1]));
    x = c.o.add(c.o.mul(below, 2048), c.o.mul(c.o.sub(c.o.gather(x, int64s(high), i + 1), below), steps));
  }
  return c.o.cast(shiftRight(c, c.o.add(x, 2 ** 21), 22), "int8");
}

const resizeBilinear: Operator = {
  names: ["RESIZE_BILINEAR"],
  convert: (op, c) => {
    const target = op.ints(1, "sizes");
    const [align, half] = [op.flag(2), op.flag(3)];
    if (op.quantized(op.tensor(0))) return resizeBytes(op, c, target, align, half);
    let x = op.value(0);
    if (x.type !== "float") throw op.unsupported(`${x.type} is not compiled`);
    target.forEach((to, i) => {
      const from = op.shape(0)[i + 1];
      if (typeof from !== "number") throw op.unsupported("an input of open size is not compiled");
      if (!(to >= 1 && to <= 2 ** 22)) throw op.malformed(`it resizes to ${to}`);
      if (from === to) return;
      const { low, high, weights } = between(from, to, align, half);
      const pick = (index: readonly number[]): Value => c.o.gather(x, int64s(index), i + 1);
      const below = pick(low);
      x = c.o.add(below, c.o.mul(c.o.sub(pick(high), below), c.graph.constant(floats(weights, i === 0 ? [to, 1, 1] : [to, 1]))));
    });
    return x;
  },
};

export const SHAPES: readonly Operator[] = [
  reshape, transpose, squeeze, expandDims, shape, concatenation, pack, unpack, split, splitV, pad, mirrorPad, slice, stridedSlice, gather, tile, broadcastTo, fill,
  arg("ARG_MAX", "ArgMax"), arg("ARG_MIN", "ArgMin"), batchMatmul, resizeNearest, resizeBilinear,
];
