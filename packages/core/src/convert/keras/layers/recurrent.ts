// LSTM, GRU and SimpleRNN as Scan over the steps, with masks and states as Keras handles them; Bidirectional and
// TimeDistributed around them. The inputs' part of each gate is computed for all steps at once.

import type { Value } from "../../../onnx/index.ts";
import { Ops } from "../../../onnx/index.ts";
import { floats, type Tensor } from "../../../tensor/index.ts";
import { activation } from "../activations.ts";
import { isObject, type JsonObject } from "../config.ts";
import { defineLayer, isSym, KerasContext, rankOf, type Call, type LayerDefinition, type LayerView, type Sym } from "../layer.ts";
import { dense } from "./core.ts";

interface Cell {
  readonly states: number;
  /** One step: the inputs' part [N, G * U] and the states [N, U] -> the new states; the first is the output. */
  readonly step: (x: Value, states: readonly Value[], c: KerasContext) => Value[];
  readonly gates: number;
  /** What is added to the inputs' part. */
  readonly bias: Tensor<"float"> | undefined;
}

function recurrent(layer: LayerView, call: Call, c: KerasContext, makeCell: (layer: LayerView, features: number) => Cell & { readonly kernel: Tensor<"float"> }): Sym[] {
  const [input, ...given] = call.inputs;
  if (!input) throw layer.malformed("it is given no input");
  const x = c.float(input.value);
  rankOf(layer, x, 3);
  if (layer.bool("stateful", false)) throw layer.refuse("stateful=True", "its result depends on the calls before");
  if (layer.bool("time_major", false)) throw layer.refuse("time_major=True", "only steps in the second dimension can be");
  const units = layer.int("units", undefined, 1);
  const cell = makeCell(layer, c.size(x, -1, layer));
  const named = call.named.get("initial_state") ?? call.more[0];
  const initial = named === undefined || "json" in named ? given : isSym(named) ? [named] : (named as readonly Sym[]);
  const { mask } = input;
  if (initial.length > 0 && mask) throw layer.refuse("a mask together with an initial state", "this is not compiled");
  if (initial.length > 0 && initial.length !== cell.states) throw layer.malformed(`it is given ${initial.length} states instead of ${cell.states}`);
  const zeros = c.graph.op("Expand", [c.scalar(0), c.shapeValue([{ of: x, axis: 0 }, units])]);
  const states = Array.from({ length: cell.states }, (_, i) => (initial[i] ? c.float(initial[i].value) : zeros));
  const projected = c.o.transpose(dense(x, c.constant(cell.kernel), cell.bias ? c.constant(cell.bias) : undefined, c), [1, 0, 2]);
  const sequences = layer.bool("return_sequences", false);
  const blank = layer.bool("zero_output_for_mask", false);
  if (mask && blank && !sequences) throw layer.refuse("zero_output_for_mask with only the last output", "this is not compiled");
  const scanned = [projected, ...(mask ? [c.o.transpose(mask, [1, 0])] : [])];
  const shape = ["N", units] as const;
  const body = c.graph.body([
    ...states.map(() => ({ type: "float" as const, shape: [...shape] })), { type: "float" as const, shape: ["N", cell.gates * units] },
    ...(mask ? [{ type: "bool" as const, shape: ["N"] }] : []),
  ], (graph, values) => {
    const inner = new KerasContext(graph, c.keras, c.build, c.depth);
    const before = values.slice(0, cell.states);
    let after = cell.step(values[cell.states]!, before, inner);
    let out = after[0]!;
    if (mask) {
      const kept = inner.o.unsqueeze(values[cell.states + 1]!, 1);
      after = after.map((v, i) => graph.op("Where", [kept, v, before[i]!]));
      out = blank ? inner.o.where(kept, out, 0) : after[0]!;
    }
    return [...after, ...(sequences ? [new Ops(graph).graph.op("Identity", [out])] : [])];
  });
  const backwards = layer.bool("go_backwards", false);
  const results = c.graph.ops("Scan", [...states, ...scanned], {
    body, num_scan_inputs: scanned.length, ...(backwards ? { scan_input_directions: scanned.map(() => 1) } : {}),
  }, cell.states + Number(sequences));
  const main = sequences ? c.o.transpose(results.at(-1)!, [1, 0, 2]) : results[0]!;
  const list: Sym[] = [{ value: main, ...(sequences && mask ? { mask } : {}) }];
  return layer.bool("return_state", false) ? [...list, ...results.slice(0, cell.states).map((value) => ({ value }))] : list;
}

