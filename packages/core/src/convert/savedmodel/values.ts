// What a TensorFlow graph's edges carry while it is followed: tensors, of which lists of sizes are known as far as they
// can be, and the handles of variables.

import type { Dim, Value } from "../../onnx/index.ts";
import type { ElementType, Tensor } from "../../tensor/index.ts";
import type { TfNode } from "./model.ts";

/** A size that is only known when the model runs: int64 [1]. */
export interface OpenSize {
  readonly value: Value;
  /** The dimension that it is, where it is one. */
  readonly dim: Dim | undefined;
}
export type Size = number | OpenSize;

export class TfTensor {
  readonly type: ElementType;
  /** Its content, where it is known. */
  readonly constant: Tensor | undefined;
  /** The elements of an integer scalar or list, as far as they are known. */
  readonly sizes: readonly Size[] | undefined;
  /** 0: `sizes` is a scalar's. */
  readonly sizesRank: number;
  #value: Value | undefined;
  readonly #make: () => Value;

  constructor(type: ElementType, make: () => Value, known: { readonly constant?: Tensor; readonly sizes?: readonly Size[]; readonly sizesRank?: number } = {}) {
    this.type = type;
    this.constant = known.constant;
    this.sizes = known.sizes ?? smallInts(known.constant);
    this.sizesRank = known.sizesRank ?? known.constant?.shape.length ?? 1;
    this.#make = make;
  }
  get value(): Value {
    return (this.#value ??= this.#make());
  }
}

/** A variable or a table: the node that makes it. */
export class Handle {
  readonly node: TfNode;
  constructor(node: TfNode) {
    this.node = node;
  }
}
/** A list of tensors, as loops gather them. */
export class TfList {
  readonly items: readonly (TfTensor | undefined)[];
  constructor(items: readonly (TfTensor | undefined)[]) {
    this.items = items;
  }
}
export type TfValue = TfTensor | Handle | TfList;

const MAX_SIZES = 256;
function smallInts(t: Tensor | undefined): readonly number[] | undefined {
  if (!t || t.shape.length > 1 || t.data.length > MAX_SIZES || (t.type !== "int32" && t.type !== "int64")) return undefined;
  return Array.from(t.data as ArrayLike<number | bigint>, Number);
}

/** Spaces between elements, as a dilated convolution is written: SpaceToBatchND, a convolution, BatchToSpaceND. */
export class Dilated extends TfTensor {
  readonly x: Value;
  readonly dilations: readonly [number, number];
  /** Begin and end of each dimension; undefined once the convolution is done. */
  readonly pads: readonly number[] | undefined;
  /** The file has three dimensions here, [N, W, C], and `x` is [N, 1, W, C]. */
  readonly flat: boolean;
  constructor(x: Value, dilations: readonly [number, number], pads: readonly number[] | undefined, flat: boolean, refuse: () => Error) {
    super(x.type, () => {
      throw refuse();
    });
    this.x = x;
    this.dilations = dilations;
    this.pads = pads;
    this.flat = flat;
  }
}

/** The words of texts: in TensorFlow one list of all of them, here [N, T] with a mask of those that there are. */
export class Tokens extends TfTensor {
  readonly dense: TfTensor;
  /** bool [N, T]. */
  readonly present: Value;
  constructor(dense: TfTensor, present: Value, refuse: () => Error) {
    super(dense.type, () => {
      throw refuse();
    });
    this.dense = dense;
    this.present = present;
  }
}
/** Whole numbers as their decimal text, which only a hash takes. */
export class Decimals extends TfTensor {
  readonly numbers: TfTensor;
  constructor(numbers: TfTensor, refuse: () => Error) {
    super("string", () => {
      throw refuse();
    });
    this.numbers = numbers;
  }
}
export type PartitionRole = "indices" | "rowIds" | "counts" | "ends" | "splits" | "other";
/** What is computed of where words lie: it is followed, and not compiled. */
export class Partition extends TfTensor {
  readonly role: PartitionRole;
  /** Of the words. */
  readonly present: Value;
  /** How many texts there are. */
  readonly rows: Size | undefined;
  /** It is the greater one of this and something else. */
  readonly least: TfTensor | undefined;
  constructor(role: PartitionRole, present: Value, rows: Size | undefined, refuse: () => Error, least?: TfTensor) {
    super("int64", () => {
      throw refuse();
    });
    this.role = role;
    this.present = present;
    this.rows = rows;
    this.least = least;
  }
}
