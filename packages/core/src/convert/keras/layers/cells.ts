// One step of LSTM, GRU and SimpleRNN, and of several of them on top of each other. The inputs' part of each gate does not
// depend on the states, so that it can be computed for all steps at once.

import type { Value } from "../../../onnx/index.ts";
import { floats, type Tensor } from "../../../tensor/index.ts";
import { activation } from "../activations.ts";
import { isObject, type JsonObject } from "../config.ts";
import { LayerView, type KerasContext } from "../layer.ts";
import { dense } from "./core.ts";

export interface Cell {
  /** Widths of the states. */
  readonly states: readonly number[];
  /** Width of the output. */
  readonly units: number;
  /** Inputs [N, F] or [N, T, F] -> the part of the gates that they make. */
  readonly prepare: (x: Value, c: KerasContext) => Value;
  readonly step: (prepared: Value, states: readonly Value[], c: KerasContext) => { readonly output: Value; readonly states: readonly Value[] };
}
type MakeCell = (layer: LayerView, features: number) => Cell;

/** Columns from * U to (from + 1) * U of the gates. */
const gate = (v: Value, i: number, units: number, c: KerasContext): Value => c.o.slice(v, i * units, (i + 1) * units, 1);
const prepared = (kernel: Tensor<"float">, bias: Tensor<"float"> | undefined) => (x: Value, c: KerasContext): Value => dense(x, c.constant(kernel), bias ? c.constant(bias) : undefined, c);
const count = (layer: LayerView): number => (layer.bool("use_bias", true) ? 3 : 2);

const lstm: MakeCell = (layer, features) => {
  const units = layer.int("units", undefined, 1);
  const n = count(layer);
  const recurrent = layer.weight(1, n, [units, 4 * units]);
  const [act, rec] = [layer.raw("activation") ?? "tanh", layer.raw("recurrent_activation") ?? "sigmoid"];
  return {
    states: [units, units], units, prepare: prepared(layer.weight(0, n, [features, 4 * units]), n === 3 ? layer.weight(2, n, [4 * units]) : undefined),
    step: (x, [h, cell], c) => {
      const z = c.o.add(x, c.graph.op("MatMul", [h!, c.constant(recurrent)]));
      const [i, f, o] = [0, 1, 3].map((g) => activation(rec, gate(z, g, units, c), layer, c));
      const next = c.o.add(c.o.mul(f!, cell!), c.o.mul(i!, activation(act, gate(z, 2, units, c), layer, c)));
      const output = c.o.mul(o!, activation(act, next, layer, c));
      return { output, states: [output, next] };
    },
  };
};

const part = (t: Tensor<"float">, rows: number, columns: number, from: number, to: number): Tensor<"float"> => {
  const out = new Float32Array(rows * (to - from));
  for (let r = 0; r < rows; r++) out.set(t.data.subarray(r * columns + from, r * columns + to), r * (to - from));
  return floats(out, [rows, to - from]);
};

const gru: MakeCell = (layer, features) => {
  const units = layer.int("units", undefined, 1);
  const after = layer.bool("reset_after", true);
  const n = count(layer);
  const recurrent = layer.weight(1, n, [units, 3 * units]);
  const biases = n === 3 ? layer.weight(2, n, after ? [2, 3 * units] : [3 * units]) : undefined;
  const stateBias = biases && after ? floats(biases.data.slice(3 * units), [3 * units]) : undefined;
  const [act, rec] = [layer.raw("activation") ?? "tanh", layer.raw("recurrent_activation") ?? "sigmoid"];
  const gates = part(recurrent, units, 3 * units, 0, 2 * units);
  const candidateKernel = part(recurrent, units, 3 * units, 2 * units, 3 * units);
  return {
    states: [units], units, prepare: prepared(layer.weight(0, n, [features, 3 * units]), biases && floats(biases.data.slice(0, 3 * units), [3 * units])),
    step: (x, [h], c) => {
      const from = after ? dense(h!, c.constant(recurrent), stateBias ? c.constant(stateBias) : undefined, c) : dense(h!, c.constant(gates), undefined, c);
      const [z, r] = [0, 1].map((g) => activation(rec, c.o.add(gate(x, g, units, c), gate(from, g, units, c)), layer, c));
      const state = after ? c.o.mul(r!, gate(from, 2, units, c)) : dense(c.o.mul(r!, h!), c.constant(candidateKernel), undefined, c);
      const candidate = activation(act, c.o.add(gate(x, 2, units, c), state), layer, c);
      const output = c.o.add(c.o.mul(z!, h!), c.o.mul(c.o.sub(1, z!), candidate));
      return { output, states: [output] };
    },
  };
};

