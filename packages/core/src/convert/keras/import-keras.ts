// Keras models: .keras archives (config.json, model.weights.h5 and files beside them; Keras 2.12 and later) and legacy
// .h5 files (the configuration and the weights' names are attributes). Nothing in them is run: a layer is known by name,
// or the model is refused.

import { SlipwayError } from "../../base/index.ts";
import { Hdf5Object, readHdf5, ZipArchive } from "../../formats/index.ts";
import { GraphBuilder, Ops, serializeModel, type Value } from "../../onnx/index.ts";
import { REFUSED_OUTPUT, type Output, type Signature } from "../../package/index.ts";
import type { ImportedModel } from "../imported.ts";
import { convertError } from "../conversion/errors.ts";
import { ModelBuilder } from "./build.ts";
import { isObject, type JsonObject } from "./config.ts";
import { kerasError } from "./errors.ts";
import { GroupStore, H5Store, type WeightStore } from "./weights.ts";

const WEIGHTS = "model.weights.h5";
const MAX_CONFIG = 2 ** 26;

export function importKeras(bytes: Uint8Array): ImportedModel {
  const zip = new ZipArchive(bytes);
  const text = zip.read("config.json");
  if (!text) throw kerasError("keras-no-architecture", "the archive holds no config.json", { hint: "Save the whole model: model.save('model.keras')." });
  const metadata = zip.read("metadata.json");
  const version = metadata ? parse(metadata, "metadata.json")["keras_version"] : undefined;
  const config = parse(text, "config.json");
  const weights = zip.read(WEIGHTS);
  if (!weights) throw convertError("malformed-model", `the archive holds no ${WEIGHTS}`, { hint: "Save the model again: model.save('model.keras')." });
  return compile(config, new GroupStore(readHdf5(weights), (path) => zip.read(path)), typeof version === "string" ? version : "3", "Keras");
}

export function importKerasH5(bytes: Uint8Array): ImportedModel {
  const root = readHdf5(bytes);
  const text = attributeText(root, "model_config");
  if (text === undefined) {
    throw kerasError("keras-no-architecture", root.attribute("layer_names") || root.member("layers") || root.member("_layer_checkpoint_dependencies")
      ? "the file holds a model's weights, but not the model" : "the HDF5 file holds no Keras model", { hint: "Save the whole model: model.save('model.keras')." });
  }
  const weights = root.member("model_weights") ?? root;
  return compile(parse(new TextEncoder().encode(text), "model_config"), new H5Store(weights), attributeText(root, "keras_version") ?? "2", "Keras (HDF5)");
}

function attributeText(object: Hdf5Object, name: string): string | undefined {
  const value = object.attribute(name);
  return value?.type === "string" ? (value.data as readonly string[])[0] : undefined;
}

function parse(bytes: Uint8Array, what: string): JsonObject {
  if (bytes.length > MAX_CONFIG) throw convertError("malformed-model", `${what} has ${bytes.length} bytes; at most ${MAX_CONFIG} are read`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw convertError("malformed-model", `${what} is not JSON: ${(cause as Error).message.slice(0, 200)}`, { cause });
  }
  if (!isObject(json)) throw convertError("malformed-model", `${what} is not an object`);
  return json;
}

/** Layers and weights that do not fit each other show as a node whose shapes do not. */
function compile(config: JsonObject, store: WeightStore, version: string, format: string): ImportedModel {
  try {
    return convert(config, store, version, format);
  } catch (error) {
    throw unfitting(error);
  }
}
function unfitting(error: unknown): unknown {
  if (!(error instanceof SlipwayError) || error.code !== "onnx-internal") return error;
  return convertError("malformed-model", `the parts of the model do not fit each other: ${error.message}`, { cause: error });
}

function convert(config: JsonObject, store: WeightStore, version: string, format: string): ImportedModel {
  const graph = new GraphBuilder();
  const numbers = /^(\d{1,4})(?:\.(\d{1,4}))?/.exec(version);
  const builder = new ModelBuilder(graph, [Number(numbers?.[1] ?? 3) || 3, Number(numbers?.[2] ?? 0)]);
  const built = builder.model(config, store, undefined, 0);
  const inputNames = new Set(builder.inputs.map((i) => i.name));
  const outputs = built.outputs.map((sym, i): Output => {
    const name = built.names[i]!;
    const graphName = inputNames.has(name) ? `${name}/output` : name;
    graph.output(graphName, graph.op("Identity", [sym.value]));
    return { name, graphName, kind: "value", type: sym.value.type, rowShape: sym.value.shape!.slice(1).map((d) => (typeof d === "number" ? d : -1)) };
  });
  const { checks } = builder.whole;
  if (checks.length > 0) {
    // 0, or one more than the place of the first reason.
    const o = new Ops(graph);
    graph.output(REFUSED_OUTPUT, checks.reduceRight<Value>((rest, check, i) => o.where(check.refused, o.scalar(i + 1, "int64"), rest), o.scalar(0, "int64")));
  }
  const signature: Signature = {
    layout: "tensors", columns: [], extraColumns: "refused", tensorRows: builder.whole.together ? "together" : "independent", outputs,
    ...(checks.length === 0 ? {} : { rowChecks: checks.map((check) => check.reason) }),
    ...(builder.whole.hashed.length === 0 ? {} : { hashedTensors: builder.whole.hashed }),
    tensors: builder.inputs.map((i) => ({ name: i.name, type: i.type, shape: i.shape.map((d) => d ?? -1) })),
  };
  const model = graph.finish();
  return {
    format: `${format} ${version}`,
    compiled: { model: serializeModel(model), signature, opsets: Object.fromEntries(model.opsets.map((o) => [o.domain, o.version])), className: `keras.${String(config["class_name"])}`, warnings: [] },
    producer: { keras: version },
  };
}
