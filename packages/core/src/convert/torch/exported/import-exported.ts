// torch.export archives (.pt2, torch.export.save): models/<name>.json is the graph of an ExportedProgram (schema of
// torch/_export/serde/schema.py), data/weights and data/constants hold its tensors, each in a file of its own with its
// sizes and strides in a configuration beside them. Older ones (before 2.9) keep serialized_exported_program.json and
// serialized_state_dict.pt at the top.

import { PyDict } from "../../../pickle/index.ts";
import { elementCount, type ElementType, type Tensor } from "../../../tensor/index.ts";
import { TorchArchive } from "../archive.ts";
import { malformed, shown, torchError } from "../errors.ts";
import { followModel, type FollowedModel, type ModelInput } from "../follow.ts";
import type { TorchContext } from "../context.ts";
import { describeValue, DictValue, ListValue, type TorchValue } from "../values.ts";

const MAX_JSON = 2 ** 28;

/** torch.export's own numbers for element types (schema.ScalarType), as storages of the archive and as ATen's codes. */
const DTYPES: Readonly<Record<number, readonly [storage: string, type: ElementType, aten: number]>> = {
  1: ["ByteStorage", "uint8", 0], 2: ["CharStorage", "int8", 1], 3: ["ShortStorage", "int16", 2], 4: ["IntStorage", "int32", 3], 5: ["LongStorage", "int64", 4],
  6: ["HalfStorage", "float16", 5], 7: ["FloatStorage", "float", 6], 8: ["DoubleStorage", "double", 7], 12: ["BoolStorage", "bool", 11], 13: ["BFloat16Storage", "float16", 15],
};
/** Half precision is named as ATen names it, which the operators refuse. */
const HALF = 5n;

type Json = Readonly<Record<string, unknown>>;
const isObject = (v: unknown): v is Json => typeof v === "object" && v !== null && !Array.isArray(v);

function object(v: unknown, what: string): Json {
  if (!isObject(v)) throw malformed(`${what} is not readable`, "the exported program");
  return v;
}
function list(v: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(v)) throw malformed(`${what} is not a list`, "the exported program");
  return v as unknown[];
}
function text(v: unknown, what: string): string {
  if (typeof v !== "string") throw malformed(`${what} is not a text`, "the exported program");
  return v;
}
function whole(v: unknown, what: string): number {
  const n = isObject(v) ? v["as_int"] : v;
  if (typeof n !== "number" || !Number.isSafeInteger(n) || n < 0) throw malformed(`${what} is not a size`, "the exported program");
  return n;
}
function json(archive: TorchArchive, name: string): Json | undefined {
  const bytes = archive.read(name);
  if (!bytes) return undefined;
  if (bytes.length > MAX_JSON) throw torchError("torch-limit", `${shown(name)} has ${bytes.length} bytes`);
  try {
    return object(JSON.parse(plainJson(new TextDecoder().decode(bytes)), (_key, value: unknown) => (isObject(value) ? settled(value) : value)), name);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw malformed(`${shown(name)} is not JSON`);
    throw cause;
  }
}

/** PyTorch 2.1 wrote every member of a union, all but one of them null, and tensors one level deeper. */
function settled(value: Json): Json {
  const entries = Object.entries(value);
  if (entries.length > 1 && entries.every(([k]) => k.startsWith("as_"))) return Object.fromEntries([entries.find(([, v]) => v !== null) ?? ["as_none", true]]);
  return entries.length === 1 && entries[0]![0] === "meta" && isObject(entries[0]![1]) ? entries[0]![1] : value;
}
/** PyTorch 2.1 and 2.2 told inputs and outputs by lists of names. */
function specsOf(signature: Json, graph: Json): { readonly inputs: readonly unknown[]; readonly outputs: readonly unknown[] } {
  if (Array.isArray(signature["input_specs"])) return { inputs: signature["input_specs"] as unknown[], outputs: list(signature["output_specs"], "output_specs") };
  const [parameters, buffers] = [object(signature["inputs_to_parameters"], "inputs_to_parameters"), object(signature["inputs_to_buffers"], "inputs_to_buffers")];
  const mutated = object(signature["buffers_to_mutate"] ?? {}, "buffers_to_mutate");
  const nameOf = (v: unknown): string => {
    const arg = object(v, "an input");
    return isObject(arg["as_tensor"]) ? text(arg["as_tensor"]["name"], "an input") : "";
  };
  const inputs = list(graph["inputs"], "inputs").map((v) => {
    const name = nameOf(v);
    if (Object.hasOwn(parameters, name)) return { parameter: { arg: { name }, parameter_name: parameters[name] } };
    if (Object.hasOwn(buffers, name)) return { buffer: { arg: { name }, buffer_name: buffers[name], persistent: true } };
    return { user_input: { arg: v } };
  });
  return { inputs, outputs: list(graph["outputs"], "outputs").map((v) => (Object.hasOwn(mutated, nameOf(v)) ? { buffer_mutation: {} } : { user_output: { arg: v } })) };
}

