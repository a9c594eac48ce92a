// LSTM, GRU, SimpleRNN and RNN over the steps, ConvLSTM; Bidirectional and TimeDistributed around them.

import type { Value } from "../../../onnx/index.ts";
import { ACROSS, activation } from "../activations.ts";
import { isObject, type Json, type JsonObject } from "../config.ts";
import { defineLayer, isSym, rankOf, type Argument, type Call, type KerasContext, type LayerDefinition, type LayerView, type Sym } from "../layer.ts";
import { CELLS, readCell, type Cell } from "./cells.ts";
import { convolve, kernelFirst, readWindow, toChannelsFirst, toChannelsLast } from "./convolution.ts";
import { runSteps } from "./steps.ts";

/** States that the layer is called with: after its input, or as `initial_state`. */
function givenStates(layer: LayerView, call: Call, count: number, c: KerasContext): Value[] {
  const named = call.named.get("initial_state") ?? call.more[0];
  const flat = (a: Argument): readonly Sym[] => (isSym(a) ? [a] : "json" in a ? [] : (a as readonly Sym[]));
  const given = [...call.inputs.slice(1), ...(named === undefined ? [] : flat(named))].map((s) => c.float(s.value));
  if (given.length > 0 && given.length !== count) throw layer.malformed(`it is given ${given.length} states instead of ${count}`);
  return given;
}

/** Keras 3 hands a layer that is given states no mask but one that it is given by name. */
function maskOf(call: Call, states: readonly Value[], c: KerasContext): Value | undefined {
  return c.keras >= 3 && states.length > 0 && !call.named.has("mask") ? undefined : call.inputs[0]!.mask;
}

function recurrent(layer: LayerView, call: Call, c: KerasContext, make: (features: number) => Cell): Sym[] {
  const [input] = call.inputs;
  if (!input) throw layer.malformed("it is given no input");
  const x = c.float(input.value);
  rankOf(layer, x, 3);
  const cell = make(c.size(x, -1, layer));
  const given = givenStates(layer, call, cell.states.length, c);
  const zeros = (width: number): Value => c.graph.op("Expand", [c.scalar(0), c.shapeValue([{ of: x, axis: 0 }, width])]);
  return runSteps(layer, {
    input: c.o.transpose(cell.prepare(x, c), [1, 0, 2]), mask: maskOf(call, given, c), passed: input.mask, initial: cell.states.map((width, i) => given[i] ?? zeros(width)), blank: zeros(cell.units), step: cell.step,
  }, (sequence) => c.o.transpose(sequence, [1, 0, 2]), c);
}

const simple = defineLayer({
  names: ["LSTM", "CuDNNLSTM", "GRU", "SimpleRNN"],
  parts: () => ["cell"],
  mask: "own",
  convert: (layer, call, c) => recurrent(layer, call, c, (features) => CELLS[layer.className]!(layer, features)),
});
const rnn = defineLayer({
  names: ["RNN"],
  mask: "own",
  convert: (layer, call, c) => recurrent(layer, call, c, (features) => readCell(innerLayer(layer, "cell"), layer, layer.store.inner("cell", 0, 1), features)),
});

