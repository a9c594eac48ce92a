// Walks a Sequential or Functional model's configuration (as Keras 2 or Keras 3 wrote it) and adds each layer's nodes.
// Layers may be called several times, models may be nested; a node of the configuration is done when its inputs are.

import type { GraphBuilder, Value } from "../../onnx/index.ts";
import type { ElementType } from "../../tensor/index.ts";
import { convertError } from "../conversion/errors.ts";
import { Config, isObject, type Json, type JsonObject } from "./config.ts";
import { kerasError } from "./errors.ts";
import { isSym, KerasContext, LayerView, type Argument, type Call, type LayerDefinition, type Sym, type WholeModel } from "./layer.ts";
import { executionOrder, keyOf } from "./order.ts";
import { KNOWN_LAYERS, kerasLayers } from "./registry.ts";
import type { WeightStore } from "./weights.ts";

const MAX_DEPTH = 24;
const MAX_LAYERS = 20_000;
/** Of one layer's result, for one row. */
const MAX_ELEMENTS = 2 ** 28;
const MODELS: ReadonlySet<string> = new Set(["Sequential", "Functional", "Model"]);

export interface BuiltModel {
  readonly outputs: readonly Sym[];
  readonly names: readonly string[];
}
export interface GraphInput {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | null)[];
}

export class ModelBuilder {
  readonly #graph: GraphBuilder;
  readonly #version: readonly [number, number];
  /** Values whose mask a layer has taken off. */
  readonly #stripped = new Set<Value>();
  readonly inputs: GraphInput[] = [];
  readonly whole: WholeModel = { checks: [], together: false, inputs: new Map(), hashed: [] };

