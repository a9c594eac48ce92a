// The shape of a boosted tree, checked: every child exists, no node has two parents, so there is no cycle. Nodes are put
// into an order in which children come after their parents, which pruned XGBoost trees do not have.

import { LEAF } from "../sklearn/tree/flat-tree.ts";
import type { Faults } from "./faults.ts";

/** ONNX Runtime reads a tree recursively: deeper ones can crash it. */
const DEEPEST = 2000;

export interface OrderedNodes {
  readonly nodeCount: number;
  /** LEAF for a leaf. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly reached: Uint8Array;
  /** Number of the node in the file. */
  readonly source: Int32Array;
}

/** `left` and `right` by the file's numbers, LEAF in `left` for a leaf. */
export function orderNodes(left: Int32Array, right: Int32Array, faults: Faults): OrderedNodes {
  const count = left.length;
  if (count === 0) throw faults.malformed("a tree has no nodes");
  const source = new Int32Array(count);
  const depth = new Int32Array(count);
  const seen = new Uint8Array(count);
  const newLeft = new Int32Array(count);
  const newRight = new Int32Array(count);
  let used = 1;
  seen[0] = 1;
  for (let i = 0; i < used; i++) {
    const at = source[i]!;
    const l = left[at]!;
    const r = right[at]!;
    if (l === LEAF) {
      newLeft[i] = newRight[i] = LEAF;
      continue;
    }
    if (l < 0 || l >= count || r < 0 || r >= count) throw faults.malformed(`node ${at} of a tree has the children ${l} and ${r}, of ${count} nodes`);
    if (l === r || seen[l] !== 0 || seen[r] !== 0) throw faults.malformed(`the tree has a cycle: a child of node ${at} (${l} or ${r}) is above it or belongs to another node`);
    seen[l] = seen[r] = 1;
    const below = depth[i]! + 1;
    if (below > DEEPEST) throw faults.refuse(`a tree deeper than ${DEEPEST} levels`, "ONNX Runtime cannot read it", "Fit with max_depth.");
    newLeft[i] = used;
    source[used] = l;
    depth[used++] = below;
    newRight[i] = used;
    source[used] = r;
    depth[used++] = below;
  }
  return {
    nodeCount: used, left: newLeft.subarray(0, used), right: newRight.subarray(0, used), source: source.subarray(0, used),
    reached: new Uint8Array(used).fill(1),
  };
}
