// Builds an ONNX graph: values are typed and shaped as nodes are added; names are given when the graph is finished.
// Invariants: nodes are in topological order because a node can only use values that exist; a value handed out stays
// valid; generated names never equal a name chosen by the caller.

import { elementCount, type ElementType, type Tensor } from "../tensor/index.ts";
import { convertAttributes } from "./attributes.ts";
import { BuiltBody, BuiltValue, inferNode, type BuiltNode, type Entry, type EntrySource, type Origin } from "./built.ts";
import { onnxError } from "./errors.ts";
import { finishGraph, type FinishOptions } from "./finish.ts";
import { tensorContent } from "./infer/context.ts";
import type { Model } from "./model.ts";
import { findSchema, nearestOperator } from "./schema.ts";
import type { AttributeInput, Dim, Value } from "./value.ts";

/** Constants up to this many bytes (or characters) are looked up before a new one is made. */
const SHARED_BYTES = 1024;

/** The engine takes seconds to load ten thousand, and twice as many take four times as long. */
const MOST_NODES = 30_000;

/** What a graph and the bodies inside it have in common. */
interface Family {
  count: number;
  nodes: number;
  readonly owned: Set<BuiltValue>;
  readonly shared: Map<string, BuiltValue>;
  readonly anyKernel: boolean;
}

export interface BuilderOptions {
  /** Take nodes that the engine is not known to run: for finding out. */
  readonly anyKernel?: boolean;
}

export class GraphBuilder {
  readonly #inputs: { name: string; value: BuiltValue }[] = [];
  readonly #entries: Entry[] = [];
  readonly #nodes: BuiltNode[] = [];
  readonly #outputs: { name: string; value: BuiltValue }[] = [];
  #family: Family;

  constructor(options: BuilderOptions = {}) {
    this.#family = { count: 0, nodes: 0, owned: new Set(), shared: new Map(), anyKernel: options.anyKernel ?? false };
  }

