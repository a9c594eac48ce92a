// The parts of a graph under construction.

import type { ElementType, Tensor } from "../tensor/index.ts";
import { onnxError } from "./errors.ts";
import { InferenceError } from "./infer/context.ts";
import { inferOutputs } from "./infer/infer.ts";
import type { OpSchema } from "./schema.ts";
import type { Attribute, Dim, Value } from "./value.ts";

/** Where a value comes from. */
export type Origin = "input" | "entry" | "constant" | "node";

/** A value of a graph under construction. Shapes are sharpened when the graph is finished. */
export class BuiltValue implements Value {
  readonly name: string;
  readonly type: ElementType;
  shape: readonly Dim[] | null;
  readonly origin: Origin;
  constant: Tensor | undefined;
  make: (() => Tensor) | undefined;
  content: readonly Dim[] | undefined;

  constructor(name: string, type: ElementType, shape: readonly Dim[] | null, origin: Origin) {
    this.name = name;
    this.type = type;
    this.shape = shape;
    this.origin = origin;
  }
}

export interface BuiltNode {
  readonly schema: OpSchema;
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly inputs: readonly (BuiltValue | null)[];
  readonly outputs: readonly BuiltValue[];
}

export interface EntrySource {
  readonly name: string;
  readonly type: "double" | "float" | "int64" | "bool" | "string";
}

/** An entry's graph inputs: one of its own, or one for each column with a head that joins them. */
export type Binding =
  | { readonly kind: "columns"; readonly sources: readonly EntrySource[] }
  | { readonly kind: "input"; readonly name: string; readonly width: number };

export interface Entry {
  readonly name: string;
  readonly value: BuiltValue;
  binding: Binding | undefined;
}

export function inferNode(schema: OpSchema, inputs: readonly (BuiltValue | null)[], attributes: ReadonlyMap<string, Attribute>, outputCount: number): ReturnType<typeof inferOutputs> {
  try {
    return inferOutputs(schema, inputs, attributes, outputCount);
  } catch (error) {
    if (!(error instanceof InferenceError)) throw error;
    const shapes = inputs.map((v) => (v ? `${v.type}[${v.shape?.join(", ") ?? "..."}]` : "none"));
    throw onnxError("onnx-internal", `${schema.name}(${shapes.join(", ")}): ${error.message}`, { cause: error });
  }
}
