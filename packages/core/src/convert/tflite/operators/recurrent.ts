// UNIDIRECTIONAL_SEQUENCE_LSTM in float (the full kernel of TensorFlow Lite, without peepholes, projection or layer
// normalization), as the converter makes it of Keras's LSTM. Its states are zeros at the start of each call: TensorFlow
// Lite's interpreter keeps them until reset_all_variables().

import { Ops, type Value } from "../../../onnx/index.ts";
import type { LiteContext, Operator, OperatorView } from "../context.ts";

/** Weights as constants in float: some converters leave int8 weights, whose inputs would be quantized at run time. */
function weight(op: OperatorView, c: LiteContext, i: number, what: string): Value {
  const t = op.constant(i, what);
  if (t.type !== "float") throw op.unsupported(`${what} in ${t.type} are not compiled`, "Convert the model without optimizations, or with float16.");
  return c.graph.constant(t);
}

const sequenceLstm: Operator = {
  names: ["UNIDIRECTIONAL_SEQUENCE_LSTM"],
  convert: (op, c) => {
    const { o } = c;
    if (op.tensor(0).type !== "float") throw op.unsupported(`${op.tensor(0).type} is not compiled`, "Convert the model without full-integer quantization.");
    for (const [from, to, what] of [[9, 11, "peepholes"], [16, 17, "a projection"], [20, 23, "layer normalization"]] as const) {
      for (let i = from; i <= to; i++) if (op.has(i)) throw op.unsupported(`${what} is not compiled`);
    }
    c.warn("each call starts with a state of zeros; TensorFlow Lite's interpreter keeps the LSTM's state from call to call until reset_all_variables()");
    if (!op.has(1)) throw op.unsupported("joined input and forget gates are not compiled");
    const [cellClip, projectionClip, timeMajor, activation] = [op.number(1), op.number(2), op.flag(3), op.activation(0)];
    if (projectionClip !== 0) throw op.unsupported("a clipped projection is not compiled");
    const sequence = timeMajor ? op.value(0) : o.transpose(op.value(0), [1, 0, 2]);
    const units = op.constant(1, "weights").shape[0]!;
    const turn = (v: Value): Value => o.transpose(v, [1, 0]);
    // Input, forget, cell, output.
    const inputs = o.concat([1, 2, 3, 4].map((i) => turn(weight(op, c, i, "weights"))), 1);
    const recurrent = o.concat([5, 6, 7, 8].map((i) => turn(weight(op, c, i, "weights"))), 1);
    const biases = o.concat([12, 13, 14, 15].map((i) => (op.has(i) ? weight(op, c, i, "biases") : c.graph.constant({ type: "float", shape: [units], data: new Float32Array(units) }))), 0);
    const projected = o.add(c.graph.op("MatMul", [sequence, inputs]), biases);
    const rows = c.graph.op("Shape", [sequence], { start: 1, end: 2 });
    const zeros = c.graph.op("Expand", [o.scalar(0, "float"), o.concat([rows, o.int64s([units])], 0)]);
    const shape = ["N", units];
    const body = c.graph.body([{ type: "float", shape }, { type: "float", shape }, { type: "float", shape: ["N", 4 * units] }], (graph, [h, cell, x]) => {
      const k = new Ops(graph);
      const z = k.add(x!, graph.op("MatMul", [h!, recurrent]));
      const gate = (i: number): Value => k.slice(z, i * units, (i + 1) * units, 1);
      const sigmoid = (v: Value): Value => graph.op("Sigmoid", [v]);
      const act = (v: Value): Value => (activation === "TANH" ? k.tanh(v) : activation === "RELU" ? k.relu(v) : activation === "NONE" ? v : refuse(op, activation));
      let next = k.add(k.mul(sigmoid(gate(1)), cell!), k.mul(sigmoid(gate(0)), act(gate(2))));
      if (cellClip > 0) next = graph.op("Clip", [next, k.scalar(-cellClip, "float"), k.scalar(cellClip, "float")]);
      const out = k.mul(sigmoid(gate(3)), act(next));
      return [out, next, graph.op("Identity", [out])];
    });
    const all = c.graph.ops("Scan", [zeros, zeros, projected], { body, num_scan_inputs: 1 }, 3)[2]!;
    return timeMajor ? all : o.transpose(all, [1, 0, 2]);
  },
};
function refuse(op: OperatorView, activation: string): never {
  throw op.unsupported(`the activation ${activation} is not compiled`);
}

export const RECURRENT: readonly Operator[] = [sequenceLstm];