interface Found {
  readonly tensor: Tensor;
  readonly half: string | undefined;
}
/** Python writes numbers that JSON does not have: they become texts. */
const plainJson = (text: string): string => (/\b(Infinity|NaN)\b/.test(text) ? text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:Infinity|NaN)\b/g, (token) => (token.startsWith('"') ? token : `"${token}"`)) : text);

type Lookup = (kind: "weights" | "constants", name: string) => Found;

export function isExported(archive: TorchArchive): boolean {
  return modelName(archive) !== undefined || archive.zip.has("serialized_exported_program.json");
}
function modelName(archive: TorchArchive): string | undefined {
  const names = archive.zip.names.filter((n) => n.startsWith(`${archive.root}models/`) && n.endsWith(".json"));
  return names[0]?.slice(archive.root.length);
}

export function importExported(archive: TorchArchive): FollowedModel {
  const name = modelName(archive) ?? "serialized_exported_program.json";
  const program = json(archive, name);
  if (!program) throw malformed("the archive holds no exported program");
  const own = name.startsWith("models/") ? name.slice(7, -5) : undefined;
  return follow(program, own === undefined ? oldTensors(archive) : newTensors(archive, own));
}

function newTensors(archive: TorchArchive, model: string): Lookup {
  const configs = { weights: json(archive, `data/weights/${model}_weights_config.json`), constants: json(archive, `data/constants/${model}_constants_config.json`) };
  return (kind, name) => {
    const config = configs[kind]?.["config"];
    if (!isObject(config) || !Object.hasOwn(config, name)) throw malformed(`the archive holds no ${kind} ${shown(name)}`);
    const entry = object(config[name], name);
    if (entry["use_pickle"] === true) throw torchError("torch-operator", `${shown(name)} is kept as a pickle, which is not read`, { hint: "Export the model with plain tensors." });
    const meta = object(entry["tensor_meta"], name);
    const dtype = DTYPES[whole(meta["dtype"], "a dtype")];
    if (!dtype) throw torchError("torch-operator", `${shown(name)} has an element type that is not compiled`, { hint: "Call model.float() and export it again." });
    const sizes = list(meta["sizes"], "sizes").map((s) => whole(s, "a size"));
    const tensor = archive.tensorAt(`data/${kind}/${text(entry["path_name"], "a path").replace(/[^\w.-]/g, "")}`, dtype[0], whole(meta["storage_offset"], "an offset"), sizes, list(meta["strides"], "strides").map((s) => whole(s, "a stride")));
    return { tensor, half: archive.halfOf(tensor) };
  };
}

/** Before 2.9: two archives inside, each a pickled dict. */
function oldTensors(archive: TorchArchive): Lookup {
  const dicts = new Map<string, (name: string) => Found | undefined>();
  const open = (file: string): ((name: string) => Found | undefined) => {
    // PyTorch 2.1 called it .json, but it was a pickle all the same.
    const bytes = archive.zip.read(file) ?? archive.zip.read(file.replace(/pt$/, "json"));
    if (!bytes || bytes.length < 4) return () => undefined;
    const inner = new TorchArchive(bytes);
    const value = inner.pickle("data.pkl", "data")?.value;
    return (name) => {
      const tensor = value instanceof PyDict ? inner.tensorOf(value.get(name) ?? null) : undefined;
      return tensor && { tensor, half: inner.halfOf(tensor) };
    };
  };
  return (kind, name) => {
    const file = kind === "weights" ? "serialized_state_dict.pt" : "serialized_constants.pt";
    const dict = dicts.get(file) ?? open(file);
    dicts.set(file, dict);
    const found = dict(name);
    if (!found) throw malformed(`the archive holds no ${kind} ${shown(name)}`);
    return found;
  };
}

