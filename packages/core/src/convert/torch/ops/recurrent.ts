// LSTM, GRU and RNN, and their cells, as torch.nn computes them (ATen/native/RNN.cpp): layers, directions and projections.
// Each direction of a layer is a Scan over the steps; what the inputs give to the gates is computed for all steps at once.

import { Ops, type Value } from "../../../onnx/index.ts";
import type { Args } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { defineOperator, type Operator, type OpenShape } from "../operator.ts";
import { ListValue, TensorValue, type TorchValue } from "../values.ts";

type Kind = "lstm" | "gru" | "rnn_tanh" | "rnn_relu";
const GATES: Readonly<Record<Kind, number>> = { lstm: 4, gru: 3, rnn_tanh: 1, rnn_relu: 1 };

interface Weights {
  readonly input: Value;
  readonly state: Value;
  readonly inputBias: Value | null;
  readonly stateBias: Value | null;
  /** [proj, hidden] */
  readonly projection: Value | null;
}

/** x [..., I] by weight [G, I]. */
const times = (x: Value, weight: Value, bias: Value | null, o: Ops): Value => {
  const product = o.matmul(x, o.transpose(weight, [1, 0]));
  return bias ? o.add(product, bias) : product;
};

/** One step: what the input gave to the gates [N, G * H], and the states; the first is the output. */
function step(kind: Kind, gates: Value, states: readonly Value[], w: Weights, o: Ops): Value[] {
  const [h, cell] = states as [Value, Value | undefined];
  const hidden = Number(w.state.shape![0]) / GATES[kind];
  const part = (v: Value, i: number): Value => o.slice(v, i * hidden, (i + 1) * hidden, -1);
  const own = times(h, w.state, w.stateBias, o);
  if (kind === "rnn_tanh") return [o.tanh(o.add(gates, own))];
  if (kind === "rnn_relu") return [o.relu(o.add(gates, own))];
  if (kind === "gru") {
    const [r, z] = [0, 1].map((i) => o.sigmoid(o.add(part(gates, i), part(own, i)))) as [Value, Value];
    const n = o.tanh(o.add(part(gates, 2), o.mul(r, part(own, 2))));
    return [o.add(n, o.mul(z, o.sub(h, n)))];
  }
  const all = o.add(gates, own);
  const [i, f, out] = [0, 1, 3].map((k) => o.sigmoid(part(all, k))) as [Value, Value, Value];
  const next = o.add(o.mul(f, cell!), o.mul(i, o.tanh(part(all, 2))));
  const y = o.mul(out, o.tanh(next));
  return [w.projection ? times(y, w.projection, null, o) : y, next];
}

/** One direction over x [L, N, I]: the outputs [L, N, H] and the last states. */
function scan(kind: Kind, x: Value, initial: readonly Value[], w: Weights, backwards: boolean, c: TorchContext): { readonly outputs: Value; readonly states: readonly Value[] } {
  const projected = times(x, w.input, w.inputBias, c.o);
  const type = x.type;
  const rows = x.shape?.[1] ?? null;
  const body = c.graph.body([...initial.map((v) => ({ type, shape: [rows, v.shape?.at(-1) ?? null] })), { type, shape: [rows, projected.shape?.at(-1) ?? null] }], (graph, values) => {
    const after = step(kind, values.at(-1)!, values.slice(0, -1), w, new Ops(graph));
    return [...after, graph.op("Identity", [after[0]!])];
  });
  const results = c.graph.ops("Scan", [...initial, projected], {
    body, num_scan_inputs: 1, ...(backwards ? { scan_input_directions: [1], scan_output_directions: [1] } : {}),
  }, initial.length + 1);
  return { outputs: results.at(-1)!, states: results.slice(0, -1) };
}

/** The weights of each layer and direction, in PyTorch's order. */
function readWeights(args: Args, layers: number, directions: number, biases: boolean, projected: boolean): Weights[] {
  const flat = args.tensors("params");
  const each = 2 + (biases ? 2 : 0) + (projected ? 1 : 0);
  if (flat.length !== each * layers * directions) throw args.bad("params", `${each * layers * directions} tensors`);
  return Array.from({ length: layers * directions }, (_, k) => {
    const own = flat.slice(k * each, (k + 1) * each);
    return { input: own[0]!, state: own[1]!, inputBias: biases ? own[2]! : null, stateBias: biases ? own[3]! : null, projection: projected ? own.at(-1)! : null };
  });
}

