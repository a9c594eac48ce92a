// A compiled model -> a program over typed arrays, or "not for me" with the first operator that is not understood.
//
// Nodes that no wanted output needs are left out; what depends on no input is computed while planning. Each remaining node
// becomes a step that goes through all rows of a block. Nothing looks across rows, so a row's answer never depends on the
// rows beside it.

import { readModel, type Graph, type Model, type Node } from "../onnx/index.ts";
import type { ElementType } from "../tensor/index.ts";
import { binaryPlanners } from "./ops/binary.ts";
import { encodePlanners, oneHot } from "./ops/encode.ts";
import { matmulPlanners } from "./ops/matmul.ts";
import { movePlanners } from "./ops/move.ts";
import { reducePlanners } from "./ops/reduce.ts";
import { floatForest, leafRows, treeEnsemble } from "./ops/trees.ts";
import { sparsePlanners } from "./ops/sparse.ts";
import { unaryPlanners } from "./ops/unary.ts";
import { Build, NodeView, type Planner } from "./node-view.ts";
import { findGroups, type Group } from "./rewrite.ts";
import { termCounts } from "./text/term-counts.ts";
import { fromTensor, kindOf, NotForMe, sizeOf, Store, type Step, type Value } from "./value.ts";
import { openArena, type Arena } from "./wasm/arena.ts";

/** Raised whenever an answer may differ from that of the version before: what was proven of one is not true of the other. */
export const KERNEL_VERSION = 1;

const MOST_NODES = 20_000;

/** Why a graph is left to another engine. */
export interface Refusal {
  readonly operator: string;
  readonly node: string;
  readonly reason: string;
}

export interface PlannedInput {
  readonly name: string;
  readonly type: ElementType;
  readonly store: Store;
}
export interface PlannedOutput {
  readonly name: string;
  readonly type: ElementType;
  /** Of one row of the batch; the first entry stands for the rows. */
  readonly shape: readonly number[];
  readonly store: Store;
}
export interface Program {
  readonly inputs: readonly PlannedInput[];
  readonly outputs: readonly PlannedOutput[];
  readonly steps: readonly Step[];
  readonly stores: readonly Store[];
  /** By place among all inputs' columns, one input after the other: numbers at which an answer may change. */
  readonly boundaries: ReadonlyMap<number, ReadonlySet<number>>;
  /** Texts that some table of the graph knows, a sample. */
  readonly words: readonly string[];
}

const PLANNERS: Readonly<Record<string, Planner>> = {
  ...binaryPlanners, ...unaryPlanners, ...movePlanners, ...reducePlanners, ...matmulPlanners, ...encodePlanners,
};

export interface PlanOptions {
  /** Plain code only, without WebAssembly: slower, and the reference for it. */
  readonly plain?: boolean;
  /** What makes large batches fast is made at once, not while they come. */
  readonly eager?: boolean;
}

