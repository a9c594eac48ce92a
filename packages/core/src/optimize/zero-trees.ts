// Trees that add nothing: of an ensemble that adds up its leaves, those whose leaves are all zero. Taking them out changes no
// sum. (ai.onnx.ml TreeEnsemble, version 5.)

import type { Attribute, Model, Node } from "../onnx/index.ts";

const SUM = 1n;

export interface FewerTrees {
  readonly model: Model;
  readonly dropped: number;
  readonly trees: number;
}

export function dropZeroTrees(model: Model): FewerTrees {
  let dropped = 0;
  let trees = 0;
  const nodes = model.graph.nodes.map((node) => {
    if (node.opType !== "TreeEnsemble" || node.domain !== "ai.onnx.ml") return node;
    const found = prune(node);
    trees += found.trees;
    dropped += found.dropped;
    return found.node;
  });
  return { model: { ...model, graph: { ...model.graph, nodes } }, dropped, trees };
}

function prune(node: Node): { node: Node; dropped: number; trees: number } {
  const ints = (name: string): number[] => {
    const a = node.attributes.get(name);
    return a !== undefined && "ints" in a ? Array.from(a.ints as ArrayLike<number | bigint>, Number) : [];
  };
  const roots = ints("tree_roots");
  const whole = { node, dropped: 0, trees: roots.length };
  const aggregate = node.attributes.get("aggregate_function");
  if (aggregate !== undefined && (!("int" in aggregate) || BigInt(aggregate.int) !== SUM)) return whole;
  const weights = node.attributes.get("leaf_weights");
  if (weights === undefined || !("tensor" in weights)) return whole;
  const leaf = weights.tensor.data as ArrayLike<number>;
  const [trueIds, trueLeaf, falseIds, falseLeaf] = [ints("nodes_truenodeids"), ints("nodes_trueleafs"), ints("nodes_falsenodeids"), ints("nodes_falseleafs")];
  const isZero = (root: number): boolean => {
    const seen = new Set<number>();
    const open = [root];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      for (const [ids, leaves] of [[trueIds, trueLeaf], [falseIds, falseLeaf]] as const) {
        const next = ids[at];
        if (next === undefined) return false;
        // Minus zero would turn a sum of minus zeros.
        if (leaves[at] === 1) {
          if (!Object.is(leaf[next], 0)) return false;
        } else open.push(next);
      }
    }
    return true;
  };
  const kept = roots.filter((root) => !isZero(root));
  // An ensemble of no trees is none; with targets of one tree each the sums would move.
  if (kept.length === roots.length || kept.length === 0) return whole;
  const attributes = new Map<string, Attribute>(node.attributes).set("tree_roots", { ints: kept });
  return { node: { ...node, attributes }, dropped: roots.length - kept.length, trees: roots.length };
}
