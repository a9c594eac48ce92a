// What operators' converters work with: one node of the graph with its inputs and attributes, and ways to make values.

import type { SlipwayError } from "../../base/index.ts";
import { Ops, type Dim, type GraphBuilder, type Value } from "../../onnx/index.ts";
import type { HashedTensor } from "../../package/index.ts";
import type { ElementType, Tensor } from "../../tensor/index.ts";
import { malformed, savedModelError, shown } from "./errors.ts";
import type { TableContent } from "./filled-tables.ts";
import type { TfNode } from "./model.ts";
import { elementType, readTensor } from "./tensor-proto.ts";
import { Handle, TfList, TfTensor, type Size, type TfValue } from "./values.ts";

export type Made = TfValue | Value;
export interface Operator {
  readonly names: readonly string[];
  readonly convert: (op: NodeView, c: TfContext) => Made | readonly Made[];
}
/** One operator, or several alike. */
export const define = (names: string, convert: Operator["convert"]): Operator => ({ names: names.split(" "), convert });

export class TfContext {
  readonly graph: GraphBuilder;
  readonly o: Ops;
  /** The content of a variable. */
  readonly variable: (handle: Handle, op: NodeView) => Tensor;
  /** Follows a function. */
  readonly call: (name: string, inputs: readonly TfValue[], op: NodeView) => TfValue[];
  /** What a lookup table holds. */
  readonly table: (handle: Handle, op: NodeView) => TableContent;
  /** Buckets of an input of the model, computed by the runtime; undefined where the value is no input. */
  readonly hashed: (value: Value, how: Omit<HashedTensor, "name" | "of">) => Value | undefined;
  /** Tensors that are others in another shape. */
  readonly reshaped: WeakMap<TfTensor, TfTensor> = new WeakMap();
  readonly #variables = new Map<string, TfTensor>();

  constructor(graph: GraphBuilder, variable: TfContext["variable"], call: TfContext["call"], table: TfContext["table"], hashed: TfContext["hashed"] = () => undefined) {
    this.hashed = hashed;
    this.table = table;
    this.graph = graph;
    this.o = new Ops(graph);
    this.variable = variable;
    this.call = call;
  }
  constant(tensor: Tensor): TfTensor {
    return new TfTensor(tensor.type, () => this.graph.constant(tensor), { constant: tensor });
  }
  tensor(value: Value): TfTensor {
    return new TfTensor(value.type, () => value);
  }
  read(handle: Handle, op: NodeView): TfTensor {
    const known = this.#variables.get(handle.node.name);
    if (known) return known;
    const made = this.constant(this.variable(handle, op));
    this.#variables.set(handle.node.name, made);
    return made;
  }
  /** A list of sizes, or one (rank 0), as TensorFlow's integers of a type. */
  sizes(sizes: readonly Size[], type: ElementType, rank: number = 1): TfTensor {
    if (sizes.every((s) => typeof s === "number")) {
      const shape = rank === 0 ? [] : [sizes.length];
      return this.constant(type === "int64" ? { type, shape, data: BigInt64Array.from(sizes, (s) => BigInt(s)) } : { type: "int32", shape, data: Int32Array.from(sizes) });
    }
    return new TfTensor(type, () => {
      const list = this.o.cast(this.shapeValue(sizes), type);
      return rank === 0 ? this.o.reshape(list, []) : list;
    }, { sizes, sizesRank: rank });
  }
  /** int64 [n]. */
  shapeValue(sizes: readonly Size[]): Value {
    if (sizes.every((s) => typeof s === "number")) return this.o.int64s(sizes);
    return this.o.concat(sizes.map((s) => (typeof s === "number" ? this.o.int64s([s]) : s.value)), 0);
  }
  /** The dimensions of a value. */
  dims(value: Value, op: NodeView): Size[] {
    if (value.shape === null) throw op.unsupported("a value whose number of dimensions cannot be told is not compiled");
    return value.shape.map((d, axis) => (typeof d === "number" ? d : { value: this.graph.op("Shape", [value], { start: axis, end: axis + 1 }), dim: d ?? undefined }));
  }
}

