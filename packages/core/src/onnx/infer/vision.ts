// Shapes of convolutions, pools and padding: values [N, C, D1 ... Dk].

import type { Dim } from "../value.ts";
import { InferenceError, WindowError, plus, sameDim, type Infer, type NodeContext } from "./context.ts";

/** The spatial dimensions of a window that moves over the input. */
function windows(n: NodeContext, spatial: readonly Dim[], kernel: readonly Dim[]): Dim[] {
  const k = spatial.length;
  if (kernel.length !== k) throw new InferenceError(`a kernel of ${kernel.length} dimensions over ${k}`);
  const strides = n.ints("strides") ?? [];
  const dilations = n.ints("dilations") ?? [];
  const pads = n.ints("pads") ?? [];
  const auto = n.string("auto_pad");
  const round = n.schema.attributes.has("ceil_mode") && n.int("ceil_mode") ? Math.ceil : Math.floor;
  return spatial.map((size, i) => {
    const stride = strides[i] ?? 1;
    if (stride < 1) throw new InferenceError(`a stride of ${stride}`);
    if (typeof size !== "number") return null;
    if (size === 0) throw new WindowError("a window over nothing");
    if (auto === "SAME_UPPER" || auto === "SAME_LOWER") return Math.ceil(size / stride);
    const width = kernel[i];
    if (typeof width !== "number") return null;
    const padding = auto === "VALID" ? 0 : (pads[i] ?? 0) + (pads[i + k] ?? 0);
    const room = size + padding - ((width - 1) * (dilations[i] ?? 1) + 1);
    const out = round(room / stride) + 1;
    // Counted upwards, a window that is cut off still counts.
    if (out < 1 || (room < 0 && round === Math.floor)) throw new WindowError(`a window of ${width} does not fit ${size} with padding ${padding}`);
    return out;
  });
}

const conv: Infer = (n) => {
  const x = n.shape(0);
  const w = n.shape(1);
  if (x === null || w === null) return [{ shape: null }];
  if (x.length < 3 || w.length !== x.length) throw new InferenceError(`weights of rank ${w.length} for an input of rank ${x.length}`);
  const group = n.int("group");
  const channels = typeof w[1] === "number" ? w[1] * group : null;
  sameDim(x[1]!, channels, "channels differ");
  return [{ shape: [x[0]!, w[0]!, ...windows(n, x.slice(2), n.ints("kernel_shape") ?? w.slice(2))] }];
};

const convTranspose: Infer = (n) => {
  const x = n.shape(0);
  const w = n.shape(1);
  if (x === null || w === null || n.has("output_shape") || n.string("auto_pad").startsWith("SAME")) return [{ shape: null }];
  if (x.length < 3 || w.length !== x.length) throw new InferenceError(`weights of rank ${w.length} for an input of rank ${x.length}`);
  sameDim(x[1]!, w[0]!, "channels differ");
  const k = x.length - 2;
  const at = (name: string, i: number, otherwise: number): number => n.ints(name)?.[i] ?? otherwise;
  const spatial = x.slice(2).map((size, i): Dim => {
    const width = w[i + 2];
    if (typeof size !== "number" || typeof width !== "number") return null;
    const pads = n.string("auto_pad") === "VALID" ? 0 : at("pads", i, 0) + at("pads", i + k, 0);
    const out = at("strides", i, 1) * (size - 1) + at("output_padding", i, 0) + (width - 1) * at("dilations", i, 1) + 1 - pads;
    if (out < 1 && size > 0) throw new WindowError(`a transposed convolution of ${size} leaves ${out}`);
    return out;
  });
  const out = typeof w[1] === "number" ? w[1] * n.int("group") : null;
  return [{ shape: [x[0]!, out, ...spatial] }];
};

const pool: Infer = (n) => {
  const x = n.shape(0);
  if (x === null) return [{ shape: null }, { shape: null }];
  const shape = [...x.slice(0, 2), ...windows(n, x.slice(2), n.ints("kernel_shape") ?? [])];
  return [{ shape }, { shape }];
};
const globalPool: Infer = (n) => {
  if (n.shape(0)?.slice(2).includes(0)) throw new WindowError("a window over nothing");
  return [{ shape: n.shape(0)?.map((d, i) => (i < 2 ? d : 1)) ?? null }];
};

const pad: Infer = (n) => {
  const x = n.shape(0);
  const pads = n.numbers(1);
  if (x === null) return [{ shape: null }];
  if (!pads || n.inputs[3]) return [{ shape: x.map(() => null) }];
  if (pads.length !== 2 * x.length) throw new InferenceError(`${pads.length} pads for rank ${x.length}`);
  return [{ shape: x.map((d, i) => {
    const out = plus(d, pads[i]! + pads[i + x.length]!);
    if (typeof out === "number" && out < 0) throw new WindowError(`a padding of ${pads[i]} and ${pads[i + x.length]} leaves nothing of ${d}`);
    const reflected = n.string("mode") === "reflect" && typeof d === "number" && Math.max(pads[i]!, pads[i + x.length]!) >= d;
    if (reflected) throw new WindowError(`${Math.max(pads[i]!, pads[i + x.length]!)} cannot be reflected of ${d}`);
    return out;
  }) }];
};

const matmulInteger: Infer = (n) => {
  const [a, b] = [n.shape(0), n.shape(1)];
  if (a && b && a.length > 2 && b.length === a.length) {
    sameDim(a.at(-1)!, b.at(-2)!, "inner dimensions differ");
    return [{ type: "int32", shape: [...a.slice(0, -2).map((d, i) => (d === 1 ? b[i]! : d)), a.at(-2)!, b.at(-1)!] }];
  }
  if (!a || !b || a.length < 2 || b.length !== 2) return [{ type: "int32", shape: null }];
  sameDim(a.at(-1)!, b[0]!, "inner dimensions differ");
  return [{ type: "int32", shape: [...a.slice(0, -1), b[1]!] }];
};

export const VISION: Readonly<Record<string, Infer>> = {
  Conv: conv, ConvInteger: conv, ConvTranspose: convTranspose, MaxPool: pool, AveragePool: pool, GlobalAveragePool: globalPool, GlobalMaxPool: globalPool,
  Pad: pad, MatMulInteger: matmulInteger,
  PRelu: (n) => [{ shape: n.shape(0) }],
};
