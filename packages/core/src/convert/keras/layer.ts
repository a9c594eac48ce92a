// The contract of a layer's converter: four files make a layer (its converter, a test, a fixture, a line in the registry).

import type { HashedTensor } from "../../package/index.ts";
import type { SlipwayError } from "../../base/index.ts";
import { Ops, type Dim, type GraphBuilder, type Value } from "../../onnx/index.ts";
import { elementCount, floats, type Tensor } from "../../tensor/index.ts";
import { convertError } from "../conversion/errors.ts";
import { Config, isObject, type Json, type JsonObject } from "./config.ts";
import { kerasError } from "./errors.ts";
import type { WeightStore } from "./weights.ts";

/** A value on its way through the model, with the mask that travels along: bool [N, T], true is kept. */
export interface Sym {
  readonly value: Value;
  readonly mask?: Value | undefined;
}

/** What a layer was called with: tensors in its first arguments, and other arguments by name. */
export interface Call {
  /** The first argument: one tensor, or several where it was a list. */
  readonly inputs: readonly Sym[];
  /** Positional arguments from the second on. */
  readonly more: readonly Argument[];
  readonly named: ReadonlyMap<string, Argument>;
}
export type Argument = Sym | readonly Sym[] | { readonly json: Json };
export const isSym = (a: Argument | undefined): a is Sym => a !== undefined && "value" in a && !Array.isArray(a);

export interface LayerDefinition {
  /** Class names. */
  readonly names: readonly string[];
  /** Members that hold variables of their own, as .keras files name them, in the order of layer.weights. */
  readonly parts?: (config: Config) => readonly string[];
  /** What becomes of a mask: it goes on (`pass`), ends here (`stop`), or the converter deals with it (`own`). */
  readonly mask: "pass" | "stop" | "own";
  /** Called each time the layer is called in the model; the weights are the same each time. */
  readonly convert: (layer: LayerView, call: Call, c: KerasContext) => Sym | Value | readonly (Sym | Value)[];
}

export function defineLayer(definition: LayerDefinition): LayerDefinition {
  return definition;
}

/** A layer of the file: its configuration and its weights. */
export class LayerView extends Config {
  readonly className: string;
  readonly name: string;
  readonly store: WeightStore;
  readonly #parts: readonly string[];
  #weights: readonly Tensor[] | undefined;

  constructor(className: string, name: string, values: JsonObject, store: WeightStore, definition: LayerDefinition | undefined) {
    super(values, `layer ${JSON.stringify(name.slice(0, 100))} (${className.slice(0, 100)})`);
    this.className = className;
    this.name = name;
    this.store = store;
    this.#parts = definition?.parts?.(this) ?? [""];
  }
  get weights(): readonly Tensor[] {
    return (this.#weights ??= this.store.tensors(this.#parts));
  }
  /** Weight `i` of `count`, which must have this shape (-1: any), as float32. */
  weight(i: number, count: number, shape: readonly number[]): Tensor<"float"> {
    const found = this.weights;
    if (found.some((t) => t.type === "int8") && found[i]?.type !== "float") throw this.refuse("quantized weights", "only Dense, EinsumDense and Embedding can be quantized", "Save the model before it is quantized.");
    if (found.length !== count) {
      throw this.malformed(found.length === 0 ? "the file holds no weights for it; it may share those of a layer in another model, which is not followed" : `it has ${found.length} weights; its configuration makes ${count}`);
    }
    const t = found[i]!;
    if (t.shape.length !== shape.length || t.shape.some((d, k) => shape[k] !== -1 && shape[k] !== d)) {
      throw this.malformed(`weight ${i} has shape [${t.shape.join(", ")}]; it should be [${shape.map((d) => (d < 0 ? "?" : d)).join(", ")}]`);
    }
    return toFloats(t, this);
  }
  unsupported(message: string, hint?: string): SlipwayError {
    return kerasError("unsupported-layer", `${this.where}: ${message}`, { where: this.where, hint });
  }
  /** float32 throughout, as Keras computes unless it is told otherwise. */
  checkDtype(): void {
    const policy = this.raw("dtype");
    const settings = isObject(policy) && isObject(policy["config"]) ? policy["config"] : undefined;
    // A quantized layer tells what it computes in beside its whole numbers.
    const told = isObject(policy) ? (settings?.["name"] ?? settings?.["source_name"]) : policy;
    const name = typeof told === "string" ? told.replace(/^\w+_from_/, "") : told;
    if (name === undefined || name === null || typeof name !== "string" || ["float32", "int64", "int32", "string", "bool"].includes(name)) return;
    throw this.refuse(`dtype ${JSON.stringify(name.slice(0, 60))}`, name.endsWith("float16") ? "half precision rounds as the machine has it; only float32 layers can be" : "only float32 layers can be", "Build the model with the float32 policy, load the weights into it and save it again.");
  }
  /** Whether the channels are the first dimension after the rows. */
  get channelsFirst(): boolean {
    return this.word("data_format", ["channels_last", "channels_first"], "channels_last") === "channels_first";
  }
}

export function toFloats(t: Tensor, layer: Config): Tensor<"float"> {
  if (t.type === "float") return t as Tensor<"float">;
  if (t.type === "double" || t.type === "int32" || t.type === "int64") return floats(Float32Array.from(t.data as ArrayLike<number | bigint>, Number), t.shape);
  throw layer.refuse(`weights in ${t.type}`, "only float32 weights can be");
}

/** What holds for the model as a whole. */
export interface WholeModel {
  readonly checks: { readonly refused: Value; readonly reason: string }[];
  together: boolean;
  /** The graph's inputs, by their values. */
  readonly inputs: Map<Value, string>;
  readonly hashed: HashedTensor[];
}

/** What converters add nodes with. */
export class KerasContext {
  readonly graph: GraphBuilder;
  readonly o: Ops;
  /** Builds a layer inside another (wrappers, nested models). */
  readonly build: (json: JsonObject, store: WeightStore, call: Call, depth: number) => Sym[];
  readonly depth: number;
  /** The version of Keras that wrote the file. */
  readonly version: readonly [major: number, minor: number];
  readonly #whole: WholeModel | undefined;