function follow(program: Json, tensors: Lookup): FollowedModel {
  const module = object(program["graph_module"], "graph_module");
  const graph = object(module["graph"], "graph");
  const signature = object(module["signature"], "signature");
  const inputs: ModelInput[] = [];
  const starts: ((c: TorchContext, given: readonly TorchValue[]) => readonly [string, TorchValue])[] = [];
  const told = specsOf(signature, graph);
  for (const raw of told.inputs) {
    const [[kind, content] = ["", {}]] = Object.entries(object(raw, "an input"));
    const spec = object(content, "an input");
    if (kind === "parameter" || kind === "buffer" || kind === "tensor_constant") {
      const name = text(object(spec["arg"], "an input")["name"], "an input");
      const key = text(spec[`${kind}_name`], "a parameter");
      const place = kind === "tensor_constant" || spec["persistent"] === false ? "constants" : "weights";
      starts.push((c) => {
        const { tensor, half } = tensors(place, key);
        return [name, c.tensor(tensor, half)];
      });
    } else if (kind === "user_input") {
      const arg = object(spec["arg"], "an input");
      const tensor = isObject(arg["as_tensor"]) ? text(arg["as_tensor"]["name"], "an input") : undefined;
      if (tensor === undefined) {
        if ("as_none" in arg) continue;
        throw torchError("torch-operator", "the model takes something that is not a tensor", { hint: "Export a model that takes its data as tensors." });
      }
      const at = inputs.length;
      inputs.push({ name: tensor, open: shapeOf(graph, tensor) });
      starts.push((_c, given) => [tensor, given[at]!]);
    } else throw torchError("torch-operator", `the exported program has an input of the kind ${shown(kind)}`, { hint: "Export a model without tokens and custom objects." });
  }
  return followModel(inputs, (given, c) => {
    const values = new Map<string, TorchValue>(starts.map((start) => start(c, given)));
    for (const node of list(graph["nodes"], "nodes")) runNode(object(node, "a node"), values, c);
    const outputs: TorchValue[] = [];
    const specs = told.outputs;
    list(graph["outputs"], "outputs").forEach((o, i) => {
      const [kind] = isObject(specs[i]) ? Object.keys(specs[i]) : ["user_output"];
      if (kind === "user_output") outputs.push(argument(o, values));
      if (kind === "buffer_mutation") throw torchError("torch-operator", "the exported program changes a buffer of the model, so that one prediction would depend on those before", { hint: "Call model.eval() before exporting, and keep no state in the model." });
    });
    const named = keysOf(module, outputs.length);
    if (named) return new DictValue(new Map(named.map((name, i) => [name, outputs[i]!])));
    return outputs.length === 1 ? outputs[0]! : new ListValue(outputs, true);
  }, "torch.export.ExportedProgram");
}

/** The keys of a dict that the model gives, from the tree that the outputs are put back into. */
function keysOf(module: Json, count: number): string[] | undefined {
  const calls = Array.isArray(module["module_call_graph"]) ? (module["module_call_graph"] as unknown[]) : [];
  const whole = calls.find((c) => isObject(c) && c["fqn"] === "");
  const spec = isObject(whole) && isObject(whole["signature"]) ? whole["signature"]["out_spec"] : undefined;
  if (typeof spec !== "string" || spec.length > 100_000) return undefined;
  let keys: unknown;
  try {
    const [, tree] = JSON.parse(spec) as [unknown, unknown];
    if (!isObject(tree) || !/dict$/i.test(String(tree["type"])) || !Array.isArray(tree["children_spec"])) return undefined;
    if (!(tree["children_spec"] as unknown[]).every((child) => isObject(child) && child["type"] === null)) return undefined;
    keys = typeof tree["context"] === "string" ? JSON.parse(tree["context"]) : tree["context"];
  } catch {
    return undefined;
  }
  return Array.isArray(keys) && keys.length === count && keys.every((k) => typeof k === "string" && k !== "") && new Set(keys).size === count ? (keys as string[]) : undefined;
}

/** The first dimension is free where the program says so; sizes that it leaves open elsewhere stay open. */
function shapeOf(graph: Json, name: string): ModelInput["open"] {
  const meta = object(object(graph["tensor_values"], "tensor_values")[name], name);
  const dtype = DTYPES[whole(meta["dtype"], "a dtype")];
  if (!dtype || dtype[1] === "float16") throw torchError("torch-operator", `the input ${shown(name)} has an element type that is not compiled`, { hint: "Call model.float() and export it again." });
  const shape = list(meta["sizes"], "sizes").map((s, i) => (isObject(s) && "as_int" in s ? whole(s, "a size") : i === 0 ? "N" : null));
  if (elementCount(shape.map((d) => (typeof d === "number" ? d : 1))) > 2 ** 31) throw torchError("torch-limit", `the input ${shown(name)} is too large`);
  return { type: dtype[1], shape };
}