/** Columns from * U to (from + 1) * U of the gates. */
const gate = (v: Value, i: number, units: number, c: KerasContext): Value => c.o.slice(v, i * units, (i + 1) * units, 1);

const lstm = defineLayer({
  names: ["LSTM", "CuDNNLSTM"],
  parts: () => ["cell"],
  mask: "own",
  convert: (layer, call, c) => recurrent(layer, call, c, (_, features) => {
    const units = layer.int("units", undefined, 1);
    const bias = layer.bool("use_bias", true);
    const count = bias ? 3 : 2;
    const recurrentKernel = layer.weight(1, count, [units, 4 * units]);
    const [act, rec] = [layer.raw("activation") ?? "tanh", layer.raw("recurrent_activation") ?? "sigmoid"];
    return {
      states: 2, gates: 4, kernel: layer.weight(0, count, [features, 4 * units]), bias: bias ? layer.weight(2, count, [4 * units]) : undefined,
      step: (x, [h, cell], k) => {
        const z = k.o.add(x, k.graph.op("MatMul", [h!, k.constant(recurrentKernel)]));
        const [i, f, o] = [0, 1, 3].map((g) => activation(rec, gate(z, g, units, k), layer, k));
        const next = k.o.add(k.o.mul(f!, cell!), k.o.mul(i!, activation(act, gate(z, 2, units, k), layer, k)));
        return [k.o.mul(o!, activation(act, next, layer, k)), next];
      },
    };
  }),
});

const part = (t: Tensor<"float">, rows: number, columns: number, from: number, to: number): Tensor<"float"> => {
  const out = new Float32Array(rows * (to - from));
  for (let r = 0; r < rows; r++) out.set(t.data.subarray(r * columns + from, r * columns + to), r * (to - from));
  return floats(out, [rows, to - from]);
};

const gru = defineLayer({
  names: ["GRU"],
  parts: () => ["cell"],
  mask: "own",
  convert: (layer, call, c) => recurrent(layer, call, c, (_, features) => {
    const units = layer.int("units", undefined, 1);
    const after = layer.bool("reset_after", true);
    const bias = layer.bool("use_bias", true);
    const count = bias ? 3 : 2;
    const recurrentKernel = layer.weight(1, count, [units, 3 * units]);
    const biases = bias ? layer.weight(2, count, after ? [2, 3 * units] : [3 * units]) : undefined;
    const inputBias = biases && floats(biases.data.subarray(0, 3 * units), [3 * units]);
    const stateBias = biases && after ? floats(biases.data.slice(3 * units), [3 * units]) : undefined;
    const [act, rec] = [layer.raw("activation") ?? "tanh", layer.raw("recurrent_activation") ?? "sigmoid"];
    const gatesKernel = part(recurrentKernel, units, 3 * units, 0, 2 * units);
    const candidateKernel = part(recurrentKernel, units, 3 * units, 2 * units, 3 * units);
    return {
      states: 1, gates: 3, kernel: layer.weight(0, count, [features, 3 * units]), bias: inputBias,
      step: (x, [h], k) => {
        const from = after ? dense(h!, k.constant(recurrentKernel), stateBias ? k.constant(stateBias) : undefined, k) : dense(h!, k.constant(gatesKernel), undefined, k);
        const [z, r] = [0, 1].map((g) => activation(rec, k.o.add(gate(x, g, units, k), gate(from, g, units, k)), layer, k));
        const state = after ? k.o.mul(r!, gate(from, 2, units, k)) : dense(k.o.mul(r!, h!), k.constant(candidateKernel), undefined, k);
        const candidate = activation(act, k.o.add(gate(x, 2, units, k), state), layer, k);
        return [k.o.add(k.o.mul(z!, h!), k.o.mul(k.o.sub(1, z!), candidate))];
      },
    };
  }),
});

