// One node of the graph as the operators' planners see it: its attributes read with their defaults, and where results go.

import type { Node } from "../onnx/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { writeOut } from "./sparse.ts";
import { NotForMe, sizeOf, Store, type Kind, type Source, type Step, type Value } from "./value.ts";

/** Elements of all values of one row together: with more, ONNX Runtime's vector loops are faster. */
const MOST_TOTAL = 2 ** 15;
/** Of one column. */
const MOST_BOUNDARIES = 256;

/** Gathers the steps and stores of one program. */
export class Build {
  readonly steps: Step[] = [];
  readonly stores: Store[] = [];
  /** By place among all inputs' columns: numbers at which an answer may change. */
  readonly boundaries: Map<number, Set<number>> = new Map();

  /** Some of the texts that tables know. */
  readonly words: string[] = [];
  #total = 0;

  boundary(place: number, at: number): void {
    if (place < 0) return;
    let known = this.boundaries.get(place);
    if (known === undefined) this.boundaries.set(place, (known = new Set()));
    if (known.size < MOST_BOUNDARIES) known.add(at);
  }

  /** Sees to it that a value's store is filled. */
  write({ sparse, lazy, store }: Value): void {
    if (lazy && !lazy.written) {
      lazy.written = true;
      for (const input of lazy.inputs) this.write(input);
      this.stores.push(store);
      this.steps.push(lazy.step);
    }
    if (!sparse || sparse.written) return;
    sparse.written = true;
    this.stores.push(store);
    this.steps.push(writeOut(store, sparse));
  }

  /** The same as `result`, filled only where an operator asks for more than `sources`. */
  lazy(kind: Kind, shape: readonly number[], inputs: readonly Value[], sources: readonly Source[], make: (out: Store) => Step): Value {
    if (inputs.every((v) => v.store.constant)) return this.result(kind, shape, inputs, make);
    this.#count(shape);
    const store = new Store(kind, sizeOf(shape), false);
    store.approximate = inputs.some((v) => v.store.approximate);
    return { store, shape, sources, lazy: { written: false, inputs, step: make(store) } };
  }
  #count(shape: readonly number[]): void {
    this.#total += sizeOf(shape);
    if (!(this.#total <= MOST_TOTAL)) throw new NotForMe(`rows of ${this.#total} elements, in which ONNX Runtime is faster`);
  }

  /** A value of this kind and shape, computed by a step; at once where all inputs are constants. */
  result(kind: Kind, shape: readonly number[], inputs: readonly Value[], make: (out: Store) => Step): Value {
    if (inputs.some((v) => v.extents)) throw new NotForMe("arithmetic on dimensions");
    this.#count(shape);
    const constant = inputs.every((v) => v.store.constant);
    const store = new Store(kind, sizeOf(shape), constant);
    const step = make(store);
    store.approximate = inputs.some((v) => v.store.approximate);
    if (constant) step(1);
    else {
      this.stores.push(store);
      this.steps.push(step);
    }
    return { store, shape };
  }
}

export class NodeView {
  readonly node: Node;
  readonly inputs: readonly (Value | undefined)[];
  readonly build: Build;

  constructor(node: Node, inputs: readonly (Value | undefined)[], build: Build) {
    this.node = node;
    this.inputs = inputs;
    this.build = build;
  }
  input(i: number): Value {
    const value = this.inputs[i];
    if (!value) throw new NotForMe(`input ${i} is left out`);
    this.build.write(value);
    return value;
  }
  /** The same, which need not be filled: its sources are read. */
  sources(i: number): Value {
    const value = this.inputs[i];
    if (!value) throw new NotForMe(`input ${i} is left out`);
    if (value.sources === undefined) this.build.write(value);
    return value;
  }
  has(name: string): boolean {
    return this.node.attributes.has(name);
  }
  int(name: string, fallback: number): number {
    const a = this.node.attributes.get(name);
    return a && "int" in a ? Number(a.int) : fallback;
  }
  float(name: string, fallback: number): number {
    const a = this.node.attributes.get(name);
    return a && "float" in a ? a.float : fallback;
  }
  string(name: string, fallback: string): string {
    const a = this.node.attributes.get(name);
    return a && "string" in a ? a.string : fallback;
  }
  ints(name: string): number[] | undefined {
    const a = this.node.attributes.get(name);
    return a && "ints" in a ? Array.from(a.ints, Number) : undefined;
  }
  floats(name: string): readonly number[] | undefined {
    const a = this.node.attributes.get(name);
    return a && "floats" in a ? Array.from(a.floats) : undefined;
  }
  strings(name: string): readonly string[] | undefined {
    const a = this.node.attributes.get(name);
    return a && "strings" in a ? a.strings : undefined;
  }
  tensor(name: string): Tensor | undefined {
    const a = this.node.attributes.get(name);
    return a && "tensor" in a ? a.tensor : undefined;
  }
}

/** Plans one operator: gives its results, in the order of the node's outputs. */
export type Planner = (view: NodeView) => readonly Value[];
