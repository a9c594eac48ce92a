// saved_model.pb (SavedModel, schema version 1): the graph to serve, its functions and its signatures.

import { malformed, savedModelError, shown } from "./errors.ts";
import { Message } from "./message.ts";

export interface TfNode {
  readonly name: string;
  readonly op: string;
  /** As in the file: "node", "node:1", "node:out:0", "^control". */
  readonly inputs: readonly string[];
  /** AttrValue by name. */
  readonly attrs: ReadonlyMap<string, Message>;
}
export interface TfFunction {
  readonly name: string;
  readonly args: readonly string[];
  /** Output names in the function's order, with the tensor each one is. */
  readonly results: readonly { readonly name: string; readonly from: string }[];
  readonly nodes: ReadonlyMap<string, TfNode>;
}
export interface TensorInfo {
  /** The name in the signature. */
  readonly key: string;
  /** "node:0". */
  readonly tensor: string;
  readonly dtype: number;
  readonly shape: Message | undefined;
}
export interface SavedModel {
  readonly version: string;
  readonly nodes: ReadonlyMap<string, TfNode>;
  readonly functions: ReadonlyMap<string, TfFunction>;
  readonly signature: string;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** The node that restores the weights; "" where there are none. */
  readonly restore: string;
  /** Files in the folder assets, by the node that names each. */
  readonly assets: ReadonlyMap<string, string>;
  /** SavedObjectGraph: what Python loads. */
  readonly objects: Message | undefined;
  readonly warnings: readonly string[];
}

const MAX_NODES = 500_000;
const SERVE = "serve";
const DEFAULT = "serving_default";

/** @param wanted the signature's name, where not the one that is served */
export function readSavedModel(bytes: Uint8Array, wanted?: string): SavedModel {
  const file = new Message(bytes);
  if (file.number(1) !== 1) throw malformed(`saved_model.pb has schema version ${file.number(1)}, not 1`);
  const graphs = file.messages(2);
  const tagged = graphs.filter((g) => g.message(1)?.texts(4).includes(SERVE));
  const meta = tagged.length > 0 ? tagged : graphs;
  if (meta.length !== 1) {
    throw savedModelError("savedmodel-signature", `the SavedModel holds ${graphs.length} graphs, ${tagged.length} of them to serve`, { hint: "Save it with one graph tagged 'serve'." });
  }
  const graph = meta[0]!;
  const definition = graph.message(2) ?? new Message(new Uint8Array(0));
  const counter = { left: MAX_NODES };
  const library = definition.message(2);
  const functions = new Map((library?.messages(1) ?? []).map((f) => readFunction(f, counter)).map((f) => [f.name, f]));
  const { name, signature, warnings } = chooseSignature(graph.map(5), wanted);
  const saver = graph.message(3);
  return {
    version: graph.message(1)?.text(5) ?? "",
    nodes: readNodes(definition.messages(1), counter),
    functions, signature: name, warnings, objects: graph.message(7),
    inputs: tensorInfos(signature.map(1), name),
    outputs: tensorInfos(signature.map(2), name),
    restore: saver?.text(3) ?? "",
    assets: new Map(graph.messages(6).map((a) => [(a.message(1)?.text(1) ?? "").split(":")[0]!, a.text(2)])),
  };
}

function chooseSignature(all: Map<string, Message>, wanted: string | undefined): { name: string; signature: Message; warnings: string[] } {
  const served = [...all].filter(([name]) => !name.startsWith("__saved_model"));
  if (wanted !== undefined && !served.some(([name]) => name === wanted)) {
    throw savedModelError("savedmodel-signature", `the SavedModel has no signature ${JSON.stringify(shown(wanted))}; it has ${served.slice(0, 10).map(([n]) => shown(n)).join(", ") || "none"}`, { hint: "Name one of them after #, as in FOLDER#serving_default." });
  }
  const found = served.find(([name]) => name === (wanted ?? DEFAULT)) ?? (served.length === 1 ? served[0] : undefined);
  if (!found) {
    throw savedModelError("savedmodel-signature", served.length === 0 ? "the SavedModel has no signature: nothing says what it takes and gives" : `the SavedModel has the signatures ${served.slice(0, 10).map(([n]) => shown(n)).join(", ")}, and none is called ${DEFAULT}`, {
      hint: "In Python: model.export('folder') with Keras, or tf.saved_model.save(module, 'folder', signatures={'serving_default': module.call.get_concrete_function(...)})." });
  }
  const others = served.filter(([name]) => name !== found[0] && name !== SERVE).map(([name]) => shown(name));
  return { name: found[0], signature: found[1], warnings: others.length === 0 ? [] : [`the signatures ${others.join(", ")} are not used, only ${shown(found[0])}: another one is taken by FOLDER#NAME`] };
}

/** In the order of their names, where numbers at the end count as such: the file keeps none. */
function tensorInfos(map: Map<string, Message>, signature: string): TensorInfo[] {
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  return [...map].sort(([a], [b]) => compare(a, b)).map(([key, info]) => {
    if (info.has(4) || info.has(5)) throw savedModelError("savedmodel-signature", `${shown(key)} of the signature ${shown(signature)} is a sparse or ragged tensor`, { hint: "Save the model with a signature of dense tensors." });
    return { key, tensor: info.text(1), dtype: info.number(2), shape: info.message(3) };
  });
}

function readNodes(messages: readonly Message[], counter: { left: number }): Map<string, TfNode> {
  counter.left -= messages.length;
  if (counter.left < 0) throw savedModelError("savedmodel-limit", `the SavedModel has more than ${MAX_NODES} nodes`);
  return new Map(messages.map((m) => {
    const name = m.text(1);
    return [name, { name, op: m.text(2), inputs: m.texts(3), attrs: m.map(5) }];
  }));
}

function readFunction(message: Message, counter: { left: number }): TfFunction {
  const signature = message.message(1);
  const name = signature?.text(1) ?? "";
  const results = message.textMap(4);
  return {
    name,
    args: (signature?.messages(2) ?? []).map((a) => a.text(1)),
    results: (signature?.messages(3) ?? []).map((a) => {
      const from = results.get(a.text(1));
      if (from === undefined) throw malformed(`the function ${shown(name)} does not say what its result ${shown(a.text(1))} is`);
      return { name: a.text(1), from };
    }),
    nodes: readNodes(message.messages(3), counter),
  };
}
