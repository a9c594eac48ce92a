// What the neighbour classifiers keep of the training labels: classes_ for each output, and _y as indices into them.

import type { Labels } from "../../conversion/contract.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import { toLabels, type Estimator } from "../../conversion/estimator.ts";

export function trainingClasses(est: Estimator, c: Conversion): Labels[] {
  if (!est.bool("outputs_2d_", false)) return [est.labels()];
  const classes = est.list("classes_").map((v, t) => toLabels(v, `${est.path}.classes_[${t}]`));
  if (classes.length === 0) throw c.malformed(est, "classes_ is empty");
  return classes;
}

/** One list of class indices for each output, in the order of the search, checked against the number of classes. */
export function fittedTargets(est: Estimator, c: Conversion, order: Int32Array, classes: readonly number[]): BigInt64Array[] {
  const y = est.ints("_y");
  const rows = order.length;
  const T = classes.length;
  if (y.length !== rows * T) throw c.malformed(est, `_y has ${y.length} entries for ${rows} rows and ${T} outputs`);
  return classes.map((count, t) => BigInt64Array.from({ length: rows }, (_, i) => {
    const v = y[order[i]! * T + t]!;
    if (v < 0n || v >= BigInt(count)) throw c.malformed(est, `_y names class ${v} of ${count}`);
    return v;
  }));
}
