// Dynamic-range quantization: float inputs are quantized to int8 while the model runs, each row by its own smallest and
// largest value (zero is always among them), and multiplied by int8 weights (tensor_utils::AsymmetricQuantizeFloats of
// TensorFlow Lite, xnn_f32_qd8_asymmetric_quantization_params of XNNPACK; both have the same steps).

import type { Value } from "../../onnx/index.ts";
import type { LiteContext } from "./context.ts";

export interface Quantized {
  /** uint8, 128 more than int8, as the engine's integer products take it. */
  readonly value: Value;
  /** Of each row, float, as many dimensions as the input, all of size 1 but the rows. */
  readonly scale: Value;
  /** Of each row, float, of the int8 form. */
  readonly zeroPoint: Value;
}

/** A sigmoid or tanh before it is not the same to the last bit in two engines; what it does to a value on the edge of a step cannot be known. */
const ROUNDS = "dynamic-range weights: what flows between layers is rounded to 256 steps when it is computed, so where another layer's function differs in its last bit, a value on the edge of a step moves by one step (seen: 1e-3 of an output)";

/** `axes`: those that one scale is for. */
export function quantizeRows(x: Value, axes: readonly number[], c: LiteContext): Quantized {
  c.warn(ROUNDS);
  const { o, graph } = c;
  const zero = o.scalar(0, "float");
  const low = graph.op("Min", [graph.op("ReduceMin", [x, o.int64s(axes)], { keepdims: 1 }), zero]);
  const high = graph.op("Max", [graph.op("ReduceMax", [x, o.int64s(axes)], { keepdims: 1 }), zero]);
  const range = o.sub(high, low);
  const flat = o.equal(range, 0);
  const perStep = o.where(flat, 1, o.div(o.scalar(255, "float"), o.where(flat, 1, range)));
  const [lowSteps, highSteps] = [o.mul(low, perStep), o.mul(high, perStep)];
  const fromLow = o.greater(o.add(o.add(lowSteps, -128), o.add(highSteps, 127)), 0);
  const exact = o.where(fromLow, o.sub(o.scalar(-128, "float"), lowSteps), o.sub(o.scalar(127, "float"), highSteps));
  const zeroPoint = graph.op("Round", [graph.op("Clip", [exact, o.scalar(-128, "float"), o.scalar(127, "float")])]);
  const steps = o.add(graph.op("Round", [o.mul(x, perStep)]), o.add(zeroPoint, 128));
  return { value: o.cast(graph.op("Clip", [steps, zero, o.scalar(255, "float")]), "uint8"), scale: o.div(1, perStep), zeroPoint };
}

/** The same by the interpreter's own kernels (tensor_utils::AsymmetricQuantizeFloats), which compute the zero point in double and round ties away from zero. */
export function quantizeRowsPlainly(x: Value, axes: readonly number[], c: LiteContext): Quantized {
  c.warn(ROUNDS);
  const { o, graph } = c;
  const zero = o.scalar(0, "float");
  const low = graph.op("Min", [graph.op("ReduceMin", [x, o.int64s(axes)], { keepdims: 1 }), zero]);
  const high = graph.op("Max", [graph.op("ReduceMax", [x, o.int64s(axes)], { keepdims: 1 }), zero]);
  const double = (v: Value): Value => o.cast(v, "double");
  const away = (v: Value): Value => o.mul(graph.op("Sign", [v]), graph.op("Floor", [o.add(graph.op("Abs", [v]), 0.5)]));
  const range = double(o.sub(high, low));
  const flat = o.equal(range, 0);
  const exact = o.where(flat, 1, o.div(range, 255));
  const [lowSteps, highSteps] = [o.div(double(low), exact), o.div(double(high), exact)];
  const fromLow = o.less(o.add(graph.op("Abs", [lowSteps]), 128), o.add(graph.op("Abs", [highSteps]), 127));
  const zeroPoint = away(graph.op("Clip", [o.where(fromLow, o.sub(o.scalar(-128, "double"), lowSteps), o.sub(o.scalar(127, "double"), highSteps)), o.scalar(-128, "double"), o.scalar(127, "double")]));
  const settled = o.cast(o.where(flat, o.scalar(0, "double"), zeroPoint), "float");
  const scale = o.cast(exact, "float");
  const steps = o.add(away(o.mul(x, o.div(1, scale))), o.add(settled, 128));
  return { value: o.cast(graph.op("Clip", [steps, zero, o.scalar(255, "float")]), "uint8"), scale, zeroPoint: settled };
}