function recurrent(args: Args, c: TorchContext, kind: Kind): TorchValue {
  if (!(args.get("params") instanceof ListValue) || (kind === "lstm" && !(args.get("hx") instanceof ListValue))) throw args.refuse("a packed sequence", "Give the network padded sequences (no pack_padded_sequence), or trace it without packing.");
  args.training("train");
  const [layers, two, biases] = [args.int("num_layers"), args.bool("bidirectional", false), args.bool("has_biases", true)];
  const directions = two ? 2 : 1;
  if (!(layers >= 1 && layers <= 100)) throw args.bad("num_layers", "from 1 to 100");
  const given = kind === "lstm" ? args.tensors("hx") : [args.tensor("hx")];
  const params = args.tensors("params");
  const hidden = Number(params[0]?.shape?.[0]) / GATES[kind];
  const projected = kind === "lstm" && params[1]?.shape?.[1] !== hidden;
  const weights = readWeights(args, layers, directions, biases, projected);
  if (![2, 3].includes(c.rank(args.tensor("input")))) throw args.bad("input", "of two or three dimensions");
  const alone = c.rank(args.tensor("input")) === 2;
  const first = args.bool("batch_first", false);
  let x = args.tensor("input");
  if (alone) x = c.o.unsqueeze(x, 1);
  else if (first) x = c.o.transpose(x, [1, 0, 2]);
  const states = given.map((v) => (c.rank(v) === 2 ? c.o.unsqueeze(v, 1) : v));
  const last: Value[][] = [];
  for (let layer = 0; layer < layers; layer++) {
    const runs = Array.from({ length: directions }, (_, d) => {
      const k = layer * directions + d;
      const run = scan(kind, x, states.map((s) => c.o.gather(s, c.o.scalar(k, "int64"), 0)), weights[k]!, d === 1, c);
      last.push([...run.states]);
      return run.outputs;
    });
    x = c.o.concat(runs, 2);
  }
  const outputs = alone ? c.o.squeeze(x, 1) : first ? c.o.transpose(x, [1, 0, 2]) : x;
  const finals = given.map((_, i) => {
    const all = c.o.concat(last.map((s) => c.o.unsqueeze(s[i]!, 0)), 0);
    return alone ? c.o.squeeze(all, 1) : all;
  });
  return new ListValue([outputs, ...finals].map((v) => new TensorValue(v)), true);
}

/** [N, L, I] or [L, N, I]: the rows are only the first where the batch is. */
function openInput(args: Args): OpenShape | undefined {
  const weight = (args.get("params") instanceof ListValue ? args.list("params") : [])[0];
  const width = weight instanceof TensorValue ? weight.value.shape?.[1] : undefined;
  return typeof width === "number" && weight instanceof TensorValue ? { type: weight.value.type, shape: [args.get("batch_first") === true ? "N" : null, null, width] } : undefined;
}

const cell = (kind: Kind, name: string): Operator =>
  defineOperator({
    names: [name], params: "input hx w_ih w_hh b_ih b_hh",
    open: (args) => {
      const weight = args.get("w_ih");
      const width = weight instanceof TensorValue ? weight.value.shape?.[1] : undefined;
      return typeof width === "number" && weight instanceof TensorValue ? { type: weight.value.type, shape: ["N", width] } : undefined;
    },
    convert: (args, c) => {
      const states = kind === "lstm" ? args.tensors("hx") : [args.tensor("hx")];
      const w: Weights = { input: args.tensor("w_ih"), state: args.tensor("w_hh"), inputBias: args.optional("b_ih"), stateBias: args.optional("b_hh"), projection: null };
      const after = step(kind, times(args.tensor("input"), w.input, w.inputBias, c.o), states, w, c.o).map((v) => new TensorValue(v));
      return kind === "lstm" ? new ListValue(after, true) : after[0]!;
    },
  });

const KINDS: readonly Kind[] = ["lstm", "gru", "rnn_tanh", "rnn_relu"];

export const RECURRENT: readonly Operator[] = [
  ...KINDS.map((kind) => defineOperator({
    names: [kind], params: "input hx params has_biases num_layers dropout train bidirectional batch_first",
    open: openInput,
    convert: (args, c) => {
      args.get("dropout");
      return recurrent(args, c, kind);
    },
  })),
  // One layer and direction of an LSTM, which torch.export took apart before PyTorch 2.2.
  defineOperator({
    names: ["mkldnn_rnn_layer"], params: "input weight0 weight1 weight2 weight3 hx_ cx_ reverse batch_sizes mode hidden_size num_layers has_biases bidirectional batch_first train",
    convert: (args, c) => {
      args.training("train");
      for (const name of ["batch_sizes", "hidden_size", "num_layers", "bidirectional"]) args.get(name);
      if (args.int("mode", 2) !== 2 || args.bool("batch_first", false)) throw args.refuse("another network than an LSTM");
      const biases = args.bool("has_biases", true);
      const w: Weights = { input: args.tensor("weight0"), state: args.tensor("weight1"), inputBias: biases ? args.tensor("weight2") : null, stateBias: biases ? args.tensor("weight3") : null, projection: null };
      const states = [args.tensor("hx_"), args.tensor("cx_")].map((v) => (c.rank(v) === 3 ? c.o.squeeze(v, 0) : v));
      const run = scan("lstm", args.tensor("input"), states, w, args.bool("reverse", false), c);
      return new ListValue([...[run.outputs, ...run.states].map((v) => new TensorValue(v)), null], true);
    },
  }),
  cell("lstm", "lstm_cell"), cell("gru", "gru_cell"), cell("rnn_tanh", "rnn_tanh_cell"), cell("rnn_relu", "rnn_relu_cell"),
];
