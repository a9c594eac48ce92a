// TensorFlow SavedModels: a folder with saved_model.pb and variables/. The serving signature's graph is followed from its
// results to its inputs and written as ONNX; nothing in it is run.

import { GraphBuilder, serializeModel, type Value, type ValueInfo } from "../../onnx/index.ts";
import type { HashedTensor, Output, Signature, TensorInput } from "../../package/index.ts";
import type { Tensor } from "../../tensor/index.ts";
import type { ImportedModel, ImportOptions } from "../imported.ts";
import { rowsAreIndependent } from "../onnx/row-independence.ts";
import { rowsOf } from "../onnx/tensor-signature.ts";
import { Checkpoint } from "./checkpoint.ts";
import { TfContext } from "./context.ts";
import { malformed, savedModelError, shown } from "./errors.ts";
import { filledTables } from "./filled-tables.ts";
import { Follower } from "./follow.ts";
import { readSavedModel, type TensorInfo } from "./model.ts";
import { boundKeys, restoredKeys } from "./restore.ts";
import { elementType, readShape } from "./tensor-proto.ts";
import { TfTensor, type TfValue } from "./values.ts";

/** `bytes` is saved_model.pb; the weights are read as its siblings. */
export function importSavedModel(bytes: Uint8Array, options: ImportOptions = {}): ImportedModel {
  const model = readSavedModel(bytes, options.entry);
  if (model.outputs.length === 0) throw savedModelError("savedmodel-signature", `the signature ${shown(model.signature)} gives nothing`);
  const graph = new GraphBuilder();
  const given = new Map<string, TfValue>();
  const tensors: TensorInput[] = [];
  const inputInfos: ValueInfo[] = [];
  const inputs = new Map<Value, string>();
  const hashedTensors: HashedTensor[] = [];
  for (const info of model.inputs) {
    const type = elementType(info.dtype, where(info, "input"));
    const shape = readShape(info.shape, where(info, "input"));
    if (shape === null) throw savedModelError("savedmodel-signature", `the signature does not say how many dimensions ${JSON.stringify(shown(info.key))} has`, { hint: "Give the model's Input a shape." });
    if (info.key === "" || !info.key.isWellFormed()) throw malformed("an input of the signature has no name");
    const dims = shape.map((d, i) => (d !== -1 ? d : i === 0 ? "N" : null));
    const name = info.tensor.split(":")[0]!;
    const input = graph.input(info.key, type, dims);
    inputs.set(input, info.key);
    given.set(name, new TfTensor(type, constantly(input)));
    tensors.push({ name: info.key, type, shape });
    inputInfos.push({ name: info.key, type, shape: dims });
  }
  const follower = new Follower(model);
  let tables: ReturnType<typeof filledTables> | undefined;
  let weights: ((name: string) => Tensor) | undefined;
  const c = new TfContext(graph, (handle) => {
    weights ??= openWeights(model, options);
    return weights(handle.node.name);
  }, (name, inputs, op) => follower.call(name, inputs, c, op), (handle, op) => {
    tables ??= filledTables(model, options.readSibling);
    return tables(handle.node, op.where);
  }, (value, how) => {
    const of = inputs.get(value);
    if (of === undefined) return undefined;
    let name = `${of}/hashed/${hashedTensors.length}`;
    while (tensors.some((t) => t.name === name)) name += "_";
    hashedTensors.push({ name, of: [of], ...how });
    const input = graph.input(name, "int64", [...value.shape!]);
    inputInfos.push({ name, type: "int64", shape: value.shape });
    return input;
  });
  const results = follower.follow(model.nodes, model.outputs.map((o) => o.tensor), given, c);
  const taken = new Set(tensors.map((t) => t.name));
  const ends = model.outputs.map((info, i) => {
    const result = results[i];
    if (!(result instanceof TfTensor)) throw malformed(`the output ${JSON.stringify(shown(info.key))} is a variable`);
    if (info.key === "" || !info.key.isWellFormed()) throw malformed("an output of the signature has no name");
    const graphName = taken.has(info.key) ? `${info.key}/output` : info.key;
    const value = graph.op("Identity", [result.value]);
    graph.output(graphName, value);
    return { name: info.key, graphName, value, declared: readShape(info.shape, where(info, "output")) };
  });
  const finished = graph.finish();
  const outputInfos = ends.map((e): ValueInfo => ({ name: e.graphName, type: e.value.type, shape: e.value.shape ?? e.declared?.map((d) => (d === -1 ? null : d)) ?? null }));
  const plain = rowsOf(inputInfos, outputInfos);
  const opset = finished.opsets.find((o) => o.domain === "")?.version ?? 21;
  const rows = plain === "together" && rowsAreIndependent(finished.graph, inputInfos, ends.map((e) => e.graphName), opset) ? "independent" : plain;
  const outputs = ends.map((e, i): Output => {
    const shape = outputInfos[i]!.shape ?? [];
    return { name: e.name, graphName: e.graphName, kind: "value", type: e.value.type, rowShape: (rows === "none" ? shape : shape.slice(1)).map((d) => (typeof d === "number" ? d : -1)) };
  });
  const signature: Signature = { layout: "tensors", columns: [], extraColumns: "refused", tensors, ...(hashedTensors.length > 0 ? { hashedTensors } : {}), tensorRows: rows, outputs };
  return {
    format: "TensorFlow SavedModel",
    compiled: { model: serializeModel(finished), signature, opsets: Object.fromEntries(finished.opsets.map((o) => [o.domain, o.version])), className: "tensorflow.SavedModel", warnings: model.warnings },
    producer: model.version === "" ? {} : { tensorflow: shown(model.version) },
  };
}

const where = (info: TensorInfo, side: string): string => `${side} ${JSON.stringify(shown(info.key))} of the signature`;
const constantly = <T>(value: T): (() => T) => () => value;

function openWeights(model: Parameters<typeof restoredKeys>[0], options: ImportOptions): (name: string) => Tensor {
  if (!options.readSibling) throw savedModelError("savedmodel-files", "only saved_model.pb was given; the model's weights are in the folder variables beside it", { hint: "Pass the folder." });
  const checkpoint = new Checkpoint(options.readSibling);
  const keys = restoredKeys(model);
  let bound: Map<string, string> | undefined;
  return (name) => {
    const key = keys.get(name) ?? (bound ??= boundKeys(model, (k) => checkpoint.has(k))).get(name);
    if (key === undefined) throw malformed(`nothing says where the variable ${JSON.stringify(shown(name))} is restored from`, `variable ${JSON.stringify(shown(name))}`);
    const tensor = checkpoint.tensor(key);
    const declared = readShape(model.nodes.get(name)?.attrs.get("shape")?.message(7), name);
    if (declared && (declared.length !== tensor.shape.length || declared.some((d, i) => d !== -1 && d !== tensor.shape[i]))) {
      throw malformed(`the variable ${JSON.stringify(shown(name))} has shape [${declared.join(", ")}], and its weight in the checkpoint [${tensor.shape.join(", ")}]`);
    }
    return tensor;
  };
}
