// What the code of a model works with while it is followed, never run: tensors are values of the graph under construction,
// everything else is known now. Integers are bigint and floats number, as in the pickle room.

import type { Value } from "../../onnx/index.ts";
import type { Tensor } from "../../tensor/index.ts";

/** A tensor object: in-place operators change which value of the graph it stands for. */
export class TensorValue {
  value: Value;
  /** Its content, where it is a parameter or constant of the file. */
  constant: Tensor | undefined;
  /** Shares its elements with another tensor object, which in-place operators must not lose. */
  shared = false;
  constructor(value: Value, constant?: Tensor) {
    this.value = value;
    this.constant = constant;
  }
}
/** A size that is only known when the model runs: an int64 scalar. */
export class SymbolicInt {
  readonly value: Value;
  constructor(value: Value) {
    this.value = value;
  }
}
/** A list or a tuple. */
export class ListValue {
  readonly items: TorchValue[];
  readonly tuple: boolean;
  constructor(items: TorchValue[], tuple = false) {
    this.items = items;
    this.tuple = tuple;
  }
}
/** An input whose shape the file does not tell; the first operator that says something about it settles that. */
export class OpenInput {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}
/** A name or an object that only one reader knows: a submodule, a function, a type. */
export class Opaque<T = unknown> {
  readonly kind: string;
  readonly content: T;
  constructor(kind: string, content: T) {
    this.kind = kind;
    this.content = content;
  }
}
export class DictValue {
  readonly entries: Map<string, TorchValue>;
  constructor(entries: Map<string, TorchValue>) {
    this.entries = entries;
  }
}

export type TorchValue = TensorValue | SymbolicInt | ListValue | DictValue | OpenInput | Opaque | bigint | number | boolean | string | null;

/** How an error names a value. */
export function describeValue(value: TorchValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value instanceof TensorValue) return `a tensor [${value.value.shape?.map((d) => d ?? "?").join(", ") ?? "..."}]`;
  if (value instanceof SymbolicInt) return "a size";
  if (value instanceof ListValue) return `a ${value.tuple ? "tuple" : "list"} of ${value.items.length}`;
  if (value instanceof DictValue) return "a dict";
  if (value instanceof OpenInput) return "an input";
  if (value instanceof Opaque) return `a ${value.kind}`;
  return value === null ? "None" : typeof value === "string" ? "a text" : String(value);
}
