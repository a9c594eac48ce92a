// Checks a model as onnx.checker.check_model(full_check=True) does, and the types of node inputs, which that leaves to the
// engine: names, order, operators, attributes, initializers, and that the declared types and shapes are the inferred ones.
// Operators of a domain or a version that Slipway does not know are taken as they are.

import { elementCount, type ElementType } from "../tensor/index.ts";
import { attributeKind } from "./attributes.ts";
import { onnxError } from "./errors.ts";
import { InferenceError, tensorContent, type Body, type Known } from "./infer/context.ts";
import { inferOutputs } from "./infer/infer.ts";
import type { Graph, Model, Node, ValueInfo } from "./model.ts";
import { findSchema, OPSETS, type OpSchema } from "./schema.ts";
import type { Attribute, Dim } from "./value.ts";

export interface Problem {
  /** The node or value. */
  readonly where: string;
  readonly message: string;
}

/** What is known of the values of a graph and those around it; null where the type is not known. */
class Scope {
  readonly #outer: Scope | undefined;
  readonly #values = new Map<string, Known | null>();

  constructor(outer?: Scope) {
    this.#outer = outer;
  }
  get(name: string): Known | null | undefined {
    const found = this.#values.get(name);
    return found === undefined ? this.#outer?.get(name) : found;
  }
  set(name: string, value: Known | null): void {
    this.#values.set(name, value);
  }
}

const KNOWN_DOMAINS: readonly string[] = ["", "ai.onnx.ml"];
/** Bodies within bodies. */
const MAX_DEPTH = 32;

/** Throws for the first problem of a model. */
export function checkModel(model: Model): void {
  const [first] = findProblems(model);
  if (first) throw onnxError("onnx-invalid-graph", first.message, { where: first.where });
}

export function findProblems(model: Model): Problem[] {
  return new Checker(model).run();
}

class Checker {
  readonly #model: Model;
  readonly #opsets = new Map<string, number>();
  readonly #problems: Problem[] = [];
  /** Names are unique over a graph and all bodies in it. */
  readonly #defined = new Set<string>();

