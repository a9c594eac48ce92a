// Operations that stand in a Functional model as nodes of their own: keras.ops (Keras 3) and TFOpLambda (Keras 2).

import type { Value } from "../../../onnx/index.ts";
import { defineLayer, isSym, type Argument, type Call, type KerasContext, type LayerDefinition, type LayerView } from "../layer.ts";

function operand(layer: LayerView, a: Argument | undefined, like: Value | undefined, c: KerasContext): Value {
  if (isSym(a)) return a.value;
  if (a !== undefined && "json" in a && typeof a.json === "number") return c.o.scalar(a.json, like?.type ?? "float");
  throw layer.unsupported("an operand that is neither a tensor nor a number is not compiled");
}

/** Two operands, in their order, either of which may be a number. */
function operands(layer: LayerView, call: Call, c: KerasContext): [Value, Value] {
  const listed: Argument[] = [...call.inputs, ...call.more];
  for (const name of ["x1", "x", "x2", "y"]) {
    const a = call.named.get(name);
    if (a !== undefined && !("json" in a && a.json === null)) listed.push(a);
  }
  const tensor = listed.find((a) => isSym(a));
  const like = isSym(tensor) ? tensor.value : undefined;
  const [a, b] = [operand(layer, listed[0], like, c), operand(layer, listed[1], like, c)];
  return a.type === b.type ? [a, b] : [c.float(a), c.float(b)];
}
const binary = (names: readonly string[], type: string, negate = false): LayerDefinition => defineLayer({
  names,
  mask: "stop",
  convert: (layer, call, c) => {
    const [a, b] = operands(layer, call, c);
    const y = c.graph.op(type, [a, b]);
    return negate ? c.o.not(y) : y;
  },
});
const unary = (names: readonly string[], type: string): LayerDefinition => defineLayer({
  names,
  mask: "stop",
  convert: (layer, call, c) => c.graph.op(type, [c.float(operand(layer, call.inputs[0], undefined, c))]),
});

/** Whether any (or all) along an axis; the configuration tells which. */
const reduction = (names: readonly string[], type: string, logical = false): LayerDefinition => defineLayer({
  names,
  mask: "stop",
  convert: (layer, call, c) => {
    const x = c.float(operand(layer, call.inputs[0], undefined, c));
    const raw = layer.raw("axis");
    const axes = typeof raw === "number" ? [raw] : raw === null || raw === undefined ? c.shape(x).map((_, i) => i) : layer.ints("axis");
    const y = c.graph.op(type, [x, c.o.int64s(axes)], { keepdims: layer.bool("keepdims", false) ? 1 : 0 });
    return logical ? c.o.cast(y, "bool") : y;
  },
});

export const OPERATIONS: readonly LayerDefinition[] = [
  reduction(["ops.Any"], "ReduceMax", true), reduction(["ops.All"], "ReduceMin", true), reduction(["ops.Sum"], "ReduceSum"), reduction(["ops.Mean"], "ReduceMean"), reduction(["ops.Max"], "ReduceMax"), reduction(["ops.Min"], "ReduceMin"),
  binary(["ops.Add", "tf.math.add", "tf.__operators__.add"], "Add"), binary(["ops.Subtract", "tf.math.subtract"], "Sub"), binary(["ops.Multiply", "tf.math.multiply"], "Mul"),
  binary(["ops.Divide", "ops.TrueDivide", "tf.math.truediv"], "Div"), binary(["ops.Maximum", "tf.math.maximum"], "Max"), binary(["ops.Minimum", "tf.math.minimum"], "Min"),
  binary(["ops.NotEqual", "tf.math.not_equal"], "Equal", true), binary(["ops.Equal", "tf.math.equal"], "Equal"), binary(["ops.Greater"], "Greater"), binary(["ops.Less"], "Less"),
  unary(["ops.Exp", "tf.math.exp"], "Exp"), unary(["ops.Log", "tf.math.log"], "Log"), unary(["ops.Sqrt", "tf.math.sqrt"], "Sqrt"), unary(["ops.Absolute", "tf.math.abs"], "Abs"),
  unary(["ops.Negative", "tf.math.negative"], "Neg"), unary(["ops.Relu", "tf.nn.relu"], "Relu"), unary(["ops.Sigmoid", "tf.math.sigmoid"], "Sigmoid"), unary(["ops.Tanh", "tf.math.tanh"], "Tanh"),
];