export class NodeView {
  readonly node: TfNode;
  readonly #inputs: readonly TfValue[];
  constructor(node: TfNode, inputs: readonly TfValue[]) {
    this.node = node;
    this.#inputs = inputs;
  }
  get type(): string {
    return this.node.op;
  }
  get where(): string {
    return `node ${JSON.stringify(shown(this.node.name))} (${shown(this.node.op)})`;
  }
  get inputs(): readonly TfValue[] {
    return this.#inputs;
  }
  get count(): number {
    return this.#inputs.length;
  }
  any(i: number): TfValue {
    const value = this.#inputs[i];
    if (!value) throw malformed(`${this.where} lacks input ${i}`, this.where);
    return value;
  }
  tensor(i: number): TfTensor {
    const value = this.any(i);
    if (value instanceof TfTensor) return value;
    throw malformed(`${this.where} is given no tensor as input ${i}`, this.where);
  }
  handle(i: number): Handle {
    const value = this.any(i);
    if (value instanceof Handle) return value;
    throw malformed(`${this.where} is given no variable as input ${i}`, this.where);
  }
  tensorList(i: number): TfList {
    const value = this.any(i);
    if (value instanceof TfList) return value;
    throw malformed(`${this.where} is given no list as input ${i}`, this.where);
  }
  value(i: number): Value {
    return this.tensor(i).value;
  }
  values(from = 0, to: number = this.count): Value[] {
    return Array.from({ length: to - from }, (_, i) => this.value(from + i));
  }
  shape(i: number): readonly Dim[] {
    const { shape } = this.value(i);
    if (shape === null) throw this.unsupported("a value whose number of dimensions cannot be told is not compiled");
    return shape;
  }
  rank(i: number): number {
    return this.shape(i).length;
  }
  constant(i: number, what: string): Tensor {
    const { constant } = this.tensor(i);
    if (!constant) throw this.unsupported(`${what} that are computed in the model are not compiled`);
    return constant;
  }
  /** Integers that must be known. */
  ints(i: number, what: string): number[] {
    const { sizes, constant } = this.tensor(i);
    if (sizes && sizes.every((s) => typeof s === "number")) return [...sizes];
    if (constant && (constant.type === "int32" || constant.type === "int64")) return Array.from(constant.data as ArrayLike<number | bigint>, Number);
    throw this.unsupported(`${what} that are computed in the model are not compiled`);
  }
  one(i: number, what: string): number {
    const [first] = this.ints(i, what);
    if (first === undefined) throw malformed(`${this.where} lacks its ${what}`, this.where);
    return first;
  }
  /** An axis of a value with `rank` dimensions, from 0. */
  axis(axis: number, rank: number): number {
    const at = axis < 0 ? axis + rank : axis;
    if (!(at >= 0 && at < rank)) throw malformed(`${this.where} has axis ${axis} of ${rank}`, this.where);
    return at;
  }
  has(name: string): boolean {
    return this.node.attrs.has(name);
  }
  int(name: string, otherwise = 0): number {
    const attr = this.node.attrs.get(name);
    const value = attr?.has(3) ? attr.number(3) : otherwise;
    if (Number.isNaN(value)) throw malformed(`${this.where} has a ${name} that is no whole number`, this.where);
    return value;
  }
  float(name: string, otherwise = 0): number {
    const attr = this.node.attrs.get(name);
    return attr?.has(4) ? attr.float(4) : otherwise;
  }
  flag(name: string, otherwise = false): boolean {
    const attr = this.node.attrs.get(name);
    return attr?.has(5) ? attr.bool(5) : otherwise;
  }
  text(name: string, otherwise = ""): string {
    const attr = this.node.attrs.get(name);
    return attr?.has(2) ? attr.text(2) : otherwise;
  }
  list(name: string): number[] {
    const values = (this.node.attrs.get(name)?.message(1)?.ints(3) ?? []).map(Number);
    if (!values.every(Number.isSafeInteger)) throw malformed(`${this.where} has a ${name} that is too large`, this.where);
    return values;
  }
  texts(name: string): string[] {
    return this.node.attrs.get(name)?.message(1)?.texts(2) ?? [];
  }
  elementType(name: string, otherwise?: ElementType): ElementType {
    const attr = this.node.attrs.get(name);
    if (!attr?.has(6) && otherwise) return otherwise;
    return elementType(attr?.number(6) ?? 0, this.where);
  }
  tensorAttr(name: string): Tensor {
    const value = this.node.attrs.get(name)?.message(8);
    if (!value) throw malformed(`${this.where} has no ${name}`, this.where);
    return readTensor(value, this.where);
  }
  functionName(name: string): string {
    return this.node.attrs.get(name)?.message(10)?.text(1) ?? "";
  }
  malformed(message: string): SlipwayError {
    return malformed(`${this.where}: ${message}`, this.where);
  }
  unsupported(message: string, hint?: string): SlipwayError {
    return savedModelError("savedmodel-operator", `${this.where}: ${message}`, { where: this.where, hint });
  }
}