const convLstm = defineLayer({
  names: ["ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"],
  parts: () => ["cell"],
  mask: "own",
  convert: (layer, call, c) => {
    const d = Number(layer.className.at(-2));
    const [input] = call.inputs;
    if (!input) throw layer.malformed("it is given no input");
    let x = c.float(input.value);
    rankOf(layer, x, d + 3);
    const first = layer.channelsFirst;
    const at = readWindow(layer, d);
    const filters = layer.int("filters", undefined, 1);
    const channels = c.size(x, first ? 2 : -1, layer);
    const n = layer.bool("use_bias", true) ? 3 : 2;
    const kernel = kernelFirst(layer.weight(0, n, [...at.kernel, channels, 4 * filters]));
    const recurrentKernel = kernelFirst(layer.weight(1, n, [...at.kernel, filters, 4 * filters]));
    const dims = c.shape(x).slice(2).map((v, i) => (typeof v === "number" ? v : { of: x, axis: i + 2 }));
    const steps = c.shape(x)[1];
    const flat = c.graph.op("Reshape", [x, c.shapeValue([-1, ...dims])]);
    const made = convolve(first ? flat : toChannelsFirst(flat, c), kernel, n === 3 ? layer.weight(2, n, [4 * filters]) : undefined, at, 1, c);
    const sizes = c.shape(made).slice(2).map((v, i) => (typeof v === "number" ? v : { of: made, axis: i + 2 }));
    x = c.graph.op("Reshape", [made, c.shapeValue([{ of: input.value, axis: 0 }, typeof steps === "number" ? steps : { of: input.value, axis: 1 }, 4 * filters, ...sizes])]);
    const order = [1, 0, ...Array.from({ length: d + 1 }, (_, i) => i + 2)];
    const zeros = c.graph.op("Expand", [c.scalar(0), c.shapeValue([{ of: x, axis: 0 }, filters, ...sizes])]);
    const [act, rec] = [layer.raw("activation") ?? "tanh", layer.raw("recurrent_activation") ?? (c.keras >= 3 ? "sigmoid" : "hard_sigmoid")];
    const plain = { ...at, strides: at.strides.map(() => 1), dilations: at.strides.map(() => 1), padding: "same" as const };
    const given = givenStates(layer, call, 2, c).map((v) => (first ? v : toChannelsFirst(v, c)));
    const results = runSteps(layer, {
      input: c.o.transpose(x, order), mask: maskOf(call, given, c), passed: input.mask, initial: [given[0] ?? zeros, given[1] ?? zeros], blank: zeros,
      step: (part, [h, cell], k) => {
        const z = k.o.add(part, convolve(h!, recurrentKernel, undefined, plain, 1, k));
        const gate = (g: number): Value => k.o.slice(z, g * filters, (g + 1) * filters, 1);
        // Some activations look at all channels, which are the last dimension for Keras.
        const apply = (how: Json, v: Value): Value => (first || !ACROSS.has(String(how)) ? activation(how, v, layer, k) : toChannelsFirst(activation(how, toChannelsLast(v, k), layer, k), k));
        const [i, f, o] = [0, 1, 3].map((g) => apply(rec, gate(g)));
        const next = k.o.add(k.o.mul(f!, cell!), k.o.mul(i!, apply(act, gate(2))));
        const output = k.o.mul(o!, apply(act, next));
        return { output, states: [output, next] };
      },
    }, (sequence) => c.o.transpose(sequence, order), c);
    if (first) return results;
    return results.map((r) => {
      const rank = c.shape(r.value).length;
      return { ...r, value: rank === d + 3 ? c.o.transpose(r.value, [0, 1, ...Array.from({ length: d }, (_, i) => i + 3), 2]) : toChannelsLast(r.value, c) };
    });
  },
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
    if (![...simple.names, ...rnn.names, ...convLstm.names].includes(String(forward["class_name"]))) throw layer.unsupported(`it wraps ${String(forward["class_name"]).slice(0, 100)}; only Keras's own recurrent layers can be`);
    const given = layer.raw("backward_layer");
    const backward: JsonObject = isObject(given) ? innerLayer(layer, "backward_layer") : { ...forward, config: { ...config, go_backwards: config["go_backwards"] !== true } };
    const [input] = call.inputs;
    const named = call.named.get("initial_state") ?? call.more[0];
    const states = [...call.inputs.slice(1), ...(named === undefined || "json" in named ? [] : isSym(named) ? [named] : (named as readonly Sym[]))];
    if (!input || states.length % 2 !== 0) throw layer.malformed("its initial states are not those of two layers");
    const sequences = config["return_sequences"] === true;
    // Keras 2 sets this on both layers, whatever their own configuration says, and does not save it.
    const zeroed = (json: JsonObject): JsonObject => (c.keras >= 3 ? json : { ...json, config: { ...(json["config"] as JsonObject), zero_output_for_mask: (json["config"] as JsonObject)["return_sequences"] === true } });
    const half = (i: number): readonly Sym[] => states.slice((i * states.length) / 2, ((i + 1) * states.length) / 2);
    const mode = layer.raw("merge_mode") === null ? null : layer.string("merge_mode", "concat");
    const [ahead, back] = ([["forward_layer", forward], ["backward_layer", backward]] as const).map(([name, json], i) => c.build(zeroed(json), layer.store.inner(name, i, 2), { inputs: [input, ...half(i)], more: [], named: new Map() }, c.depth));
    const a = ahead![0]!;
    const b = sequences ? c.o.slice(back![0]!.value, -1, -Number.MAX_SAFE_INTEGER, 1, -1) : back![0]!.value;
    const mask = sequences && a.mask ? { mask: a.mask } : {};
    const after = config["return_state"] === true ? [...ahead!.slice(1), ...back!.slice(1)] : [];
    switch (mode) {
      case null: return [a, { value: b, ...mask }, ...after];
      case "concat": return [{ value: c.o.concat([a.value, b], -1), ...mask }, ...after];
      case "sum": return [{ value: c.o.add(a.value, b), ...mask }, ...after];
      case "ave": return [{ value: c.o.div(c.o.add(a.value, b), 2), ...mask }, ...after];
      case "mul": return [{ value: c.o.mul(a.value, b), ...mask }, ...after];
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

export const RECURRENT: readonly LayerDefinition[] = [simple, rnn, convLstm, bidirectional, timeDistributed];
