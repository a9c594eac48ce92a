// An ONNX model as plain data (ModelProto, IR version 10), as far as Slipway writes and reads it.

import type { ElementType, Tensor } from "../tensor/index.ts";
import type { Attribute, Dim } from "./value.ts";

export interface ValueInfo {
  readonly name: string;
  /** null: not a tensor of one of our element types; `typeText` says what it is. */
  readonly type: ElementType | null;
  /** null: rank unknown. */
  readonly shape: readonly Dim[] | null;
  readonly typeText?: string;
  /** What to write where `type` is null: a sequence or a map. */
  readonly structure?: TypeStructure;
}

export type TypeStructure =
  | { readonly kind: "tensor"; readonly type: ElementType; readonly shape: readonly Dim[] | null }
  | { readonly kind: "sequence"; readonly of: TypeStructure }
  | { readonly kind: "map"; readonly key: "int64" | "string"; readonly value: TypeStructure };

export interface Node {
  readonly name: string;
  readonly opType: string;
  /** "" is ai.onnx. */
  readonly domain: string;
  /** "" stands for an optional one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

export interface Initializer {
  readonly name: string;
  readonly tensor: Tensor;
  /** The element type in the file, where it is a narrower one: `tensor` holds the same numbers as int8, uint8 or float. */
  readonly narrow?: NarrowType;
}
export type NarrowType = "bfloat16" | "uint4" | "int4";

export interface Graph {
  readonly name: string;
  readonly docString?: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  /** Types of results of nodes, for readers that do not know the operators. */
  readonly values?: readonly ValueInfo[];
}

export interface Opset {
  readonly domain: string;
  readonly version: number;
}

export interface Model {
  readonly irVersion: number;
  readonly opsets: readonly Opset[];
  readonly producerName: string;
  readonly producerVersion: string;
  readonly docString?: string;
  readonly graph: Graph;
  readonly metadata: Readonly<Record<string, string>>;
}