const simple = defineLayer({
  names: ["SimpleRNN"],
  parts: () => ["cell"],
  mask: "own",
  convert: (layer, call, c) => recurrent(layer, call, c, (_, features) => {
    const units = layer.int("units", undefined, 1);
    const bias = layer.bool("use_bias", true);
    const count = bias ? 3 : 2;
    const recurrentKernel = layer.weight(1, count, [units, units]);
    return {
      states: 1, gates: 1, kernel: layer.weight(0, count, [features, units]), bias: bias ? layer.weight(2, count, [units]) : undefined,
      step: (x, [h], k) => [activation(layer.raw("activation") ?? "tanh", k.o.add(x, k.graph.op("MatMul", [h!, k.constant(recurrentKernel)])), layer, k)],
    };
  }),
});

function innerLayer(layer: LayerView, key: string): JsonObject {
  const json = layer.object(key);
  if (typeof json["class_name"] !== "string" || !isObject(json["config"])) throw layer.malformed(`${key} is no layer`);
  return json;
}

const bidirectional = defineLayer({
  names: ["Bidirectional"],
  mask: "own",
  convert: (layer, call, c) => {
    const forward = innerLayer(layer, "layer");
    const config = forward["config"] as JsonObject;
    if (!["LSTM", "GRU", "SimpleRNN"].includes(String(forward["class_name"]))) throw layer.unsupported(`it wraps ${String(forward["class_name"]).slice(0, 100)}; only LSTM, GRU and SimpleRNN can be`);
    const given = layer.raw("backward_layer");
    const backward: JsonObject = isObject(given) ? innerLayer(layer, "backward_layer") : { ...forward, config: { ...config, go_backwards: config["go_backwards"] !== true } };
    if (call.inputs.length !== 1 || (call.named.has("initial_state") && !("json" in call.named.get("initial_state")!))) throw layer.refuse("initial states", "this is not compiled");
    const mode = layer.raw("merge_mode") === null ? null : layer.string("merge_mode", "concat");
    const [ahead, back] = ([["forward_layer", forward], ["backward_layer", backward]] as const).map(([name, json], i) => c.build(json, layer.store.inner(name, i, 2), call, c.depth));
    const sequences = config["return_sequences"] === true;
    const a = ahead![0]!;
    const b = sequences ? c.o.slice(back![0]!.value, -1, -Number.MAX_SAFE_INTEGER, 1, -1) : back![0]!.value;
    const mask = sequences && a.mask ? { mask: a.mask } : {};
    const states = config["return_state"] === true ? [...ahead!.slice(1), ...back!.slice(1)] : [];
    switch (mode) {
      case null: return [a, { value: b, ...mask }, ...states];
      case "concat": return [{ value: c.o.concat([a.value, b], -1), ...mask }, ...states];
      case "sum": return [{ value: c.o.add(a.value, b), ...mask }, ...states];
      case "ave": return [{ value: c.o.div(c.o.add(a.value, b), 2), ...mask }, ...states];
      case "mul": return [{ value: c.o.mul(a.value, b), ...mask }, ...states];
      default: throw layer.malformed(`merge_mode is ${JSON.stringify(mode)}`);
    }
  },
});

const timeDistributed = defineLayer({
  names: ["TimeDistributed"],
  mask: "own",
  convert: (layer, call, c) => {
    const [input] = call.inputs;
    if (!input || call.inputs.length !== 1) throw layer.malformed("it is given several inputs");
    const { value, mask } = input;
    rankOf(layer, value, 3, 8);
    const rest = c.shape(value).slice(2).map((d, i) => (typeof d === "number" ? d : { of: value, axis: i + 2 }));
    const flat = c.graph.op("Reshape", [value, c.shapeValue([-1, ...rest])]);
    const made = c.build(innerLayer(layer, "layer"), layer.store.inner("layer", 0, 1), { inputs: [{ value: flat }], more: [], named: new Map() }, c.depth);
    const y = made[0]!.value;
    const steps = c.shape(value)[1];
    const after = c.shape(y).slice(1).map((d, i) => (typeof d === "number" ? d : { of: y, axis: i + 1 }));
    return { value: c.graph.op("Reshape", [y, c.shapeValue([{ of: value, axis: 0 }, typeof steps === "number" ? steps : { of: value, axis: 1 }, ...after])]), ...(mask ? { mask } : {}) };
  },
});

export const RECURRENT: readonly LayerDefinition[] = [lstm, gru, simple, bidirectional, timeDistributed];
