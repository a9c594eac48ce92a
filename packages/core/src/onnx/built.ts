// The parts of a graph under construction.

import type { SlipwayError } from "../base/index.ts";
import type { ElementType, Tensor } from "../tensor/index.ts";
import { onnxError } from "./errors.ts";
import { InferenceError } from "./infer/context.ts";
import { inferOutputs } from "./infer/infer.ts";
import { missingKernel } from "./kernels.ts";
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
  /** Attributes that are graphs. */
  readonly bodies: ReadonlyMap<string, BuiltBody>;
}

/** The graph of a Loop, Scan or If: may use values of the graphs around it. */
export class BuiltBody {
  readonly inputs: readonly BuiltValue[];
  readonly nodes: readonly BuiltNode[];
  readonly outputs: readonly BuiltValue[];
  /** A body belongs to one node: its names occur once. */
  used = false;

  constructor(inputs: readonly BuiltValue[], nodes: readonly BuiltNode[], outputs: readonly BuiltValue[]) {
    this.inputs = inputs;
    this.nodes = nodes;
    this.outputs = outputs;
  }
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

export interface Named {
  readonly name: string;
  readonly value: BuiltValue;
}
export interface BuiltGraph {
  readonly inputs: readonly Named[];
  readonly entries: readonly Entry[];
  readonly nodes: readonly BuiltNode[];
  readonly outputs: readonly Named[];
  readonly anyKernel: boolean;
}

/** Everything about a node but its outputs. */
export type NodeParts = Omit<BuiltNode, "outputs">;

export function inferNode({ schema, inputs, attributes, bodies }: NodeParts, outputCount: number, anyKernel: boolean): ReturnType<typeof inferOutputs> {
  const internal = (message: string, cause?: unknown): SlipwayError => {
    const shapes = inputs.map((v) => (v ? `${v.type}[${v.shape?.join(", ") ?? "..."}]` : "none"));
    return onnxError("onnx-internal", `${schema.name}(${shapes.join(", ")}): ${message}`, { cause });
  };
  try {
    const outputs = inferOutputs(schema, inputs, attributes, outputCount, bodies);
    const lack = anyKernel ? undefined : missingKernel(schema, inputs, outputs);
    if (lack !== undefined) throw internal(lack);
    return outputs;
  } catch (error) {
    throw error instanceof InferenceError ? internal(error.message, error) : error;
  }
}
