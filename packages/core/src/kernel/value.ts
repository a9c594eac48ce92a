// What stands behind a name of the graph while it is planned: where its numbers lie and how large one row of it is.
//
// Every value that depends on the input has the rows as its first dimension, [rows * N, ...]; others are constants.
// `shape` is that of one row of the batch: its first entry is the factor of N (usually 1). Whole numbers of 64 bits are
// kept as doubles, which is exact up to 2^53; what could pass that is not planned.

import type { SparseRows } from "./sparse.ts";
import type { ElementType, Tensor } from "../tensor/index.ts";

export type Kind = "float" | "double" | "int64" | "int32" | "bool" | "uint8" | "string";
export type Numbers = Float64Array | Float32Array | Uint8Array;
export type Data = Numbers | string[];

/** Answers `count` rows, which lie at the start of every store. */
export type Step = (count: number) => void;

/** Thrown while a graph is planned; `planKernel` turns it into its answer. */
export class NotForMe {
  readonly reason: string;
  operator = "";
  node = "";
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Elements of one row, or of a constant that is not in the file. */
const MOST_ELEMENTS = 2 ** 20;

/** Called before anything of a computed size is made. */
export function checkSize(elements: number): number {
  if (!(elements <= MOST_ELEMENTS)) throw new NotForMe(`a row of ${elements} elements`);
  return elements;
}

/** The memory of a value, which views on it share. */
export class Store {
  readonly kind: Kind;
  /** Elements of one row, or of the whole constant. */
  readonly width: number;
  readonly constant: boolean;
  data: Data;
  /** Comes from a product of matrices, whose last bits are ONNX Runtime's own. */
  approximate = false;

  constructor(kind: Kind, width: number, constant: boolean, data?: Data) {
    if (!data) checkSize(width);
    this.kind = kind;
    this.width = width;
    this.constant = constant;
    this.data = data ?? allocate(kind, width);
  }
  /** Makes room for so many rows; what was in it is lost. */
  grow(rows: number): void {
    if (!this.constant && this.data.length < rows * this.width) this.data = allocate(this.kind, rows * this.width);
  }
  get numbers(): Numbers {
    return this.data as Numbers;
  }
  get strings(): string[] {
    return this.data as string[];
  }
  /** How far the next row lies. */
  get stride(): number {
    return this.constant ? 0 : this.width;
  }
}

/** One entry of a vector of dimensions: `rows` times N where that is not 0, else `size`. */
export interface Extent {
  readonly rows: number;
  readonly size: number;
}

export interface Value {
  readonly store: Store;
  readonly shape: readonly number[];
  /** A vector of dimensions, some of which may depend on N; its store holds nothing then. */
  readonly extents?: readonly Extent[];
  /** Where each element of a row comes from unchanged: a place among all inputs' columns, or -1. */
  readonly origin?: Int32Array;
  /** Where only what is not zero is kept; the store is filled when an operator asks for all of it. */
  readonly sparse?: SparseRows;
  /** Tells which elements of this store are zero. */
  readonly zeroOf?: Store;
  /** No element is zero. */
  readonly neverZero?: boolean;
  /** Where each element of a row can be found before it is put here. */
  readonly sources?: readonly Source[];
  /** Fills the store, which it does where an operator asks for that. */
  readonly lazy?: Lazy;
}

/** An element of every row: one of a store's, or 1 where that is `is` and else 0. */
export interface Source {
  readonly store: Store;
  readonly place: number;
  readonly is?: number | string;
}
export interface Lazy {
  written: boolean;
  readonly inputs: readonly Value[];
  readonly step: Step;
}

/** Of each element of a row. */
export function sourcesOf({ store, sources }: Value): readonly Source[] {
  return sources ?? Array.from({ length: store.width }, (_, place) => ({ store, place }));
}

export function allocate(kind: Kind, length: number): Data {
  switch (kind) {
    case "float": return new Float32Array(length);
    case "double": case "int64": case "int32": return new Float64Array(length);
    case "bool": case "uint8": return new Uint8Array(length);
    case "string": return new Array<string>(length).fill("");
  }
}

export function kindOf(type: ElementType | null, what: string): Kind {
  switch (type) {
    case "float": case "double": case "int64": case "int32": case "bool": case "uint8": case "string": return type;
    default: throw new NotForMe(`${what} of type ${type ?? "unknown"}`);
  }
}

export function fromTensor(tensor: Tensor): Value {
  const kind = kindOf(tensor.type, "a constant");
  const { data } = tensor;
  let own: Data;
  if (data instanceof BigInt64Array) {
    own = new Float64Array(data.length);
    for (let i = 0; i < data.length; i++) {
      const n = Number(data[i]);
      // The ends of a slice are given as the largest number there is.
      if (!Number.isSafeInteger(n) && data[i] !== MOST && data[i] !== LEAST) throw new NotForMe("whole numbers beyond 2^53");
      own[i] = n;
    }
  } else if (kind === "int32") own = Float64Array.from(data as Int32Array);
  else own = kind === "string" ? [...(data as readonly string[])] : (data as Numbers);
  return { store: new Store(kind, own.length, true, own), shape: tensor.shape };
}
const MOST = 2n ** 63n - 1n;
const LEAST = -(2n ** 63n);

export function sizeOf(shape: readonly number[]): number {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}

/** A constant's numbers. */
export function constantNumbers(value: Value, what: string): Numbers {
  if (!value.store.constant || value.extents || value.store.kind === "string") throw new NotForMe(`${what} is not a constant`);
  return value.store.numbers;
}

/** The axis as a place in the shape; along rows nothing is computed. */
export function innerAxis(value: Value, axis: number): number {
  const rank = value.shape.length;
  const at = axis < 0 ? axis + rank : axis;
  if (!(at >= 0 && at < rank)) throw new NotForMe(`axis ${axis} of rank ${rank}`);
  if (at === 0 && !value.store.constant) throw new NotForMe("something across the rows");
  return at;
}

/**
 * Where terms of a product cancel each other out, the last bits of the terms are all that is left: the distance of a point
 * from itself is 0 or 1e-8. A root or an order of such numbers shows it.
 */
export function refuseApproximate(value: Value, what: string): void {
  if (value.store.approximate) throw new NotForMe(`${what} what a product of matrices gave`);
}

/** Elements before, along and behind an axis. */
export function around(shape: readonly number[], axis: number): readonly [outer: number, along: number, inner: number] {
  return [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))];
}

