// The order in which Keras 3 runs the calls of a Functional model (keras/src/ops/function.py, map_graph, of 3.15): by their
// distance from the outputs, and calls of one distance as a walk back from the outputs meets them. It matters where a layer
// changes what the others see: MultiHeadAttention takes the masks off the tensors that it is given.

export interface CallNode {
  /** Which layer, and which of its calls. */
  readonly layer: string;
  readonly node: number;
  /** The calls whose results it takes, by `keyOf`. */
  readonly from: readonly string[];
}
export const keyOf = (layer: string, node: number): string => `${layer}:${node}`;

/** The keys of the calls that the outputs need, first to last. Calls that are not among `nodes` are the model's inputs. */
export function executionOrder(nodes: ReadonlyMap<string, CallNode>, outputs: readonly string[]): string[] {
  const finished = new Set<string>();
  const inProgress = new Set<string>();
  const rising: string[] = [];
  for (const output of outputs) walk(output);
  function walk(start: string): void {
    // Depth first without recursion: models may be long.
    const stack: { key: string; next: number }[] = [{ key: start, next: 0 }];
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const node = nodes.get(top.key);
      if (top.next === 0 && (finished.has(top.key) || inProgress.has(top.key))) {
        stack.pop();
        continue;
      }
      inProgress.add(top.key);
      const child = node?.from[top.next++];
      if (child !== undefined) {
        stack.push({ key: child, next: 0 });
        continue;
      }
      finished.add(top.key);
      inProgress.delete(top.key);
      rising.push(top.key);
      stack.pop();
    }
  }
  const depths = new Map<string, number>();
  const layers = new Map<string, number>();
  for (const key of rising.reverse()) {
    const node = nodes.get(key);
    const layer = node?.layer ?? key;
    const depth = Math.max(depths.get(key) ?? 0, layers.get(layer) ?? 0);
    layers.set(layer, depth);
    depths.set(key, depth);
    for (const child of node?.from ?? []) depths.set(child, Math.max(depth + 1, depths.get(child) ?? 0));
  }
  return [...depths].map(([key, depth], i) => ({ key, depth, i })).sort((a, b) => b.depth - a.depth || a.i - b.i).map((d) => d.key).filter((key) => nodes.has(key));
}
