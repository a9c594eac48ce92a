// Nodes put behind a network that came from elsewhere, of whatever operator set from 11 on: written with operators whose
// forms have not changed since.

import type { Attribute, Node, ValueInfo } from "@slipway/core/onnx";
import { floats, int64s } from "@slipway/core/tensor";

export const LEAST_OPSET = 11;

export class GraphSteps {
  readonly nodes: Node[] = [];
  readonly outputs: ValueInfo[] = [];

  /** One result; its name. */
  op(opType: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}, domain = ""): string {
    return this.ops(opType, inputs, 1, attributes, domain)[0]!;
  }
  ops(opType: string, inputs: readonly string[], results: number, attributes: Readonly<Record<string, Attribute>> = {}, domain = ""): string[] {
    const at = this.nodes.length;
    const outputs = Array.from({ length: results }, (_, i) => `slipway.step${at}.${i}`);
    this.nodes.push({ name: `slipway.${opType}${at}`, opType, domain, inputs, outputs, attributes: new Map(Object.entries(attributes)) });
    return outputs;
  }
  ints(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.op("Constant", [], { value: { tensor: int64s(values.map(BigInt), shape) } });
  }
  floats(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.op("Constant", [], { value: { tensor: floats(values, shape) } });
  }
  /** From `start` to before `end` of an axis. */
  slice(x: string, axis: number, start: number, end: number = 2 ** 31 - 1): string {
    return this.op("Slice", [x, this.ints([start]), this.ints([end]), this.ints([axis])]);
  }
  transpose(x: string, perm: readonly number[]): string {
    return this.op("Transpose", [x], { perm: { ints: perm } });
  }
  reshape(x: string, shape: readonly number[]): string {
    return this.op("Reshape", [x, this.ints(shape)]);
  }
  /** The largest along the last axis: values and places, that axis of size 1. */
  largest(x: string): [string, string] {
    return this.ops("TopK", [x, this.ints([1])], 2, { axis: { int: -1 } }) as [string, string];
  }
  output(name: string, from: string, type: ValueInfo["type"], shape: ValueInfo["shape"]): void {
    this.nodes.push({ name, opType: "Identity", domain: "", inputs: [from], outputs: [name], attributes: new Map() });
    this.outputs.push({ name, type, shape });
  }
}
