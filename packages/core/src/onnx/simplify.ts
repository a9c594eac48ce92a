// What of a built graph is needed, and which nodes do nothing.

import type { Tensor } from "../tensor/index.ts";
import { BuiltBody, type BuiltNode, type BuiltValue } from "./built.ts";

export function findLive(nodes: readonly BuiltNode[], ends: readonly BuiltValue[], values: Set<BuiltValue> = new Set()): { nodes: Set<BuiltNode>; values: Set<BuiltValue> } {
  for (const v of ends) values.add(v);
  const live = new Set<BuiltNode>();
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    if (!node.outputs.some((v) => values.has(v))) continue;
    live.add(node);
    for (const v of node.inputs) if (v) values.add(v);
    for (const body of node.bodies.values()) findLive(body.nodes, body.outputs, values);
  }
  return { nodes: live, values };
}

/** Removes nodes that pass their first input on unchanged; `same` says what stands for their outputs. */
export function simplify(nodes: readonly BuiltNode[], same: Map<BuiltValue, BuiltValue>): BuiltNode[] {
  const resolve = (v: BuiltValue): BuiltValue => same.get(v) ?? v;
  const kept: BuiltNode[] = [];
  for (const node of nodes) {
    const inputs = node.inputs.map((v) => v && resolve(v));
    if (passesThrough(node, inputs)) {
      same.set(node.outputs[0]!, inputs[0]!);
      continue;
    }
    const bodies = new Map([...node.bodies].map(([name, body]) => {
      const inner = simplify(body.nodes, same);
      return [name, new BuiltBody(body.inputs, inner, body.outputs.map(resolve))] as const;
    }));
    kept.push({ ...node, inputs, bodies });
  }
  return kept;
}

function passesThrough(node: BuiltNode, inputs: readonly (BuiltValue | null)[]): boolean {
  const data = inputs[0];
  if (!data) return false;
  switch (node.schema.name) {
    case "Identity": return true;
    case "Cast": return data.type === node.outputs[0]!.type;
    case "Gather": {
      const axis = node.attributes.get("axis");
      const at = axis && "int" in axis ? Number(axis.int) : 0;
      const indices = inputs[1]?.constant;
      const rank = data.shape?.length ?? 0;
      const width = data.shape?.[at < 0 ? at + rank : at];
      if (indices?.shape.length !== 1 || indices.data.length !== width) return false;
      return everyIndex(indices);
    }
    default: return false;
  }
}
function everyIndex(indices: Tensor): boolean {
  const data = indices.data as ArrayLike<number | bigint>;
  for (let i = 0; i < data.length; i++) if (Number(data[i]) !== i) return false;
  return true;
}
