// What the code of a model works with while it is followed, never run: tensors are values of the graph under construction,
// everything else is known now. Integers are bigint and floats number, as in the pickle room.

import type { Value } from "../../onnx/index.ts";
import type { Tensor } from "../../tensor/index.ts";

/** How a tensor object looks at the elements of another one. */
export interface View {
  readonly base: TensorValue;
  /** The same look at another value of the base's shape. */
  readonly replay: (base: Value) => Value;
}

/** A tensor object: in-place operators change which value of the graph it stands for, and for every view of it. */
export class TensorValue {
  #value: Value;
  /** How often it was written to: a view that has seen fewer is looked up again. */
  #version = 0;
  #seen = 0;
  /** Its content, where it is a parameter or constant of the file. */
  constant: Tensor | undefined;
  /** A parameter or buffer of the model, which a call must not change. */
  kept = false;
  /** Its elements are known to lie one after the other, so that reshaping it makes a view. */
  dense = true;
  /** Whether it is a view of another tensor or a copy cannot be told: it must not be written to. */
  unsure = false;
  /** The half precision it has in the file; its content stands here as float. */
  half: string | undefined;
  view: View | undefined;
  constructor(value: Value, constant?: Tensor) {
    this.#value = value;
    this.constant = constant;
  }
  get value(): Value {
    if (this.view) {
      const { base, replay } = this.view;
      const now = base.version;
      if (now !== this.#seen) {
        this.#value = replay(base.value);
        this.#seen = now;
      }
    }
    return this.#value;
  }
  get version(): number {
    return this.#version + (this.view?.base.version ?? 0);
  }
  look(view: View): void {
    this.view = view;
    this.#seen = view.base.version;
  }
  /** After an in-place operator. `merge` puts the new elements of a view into a value of its base. */
  write(value: Value, merge: (view: View, value: Value) => Value): void {
    this.constant = undefined;
    if (this.view) {
      this.view.base.write(merge(this.view, value), merge);
      this.#seen = this.view.base.version;
    } else this.#version++;
    this.#value = value;
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
