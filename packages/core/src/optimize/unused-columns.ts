// Columns of features that no tree asks: the categories of a one-hot encoder that no split looks at, scaled numbers that no tree
// compares. They are taken out where they are made, and the trees count what is left; every answer stays the same, since no
// number that is left is computed otherwise. (ai.onnx.ml TreeEnsemble, version 5.)
//
// `weights`: those with a weight of zero in every linear combination too. That changes in which order an engine adds up, so the
// last bits of an answer may be others, and a column that is no number no longer makes the answer none.
//
// From the trees (and combinations) backwards it is told for each matrix [N, F] which of its columns are needed by all that read it, as long as the
// operators between keep columns apart; what is not known to do so needs them all.

import type { Attribute, Initializer, Model, Node } from "../onnx/index.ts";
import type { Tensor } from "../tensor/index.ts";

export interface FewerColumns {
  readonly model: Model;
  readonly dropped: number;
  readonly columns: number;
}

/** One column of the result for each of the input, whatever the rows are. */
const APART = new Set(["Cast", "IsNaN", "Sub", "Add", "Mul", "Div", "Equal", "Where", "Neg", "Abs", "Exp", "Log", "Sqrt", "Max", "Min", "Less", "Greater", "LessOrEqual", "GreaterOrEqual", "Not", "And", "Or", "Pow", "Sign", "Floor", "Ceil"]);
/** Of the columns by which inputs become two tensors: what feeds them counts on their places. */
const HEAD = "head/";

export function dropUnusedColumns(model: Model, { weights = false }: { readonly weights?: boolean } = {}): FewerColumns {
  const plan = new Plan(model, weights);
  const ends = model.graph.nodes.filter((n) => (isTrees(n) || isCombination(n)) && plan.narrowed(n.inputs[0]!) !== undefined);
  if (ends.length === 0) return { model, dropped: 0, columns: 0 };
  const matrices = [...new Set(ends.map((n) => n.inputs[0]!))];
  const columns = matrices.reduce((sum, name) => sum + plan.width(name)!, 0);
  return { model: plan.rewritten(), columns, dropped: columns - matrices.reduce((sum, name) => sum + plan.narrowed(name)!.length, 0) };
}

function isTrees({ opType, domain }: Node): boolean {
  return opType === "TreeEnsemble" && domain === "ai.onnx.ml";
}

/** A matrix by weights [F, C], or [C, F] where these are transposed. */
function isCombination({ opType, domain, attributes }: Node): boolean {
  const transA = attributes.get("transA");
  return domain === "" && (opType === "MatMul" || (opType === "Gemm" && (transA === undefined || ("int" in transA && Number(transA.int) === 0))));
}
function isTransposed({ attributes }: Node): boolean {
  const transB = attributes.get("transB");
  return transB !== undefined && "int" in transB && Number(transB.int) === 1;
}

class Plan {
  readonly #model: Model;
  readonly #weights: boolean;
  readonly #constants: ReadonlyMap<string, Tensor>;
  readonly #makers: ReadonlyMap<string, Node>;
  readonly #readers = new Map<string, Node[]>();
  readonly #outputs: ReadonlySet<string>;
  readonly #widths = new Map<string, number | undefined>();
  readonly #needed = new Map<string, ReadonlySet<number> | undefined>();

  constructor(model: Model, weights: boolean) {
    const { graph } = model;
    this.#model = model;
    this.#weights = weights;
    this.#constants = new Map(graph.initializers.map((i) => [i.name, i.tensor]));
    this.#makers = new Map(graph.nodes.flatMap((n) => n.outputs.map((o) => [o, n])));
    this.#outputs = new Set(graph.outputs.map((o) => o.name));
    for (const node of graph.nodes) for (const name of node.inputs) this.#readers.set(name, [...(this.#readers.get(name) ?? []), node]);
  }

