// What an inference function sees of one node, and the arithmetic of shapes they share.

import type { ElementType, Tensor } from "../../tensor/index.ts";
import type { OpSchema } from "../schema.ts";
import type { Attribute, Dim } from "../value.ts";

export type Dims = readonly Dim[] | null;

export interface Known {
  readonly type: ElementType;
  readonly shape: Dims;
  /** The content, where the value is a constant. */
  readonly constant?: Tensor | undefined;
  /** The content of an int64 scalar or list as far as it is known: what Shape gives, picked and joined. */
  readonly content?: readonly Dim[] | undefined;
}

export interface Inferred {
  readonly type?: ElementType | undefined;
  readonly shape: Dims;
  readonly content?: readonly Dim[] | undefined;
}

/** What a node with a graph of its own gives, before the node's own meaning. */
export interface Body {
  readonly outputs: readonly Known[];
}

/** Thrown by inference functions; the caller adds the node. */
export class InferenceError extends Error {}
/** A window, or what a padding leaves, has no room in its input. */
export class WindowError extends InferenceError {}

export type Infer = (n: NodeContext) => readonly Inferred[];

export class NodeContext {
  readonly schema: OpSchema;
  readonly inputs: readonly (Known | null)[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly outputCount: number;
  readonly bodies: ReadonlyMap<string, Body>;

  constructor(schema: OpSchema, inputs: readonly (Known | null)[], attributes: ReadonlyMap<string, Attribute>, outputCount: number, bodies: ReadonlyMap<string, Body>) {
    this.bodies = bodies;
    this.schema = schema;
    this.inputs = inputs;
    this.attributes = attributes;
    this.outputCount = outputCount;
  }
  shape(i: number): Dims {
    return this.inputs[i]?.shape ?? null;
  }
  rank(i: number): number | null {
    return this.shape(i)?.length ?? null;
  }
  has(name: string): boolean {
    return this.attributes.has(name);
  }
  int(name: string): number {
    const a = this.attributes.get(name);
    if (a && "int" in a) return Number(a.int);
    return (this.schema.attributes.get(name)?.default as number | undefined) ?? 0;
  }
  string(name: string): string {
    const a = this.attributes.get(name);
    if (a && "string" in a) return a.string;
    return (this.schema.attributes.get(name)?.default as string | undefined) ?? "";
  }
  ints(name: string): number[] | undefined {
    const a = this.attributes.get(name);
    return a && "ints" in a ? Array.from(a.ints as ArrayLike<number | bigint>, Number) : undefined;
  }
  length(name: string): number | undefined {
    const a = this.attributes.get(name);
    if (!a) return undefined;
    return "ints" in a ? a.ints.length : "floats" in a ? a.floats.length : "strings" in a ? a.strings.length : undefined;
  }
  tensor(name: string): Tensor | undefined {
    const a = this.attributes.get(name);
    return a && "tensor" in a ? a.tensor : undefined;
  }
  /** The content of an int input (dims may be names); undefined when it is not known. */
  content(i: number): readonly Dim[] | undefined {
    const known = this.inputs[i];
    if (!known) return undefined;
    return known.content ?? tensorContent(known.constant);
  }
  /** The content of a constant int input. */
  numbers(i: number): number[] | undefined {
    const content = this.content(i);
    return content?.every((d) => typeof d === "number") ? (content as number[]) : undefined;
  }
  axis(value: number, rank: number): number {
    const axis = value < 0 ? value + rank : value;
    if (!(axis >= 0 && axis < rank)) throw new InferenceError(`axis ${value} is outside a value of rank ${rank}`);
    return axis;
  }
}

/** Small int tensors as dims. */
export function tensorContent(t: Tensor | undefined): readonly Dim[] | undefined {
  if (!t || (t.type !== "int64" && t.type !== "int32") || t.shape.length > 1 || t.data.length > 64) return undefined;
  return Array.from(t.data as ArrayLike<number | bigint>, Number);
}

/** NumPy's broadcasting of two dims. An unknown dim beside a name gives the name: the builder's only name is the rows. */
function broadcastDim(a: Dim, b: Dim): Dim {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  if (typeof a === "number" && typeof b === "number") throw new InferenceError(`dimensions ${a} and ${b} do not broadcast`);
  if (typeof a === "number") return a;
  if (typeof b === "number") return b;
  return a === null || b === null ? (a ?? b) : null;
}

export function broadcast(...shapes: readonly Dims[]): Dims {
  let out: readonly Dim[] = [];
  for (const shape of shapes) {
    if (shape === null) return null;
    const rank = Math.max(out.length, shape.length);
    const x = out;
    out = Array.from({ length: rank }, (_, i) => {
      const a = i - (rank - x.length);
      const b = i - (rank - shape.length);
      return a < 0 ? shape[b]! : b < 0 ? x[a]! : broadcastDim(x[a]!, shape[b]!);
    });
  }
  return out;
}

/** Two dims that must be equal. */
export function sameDim(a: Dim, b: Dim, what: string): Dim {
  if (typeof a === "number" && typeof b === "number" && a !== b) throw new InferenceError(`${what}: ${a} against ${b}`);
  return typeof a === "number" ? a : typeof b === "number" ? b : (a ?? b);
}

export const times = (a: Dim, b: Dim): Dim => (a === 1 ? b : b === 1 ? a : typeof a === "number" && typeof b === "number" ? a * b : null);
export const plus = (a: Dim, b: Dim): Dim => (a === 0 ? b : b === 0 ? a : typeof a === "number" && typeof b === "number" ? a + b : null);
export const product = (dims: readonly Dim[]): Dim => (dims.includes(0) ? 0 : dims.reduce<Dim>(times, 1));
