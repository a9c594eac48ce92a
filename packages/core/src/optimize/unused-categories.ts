// Categories that nothing asks: a LabelEncoder's keys whose number is compared with nowhere, once the columns that no tree asks
// are gone. A text that is left out becomes the number of unknown ones, which equals none of those that are asked either.

import type { Attribute, Model, Node } from "../onnx/index.ts";
import type { Tensor } from "../tensor/index.ts";

export interface FewerCategories {
  readonly model: Model;
  readonly dropped: number;
  readonly categories: number;
}

export function dropUnusedCategories(model: Model): FewerCategories {
  let [dropped, categories] = [0, 0];
  const nodes = model.graph.nodes.map((node) => {
    const asked = node.opType === "LabelEncoder" && node.domain === "ai.onnx.ml" ? askedCodes(node, model) : undefined;
    const [keys, values] = [tensorOf(node, "keys_tensor"), tensorOf(node, "values_tensor")];
    if (asked === undefined || keys?.type !== "string" || values?.type !== "int64") return node;
    const codes = Array.from(values.data as ArrayLike<bigint>, Number);
    const kept = codes.flatMap((code, i) => (asked.has(code) ? [i] : []));
    categories += codes.length;
    // An encoder of nothing is none.
    if (kept.length === codes.length || kept.length === 0) return node;
    dropped += codes.length - kept.length;
    const names = keys.data as readonly string[];
    const attributes = new Map<string, Attribute>(node.attributes)
      .set("keys_tensor", { tensor: { type: "string", shape: [kept.length], data: kept.map((i) => names[i]!) } })
      .set("values_tensor", { tensor: { type: "int64", shape: [kept.length], data: BigInt64Array.from(kept, (i) => BigInt(codes[i]!)) } });
    return { ...node, attributes };
  });
  return { model: dropped === 0 ? model : { ...model, graph: { ...model.graph, nodes } }, dropped, categories };
}

/** The numbers that the codes are compared with, where nothing else is done with them and unknown ones are none of these. */
function askedCodes(encoder: Node, { graph }: Model): ReadonlySet<number> | undefined {
  const asked = new Set<number>();
  const outputs = new Set(graph.outputs.map((o) => o.name));
  const constants = new Map(graph.initializers.map((i) => [i.name, i.tensor]));
  const open = [encoder.outputs[0]!];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (outputs.has(name)) return undefined;
    for (const node of graph.nodes) {
      if ([...node.attributes.values()].some((a) => "graph" in a)) return undefined;
      if (!node.inputs.includes(name)) continue;
      if (node.domain !== "") return undefined;
      if (node.opType === "Gather" && node.inputs[0] === name) open.push(...node.outputs);
      else if (node.opType === "Equal") {
        const constant = constants.get(node.inputs[node.inputs[0] === name ? 1 : 0]!);
        if (constant === undefined) return undefined;
        for (let i = 0; i < constant.data.length; i++) asked.add(Number(constant.data[i]));
      } else return undefined;
    }
  }
  const unknown = tensorOf(encoder, "default_tensor");
  return unknown === undefined || asked.has(Number((unknown.data as ArrayLike<bigint>)[0])) ? undefined : asked;
}

function tensorOf(node: Node, name: string): Tensor | undefined {
  const a = node.attributes.get(name);
  return a !== undefined && "tensor" in a ? a.tensor : undefined;
}