/** @throws onnx-* for bytes that are no model */
export function planProgram(model: Model | Uint8Array, wanted: readonly string[] | undefined, options: PlanOptions = {}): Program | Refusal {
  const { graph } = model instanceof Uint8Array ? readModel(model) : model;
  let at: { opType: string; name: string } = { opType: "", name: "" };
  try {
    if (graph.nodes.length > MOST_NODES) throw new NotForMe(`${graph.nodes.length} nodes`);
    const groups = findGroups(graph);
    const names = wanted ?? graph.outputs.map((o) => o.name);
    const nodes = neededNodes(graph, groups, names);
    const build = new Build();
    const values = new Map<string, Value>();
    let places = 0;
    const inputs = graph.inputs.map((info): PlannedInput => {
      const rank = info.shape?.length ?? 0;
      const dims = info.shape?.slice(1) ?? [];
      if (rank === 0 || !dims.every((d) => typeof d === "number" && d >= 0) || typeof info.shape![0] === "number") throw new NotForMe(`an input of shape [${info.shape?.join(", ")}]`);
      const kind = kindOf(info.type, "an input");
      const store = new Store(kind, sizeOf(dims as number[]), false);
      build.stores.push(store);
      const origin = Int32Array.from({ length: store.width }, (_, i) => places + i);
      places += store.width;
      values.set(info.name, { store, shape: [1, ...(dims as number[])], origin });
      return { name: info.name, type: info.type!, store };
    });
    const initializers = new Map(graph.initializers.map((i) => [i.name, i.tensor]));
    let opened: Arena | undefined | null = options.plain === true ? undefined : null;
    // Most graphs have no trees.
    const arena = (): Arena | undefined => (opened === null ? (opened = openArena(options.eager === true)) : opened);
    const value = (name: string | undefined): Value | undefined => {
      if (name === undefined || name === "") return undefined;
      let found = values.get(name);
      if (!found) {
        const tensor = initializers.get(name);
        if (!tensor) throw new NotForMe(`nothing gives ${JSON.stringify(name.slice(0, 100))}`);
        values.set(name, (found = fromTensor(tensor)));
      }
      return found;
    };
    for (const { node, group } of nodes) {
      at = node;
      const view = new NodeView(node, (group?.inputs ?? node.inputs).map(value), build);
      const results = group ? planGroup(arena, view, group) : planNode(arena, view);
      if (group) values.set(group.output, results[0]!);
      else node.outputs.forEach((name, i) => {
        if (name === "") return;
        if (!results[i]) throw new NotForMe("a result that is not made");
        values.set(name, results[i]);
      });
    }
    const outputs = names.map((name): PlannedOutput => {
      const info = graph.outputs.find((o) => o.name === name);
      at = { opType: "output", name };
      if (!info) throw new NotForMe("there is no such output");
      const found = value(name);
      if (found) build.write(found);
      if (!found || found.extents || found.store.constant) throw new NotForMe("an output that does not depend on the rows");
      return { name, type: found.store.kind, shape: found.shape, store: found.store };
    });
    return { inputs, outputs, steps: build.steps, stores: build.stores, boundaries: build.boundaries, words: build.words };
  } catch (error) {
    if (!(error instanceof NotForMe)) throw error;
    return { operator: at.opType, node: at.name, reason: error.reason };
  }
}

function planNode(arena: () => Arena | undefined, view: NodeView): readonly Value[] {
  const { opType, domain } = view.node;
  if (domain === "ai.onnx.ml" && opType === "TreeEnsemble") return treeEnsemble(arena(), view);
  const known = domain === "" ? opType !== "LabelEncoder" : domain === "ai.onnx.ml" && opType === "LabelEncoder";
  const planner = known && Object.hasOwn(PLANNERS, opType) ? PLANNERS[opType] : undefined;
  if (planner && Object.hasOwn(sparsePlanners, opType) && view.inputs.some((v) => v?.sparse)) {
    const results = sparsePlanners[opType]!(view);
    if (results) return results;
  }
  if (!planner) throw new NotForMe("the operator is not known");
  return planner(view);
}

function planGroup(arena: () => Arena | undefined, view: NodeView, group: Group): readonly Value[] {
  switch (group.kind) {
    case "float-forest": return floatForest(arena(), view, group.forest);
    case "leaf-rows": return leafRows(arena(), view, group.forest);
    case "terms": return termCounts(view, group.options);
    case "one-hot": return oneHot(view, group.type);
  }
}

interface NeededNode {
  readonly node: Node;
  readonly group?: Group;
}

/** The nodes that the outputs need, in the graph's order, in which everything is made before it is used. */
function neededNodes(graph: Graph, groups: ReadonlyMap<string, Group>, outputs: readonly string[]): NeededNode[] {
  const needed = new Set(outputs);
  const kept: NeededNode[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!node.outputs.some((name) => needed.has(name))) continue;
    const group = groups.get(node.outputs[0] ?? "");
    kept.push(group ? { node, group } : { node });
    for (const name of group?.inputs ?? node.inputs) needed.add(name);
  }
  return kept.reverse();
}