const simple: MakeCell = (layer, features) => {
  const units = layer.int("units", undefined, 1);
  const n = count(layer);
  const recurrent = layer.weight(1, n, [units, units]);
  return {
    states: [units], units, prepare: prepared(layer.weight(0, n, [features, units]), n === 3 ? layer.weight(2, n, [units]) : undefined),
    step: (x, [h], c) => {
      const output = activation(layer.raw("activation") ?? "tanh", c.o.add(x, c.graph.op("MatMul", [h!, c.constant(recurrent)])), layer, c);
      return { output, states: [output] };
    },
  };
};

/** The cell of a layer of this name. */
export const CELLS: Readonly<Record<string, MakeCell>> = { LSTM: lstm, CuDNNLSTM: lstm, GRU: gru, SimpleRNN: simple };

const MAX_CELLS = 64;

/** The cell that a configuration describes: LSTMCell, GRUCell, SimpleRNNCell, or StackedRNNCells of them. */
export function readCell(json: JsonObject, layer: LayerView, store: LayerView["store"], features: number): Cell {
  const [className, config] = [String(json["class_name"]), json["config"]];
  if (!isObject(config)) throw layer.malformed("its cell has no configuration");
  const name = typeof config["name"] === "string" ? config["name"] : "";
  if (className !== "StackedRNNCells") {
    const make = className.endsWith("Cell") ? CELLS[className.slice(0, -4)] : undefined;
    if (!make || !Object.hasOwn(CELLS, className.slice(0, -4)) || String(json["registered_name"] ?? "").includes(">")) throw layer.unsupported(`its cell is ${className.slice(0, 100)}; only LSTMCell, GRUCell, SimpleRNNCell and StackedRNNCells can be`);
    return make(new LayerView(className, name, config, store, undefined), features);
  }
  const list = Array.isArray(config["cells"]) ? (config["cells"] as readonly unknown[]) : [];
  if (list.length === 0 || list.length > MAX_CELLS || !list.every((cell): cell is JsonObject => isObject(cell) && isObject(cell["config"]) && cell["class_name"] !== "StackedRNNCells")) throw layer.malformed("its cells are not readable");
  const counts = list.map((cell) => ((cell["config"] as JsonObject)["use_bias"] === false ? 2 : 3));
  const stores = store.cells(list.map((cell) => ({ className: String(cell["class_name"]), name: String((cell["config"] as JsonObject)["name"] ?? "") })), counts);
  const cells: Cell[] = [];
  list.forEach((cell, i) => cells.push(readCell(cell, layer, stores[i]!, cells.at(-1)?.units ?? features)));
  return {
    states: cells.flatMap((cell) => cell.states), units: cells.at(-1)!.units, prepare: cells[0]!.prepare,
    step: (x, states, c) => {
      const next: Value[] = [];
      let output = x;
      let at = 0;
      cells.forEach((cell, i) => {
        const made = cell.step(i === 0 ? x : cell.prepare(output, c), states.slice(at, at + cell.states.length), c);
        output = made.output;
        next.push(...made.states);
        at += cell.states.length;
      });
      return { output, states: next };
    },
  };
}
