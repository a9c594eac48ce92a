// Gives every value of a built graph its final name and lists the parts of the model.

import type { BuiltBody, BuiltGraph, BuiltNode, BuiltValue, Entry, EntrySource, Named } from "./built.ts";
import { onnxError } from "./errors.ts";
import { findLive } from "./simplify.ts";
import type { Graph, Initializer, Node, ValueInfo } from "./model.ts";
import { ONNX_TYPE } from "./ops.ts";
import type { Attribute } from "./value.ts";

export interface Emitted {
  readonly graph: Graph;
  readonly domains: ReadonlySet<string>;
  /** For every entry bound to columns: its name, and the names of the columns as JSON. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Values, nodes and graphs share one space of names over the graph and all bodies in it. */
export class Emitter {
  readonly #names = new Map<BuiltValue, string>();
  readonly #taken = new Set<string>();
  readonly #nodeNames = new Set<string>();
  readonly #initializers: Initializer[] = [];
  readonly #domains = new Set<string>([""]);

  emit(graph: BuiltGraph, live: ReadonlySet<BuiltValue>, name: string): Emitted {
    const inputs = graph.inputs.map(({ name: n, value }) => this.#input(n, value));
    const heads: Node[] = [];
    const values: ValueInfo[] = [];
    const metadata: Record<string, string> = {};
    const bound: { entry: Entry; sources: readonly EntrySource[] }[] = [];
    for (const entry of graph.entries) {
      const { binding, value } = entry;
      if (!binding) {
        if (live.has(value)) throw onnxError("onnx-internal", `entry ${entry.name} is used but never bound`);
      } else if (binding.kind === "input") inputs.push(this.#input(binding.name, value));
      else {
        for (const { name: column, type } of binding.sources) inputs.push({ name: this.#take(column, "an input"), type, shape: ["N", 1] });
        bound.push({ entry, sources: binding.sources });
      }
    }
    // Output names are taken before any name is generated.
    const outputs = graph.outputs.map(({ name: n, value }): ValueInfo => ({ name: this.#take(n, "an output"), type: value.type, shape: value.shape }));
    for (const { entry, sources } of bound) {
      this.#names.set(entry.value, this.#fresh(entry.name));
      metadata[entry.name] = JSON.stringify(sources.map((s) => s.name));
    }
    for (const { entry, sources } of bound) heads.push(...this.#head(entry, sources));
    const nodes = [...heads, ...this.#nodes(graph.nodes, graph.outputs, values)];
    const declared = new Set(outputs.map((o) => o.name));
    const rest = values.filter((v) => !declared.has(v.name));
    return { graph: { name, inputs, outputs, nodes, initializers: this.#initializers, ...(rest.length === 0 ? {} : { values: rest }) }, domains: this.#domains, metadata };
  }

  #take(name: string, what: string): string {
    if (name === "") throw onnxError("onnx-internal", `${what} has no name`);
    if (this.#taken.has(name)) throw onnxError("onnx-internal", `the name ${JSON.stringify(name)} is given twice: ${what}`);
    this.#taken.add(name);
    return name;
  }
  #fresh(base: string, taken: Set<string> = this.#taken): string {
    let name = base;
    for (let i = 1; taken.has(name); i++) name = `${base}_${i}`;
    taken.add(name);
    return name;
  }
  #input(name: string, value: BuiltValue): ValueInfo {
    this.#names.set(value, this.#take(name, "an input"));
    return { name, type: value.type, shape: value.shape };
  }
  #bodyInput(name: string, value: BuiltValue): ValueInfo {
    this.#names.set(value, name);
    return { name, type: value.type, shape: value.shape };
  }
  /** The name of a value that exists by now; constants come into being when first used. */
  #nameOf(value: BuiltValue): string {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    if (!value.constant) throw onnxError("onnx-internal", `value ${value.name} is used outside the graph that makes it`);
    const name = this.#fresh(`c${this.#initializers.length}`);
    this.#names.set(value, name);
    this.#initializers.push({ name, tensor: value.constant });
    return name;
  }
  #node(base: string, opType: string, domain: string, inputs: readonly string[], outputs: readonly string[], attributes: ReadonlyMap<string, Attribute>): Node {
    this.#domains.add(domain);
    return { name: this.#fresh(base, this.#nodeNames), opType, domain, inputs, outputs, attributes };
  }

  /** The nodes, and an Identity for every output that is not the result of a node here, or is given out twice. */
  #nodes(built: readonly BuiltNode[], outputs: readonly Named[], values: ValueInfo[]): Node[] {
    const made = new Set(built.flatMap((n) => n.outputs));
    const copies: Named[] = [];
    for (const { name, value } of outputs) {
      if (made.has(value) && !this.#names.has(value)) this.#names.set(value, name);
      else copies.push({ name, value });
    }
    const nodes = built.map((node) => {
      const base = `${node.schema.name}_${this.#nodeNames.size}`;
      const inputs = node.inputs.map((v) => (v ? this.#nameOf(v) : ""));
      const attributes = new Map(node.attributes);
      for (const [name, body] of node.bodies) attributes.set(name, { graph: this.#body(body, `${base}.${name}`) });
      const results = node.outputs.map((v, k) => {
        const name = this.#names.get(v) ?? this.#fresh(k === 0 ? base : `${base}.${k}`);
        this.#names.set(v, name);
        return name;
      });
      // onnx.checker crashes on a LabelEncoder whose input has no known type, and knows no operator of this domain.
      if (node.schema.domain === "com.microsoft") values.push(...node.outputs.map((v, k) => ({ name: results[k]!, type: v.type, shape: v.shape })));
      return this.#node(base, node.schema.name, node.schema.domain, inputs, results, attributes);
    });
    return [...nodes, ...copies.map(({ name, value }) => this.#node(`out/${name}`, "Identity", "", [this.#nameOf(value)], [name], new Map()))];
  }

  #body(body: BuiltBody, name: string): Graph {
    const inputs = body.inputs.map((v, i) => this.#bodyInput(this.#fresh(`${name}.in${i}`), v));
    const outputs = body.outputs.map((value, i) => ({ name: this.#fresh(`${name}.out${i}`), value }));
    const values: ValueInfo[] = [];
    const live = findLive(body.nodes, body.outputs).nodes;
    const nodes = this.#nodes(body.nodes.filter((n) => live.has(n)), outputs, values);
    return { name, inputs, outputs: outputs.map((o) => ({ name: o.name, type: o.value.type, shape: o.value.shape })), nodes, initializers: [], ...(values.length === 0 ? {} : { values }) };
  }

  /** Joins the columns of an entry, casting those of another type. */
  #head(entry: Entry, sources: readonly EntrySource[]): Node[] {
    const joined = this.#nameOf(entry.value);
    const to = entry.value.type;
    const one = sources.length === 1;
    const nodes: Node[] = [];
    const add = (part: string, opType: string, inputs: readonly string[], output: string, attributes: readonly [string, Attribute][] = []): void => {
      nodes.push(this.#node(`head/${entry.name}/${part}`, opType, "", inputs, [output], new Map(attributes)));
    };
    const columns = sources.map(({ name, type }, i) => {
      if (type === to) return name;
      const output = one ? joined : this.#fresh(`head/${entry.name}/${i}`);
      add(`cast_${i}`, "Cast", [name], output, [["to", { int: ONNX_TYPE[to] }]]);
      return output;
    });
    if (!one) add("join", "Concat", columns, joined, [["axis", { int: 1 }]]);
    else if (columns[0] !== joined) add("join", "Identity", columns, joined);
    return nodes;
  }
}
