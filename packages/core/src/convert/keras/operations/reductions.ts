// Operations along axes: sums, means, extremes, norms, softmax, order.

import type { Value } from "../../../onnx/index.ts";
import type { KerasContext, LayerDefinition } from "../layer.ts";
import { operation, type OperationCall } from "./arguments.ts";

type Reduce = (x: Value, axes: readonly number[], keepdims: boolean, c: KerasContext) => Value;
const reduce = (type: string): Reduce => (x, axes, keepdims, c) => c.graph.op(type, [x, c.o.int64s(axes)], { keepdims: keepdims ? 1 : 0 });
const mean: Reduce = (x, axes, keepdims, c) => c.o.meanOver(x, axes, keepdims);

const along = (names: string, make: Reduce, wholes = false): LayerDefinition => operation(names, (call, c) => {
  const x = wholes && call.x().type !== "bool" ? call.x() : call.floats();
  const axes = call.axes(call.rank(x), 1);
  call.notRows(axes);
  return make(x, axes, call.flag("keepdims"), c);
});
const variance: Reduce = (x, axes, keepdims, c) => {
  const d = c.o.sub(x, mean(x, axes, true, c));
  return mean(c.o.mul(d, d), axes, keepdims, c);
};
const logical = (type: string): Reduce => (x, axes, keepdims, c) => c.o.cast(reduce(type)(c.float(c.o.not(c.o.equal(x, 0))), axes, keepdims, c), "bool");

const arg = (names: string, type: string): LayerDefinition => operation(names, (call, c) => {
  const x = call.floats();
  const legacy = c.keras < 3;
  const axis = call.axis(call.rank(x), 1, legacy ? 0 : -1);
  call.notRows([axis]);
  const y = c.graph.op(type, [x], { axis, keepdims: call.flag("keepdims") ? 1 : 0 });
  return legacy ? y : c.o.cast(y, "int32");
});

const one = (names: string, place: number, otherwise: number, make: (x: Value, axis: number, call: OperationCall, c: KerasContext) => Value | readonly Value[]): LayerDefinition => operation(names, (call, c) => {
  const x = call.floats();
  const axis = call.axis(call.rank(x), place, otherwise);
  call.notRows([axis]);
  return make(x, axis, call, c);
});

function normOf(call: OperationCall, c: KerasContext): Value {
  const x = call.floats();
  const ord = call.json("ord", 1) ?? null;
  const axes = call.axes(call.rank(x), 2);
  call.notRows(axes);
  const keepdims = call.flag("keepdims");
  if (axes.length === 1 || ord === null || ord === "fro" || ord === "euclidean") {
    if (ord === null || ord === 2 || ord === "euclidean" || ord === "fro") return c.o.sqrt(reduce("ReduceSum")(c.o.mul(x, x), axes, keepdims, c));
    if (ord === 1) return reduce("ReduceSum")(c.o.abs(x), axes, keepdims, c);
  }
  throw call.layer.unsupported(`a norm of order ${JSON.stringify(ord).slice(0, 40)} is not compiled`);
}

export const REDUCTIONS: readonly LayerDefinition[] = [
  along("ops.Sum tf.math.reduce_sum", reduce("ReduceSum"), true), along("ops.Mean tf.math.reduce_mean", mean), along("ops.Max ops.Amax tf.math.reduce_max", reduce("ReduceMax"), true), along("ops.Min ops.Amin tf.math.reduce_min", reduce("ReduceMin"), true),
  along("ops.Prod tf.math.reduce_prod", reduce("ReduceProd"), true), along("ops.Var tf.math.reduce_variance", variance), along("ops.Std tf.math.reduce_std", (x, axes, keepdims, c) => c.o.sqrt(variance(x, axes, keepdims, c))),
  along("ops.Any tf.math.reduce_any", logical("ReduceMax")), along("ops.All tf.math.reduce_all", logical("ReduceMin")), along("ops.Logsumexp tf.math.reduce_logsumexp", reduce("ReduceLogSumExp")),
  along("ops.CountNonzero", (x, axes, keepdims, c) => c.o.cast(reduce("ReduceSum")(c.float(c.o.not(c.o.equal(x, 0))), axes, keepdims, c), "int32")),
  arg("ops.Argmax tf.math.argmax", "ArgMax"), arg("ops.Argmin tf.math.argmin", "ArgMin"),
  operation("ops.Norm tf.norm", normOf),
  operation("ops.Average", (call, c) => {
    const x = call.floats();
    if ((call.json("weights", 2) ?? null) !== null) throw call.layer.unsupported("weights are not compiled");
    const axes = call.axes(call.rank(x), 1);
    call.notRows(axes);
    return mean(x, axes, call.flag("keepdims"), c);
  }),
  operation("ops.Softmax tf.nn.softmax", (call, c) => {
    const x = call.floats();
    const axis = call.axis(call.rank(x), 1, -1);
    call.notRows([axis]);
    return c.graph.op("Softmax", [x], { axis });
  }),
  one("ops.LogSoftmax tf.nn.log_softmax", 1, -1, (x, axis, _, c) => c.graph.op("LogSoftmax", [x], { axis })),
  one("ops.Cumsum tf.math.cumsum", 1, 0, (x, axis, call, c) => c.graph.op("CumSum", [x, c.o.scalar(axis, "int64")], { exclusive: call.flag("exclusive") ? 1 : 0, reverse: call.flag("reverse") ? 1 : 0 })),
  one("ops.Normalize", 1, -1, (x, axis, call, c) => {
    if (call.number("order", 2, 2) !== 2) throw call.layer.unsupported("only order 2 is compiled");
    const squares = reduce("ReduceSum")(c.o.mul(x, x), [axis], true, c);
    const epsilon = call.json("epsilon", 3) ?? null;
    return c.o.div(x, c.o.maximum(c.o.sqrt(squares), typeof epsilon === "number" ? epsilon : 1e-7));
  }),
  operation("tf.math.l2_normalize tf.nn.l2_normalize", (call, c) => {
    const x = call.floats();
    const axes = call.axes(call.rank(x), 1);
    call.notRows(axes);
    return c.o.mul(x, c.o.div(1, c.o.sqrt(c.o.maximum(reduce("ReduceSum")(c.o.mul(x, x), axes, true, c), call.number("epsilon", 2, 1e-12)))));
  }),
  one("ops.Sort", 1, -1, (x, axis, call, c) => c.graph.ops("TopK", [x, c.o.int64s([c.size(x, axis, call.layer)])], { axis, largest: 0, sorted: 1 }, 2)[0]!),
  operation("ops.TopK tf.math.top_k", (call, c) => {
    const x = call.floats();
    const k = call.whole("k", 1, 1);
    const size = c.size(x, -1, call.layer);
    if (k < 1 || k > size) throw call.layer.malformed(`k is ${k} of ${size}`);
    const [values, indices] = c.graph.ops("TopK", [x, c.o.int64s([k])], { axis: -1, largest: 1, sorted: 1 }, 2);
    return [values!, c.o.cast(indices!, "int32")];
  }),
];
