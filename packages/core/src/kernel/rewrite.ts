// Groups of nodes that one step answers faster than each of them could: sums over trees in a fixed order, as our own
// compilations write them down (convert/boosted/float-sums.ts, convert/sklearn/tree/emit-trees.ts).

import type { Graph, Node } from "../onnx/index.ts";
import { Build, NodeView } from "./node-view.ts";
import { joinForests, readForest, type Forest } from "./trees/forest.ts";
import { NotForMe } from "./value.ts";
import { treeTargets } from "./ops/trees.ts";
import { findTerms } from "./text/find-terms.ts";
import type { TermOptions } from "./text/term-counts.ts";

/** Several nodes as one: what it reads, and what it gives. */
interface GroupOf<K extends string> {
  readonly kind: K;
  readonly inputs: readonly string[];
  readonly output: string;
}
/** Reads the matrix, and the start of the sums or the table of rows. */
export interface ForestGroup extends GroupOf<"float-forest" | "leaf-rows"> {
  readonly forest: Forest;
}
/** Reads the codes, the columns to pick of them, and the code that each is compared with. */
export interface OneHotGroup extends GroupOf<"one-hot"> {
  readonly type: "float" | "double";
}
/** Reads the texts. */
export interface TermsGroup extends GroupOf<"terms"> {
  readonly options: TermOptions;
}
export type Group = ForestGroup | OneHotGroup | TermsGroup;

/** By the name of what the group's last node gives. */
export function findGroups(graph: Graph): Map<string, Group> {
  const by = new Map<string, Node>();
  for (const node of graph.nodes) for (const name of node.outputs) if (name !== "") by.set(name, node);
  const constants = new Map(graph.initializers.map((i) => [i.name, i.tensor]));
  const groups = new Map<string, Group>();
  const numbers = (name: string | undefined): readonly number[] | undefined => {
    const tensor = name === undefined ? undefined : constants.get(name);
    return tensor === undefined || tensor.type === "string" || tensor.data.length > 8 ? undefined : Array.from(tensor.data as ArrayLike<number | bigint>, Number);
  };
  const text = (name: string | undefined): string | undefined => {
    const tensor = name === undefined ? undefined : constants.get(name);
    return tensor?.type === "string" && tensor.data.length === 1 ? String(tensor.data[0]) : undefined;
  };
  const made = (name: string | undefined, op: string): Node | undefined => {
    const node = name === undefined ? undefined : by.get(name);
    return node?.opType === op && node.outputs[0] === name ? node : undefined;
  };
  const isCast = (node: Node | undefined, to: bigint): boolean => {
    const a = node?.attributes.get("to");
    return a !== undefined && "int" in a && BigInt(a.int) === to;
  };
  const int = (node: Node, name: string, fallback: number): number => {
    const a = node.attributes.get(name);
    return a && "int" in a ? Number(a.int) : fallback;
  };
  /** Trees of which each has a target of its own, in order. */
  const forestOf = (node: Node): Forest | undefined => {
    try {
      const forest = readForest(new NodeView(node, [], new Build()), 2 ** 31 - 1);
      return forest.targets === forest.roots.length && treeTargets(forest)?.every((target, tree) => target === tree) === true ? forest : undefined;
    } catch (error) {
      if (error instanceof NotForMe) return undefined;
      throw error;
    }
  };
  const pending = new Map<string, { readonly X: string; readonly start: string; readonly forests: readonly Forest[] }>();

  for (const node of graph.nodes) {
    const output = node.outputs[0] ?? "";
    if (node.opType === "TfIdfVectorizer") {
      const terms = findTerms(node, made, numbers, text);
      if (terms) groups.set(output, { kind: "terms", inputs: [terms.input], output, options: terms.options });
    } else if (node.opType === "Slice") {
      // Slice(CumSum(Concat(start, Cast(trees)))): the last of the sums.
      const sums = made(node.inputs[0], "CumSum");
      const terms = made(sums?.inputs[0], "Concat");
      const cast = made(terms?.inputs[1], "Cast");
      const trees = made(cast?.inputs[0], "TreeEnsemble");
      if (!sums || !terms || !cast || !trees || terms.inputs.length !== 2 || int(terms, "axis", 0) !== 1 || !isCast(cast, 1n) || numbers(sums.inputs[1])?.[0] !== 1 || sums.attributes.size > 0) continue;
      const forest = forestOf(trees);
      const count = forest?.roots.length;
      if (!forest || numbers(node.inputs[1])?.join() !== `${count}` || numbers(node.inputs[2])?.join() !== `${count! + 1}` || numbers(node.inputs[3])?.join() !== "1" || (node.inputs[4] ?? "") !== "" && numbers(node.inputs[4])?.join() !== "1") continue;
      const before = pending.get(terms.inputs[0]!);
      const [X] = trees.inputs;
      if (X === undefined) continue;
      pending.set(output, before && before.X === X ? { X, start: before.start, forests: [...before.forests, forest] } : { X, start: terms.inputs[0]!, forests: [forest] });
    } else if (node.opType === "Cast") {
      // Cast(Equal(Gather(codes, columns), categories)): one-hot columns.
      const equal = made(node.inputs[0], "Equal");
      const picked = made(equal?.inputs[0], "Gather");
      const type = isCast(node, 1n) ? "float" : isCast(node, 11n) ? "double" : undefined;
      if (!equal || !picked || type === undefined || int(picked, "axis", 0) !== 1 || !constants.has(picked.inputs[1]!) || !constants.has(equal.inputs[1]!)) continue;
      groups.set(output, { kind: "one-hot", inputs: [...picked.inputs, equal.inputs[1]!], output, type });
    } else if (node.opType === "ReduceSum") {
      // ReduceSum(Gather(table, Cast(trees))), over the trees.
      const rows = made(node.inputs[0], "Gather");
      const cast = made(rows?.inputs[1], "Cast");
      const trees = made(cast?.inputs[0], "TreeEnsemble");
      if (!rows || !cast || !trees || numbers(node.inputs[1])?.join() !== "1" || int(node, "keepdims", 1) !== 0 || int(rows, "axis", 0) !== 0 || !isCast(cast, 7n)) continue;
      const table = constants.get(rows.inputs[0]!);
      const forest = forestOf(trees);
      if (!forest || !table || table.shape.length !== 2 || (table.type !== "double" && table.type !== "float")) continue;
      groups.set(output, { kind: "leaf-rows", inputs: [trees.inputs[0]!, rows.inputs[0]!], output, forest });
    }
  }
  for (const [output, { X, start, forests }] of pending) {
    const joined = joinForests(forests);
    groups.set(output, { kind: "float-forest", inputs: [X, start], output, forest: { ...joined, targets: 1, leafTarget: new Int32Array(joined.leafTarget.length), leafWeight: joined.leafWeight.map(Math.fround) } });
  }
  return groups;
}