  constructor(model: Model) {
    this.#model = model;
  }
  run(): Problem[] {
    const { opsets, irVersion, graph } = this.#model;
    if (!(irVersion >= 3)) this.#add("the model", `IR version ${irVersion} is not supported`);
    if (opsets.length === 0) this.#add("the model", "it imports no operator set");
    for (const { domain, version } of opsets) this.#opsets.set(domain === "ai.onnx" ? "" : domain, version);
    this.#graph(graph, undefined, 0);
    return this.#problems;
  }
  #add(where: string, message: string): void {
    this.#problems.push({ where, message });
  }
  #define(name: string, what: string): void {
    if (name === "") this.#add(what, "a value has no name");
    else if (this.#defined.has(name)) this.#add(what, `the name ${JSON.stringify(name)} is given twice`);
    this.#defined.add(name);
  }

  #graph(graph: Graph, outer: Scope | undefined, depth: number): Known[] | undefined {
    if (depth > MAX_DEPTH) {
      this.#add(graph.name, `bodies are nested deeper than ${MAX_DEPTH}`);
      return undefined;
    }
    if (graph.name === "") this.#add("the graph", "it has no name");
    const scope = new Scope(outer);
    for (const info of graph.inputs) {
      this.#define(info.name, "an input");
      if (depth === 0 && info.type === null && info.typeText === undefined) this.#add(info.name, "the input has no type");
      if (depth === 0) this.#shaped(info);
      scope.set(info.name, known(info));
    }
    const inputs = new Set(graph.inputs.map((i) => i.name));
    const initializers = new Set<string>();
    for (const { name, tensor } of graph.initializers) {
      if (initializers.has(name)) this.#add(name, "the initializer is given twice");
      initializers.add(name);
      // Before IR version 4 every initializer is an input as well.
      if (!inputs.has(name)) this.#define(name, "an initializer");
      if (elementCount(tensor.shape) !== tensor.data.length) this.#add(name, `the initializer has ${tensor.data.length} elements for shape [${tensor.shape.join(", ")}]`);
      scope.set(name, { type: tensor.type, shape: tensor.shape, constant: tensor, content: tensorContent(tensor) });
    }
    for (const node of graph.nodes) this.#node(node, scope, depth);
    const outputs: (Known | null)[] = graph.outputs.map((info) => {
      if (info.name === "") this.#add("an output", "it has no name");
      if (depth === 0) this.#shaped(info);
      const value = scope.get(info.name);
      if (value === undefined) {
        this.#add(info.name, "the output is not made by any node");
        return known(info);
      }
      this.#compare(info, value);
      return value ?? known(info);
    });
    return outputs.every((o) => o !== null) ? (outputs as Known[]) : undefined;
  }

  /** The rank of a model's own inputs and outputs must be given. */
  #shaped(info: ValueInfo): void {
    if (info.type !== null && info.shape === null) this.#add(info.name, "it is declared without a shape");
  }
  /** The declared type and shape of an output against the inferred ones. */
  #compare(info: ValueInfo, value: Known | null): void {
    if (!value || info.type === null) return;
    if (info.type !== value.type) this.#add(info.name, `the output is declared ${info.type} but is ${value.type}`);
    const [a, b] = [info.shape, value.shape];
    if (a === null || b === null) return;
    if (a.length !== b.length) this.#add(info.name, `the output is declared of rank ${a.length} but is of rank ${b.length}`);
    else if (a.some((d, i) => typeof d === "number" && typeof b[i] === "number" && d !== b[i])) {
      this.#add(info.name, `the output is declared [${a.join(", ")}] but is [${b.join(", ")}]`);
    }
  }

  #node(node: Node, scope: Scope, depth: number): void {
    const where = node.name === "" ? `${node.opType} making ${node.outputs.find((o) => o !== "") ?? "nothing"}` : node.name;
    if (node.opType === "") this.#add(where, "the node has no operator");
    let complete = true;
    const inputs = node.inputs.map((name) => {
      if (name === "") return null;
      const value = scope.get(name);
      if (value === undefined) this.#add(where, `input ${JSON.stringify(name)} is not made by an earlier node`);
      complete &&= value !== undefined && value !== null;
      return value ?? null;
    });
    const bodies = new Map<string, Body>();
    for (const [name, attribute] of node.attributes) {
      if (!("graph" in attribute)) continue;
      const outputs = this.#graph(attribute.graph, scope, depth + 1);
      if (outputs) bodies.set(name, { outputs });
    }
    const schema = this.#schema(node, where);
    const outputs = schema && this.#against(schema, node, where) && complete ? this.#infer(schema, node, where, inputs, bodies) : undefined;
    node.outputs.forEach((name, i) => {
      if (name === "") return;
      this.#define(name, where);
      scope.set(name, outputs?.[i] ?? null);
    });
  }

  /** The schema that holds for a node; undefined for operators of other versions or domains. */
  #schema(node: Node, where: string): OpSchema | undefined {
    const domain = node.domain === "ai.onnx" ? "" : node.domain;
    const version = this.#opsets.get(domain);
    if (version === undefined) {
      this.#add(where, `the model imports no operator set for the domain ${JSON.stringify(domain)}`);
      return undefined;
    }
    const schema = findSchema(node.opType);
    if (schema?.domain === domain) return version >= schema.since && version <= OPSETS[domain]! ? schema : undefined;
    if (KNOWN_DOMAINS.includes(domain) && version === OPSETS[domain]) this.#add(where, `there is no operator ${node.opType} in ${domain || "ai.onnx"} ${version}`);
    return undefined;
  }

  /** Counts, optional inputs and attributes. */
  #against(schema: OpSchema, node: Node, where: string): boolean {
    const before = this.#problems.length;
    const n = node.inputs.length;
    const m = node.outputs.length;
    if (n < schema.minInputs || n > schema.maxInputs) this.#add(where, `${schema.name} does not take ${n} inputs`);
    if (m < schema.minOutputs || m > schema.maxOutputs) this.#add(where, `${schema.name} does not give ${m} outputs`);
    node.inputs.forEach((name, i) => {
      const formal = schema.inputs[Math.min(i, schema.inputs.length - 1)];
      if (name === "" && formal && !formal.optional && formal.variadic === "") this.#add(where, `${schema.name} needs its input ${formal.name}`);
    });
    for (const [name, attribute] of node.attributes) this.#attribute(schema, name, attribute, where);
    for (const [name, { required }] of schema.attributes) {
      if (required && !node.attributes.has(name)) this.#add(where, `${schema.name} needs the attribute ${name}`);
    }
    return this.#problems.length === before;
  }
  #attribute(schema: OpSchema, name: string, attribute: Attribute, where: string): void {
    const wanted = schema.attributes.get(name);
    const kind = attributeKind(attribute);
    if (!wanted) this.#add(where, `${schema.name} has no attribute ${name}`);
    else if (wanted.kind !== "other" && wanted.kind !== kind) this.#add(where, `attribute ${name} of ${schema.name} must be ${wanted.kind}, not ${kind}`);
    if ("tensor" in attribute && elementCount(attribute.tensor.shape) !== attribute.tensor.data.length) {
      this.#add(where, `attribute ${name} has ${attribute.tensor.data.length} elements for shape [${attribute.tensor.shape.join(", ")}]`);
    }
  }

  #infer(schema: OpSchema, node: Node, where: string, inputs: readonly (Known | null)[], bodies: ReadonlyMap<string, Body>): (Known | null)[] | undefined {
    try {
      return inferOutputs(schema, inputs, node.attributes, node.outputs.length, bodies);
    } catch (error) {
      if (!(error instanceof InferenceError)) throw error;
      // What only sequences, maps and optional values have is not inferred here.
      if (!error.message.includes("cannot be told")) this.#add(where, `${schema.name}: ${error.message}`);
      return undefined;
    }
  }
}

function known(info: ValueInfo): Known | null {
  const type: ElementType | null = info.type;
  const shape: readonly Dim[] | null = info.shape;
  return type === null ? null : { type, shape };
}