/** For every element of `to`, the element of `from` that is broadcast to it; undefined where that is each its own. */
export function broadcastMap(from: readonly number[], to: readonly number[]): Int32Array | undefined {
  const shift = to.length - from.length;
  if (shift === 0 && from.every((d, i) => d === to[i])) return undefined;
  const map = new Int32Array(checkSize(sizeOf(to)));
  const index = new Int32Array(to.length);
  const steps = to.map((_, i) => (i < shift || from[i - shift] === 1 ? 0 : sizeOf(from.slice(i - shift + 1))));
  let at = 0;
  for (let i = 0; i < map.length; i++) {
    map[i] = at;
    for (let d = to.length - 1; d >= 0; d--) {
      at += steps[d]!;
      if (++index[d]! < to[d]!) break;
      at -= steps[d]! * to[d]!;
      index[d] = 0;
    }
  }
  return map;
}

/** The shape that several values have together; those with rows must have them at the same place. */
export function broadcastShape(values: readonly Value[]): number[] {
  const rank = values.reduce((n, v) => Math.max(n, v.shape.length), 0);
  const shape = new Array<number>(rank).fill(1);
  const dependent = values.filter((v) => !v.store.constant);
  for (const v of values) {
    const shift = rank - v.shape.length;
    if (!v.store.constant && shift !== 0) throw new NotForMe("rows that do not stand in the first dimension");
    v.shape.forEach((d, i) => {
      const at = i + shift;
      if (at === 0 && dependent.length > 0) {
        // The rows of a constant: one for all.
        if (v.store.constant ? d !== 1 : d !== dependent[0]!.shape[0]) throw new NotForMe("rows of several numbers");
        shape[0] = dependent[0]!.shape[0]!;
      } else if (shape[at] === 1) shape[at] = d;
      else if (d !== 1 && d !== shape[at]) throw new NotForMe("shapes that do not fit");
    });
  }
  checkSize(sizeOf(shape));
  return shape;
}