  /** How many columns a matrix has; undefined where that is not known. */
  width(name: string): number | undefined {
    if (!this.#widths.has(name)) {
      // A graph has no circles; what is asked for meanwhile would be one.
      this.#widths.set(name, undefined);
      this.#widths.set(name, this.#widthOf(name));
    }
    return this.#widths.get(name);
  }
  #widthOf(name: string): number | undefined {
    const node = this.#makers.get(name);
    if (node === undefined) return this.#inputWidth(name);
    if (node.domain !== "") return undefined;
    if (isGather(node)) return this.#indices(node)?.length;
    if (node.opType === "Concat" && axisOf(node) === 1) {
      const widths = node.inputs.map((input) => this.width(input));
      return widths.some((w) => w === undefined) ? undefined : widths.reduce((a, b) => a! + b!, 0);
    }
    if (!APART.has(node.opType)) return undefined;
    if (node.inputs.includes("")) return undefined;
    const own = node.inputs.filter((input) => !this.#constants.has(input)).map((input) => this.width(input));
    const [width] = own;
    // A matrix of one column, or a constant that is wider, would be spread over the others.
    return width !== undefined && own.every((w) => w === width) && node.inputs.every((input) => this.#spreads(input, width)) ? width : undefined;
  }
  #inputWidth(name: string): number | undefined {
    const shape = this.#model.graph.inputs.find((i) => i.name === name)?.shape;
    return shape?.length === 2 && typeof shape[1] === "number" && shape[1] > 0 ? shape[1] : undefined;
  }
  /** Whether a constant has one number for each column, or one for all. */
  #spreads(input: string, width: number): boolean {
    const tensor = this.#constants.get(input);
    return tensor === undefined || (tensor.data.length === (tensor.shape.at(-1) ?? 1) && (tensor.data.length === width || tensor.data.length === 1) && tensor.shape.length <= 2);
  }
  #indices(node: Node): readonly number[] | undefined {
    const tensor = this.#constants.get(node.inputs[1]!);
    const list = tensor === undefined || tensor.shape.length !== 1 ? undefined : Array.from(tensor.data as ArrayLike<number | bigint>, Number);
    return list?.every((i) => i >= 0) === true ? list : undefined;
  }

  /** The columns that are read, in order; undefined where all are, or it is not known. */
  narrowed(name: string): readonly number[] | undefined {
    const maker = this.#makers.get(name);
    // Inputs, and what is put together of them, stay as requests have them.
    const width = maker === undefined || maker.name.startsWith(HEAD) ? undefined : this.width(name);
    const needed = width === undefined ? undefined : this.#neededOf(name, width);
    // A matrix without columns is none.
    return width === undefined || needed === undefined || needed.size === 0 || needed.size === width ? undefined : [...needed].sort((a, b) => a - b);
  }
  /** Undefined where all are. */
  #neededOf(name: string, width: number): ReadonlySet<number> | undefined {
    if (!this.#needed.has(name)) this.#needed.set(name, this.#outputs.has(name) ? undefined : this.#asked(name, width));
    return this.#needed.get(name);
  }
  #asked(name: string, width: number): ReadonlySet<number> | undefined {
    const all = new Set<number>();
    for (const node of this.#readers.get(name) ?? []) {
      const some = this.#askedBy(node, name, width);
      if (some === undefined) return undefined;
      for (const column of some) all.add(column);
    }
    return all;
  }
  #askedBy(node: Node, name: string, width: number): Iterable<number> | undefined {
    if (isTrees(node)) return intsOf(node, "nodes_featureids");
    if (node.domain !== "") return undefined;
    if (this.#weights && isCombination(node) && node.inputs[0] === name) return this.#weighed(node, width);
    if (isGather(node) && node.inputs[0] === name) {
      const indices = this.#indices(node);
      const out = node.outputs[0]!;
      return indices === undefined ? undefined : (this.narrowed(out) ?? indices.map((_, i) => i)).map((i) => indices[i]!);
    }
    const wide = this.width(node.outputs[0]!);
    if (wide === undefined) return undefined;
    const kept = this.narrowed(node.outputs[0]!) ?? Array.from({ length: wide }, (_, i) => i);
    if (node.opType === "Concat") {
      const found = new Set<number>();
      let start = 0;
      for (const input of node.inputs) {
        if (input === name) for (const column of kept) if (column >= start && column < start + width) found.add(column - start);
        start += this.width(input)!;
      }
      return found;
    }
    return kept;
  }

  /** The columns with a weight that is not zero. */
  #weighed(node: Node, width: number): number[] | undefined {
    const tensor = this.#constants.get(node.inputs[1]!);
    if (tensor === undefined || tensor.shape.length !== 2 || tensor.shape[isTransposed(node) ? 1 : 0] !== width || Array.isArray(tensor.data)) return undefined;
    const data = tensor.data as ArrayLike<number | bigint>;
    const many = data.length / width;
    const at = (column: number, k: number): number => Number(data[isTransposed(node) ? k * width + column : column * many + k]);
    return Array.from({ length: width }, (_, column) => column).filter((column) => Array.from({ length: many }, (_, k) => at(column, k)).some((w) => w !== 0));
  }

  rewritten(): Model {
    const { graph } = this.#model;
    const initializers: Initializer[] = [...graph.initializers];
    const taken = new Set([...initializers.map((i) => i.name), ...this.#makers.keys(), ...graph.inputs.map((i) => i.name)]);
    const fresh = (wish: string): string => {
      let name = wish;
      for (let i = 2; taken.has(name); i++) name = `${wish}.${i}`;
      taken.add(name);
      return name;
    };
    const constant = (wish: string, tensor: Tensor): string => {
      const name = fresh(wish);
      initializers.push({ name, tensor });
      return name;
    };
    const int64s = (list: readonly number[]): Tensor => ({ type: "int64", shape: [list.length], data: BigInt64Array.from(list, BigInt) });
    const nodes: Node[] = [];
    /** A matrix's columns by what it keeps of them. */
    const places = (name: string): Map<number, number> | undefined => {
      const kept = this.narrowed(name);
      return kept === undefined ? undefined : new Map(kept.map((column, i) => [column, i]));
    };
    /** An input with just these of its columns. */
    const only = (name: string, keep: readonly number[]): string => {
      const tensor = this.#constants.get(name);
      if (tensor !== undefined) return tensor.data.length === 1 ? name : constant(`${name}.used`, { ...tensor, shape: [...tensor.shape.slice(0, -1), keep.length], data: pick(tensor.data, keep) } as Tensor);
      const there = this.narrowed(name) ?? Array.from({ length: this.width(name)! }, (_, i) => i);
      // Who else reads it needs more of it.
      if (there.length === keep.length) return name;
      const out = fresh(`${name}.used`);
      nodes.push({ name: out, opType: "Gather", domain: "", inputs: [name, constant(`${out}.columns`, int64s(keep.map((column) => there.indexOf(column))))], outputs: [out], attributes: new Map([["axis", { int: 1 }]]) });
      return out;
    };
    for (const node of graph.nodes) {
      const moved = isCombination(node) ? places(node.inputs[0]!) : undefined;
      if (moved === undefined) nodes.push(this.#narrow(node, places, only, (list) => constant("columns.used", int64s(list))));
      else {
        const [first = "", weights = "", ...bias] = node.inputs;
        nodes.push({ ...node, inputs: [first, constant(`${weights}.used`, ofColumns(this.#constants.get(weights)!, [...moved.keys()], isTransposed(node))), ...bias] });
      }
    }
    return { ...this.#model, graph: { ...graph, nodes, initializers } };
  }
  #narrow(node: Node, places: (name: string) => Map<number, number> | undefined, only: (name: string, keep: readonly number[]) => string, indices: (list: readonly number[]) => string): Node {
    const [first = "", ...others] = node.inputs;
    if (isTrees(node)) {
      const moved = places(first);
      return moved === undefined ? node : { ...node, attributes: new Map<string, Attribute>(node.attributes).set("nodes_featureids", { ints: intsOf(node, "nodes_featureids").map((f) => moved.get(f)!) }) };
    }
    const [out = ""] = node.outputs;
    if (isGather(node)) {
      const list = this.#indices(node);
      const [kept, moved] = [this.narrowed(out), places(first)];
      if (list === undefined || (kept === undefined && moved === undefined)) return node;
      return { ...node, inputs: [first, indices((kept ?? list.map((_, i) => i)).map((i) => moved?.get(list[i]!) ?? list[i]!))] };
    }
    const width = this.width(out);
    if (width === undefined) return node;
    const kept = this.narrowed(out) ?? Array.from({ length: width }, (_, i) => i);
    if (node.opType !== "Concat") return { ...node, inputs: [first, ...others].map((input) => (this.#constants.has(input) && kept.length === width ? input : only(input, kept))) };
    let start = 0;
    const parts = node.inputs.flatMap((input) => {
      const end = start + this.width(input)!;
      const part = kept.filter((column) => column >= start && column < end).map((column) => column - start);
      start = end;
      return part.length === 0 ? [] : [only(input, part)];
    });
    return { ...node, inputs: parts };
  }
}

/** Weights of these columns only. */
function ofColumns(tensor: Tensor, keep: readonly number[], transposed: boolean): Tensor {
  const [rows, columns] = tensor.shape as [number, number];
  const places = transposed ? Array.from({ length: rows }, (_, k) => keep.map((column) => k * columns + column)).flat() : keep.flatMap((column) => Array.from({ length: columns }, (_, k) => column * columns + k));
  return { ...tensor, shape: transposed ? [rows, keep.length] : [keep.length, columns], data: pick(tensor.data, places) } as Tensor;
}

function isGather(node: Node): boolean {
  return node.opType === "Gather" && node.domain === "" && axisOf(node) === 1;
}
function axisOf(node: Node): number {
  const axis = node.attributes.get("axis");
  return axis !== undefined && "int" in axis ? Number(axis.int) : 0;
}
function intsOf(node: Node, name: string): number[] {
  const a = node.attributes.get(name);
  return a !== undefined && "ints" in a ? Array.from(a.ints as ArrayLike<number | bigint>, Number) : [];
}
function pick(data: Tensor["data"], keep: readonly number[]): unknown {
  if (Array.isArray(data)) return keep.map((i) => (data as readonly string[])[i]!);
  const out = new (data.constructor as new (n: number) => Record<number, unknown>)(keep.length);
  keep.forEach((column, i) => (out[i] = (data as Record<number, unknown>)[column]));
  return out;
}
