// Which leaf a row ends in, and which nodes it passes, for every tree: scikit-learn's apply and decision_path.

import type { Value } from "../../../onnx/index.ts";
import type { Fitted } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { convertError } from "../../conversion/errors.ts";
import { leafColumns, roundToFloat32 } from "./emit-trees.ts";
import { LEAF, type FlatTree } from "./flat-tree.ts";

/** Characters in all paths together. */
const MOST_CHARACTERS = 2 ** 26;

/** `x` is the checked input, in double. */
export function leafMethods(c: Conversion, x: Value, trees: readonly FlatTree[]): Pick<Fitted, "leaves" | "paths"> {
  return {
    leaves: memo(() => c.o.cast(leafColumns(c, roundToFloat32(c, x), trees, (_, node) => node), "int64")),
    paths: memo(() => {
      const texts: string[] = [];
      const places = trees.map((tree) => {
        const at = new Map<number, number>();
        for (const [node, path] of leafPaths(tree)) at.set(node, texts.push(path) - 1);
        return at;
      });
      const found = c.o.cast(leafColumns(c, roundToFloat32(c, x), trees, (t, node) => places[t]!.get(node)!), "int64");
      return c.o.gather(c.o.strings(texts), found, 0);
    }),
  };
}

/** For every leaf a text of one digit for each node: 1 for those on the way to it. */
function leafPaths({ nodeCount, left, right, reached }: FlatTree): [number, string][] {
  const parent = new Int32Array(nodeCount).fill(-1);
  const paths: [number, string][] = [];
  for (let i = 0; i < nodeCount; i++) {
    if (reached[i] === 0) continue;
    if (left[i] !== LEAF) {
      parent[left[i]!] = parent[right[i]!] = i;
      continue;
    }
    if ((paths.length + 1) * nodeCount > MOST_CHARACTERS) throw convertError("unsupported-option", "decision_path: the paths of a tree this large do not fit into a model");
    const digits = new Uint8Array(nodeCount).fill(0x30);
    for (let node = i; node >= 0; node = parent[node]!) digits[node] = 0x31;
    paths.push([i, new TextDecoder().decode(digits)]);
  }
  return paths;
}