  constructor(graph: GraphBuilder, version: readonly [number, number]) {
    this.#graph = graph;
    this.#version = version;
  }
  get #keras(): number {
    return this.#version[0];
  }

  /** `given` are the model's inputs where it is nested; otherwise its InputLayers become graph inputs. */
  model(json: JsonObject, store: WeightStore, given: readonly Sym[] | undefined, depth: number): BuiltModel {
    const className = String(json["class_name"]);
    if (depth > MAX_DEPTH) throw convertError("malformed-model", `models are nested more than ${MAX_DEPTH} deep`);
    if (!MODELS.has(className) || !isObject(json["config"])) {
      if (isObject(json["config"]) || Array.isArray(json["config"])) throw customClass(className, json);
      throw convertError("not-a-model", `the file's configuration is of ${JSON.stringify(className.slice(0, 100))}, not a Sequential or Functional model`);
    }
    const config = new Config(json["config"], `model ${JSON.stringify(String(json["config"]["name"] ?? "").slice(0, 100))}`);
    const layers = config.list("layers").map((l) => {
      if (!isObject(l) || typeof l["class_name"] !== "string" || !isObject(l["config"])) throw config.malformed("it has a layer without class or configuration");
      return l;
    });
    if (layers.length > MAX_LAYERS) throw config.malformed(`it has ${layers.length} layers; at most ${MAX_LAYERS} are read`);
    return className === "Sequential" && !layers.some((l) => l["inbound_nodes"] !== undefined && className !== "Sequential")
      ? this.#sequential(config, layers, store, given, depth) : this.#functional(config, layers, store, given, depth);
  }

  #sequential(config: Config, layers: readonly JsonObject[], store: WeightStore, given: readonly Sym[] | undefined, depth: number): BuiltModel {
    const real = layers.filter((l) => l["class_name"] !== "InputLayer");
    const stores = store.children(real.map(layerRef));
    let at: readonly Sym[];
    if (given) at = given;
    else {
      const first = layers[0];
      const own = first?.["config"] as JsonObject | undefined;
      const declared = first?.["class_name"] === "InputLayer" ? own! : { ...own, batch_shape: own?.["batch_input_shape"] ?? own?.["batch_shape"] ?? config.raw("build_input_shape") ?? null };
      const name = first?.["class_name"] === "InputLayer" ? layerName(first) : `${layerName(first ?? {})}_input`;
      // Keras 3 names the input of a Sequential model keras_tensor, whatever its InputLayer is called.
      at = [this.#input(this.#keras >= 3 ? "keras_tensor" : name, new Config(declared, config.where), first?.["class_name"] === "InputLayer" ? undefined : inputTypeOf(real[0]))];
    }
    real.forEach((json, i) => {
      at = this.layer(json, stores[i]!, this.#unmasked({ inputs: at, more: [], named: new Map() }), depth);
    });
    const last = real.at(-1) ?? layers.at(-1);
    return { outputs: at, names: at.map((_, i) => (at.length === 1 ? layerName(last ?? {}) : `${layerName(last ?? {})}_${i}`)) };
  }

  #functional(config: Config, layers: readonly JsonObject[], store: WeightStore, given: readonly Sym[] | undefined, depth: number): BuiltModel {
    const stores = store.children(layers.map(layerRef));
    const results = new Map<string, readonly Sym[]>();
    const inputNames = references(config.raw("input_layers"), config).map((r) => r.layer);
    inputNames.forEach((name, i) => {
      if (given) {
        const sym = given[i];
        if (!sym) throw config.malformed(`it is given ${given.length} inputs instead of ${inputNames.length}`);
        results.set(`${name}:0`, [sym]);
      } else {
        const layer = layers.find((l) => layerName(l) === name);
        if (!layer) throw config.malformed(`there is no input layer ${JSON.stringify(name)}`);
        results.set(`${name}:0`, [this.#input(name, new Config(layer["config"] as JsonObject, `layer ${JSON.stringify(name)} (InputLayer)`), undefined)]);
      }
    });
    // Keras 2 counts the node that a nested model begins with.
    const counted = new Set(this.#keras >= 3 ? [] : layers.filter(beginsWithNode).map(layerName));
    const resolve = (r: Reference): Sym | undefined => results.get(`${r.layer}:${counted.has(r.layer) ? r.node - 1 : r.node}`)?.[r.tensor];
    interface Pending { readonly json: JsonObject; readonly index: number; readonly node: number; readonly call: (find: (r: Reference) => Sym | undefined) => Call | undefined }
    let pending: Pending[] = [];
    const views = new Map<number, LayerView>();
    layers.forEach((json, index) => {
      if (inputNames.includes(layerName(json))) return;
      const nodes = Array.isArray(json["inbound_nodes"]) ? (json["inbound_nodes"] as readonly Json[]) : [];
      nodes.forEach((data, node) => pending.push({ json, index, node, call: readCall(data, layerName(json), config) }));
    });
    if (this.#keras >= 3) pending = inKerasOrder(pending, config);
    while (pending.length > 0) {
      const left: Pending[] = [];
      for (const p of pending) {
        const call = p.call(resolve);
        if (!call) {
          left.push(p);
          continue;
        }
        results.set(`${layerName(p.json)}:${p.node}`, this.layer(p.json, stores[p.index]!, this.#unmasked(call), depth, views, p.index));
      }
      if (left.length === pending.length) throw config.malformed(`the inputs of ${JSON.stringify(layerName(left[0]!.json))} are not in the file, or its layers form a circle`);
      pending = left;
    }
    const raw = config.raw("output_layers");
    const wanted = references(raw, config);
    const keys = isObject(raw) ? Object.keys(raw).sort() : undefined;
    const used = new Map<string, number>();
    const names = wanted.map((r, i) => {
      const base = keys?.length === wanted.length ? keys[i]! : r.layer;
      const times = used.get(base) ?? 0;
      used.set(base, times + 1);
      return times === 0 ? base : `${base}_${times}`;
    });
    // Here (and only here) Keras 3 does so too, for Functional models.
    const functional = new Set(this.#keras < 3 ? [] : layers.filter((l) => l["class_name"] === "Functional" || l["class_name"] === "Model").map(layerName));
    const outputs = wanted.map((r) => {
      const sym = resolve(functional.has(r.layer) ? { ...r, node: Math.max(0, r.node - 1) } : r);
      if (!sym) throw config.malformed(`there is no output ${r.tensor} of layer ${JSON.stringify(r.layer)}`);
      return sym;
    });
    if (outputs.length === 0) throw config.malformed("it has no outputs");
    return { outputs, names };
  }

  /** One call of one layer. `views` keeps the layer's weights for further calls. */
  layer(json: JsonObject, store: WeightStore, call: Call, depth: number, views?: Map<number, LayerView>, index = 0): Sym[] {
    const className = String(json["class_name"]);
    const name = layerName(json);
    if (MODELS.has(className)) return [...this.model(json, store, call.inputs, depth + 1).outputs];
    const definition = find(json);
    const view = views?.get(index) ?? new LayerView(className, name, json["config"] as JsonObject, store, definition);
    views?.set(index, view);
    if (!definition) throw unknownLayer(json, view);
    view.checkDtype();
    const context = new KerasContext(this.#graph, this.#version, (inner, innerStore, innerCall, d) => this.layer(inner, innerStore, innerCall, d), depth + 1, this.whole);
    if (context.depth > MAX_DEPTH) throw convertError("malformed-model", `layers are nested more than ${MAX_DEPTH} deep`);
    const masked = withMasks(call);
    const made = definition.convert(view, masked, context);
    if (className === "MultiHeadAttention" && context.since(3, 8)) for (const value of tensorsOf(call)) this.#stripped.add(value);
    const list = (Array.isArray(made) ? made : [made]) as readonly (Sym | Value)[];
    for (const m of list) {
      const value = "value" in m ? m.value : m;
      const size = (value.shape ?? []).reduce<number>((n, d) => (typeof d === "number" ? n * d : n), 1);
      if (!(size <= MAX_ELEMENTS)) throw convertError("malformed-model", `${view.where} gives ${size} numbers a row; at most ${MAX_ELEMENTS} are computed`, { where: view.where });
    }
    const mask = definition.mask === "pass" && masked.inputs.length === 1 ? masked.inputs[0]!.mask : undefined;
    return list.map((m) => ("value" in m ? m : { value: m, ...(mask ? { mask } : {}) }));
  }

  /** Without the masks that layers before have taken off. */
  #unmasked(call: Call): Call {
    if (this.#stripped.size === 0) return call;
    const strip = (s: Sym): Sym => (isSym(s) && s.mask && this.#stripped.has(s.value) ? { value: s.value } : s);
    const argument = (a: Argument): Argument => (isSym(a) ? strip(a) : Array.isArray(a) ? (a as readonly Sym[]).map(strip) : a);
    return { inputs: call.inputs.map(strip), more: call.more.map(argument), named: new Map([...call.named].map(([name, a]) => [name, argument(a)])) };
  }

  #input(name: string, config: Config, type: ElementType | undefined): Sym {
    const shape = config.list("batch_shape", config.list("batch_input_shape", [])).slice(1);
    if (config.raw("batch_shape") === undefined && config.raw("batch_input_shape") === undefined || config.raw("batch_shape") === null) {
      throw config.malformed("the file does not say which shape the model takes; it was saved before it was built");
    }
    for (const option of ["sparse", "ragged"]) if (config.bool(option, false)) throw config.refuse(`an input with ${option}=true`, "only dense tensors are taken");
    const dims = shape.map((d) => {
      if (d !== null && (typeof d !== "number" || !Number.isSafeInteger(d) || d < 1)) throw config.malformed(`its input has a dimension ${JSON.stringify(d)}`);
      return d;
    });
    const elem = type ?? inputType(config);
    this.inputs.push({ name, type: elem, shape: [null, ...dims] });
    const value = this.#graph.input(name, elem, ["N", ...dims]);
    this.whole.inputs.set(value, name);
    return { value };
  }
}

/** Query, value and key of an attention layer's call. */
function tensorsOf(call: Call): Value[] {
  return [...call.inputs, ...call.more, ...["query", "value", "key"].map((name) => call.named.get(name))].flatMap((a) => (isSym(a as Argument | undefined) ? [(a as Sym).value] : []));
}

interface Ordered {
  readonly json: JsonObject;
  readonly node: number;
  readonly call: MakeCall;
}
/** The calls in the order in which Keras 3 makes them; those that no output needs last. */
function inKerasOrder<T extends Ordered>(pending: readonly T[], config: Config): T[] {
  const byKey = new Map(pending.map((p) => [keyOf(layerName(p.json), p.node), p]));
  const nodes = new Map([...byKey].map(([key, p]) => {
    const from: string[] = [];
    p.call((r) => {
      from.push(keyOf(r.layer, r.node));
      return NOT_COMPUTED;
    });
    return [key, { layer: layerName(p.json), node: p.node, from }];
  }));
  const order = executionOrder(nodes, references(config.raw("output_layers"), config).map((r) => keyOf(r.layer, r.node)));
  const placed = new Set(order);
  return [...order.map((key) => byKey.get(key)!), ...pending.filter((p) => !placed.has(keyOf(layerName(p.json), p.node)))];
}
/** For calls that are made only to see which arguments they ask for. */
const NOT_COMPUTED = { value: {} as Value } as const;

const TYPES: Readonly<Record<string, ElementType>> = {
  float32: "float", float64: "double", int8: "int8", int16: "int16", int32: "int32", int64: "int64", uint8: "uint8", uint16: "uint16", uint32: "uint32", bool: "bool", string: "string",
};
function inputType(config: Config): ElementType {
  const raw = config.raw("dtype");
  const name = isObject(raw) ? (isObject(raw["config"]) ? raw["config"]["name"] : undefined) : raw;
  const type = TYPES[typeof name === "string" ? name : "float32"];
  if (!type) throw config.refuse(`an input of dtype ${JSON.stringify(name)}`, "this element type is not taken");
  return type;
}
/** Keras gives a model that begins without an InputLayer what its first layer takes. */
function inputTypeOf(first: JsonObject | undefined): ElementType | undefined {
  const className = first?.["class_name"];
  return className === "TextVectorization" || className === "StringLookup" ? "string" : className === "IntegerLookup" ? "int64" : className === "Embedding" ? "float" : undefined;
}

const layerName = (json: JsonObject): string => {
  const own = json["name"] ?? (isObject(json["config"]) ? json["config"]["name"] : undefined);
  return typeof own === "string" ? own : "";
};
const layerRef = (json: JsonObject): { className: string; name: string } => ({ className: String(json["class_name"]), name: layerName(json) });

/** Functional models, and Sequential ones that begin with an InputLayer, are called once when they are made. */
function beginsWithNode(json: JsonObject): boolean {
  if (!MODELS.has(String(json["class_name"]))) return false;
  const layers = isObject(json["config"]) ? json["config"]["layers"] : undefined;
  const first = Array.isArray(layers) ? (layers as readonly Json[])[0] : undefined;
  return json["class_name"] !== "Sequential" || (isObject(first) && first["class_name"] === "InputLayer");
}

function find(json: JsonObject): LayerDefinition | undefined {
  const className = String(json["class_name"]);
  const module = json["module"];
  if (typeof module === "string" && module.startsWith("keras.src.ops")) return kerasLayers.get(`ops.${className}`);
  if ((className === "TFOpLambda" || className === "SlicingOpLambda") && isObject(json["config"])) return kerasLayers.get(`tf.${String(json["config"]["function"])}`);
  if (foreign(json)) return undefined;
  return kerasLayers.get(className.includes(">") ? "" : className);
}
function foreign(json: JsonObject): boolean {
  const [module, registered] = [json["module"], json["registered_name"]];
  return (typeof module === "string" && !/^(keras|tf_keras|tensorflow)(\.|$)/.test(module)) || (typeof registered === "string" && registered.includes(">") && !registered.startsWith("Keras>")) || String(json["class_name"]).includes(">");
}

function unknownLayer(json: JsonObject, view: LayerView): Error {
  const { className } = view;
  if (className === "Lambda" || className === "__lambda__") {
    return convertError("contains-code", `${view.where} holds a Python function; its code would have to run, and Slipway never runs code from a file`, {
      where: view.where, hint: "Replace it by Keras's own layers (Rescaling, Normalization, Multiply, Reshape ...), or do its work before the model." });
  }
  const what = className === "TFOpLambda" ? `TFOpLambda (${String((json["config"] as JsonObject)["function"]).slice(0, 100)})` : className;
  if (!foreign(json) && (KNOWN_LAYERS.has(className) || className === "TFOpLambda" || className === "SlicingOpLambda" || String(json["module"] ?? "").startsWith("keras.src.ops"))) {
    return kerasError("unsupported-layer", `${view.where}: ${what} is not compiled`, { where: view.where, hint: "Leave it out of the saved model, or replace it by other layers." });
  }
  return customClass(className, json, view.where);
}
function customClass(className: string, json: JsonObject, where?: string): Error {
  const module = typeof json["module"] === "string" ? ` (module ${json["module"].slice(0, 100)})` : "";
  return convertError("custom-class", `${where === undefined ? "" : `${where}: `}${className.slice(0, 100)}${module} is a class of someone's own; its code is not in the file, and Slipway would not run it if it were`, {
    where, hint: "Build the model from Keras's own layers as a Sequential or Functional model." });
}

interface Reference {
  readonly layer: string;
  readonly node: number;
  readonly tensor: number;
}

/** input_layers and output_layers: one [name, node, tensor], a list of them, or a dictionary (taken in the order of its keys). */
function references(raw: Json | undefined, config: Config, depth = 0): Reference[] {
  if (depth > 8) throw config.malformed("its inputs or outputs are nested too deep");
  const one = reference(raw);
  if (one) return [one];
  if (Array.isArray(raw)) return (raw as readonly Json[]).flatMap((r) => references(r, config, depth + 1));
  if (isObject(raw)) return Object.keys(raw).sort().flatMap((k) => references(raw[k], config, depth + 1));
  throw config.malformed(`its inputs or outputs are given as ${JSON.stringify(raw ?? null).slice(0, 80)}`);
}
function reference(raw: unknown): Reference | undefined {
  if (!Array.isArray(raw) || raw.length < 3) return undefined;
  const [layer, node, tensor] = raw as unknown[];
  return typeof layer === "string" && typeof node === "number" && typeof tensor === "number" ? { layer, node, tensor } : undefined;
}
const isKerasTensor = (v: Json): v is JsonObject => isObject(v) && v["class_name"] === "__keras_tensor__" && isObject(v["config"]);

type MakeCall = (find: (r: Reference) => Sym | undefined) => Call | undefined;

/** One call of a layer, as Keras 3 ({args, kwargs}) or Keras 2 ([[name, node, tensor, kwargs], ...]) wrote it. */
function readCall(data: Json, name: string, config: Config): MakeCall {
  const bad = (): Error => config.malformed(`the call of layer ${JSON.stringify(name)} is not readable`);
  return (find) => {
    let waiting = false;
    const tensor = (r: Reference | undefined): Sym => {
      if (!r) throw bad();
      const sym = find(r);
      if (!sym) waiting = true;
      return sym ?? ({} as Sym);
    };
    const argument = (v: Json, depth: number): Argument => {
      if (depth > 8) throw bad();
      if (isKerasTensor(v)) return tensor(reference((v["config"] as JsonObject)["keras_history"]));
      if (isObject(data) === false && reference(v)) return tensor(reference(v));
      const items = Array.isArray(v) ? (v as readonly Json[]) : isObject(v) && Object.values(v).some((x) => isKerasTensor(x)) ? Object.keys(v).sort().map((k) => v[k]!) : undefined;
      if (items?.some((x) => isKerasTensor(x) || (!isObject(data) && reference(x)))) return items.map((x) => argument(x, depth + 1) as Sym);
      return { json: v };
    };
    const named = new Map<string, Argument>();
    let inputs: Sym[] = [];
    let more: Argument[] = [];
    if (isObject(data)) {
      const args = data["args"];
      if (!Array.isArray(args) || !isObject(data["kwargs"])) throw bad();
      const all = (args as readonly Json[]).map((a) => argument(a, 0));
      const first = all[0];
      inputs = first === undefined || "json" in first ? [] : Array.isArray(first) ? [...(first as readonly Sym[])] : [first as Sym];
      more = first !== undefined && "json" in first ? all : all.slice(1);
      for (const [k, v] of Object.entries(data["kwargs"])) named.set(k, argument(v, 0));
    } else {
      // A dictionary of inputs is taken in the order of its keys.
      const list = Array.isArray(data) ? (data as readonly Json[]) : [];
      for (const item of reference(list) ? [list as Json] : list) {
        if (Array.isArray(item) && item[0] === "_CONSTANT_VALUE") more = [...more, { json: item[2] as Json }];
        else inputs.push(tensor(reference(item)));
        const kwargs = Array.isArray(item) ? (item as readonly Json[])[3] : undefined;
        if (isObject(kwargs)) for (const [k, v] of Object.entries(kwargs)) named.set(k, argument(v, 0));
      }
    }
    if (waiting) return undefined;
    if (inputs.some((s) => !isSym(s)) || [...more, ...named.values()].some((a) => Array.isArray(a) && (a as readonly Argument[]).some((s) => !isSym(s) && !(!Array.isArray(s) && "json" in s && s.json === null)))) throw bad();
    return { inputs, more, named };
  };
}

/** An explicit `mask` argument is the mask of the input (or of each). */
function withMasks(call: Call): Call {
  const mask = call.named.get("mask");
  if (mask === undefined || "json" in mask) return call;
  const masks = Array.isArray(mask) ? (mask as readonly Sym[]) : [mask as Sym];
  return { ...call, inputs: call.inputs.map((s, i) => (isSym(masks[i]) ? { value: s.value, mask: masks[i]!.value } : s)) };
}
