// IsolationForest (sklearn.ensemble): score = -2 ** (-mean depth / expected depth). The depth of a leaf is the number of
// nodes on its path plus the average path length of a tree of the samples left in it, less one.

import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { inputMatrix } from "../../conversion/algebra.ts";
import { LEAF, type FlatTree } from "../tree/flat-tree.ts";
import { roundToFloat32, sumLeafRows } from "../tree/emit-trees.ts";
import { readTrees } from "../tree/leaf-values.ts";
import { forestMembers } from "./forest.ts";
import { featureSubsets, withFeatures } from "./feature-subsets.ts";

export const isolationForest: EstimatorConverter = defineEstimator({
  names: ["sklearn.IsolationForest"],
  convert(est, X, c) {
    const members = forestMembers(est, c);
    const width = est.int("n_features_in_");
    const subsets = featureSubsets(est, c, members.length, width);
    // With all features, the trees were fitted on X as it is, whatever the order of the subset says.
    const whole = est.has("_max_features") ? est.int("_max_features") === width : subsets.every((s) => s.length === width);
    if (whole && width !== X.width) throw c.malformed(est, `it was fitted on ${width} features, the step before it gives ${X.width}`);
    const own = members.map((m, t) => readTrees([m], c, whole ? width : subsets[t]!.length)[0]!);
    const trees = whole ? own : own.map((tree, t) => withFeatures(est, c, tree, subsets[t]!));
    const lengths = own.map((tree) => pathLengths(tree, tree.samples));
    // Missing and infinite values are taken from 1.6 on.
    const open = est.versionAtLeast(1, 6);
    const x = inputMatrix(est, X, c, width, open ? { missing: "allowed", infinite: "allowed" } : { dtype: "float32" });
    const expected = members.length * averagePathLength(est.int("max_samples_"));
    const offset = est.number("offset_");
    const scores = memo(() => {
      const depths = c.o.squeeze(sumLeafRows(c, roundToFloat32(c, x), trees, 1, (t, node, row, at) => {
        row[at] = lengths[t]![node]!;
      }), 1);
      // Nothing to divide by: scikit-learn puts 1.
      const exponent = expected === 0 ? c.o.add(c.o.mul(depths, 0), -1) : c.o.neg(c.o.div(depths, expected));
      return c.o.neg(c.o.pow(2, exponent));
    });
    const decision = memo(() => c.o.sub(scores(), offset));
    return {
      kind: "outlier",
      scoreSamples: scores,
      decisionFunction: decision,
      predict: memo(() => c.o.where(c.o.less(decision(), 0), c.o.scalar(-1, "int64"), c.o.scalar(1, "int64"))),
    };
  },
});

/** Of every node: nodes on the path to it, plus the average path length of its samples, less one. */
function pathLengths(tree: FlatTree, samples: Int32Array): Float64Array {
  const depth = new Float64Array(tree.nodeCount);
  const out = new Float64Array(tree.nodeCount);
  for (let i = 0; i < tree.nodeCount; i++) {
    if (tree.left[i] !== LEAF && tree.reached[i] !== 0) depth[tree.left[i]!] = depth[tree.right[i]!] = depth[i]! + 1;
    out[i] = depth[i]! + 1 + averagePathLength(samples[i]!) - 1;
  }
  return out;
}

const EULER_GAMMA = 0.5772156649015329;

function averagePathLength(samples: number): number {
  if (samples <= 1) return 0;
  if (samples === 2) return 1;
  return 2 * (Math.log(samples - 1) + EULER_GAMMA) - (2 * (samples - 1)) / samples;
}
