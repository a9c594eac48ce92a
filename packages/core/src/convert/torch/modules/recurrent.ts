// LSTM, GRU and RNN as modules: the operators they call with states of zeros, and the names of their weights.

import type { TorchContext } from "../context.ts";
import { ListValue, OpenInput, TensorValue, type TorchValue } from "../values.ts";
import { defineLayer, type Layer, type ModuleView } from "./module.ts";

function recurrent(m: ModuleView, x: TorchValue, c: TorchContext): TorchValue {
  const [layers, two, biases, first] = [m.int("num_layers"), m.bool("bidirectional", false), m.bool("bias", true), m.bool("batch_first", false)];
  if (!(layers >= 1 && layers <= 100)) throw m.bad(`num_layers is ${layers}`);
  const projection = m.int("proj_size", 0);
  const params: TorchValue[] = [];
  for (let layer = 0; layer < layers; layer++) {
    for (const end of two ? ["", "_reverse"] : [""]) {
      const names = ["weight_ih", "weight_hh", ...(biases ? ["bias_ih", "bias_hh"] : []), ...(projection > 0 ? ["weight_hr"] : [])];
      for (const name of names) params.push(m.weight(`${name}_l${layer}${end}`));
    }
  }
  const op = m.name === "RNN" ? (String(m.get("mode", "RNN_TANH")) === "RNN_RELU" ? "rnn_relu" : "rnn_tanh") : m.name.toLowerCase();
  let states: TorchValue = null;
  if (!(x instanceof OpenInput)) {
    if (!(x instanceof TensorValue)) throw m.bad("it is given no tensor");
    const rank = c.rank(x.value);
    const batch = rank === 2 ? [] : [c.sizeOf(x.value, first ? 0 : 1)];
    const zeros = (width: number): TorchValue => c.call("zeros", [new ListValue([BigInt(layers * (two ? 2 : 1)), ...batch, BigInt(width)])], new Map([["dtype", x.value.type === "double" ? 7n : 6n]]));
    const hidden = m.int("hidden_size");
    states = m.name === "LSTM" ? new ListValue([zeros(projection || hidden), zeros(hidden)]) : zeros(hidden);
  }
  const result = c.call(op, [x, states ?? new ListValue([]), new ListValue(params), biases, BigInt(layers), 0, false, two, first]);
  if (!(result instanceof ListValue) || m.name !== "LSTM") return result;
  return new ListValue([result.items[0]!, new ListValue(result.items.slice(1), true)], true);
}

export const RECURRENT_LAYERS: readonly Layer[] = [defineLayer({ names: ["LSTM", "GRU", "RNN"], forward: recurrent })];
