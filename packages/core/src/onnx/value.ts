// What converters see of a graph under construction: typed values and one method that adds a node.

import type { ElementType, Tensor } from "../tensor/index.ts";
import type { Graph } from "./model.ts";

/** A number, a name ("N" is the number of rows), or null for unknown. */
export type Dim = number | string | null;

/** The result of a node, an input or a constant. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  /** null: rank unknown. */
  readonly shape: readonly Dim[] | null;
}

/** Plain numbers become INT when integral and declared so by the operator, else FLOAT; typed wrappers are explicit. */
export type Attribute =
  | { readonly int: number | bigint }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly (number | bigint)[] | Int32Array | BigInt64Array }
  | { readonly floats: readonly number[] | Float32Array }
  | { readonly strings: readonly string[] }
  | { readonly tensor: Tensor }
  | { readonly graph: Graph };
/** A graph made by GraphBuilder.body. */
export interface BodyInput {
  readonly outputs: readonly Value[];
}
/** Attribute values as a converter writes them; the operator's schema says which kind each one is. */
export type AttributeInput = number | bigint | boolean | string | readonly number[] | readonly string[] | Int32Array | BigInt64Array | Float32Array | Tensor | Attribute | BodyInput;