function runNode(node: Json, values: Map<string, TorchValue>, c: TorchContext): void {
  const target = text(node["target"], "a node's target");
  const named = new Map<string, TorchValue>();
  const positional: TorchValue[] = [];
  for (const raw of list(node["inputs"], "a node's inputs")) {
    const input = object(raw, "a node's input");
    const value = argument(input["arg"], values);
    const name = typeof input["name"] === "string" ? input["name"] : "";
    if (name === "" || !target.startsWith("torch.ops.aten.")) positional.push(value);
    else named.set(name, value);
  }
  const op = /^torch\.ops\.aten\.(\w+)(?:\.\w+)?$/.exec(target)?.[1] ?? /^_operator\.(\w+)$/.exec(target)?.[1] ?? /^(?:torch\.)?(sym_\w+)$/.exec(target)?.[1];
  // Checks of sizes, which the graph's own shapes stand for.
  if (/(_assert\w*|sym_constrain_range\w*)(\.\w+)?$/.test(target)) return;
  if (op === undefined) throw torchError("torch-operator", `the operator ${shown(target)} is not compiled`, { where: shown(String(node["name"] ?? target)), hint: "Export the model to ONNX: torch.onnx.export(model, (example,), 'model.onnx')." });
  const result = op === "getitem" ? item(positional) : c.call(op, positional, named);
  const outputs = list(node["outputs"], "a node's outputs");
  const [first] = outputs;
  if (outputs.length === 1 && isObject(first) && Array.isArray(first["as_tensors"])) bindAll(first["as_tensors"] as unknown[], result, values);
  else if (outputs.length === 1) bind(first, result instanceof ListValue && result.tuple ? result.items[0]! : result, values);
  else bindAll(outputs, result, values);
}
function item([of, at]: readonly TorchValue[]): TorchValue {
  const found = of instanceof ListValue && typeof at === "bigint" ? of.items.at(Number(at)) : undefined;
  if (found === undefined) throw malformed(`${describeValue(of)} is indexed by ${describeValue(at)}`);
  return found;
}
function bindAll(outputs: readonly unknown[], result: TorchValue, values: Map<string, TorchValue>): void {
  if (!(result instanceof ListValue) || result.items.length < outputs.length) throw malformed(`an operator gives ${describeValue(result)} instead of ${outputs.length} values`);
  outputs.forEach((o, i) => bind(o, result.items[i]!, values));
}
function bind(output: unknown, value: TorchValue, values: Map<string, TorchValue>): void {
  const o = object(output, "an output");
  const [[kind, content] = ["", null]] = Object.entries(o);
  const name = kind === "name" ? content : isObject(content) ? (content["name"] ?? content["as_name"]) : kind === "as_name" ? content : undefined;
  if (typeof name === "string") values.set(name, value);
}

/** An Argument of the schema. */
function argument(raw: unknown, values: ReadonlyMap<string, TorchValue>): TorchValue {
  const [[kind, content] = ["", null]] = Object.entries(object(raw, "an argument"));
  const named = (v: unknown): TorchValue => {
    const name = isObject(v) ? (v["name"] ?? v["as_name"]) : v;
    const value = typeof name === "string" ? values.get(name) : undefined;
    if (value === undefined) throw malformed(`the graph uses ${shown(String(name))} before it is made`);
    return value;
  };
  const symbol = (v: unknown): TorchValue => (isObject(v) && "as_int" in v ? integer(v["as_int"]) : isObject(v) && "as_float" in v ? Number(v["as_float"]) : isObject(v) && "as_bool" in v ? v["as_bool"] === true : named(v));
  const integer = (v: unknown): bigint => {
    if (typeof v !== "number" || !Number.isInteger(v)) throw malformed("an argument is not an integer");
    return BigInt(v);
  };
  switch (kind) {
    case "as_none": return null;
    case "as_tensor": return named(content);
    case "as_tensors": case "as_nested_tensors": return new ListValue(list(content, kind).map(named));
    case "as_optional_tensors": return new ListValue(list(content, kind).map((v) => (isObject(v) && "as_tensor" in v ? named(v["as_tensor"]) : null)));
    case "as_optional_tensor": return isObject(content) && "as_tensor" in content ? named(content["as_tensor"]) : null;
    case "as_int": return integer(content);
    case "as_ints": return new ListValue(list(content, kind).map(integer));
    case "as_float": return typeof content === "string" ? floatOf(content) : Number(content);
    case "as_floats": return new ListValue(list(content, kind).map(Number));
    case "as_bool": return content === true;
    case "as_bools": return new ListValue(list(content, kind).map((v) => v === true));
    case "as_string": return text(content, kind);
    case "as_sym_int": case "as_sym_float": case "as_sym_bool": return symbol(content);
    case "as_sym_ints": case "as_sym_floats": case "as_sym_bools": return new ListValue(list(content, kind).map(symbol));
    case "as_scalar_type": return typeof content === "number" ? BigInt(DTYPES[content]?.[2] ?? Number(HALF)) : null;
    case "as_memory_format": case "as_layout": case "as_device": return null;
    default: throw torchError("torch-operator", `an argument of the kind ${shown(kind)} is not compiled`, { hint: "Export the model to ONNX: torch.onnx.export(model, (example,), 'model.onnx')." });
  }
}
function floatOf(text: string): number {
  return ({ Infinity: Infinity, "-Infinity": -Infinity, NaN: NaN } as Record<string, number>)[text] ?? Number(text);
}

