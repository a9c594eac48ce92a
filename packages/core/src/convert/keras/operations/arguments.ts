// What an operation that stands in a Functional model as a node of its own is called with: keras.ops (Keras 3: arguments in
// the call, settings in the configuration) and TFOpLambda (Keras 2: everything in the call).

import type { Value } from "../../../onnx/index.ts";
import { elementCount, type ElementType, type Tensor } from "../../../tensor/index.ts";
import { isObject, type Json } from "../config.ts";
import { isSym, type Argument, type Call, type KerasContext, type LayerDefinition, type LayerView } from "../layer.ts";
import { normalAxis } from "../layers/core.ts";

const MAX_CONSTANT = 2 ** 22;
const TYPES: Readonly<Record<string, ElementType>> = {
  float32: "float", float64: "double", int8: "int8", int16: "int16", int32: "int32", int64: "int64", uint8: "uint8", uint16: "uint16", uint32: "uint32", bool: "bool",
};

export class OperationCall {
  readonly layer: LayerView;
  readonly call: Call;
  readonly c: KerasContext;
  readonly #positions: readonly Argument[];

  constructor(layer: LayerView, call: Call, c: KerasContext) {
    this.layer = layer;
    this.call = call;
    this.c = c;
    const { inputs, more } = call;
    this.#positions = inputs.length === 0 ? more : [inputs.length === 1 ? inputs[0]! : inputs, ...more];
  }
  /** By one of its names, by its place, or from the configuration. */
  argument(names: string, place = -1): Argument | undefined {
    const list = names.split(" ");
    for (const name of list) {
      const a = this.call.named.get(name);
      if (a !== undefined) return a;
    }
    const at = this.#positions[place];
    if (at !== undefined) return at;
    for (const name of list) {
      const json = this.layer.raw(name);
      if (json !== undefined && name !== "name") return { json };
    }
    return undefined;
  }
  json(names: string, place = -1): Json | undefined {
    const a = this.argument(names, place);
    if (a === undefined) return undefined;
    if (isSym(a) || !("json" in a)) throw this.layer.unsupported(`${names.split(" ")[0]} is computed in the model, which is not compiled`);
    return a.json;
  }
  /** All tensors of the first argument. */
  list(): Value[] {
    const first = this.#positions[0];
    if (first !== undefined && !isSym(first) && "json" in first) throw this.layer.unsupported("an operand that is no tensor is not compiled");
    if (this.call.inputs.length === 0) throw this.layer.malformed("it is given no tensors");
    return this.call.inputs.map((s) => s.value);
  }
  x(): Value {
    const v = this.operand("x inputs condition input tensor a logits features", 0);
    if (v === undefined) throw this.layer.malformed("it is given no tensor");
    return v;
  }
  floats(): Value {
    return this.c.float(this.x());
  }
  /** A tensor, or a number or list of numbers as a constant: `like` another value where that is possible. */
  operand(names: string, place: number, like?: Value): Value | undefined {
    const a = this.argument(names, place);
    if (a === undefined) return undefined;
    if (isSym(a)) return a.value;
    if (!("json" in a)) throw this.layer.unsupported("a list of tensors is not compiled here");
    return a.json === null ? undefined : this.constant(a.json, like);
  }
  constant(json: Json, like?: Value): Value {
    let data = json;
    let type: ElementType | undefined;
    if (isObject(json)) {
      const config = json["config"];
      if ((json["class_name"] !== "__numpy__" && json["class_name"] !== "__tensor__") || !isObject(config) || typeof config["dtype"] !== "string") throw this.layer.unsupported(`an operand ${JSON.stringify(json).slice(0, 80)} is not compiled`);
      data = config["value"] ?? null;
      type = TYPES[config["dtype"]];
      if (!type) throw this.layer.unsupported(`a constant of ${config["dtype"].slice(0, 40)} is not compiled`);
    }
    const shape: number[] = [];
    for (let at: Json | undefined = data; Array.isArray(at); at = (at as readonly Json[])[0]) {
      shape.push((at as readonly Json[]).length);
      if (shape.length > 8) break;
    }
    const flat = shape.length === 0 ? [data] : (data as unknown[]).flat(8);
    if (flat.length > MAX_CONSTANT || flat.length !== elementCount(shape) || !flat.every((v) => typeof v === "number" || typeof v === "boolean")) throw this.layer.unsupported(`an operand ${JSON.stringify(json).slice(0, 80)} is not compiled`);
    const numbers = flat.map(Number);
    const whole = numbers.every((v) => Number.isInteger(v));
    // Python's numbers take the type of the other side, but whole numbers do not hold fractions.
    type ??= like && like.type !== "string" && (like.type !== "bool" || flat.every((v) => typeof v === "boolean")) && (whole || ["float", "double"].includes(like.type)) ? like.type : "float";
    return this.c.graph.constant(numericTensor(type, numbers, shape));
  }
  /** Two operands in one type. */
  pair(a = "x1 x condition", b = "x2 y"): [Value, Value] {
    const first = this.call.inputs.length > 1 && this.argument(b, 1) === undefined ? this.call.inputs[0]!.value : undefined;
    const sym = [this.argument(a, 0), this.argument(b, 1)].find((v) => isSym(v));
    const like = isSym(sym) ? sym.value : undefined;
    const x = first ?? this.operand(a, 0, like);
    const y = first ? this.call.inputs[1]!.value : this.operand(b, 1, like);
    if (!x || !y) throw this.layer.malformed("it lacks an operand");
    return this.alike(x, y);
  }
  alike(x: Value, y: Value): [Value, Value] {
    if (x.type === y.type) return [x, y];
    const order: readonly ElementType[] = ["bool", "uint8", "int8", "int16", "int32", "int64", "float", "double"];
    if (!order.includes(x.type) || !order.includes(y.type)) throw this.layer.unsupported(`${x.type} and ${y.type} together are not compiled`);
    const type = order[Math.max(order.indexOf(x.type), order.indexOf(y.type))]!;
    return [this.c.o.cast(x, type), this.c.o.cast(y, type)];
  }
  number(names: string, place: number, otherwise?: number): number {
    const v = this.json(names, place) ?? otherwise;
    if (typeof v !== "number") throw this.layer.malformed(`${names.split(" ")[0]} is ${JSON.stringify(v ?? null).slice(0, 80)}, not a number`);
    return v;
  }
  whole(names: string, place: number, otherwise?: number): number {
    const v = this.number(names, place, otherwise);
    if (!Number.isSafeInteger(v)) throw this.layer.malformed(`${names.split(" ")[0]} is ${v}`);
    return v;
  }
  wholes(names: string, place: number): number[] {
    let v = this.json(names, place);
    if (isObject(v) && isObject(v["config"]) && v["class_name"] === "__numpy__") v = v["config"]["value"];
    const list = typeof v === "number" ? [v] : v;
    if (!Array.isArray(list) || list.length > MAX_CONSTANT || !list.every((n) => Number.isSafeInteger(n))) throw this.layer.malformed(`${names.split(" ")[0]} is ${JSON.stringify(v ?? null).slice(0, 80)}, not whole numbers`);
    return list as number[];
  }
  flag(names: string, otherwise = false): boolean {
    const v = this.json(names) ?? otherwise;
    if (typeof v !== "boolean") throw this.layer.malformed(`${names.split(" ")[0]} is ${JSON.stringify(v).slice(0, 80)}`);
    return v;
  }
  /** One axis, not negative. */
  axis(rank: number, place: number, otherwise: number): number {
    return normalAxis(this.layer, this.whole("axis axis1 dim", place, otherwise), rank);
  }
  /** Axes that are reduced; all where none are given. */
  axes(rank: number, place: number): number[] {
    const v = this.json("axis", place);
    return v === undefined || v === null ? Array.from({ length: rank }, (_, i) => i) : [...new Set(this.wholes("axis", place).map((a) => normalAxis(this.layer, a, rank)))].sort((a, b) => a - b);
  }
  dtype(place: number): ElementType {
    const v = this.json("dtype", place);
    const type = typeof v === "string" && Object.hasOwn(TYPES, v) ? TYPES[v] : undefined;
    if (!type) throw this.layer.unsupported(`dtype ${JSON.stringify(v ?? null).slice(0, 80)} is not compiled`);
    return type;
  }
  rank(v: Value): number {
    return this.c.shape(v).length;
  }
  /** Along the rows nothing is mixed: each row is computed by itself. */
  notRows(axes: readonly number[]): void {
    if (axes.includes(0)) throw this.layer.refuse("an axis 0", "it would mix the rows of a request", "Leave the first dimension alone.");
  }
}

function numericTensor(type: ElementType, numbers: readonly number[], shape: readonly number[]): Tensor {
  if (type === "int64") return { type, shape, data: BigInt64Array.from(numbers, (v) => BigInt(Math.trunc(v))) };
  if (type === "bool") return { type, shape, data: Uint8Array.from(numbers, (v) => (v ? 1 : 0)) };
  const arrays = { float: Float32Array, double: Float64Array, int8: Int8Array, int16: Int16Array, int32: Int32Array, uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array } as const;
  return { type, shape, data: arrays[type as keyof typeof arrays].from(numbers) } as Tensor;
}

/** An operation by its names: "ops.Exp" of Keras 3, "tf.math.exp" of Keras 2. */
export const operation = (names: string, convert: (call: OperationCall, c: KerasContext) => Value | readonly Value[]): LayerDefinition => ({
  names: names.split(" "), mask: "stop", convert: (layer, call, c) => convert(new OperationCall(layer, call, c), c),
});
