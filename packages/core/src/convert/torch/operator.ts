// The contract of an operator: its ATen name, its parameters in ATen's order, and what it becomes in the graph.

import type { Dim, Value } from "../../onnx/index.ts";
import type { ElementType } from "../../tensor/index.ts";
import type { TorchValue } from "./values.ts";
import type { Args } from "./args.ts";
import type { TorchContext } from "./context.ts";

export interface OpenShape {
  readonly type: ElementType;
  readonly shape: readonly Dim[];
}
export interface Operator {
  /** Without "aten::", overload and the trailing "_" of in-place variants. */
  readonly names: readonly string[];
  /** ATen's parameters, in order, separated by spaces. */
  readonly params: string;
  /** The result shares its elements with the first argument: always (`keeps`: in their order), or where they lie one after the other (`dense`). */
  readonly view?: boolean | "keeps" | "dense";
  /** What an input of unknown shape must be when it comes here first; `through`: the operator says nothing about it. */
  readonly open?: "through" | ((args: Args) => OpenShape | undefined);
  /** The parameter that `open` is about, where it is not the first. */
  readonly opens?: string;
  readonly convert: (args: Args, c: TorchContext) => TorchValue | Value;
}
export const defineOperator = (operator: Operator): Operator => operator;

/** The shape of an input of unknown shape came to light: the model is followed again with it. */
export class ShapeFound extends Error {
  readonly index: number;
  readonly found: OpenShape;
  constructor(index: number, found: OpenShape) {
    super("shape found");
    this.index = index;
    this.found = found;
  }
}