  #value(type: ElementType, shape: readonly Dim[] | null, origin: Origin): BuiltValue {
    const value = new BuiltValue(`%${this.#family.count++}`, type, shape, origin);
    this.#family.owned.add(value);
    return value;
  }
  #own(value: Value): BuiltValue {
    if (value instanceof BuiltValue && this.#family.owned.has(value)) return value;
    throw onnxError("onnx-internal", `value ${value.name} belongs to another graph`);
  }

  /** A graph input of exactly this name. */
  input(name: string, type: ElementType, shape: readonly Dim[]): Value {
    const value = this.#value(type, shape, "input");
    this.#inputs.push({ name, value });
    return value;
  }
  /** A value [N, ?] whose graph inputs are settled later, by bindEntry or bindEntryAsInput. */
  entry(name: string, type: ElementType): Value {
    const value = this.#value(type, ["N", null], "entry");
    this.#entries.push({ name, value, binding: undefined });
    return value;
  }
  #entryOf(entry: Value): Entry {
    const found = this.#entries.find((e) => e.value === entry);
    if (!found) throw onnxError("onnx-internal", "only an entry can be bound");
    if (found.binding) throw onnxError("onnx-internal", `entry ${found.name} is bound twice`);
    return found;
  }
  /** The entry becomes the columns `sources`, each a graph input [N, 1], joined by head nodes. */
  bindEntry(entry: Value, sources: readonly EntrySource[]): void {
    const e = this.#entryOf(entry);
    if (sources.length === 0) throw onnxError("onnx-internal", `entry ${e.name} is bound to no columns`);
    e.binding = { kind: "columns", sources: [...sources] };
    e.value.shape = ["N", sources.length];
  }
  /** The entry becomes one graph input [N, width] of this name. */
  bindEntryAsInput(entry: Value, name: string, width: number): void {
    const e = this.#entryOf(entry);
    e.binding = { kind: "input", name, width };
    e.value.shape = ["N", width];
  }

  /** The numbers of an int scalar or list, as far as they are known without running anything: what Shape gives, picked and joined. */
  contentOf(value: Value): readonly Dim[] | undefined {
    return this.#own(value).content;
  }

  constant(tensor: Tensor): Value {
    if (elementCount(tensor.shape) !== tensor.data.length) {
      throw onnxError("onnx-internal", `a constant of shape [${tensor.shape.join(", ")}] has ${tensor.data.length} elements`);
    }
    const key = sharedKey(tensor);
    const known = key === undefined ? undefined : this.#family.shared.get(key);
    if (known) return known;
    const value = this.#value(tensor.type, tensor.shape, "constant");
    value.constant = tensor;
    value.content = tensorContent(tensor);
    if (key !== undefined) this.#family.shared.set(key, value);
    return value;
  }
  /** A constant whose content is made when the graph is finished, if it is used at all. */
  lazyConstant(type: ElementType, shape: readonly number[], make: () => Tensor): Value {
    const value = this.#value(type, shape, "constant");
    value.make = make;
    return value;
  }

  /** Adds a node of one output. */
  op(type: string, inputs: readonly (Value | null)[], attributes: Readonly<Record<string, AttributeInput | undefined>> = {}): Value {
    return this.ops(type, inputs, attributes, 1)[0]!;
  }
  /** Adds a node of `outputCount` outputs. */
  ops(type: string, inputs: readonly (Value | null)[], attributes: Readonly<Record<string, AttributeInput | undefined>>, outputCount: number): Value[] {
    const schema = findSchema(type);
    if (!schema) {
      const near = nearestOperator(type);
      throw onnxError("onnx-internal", `there is no operator ${type}${near ? ` (${near}?)` : ""}`);
    }
    if (++this.#family.nodes > MOST_NODES) throw onnxError("onnx-limit", `the model needs more than ${MOST_NODES} operators`, { hint: "Give it fewer steps, columns or members." });
    const given = inputs.map((v) => (v === null ? null : this.#own(v)));
    while (given.at(-1) === null) given.pop();
    if (given.length < schema.minInputs || given.length > schema.maxInputs) throw onnxError("onnx-internal", `${type} does not take ${given.length} inputs`);
    if (outputCount < schema.minOutputs || outputCount > schema.maxOutputs) throw onnxError("onnx-internal", `${type} does not give ${outputCount} outputs`);
    given.forEach((v, i) => {
      const formal = schema.inputs[Math.min(i, schema.inputs.length - 1)];
      if (v === null && !formal?.optional) throw onnxError("onnx-internal", `${type} needs its input ${formal?.name ?? i}`);
    });
    const bodies = new Map<string, BuiltBody>();
    for (const [name, value] of Object.entries(attributes)) {
      if (!(value instanceof BuiltBody)) continue;
      if (value.used || schema.attributes.get(name)?.kind !== "graph") throw onnxError("onnx-internal", `${type} cannot take that body as ${name}`);
      value.used = true;
      bodies.set(name, value);
    }
    const parts = { schema, attributes: convertAttributes(schema, attributes), inputs: given, bodies };
    const outputs = inferNode(parts, outputCount, this.#family.anyKernel).map((o) => {
      const value = this.#value(o.type, o.shape, "node");
      value.content = o.content;
      return value;
    });
    this.#nodes.push({ ...parts, outputs });
    return outputs;
  }
  /** The graph of a Loop, Scan or If, to be given as an attribute. It may use the values of this graph. */
  body(inputs: readonly { readonly type: ElementType; readonly shape: readonly Dim[] | null }[], build: (body: GraphBuilder, inputs: readonly Value[]) => readonly Value[]): BuiltBody {
    const inner = new GraphBuilder();
    inner.#family = this.#family;
    const values = inputs.map(({ type, shape }) => inner.#value(type, shape, "input"));
    const outputs = build(inner, values).map((v) => inner.#own(v));
    return new BuiltBody(values, inner.#nodes, outputs);
  }

  /** A graph output of exactly this name. */
  output(name: string, value: Value): void {
    this.#outputs.push({ name, value: this.#own(value) });
  }

  /** The finished model: nothing dead in it, names settled, checked. */
  finish(options: FinishOptions = {}): Model {
    return finishGraph({ inputs: this.#inputs, entries: this.#entries, nodes: this.#nodes, outputs: this.#outputs, anyKernel: this.#family.anyKernel }, options);
  }
}

/** A string that equal small tensors share; undefined for large ones. */
function sharedKey({ type, shape, data }: Tensor): string | undefined {
  if (data.length > SHARED_BYTES) return undefined;
  const head = `${type}[${shape.join()}]`;
  if (type === "string") {
    const text = JSON.stringify(data);
    return text.length > SHARED_BYTES ? undefined : head + text;
  }
  const array = data as Float64Array;
  if (array.byteLength > SHARED_BYTES) return undefined;
  // By bytes: 0 and -0 differ, and all NaN of one pattern are equal.
  return head + String.fromCharCode(...new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
}