  /** `whole` is left out where a value's first dimension is not the rows. */
  constructor(graph: GraphBuilder, version: KerasContext["version"], build: KerasContext["build"], depth: number, whole?: WholeModel) {
    this.graph = graph;
    this.version = version;
    this.o = new Ops(graph);
    this.build = build;
    this.depth = depth;
    this.#whole = whole;
  }
  /** The major version. */
  get keras(): number {
    return this.version[0];
  }
  since(major: number, minor: number): boolean {
    return this.version[0] > major || (this.version[0] === major && this.version[1] >= minor);
  }
  /** Rows that Keras refuses: bool [N, ...], true in a row that is. */
  refuseRows(refused: Value, reason: string): void {
    if (!this.#whole) throw convertError("unsupported-option", `${reason}: this is not compiled inside another layer`);
    const rank = this.shape(refused).length;
    const any = rank === 1 ? refused : this.o.cast(this.graph.op("ReduceMax", [this.o.cast(refused, "int32"), this.o.int64s(Array.from({ length: rank - 1 }, (_, i) => i + 1))], { keepdims: 0 }), "bool");
    this.#whole.checks.push({ refused: any, reason });
  }
  /**
   * Buckets of texts or numbers, int64 of the shape of the first value, computed by the runtime: ONNX cannot.
   * undefined: a value is not an input of the model.
   */
  hashed(values: readonly Value[], how: Omit<HashedTensor, "name" | "of">): Value | undefined {
    const of = values.map((v) => this.#whole?.inputs.get(v));
    const whole = this.#whole;
    if (!whole || of.some((name) => name === undefined)) return undefined;
    const taken = new Set(whole.inputs.values());
    let name = "";
    for (let i = 0; name === "" || taken.has(name); i++) name = `${of[0]}/hashed/${whole.hashed.length + i}`;
    whole.hashed.push({ name, of: of as string[], ...how });
    return this.graph.input(name, "int64", [...values[0]!.shape!]);
  }
  /** What a row gives depends on the rows it is computed with. */
  rowsTogether(): void {
    if (this.#whole) this.#whole.together = true;
  }
  floats(data: Float32Array | readonly number[], shape?: readonly number[]): Value {
    return this.graph.constant(floats(data, shape));
  }
  scalar(value: number): Value {
    return this.o.scalar(value, "float");
  }
  constant(t: Tensor): Value {
    return this.graph.constant(t);
  }
  /** Dimensions of a value; every value of a Keras model has a known rank. */
  shape(value: Value): readonly Dim[] {
    if (value.shape === null) throw convertError("malformed-model", "a value's number of dimensions cannot be told");
    return value.shape;
  }
  /** A dimension that must be known. */
  size(value: Value, axis: number, layer: Config): number {
    const d = this.shape(value).at(axis);
    if (typeof d !== "number") throw layer.refuse(`an open dimension ${axis}`, "its size must be known", "Give the model's Input a full shape.");
    return d;
  }
  /** The dimensions as an int64 list that Reshape and Expand take; open ones are taken from the value when it runs. */
  shapeValue(dims: readonly (number | { readonly of: Value; readonly axis: number })[]): Value {
    const parts = dims.map((d) => (typeof d === "number" ? this.o.int64s([d]) : this.graph.op("Shape", [d.of], { start: d.axis, end: d.axis + 1 })));
    return dims.every((d) => typeof d === "number") ? this.o.int64s(dims) : this.o.concat(parts, 0);
  }
  float(value: Value): Value {
    return this.o.cast(value, "float");
  }
}

/** The lone tensor that most layers take. */
export function single(layer: LayerView, call: Call): Sym {
  const [first] = call.inputs;
  if (!first || call.inputs.length !== 1) throw layer.malformed(`it is given ${call.inputs.length} inputs instead of one`);
  return first;
}

export function rankOf(layer: LayerView, value: Value, least: number, most: number = least): number {
  const rank = value.shape?.length ?? -1;
  if (rank < least || rank > most) throw layer.malformed(`its input has ${rank} dimensions instead of ${least === most ? least : `${least} to ${most}`}`);
  return rank;
}

/** The same elements in another order: axes of `from` by `perm`. */
export function transposed(t: Tensor<"float">, perm: readonly number[]): Tensor<"float"> {
  const shape = perm.map((p) => t.shape[p]!);
  const strides = t.shape.map((_, i) => elementCount(t.shape.slice(i + 1)));
  const steps = perm.map((p) => strides[p]!);
  const out = new Float32Array(t.data.length);
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = t.data[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= steps[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return floats(out, shape);
}
