// RadiusNeighborsClassifier and RadiusNeighborsRegressor: every training row within `radius`, compared in the reduced form of
// the distance as scikit-learn does. A row without neighbours: the classifier's outlier label, or an error where it has none;
// the regressor's NaN.

import type { Value } from "../../../onnx/index.ts";
import { int64s } from "../../../tensor/index.ts";
import { labelCount, repeatedRow } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter, type Labels } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { toLabels, toList, type Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";
import { NumpyArray, PyList } from "../../../pickle/index.ts";
import { allDistances, inverseDistances, reordered, weighting } from "./search.ts";
import { fittedTargets, trainingClasses } from "./targets.ts";

/** Weight of every training row [N, M], zero outside of the radius; and which rows have any inside, [N, 1]. */
function rowsWithin(est: Estimator, X: Frame, c: Conversion): { weights: Value; any: Value; order: Int32Array } {
  const { o } = c;
  const kind = weighting(est, c);
  const { order, distances } = allDistances(est, X, c);
  const within = o.lessEqual(distances.reduced, distances.reduce(est.number("radius")));
  const flags = o.cast(within, "double");
  return {
    weights: kind === "uniform" ? flags : inverseDistances(c, distances.toDistance(distances.reduced), within),
    any: o.greater(o.max(flags, 1, true), 0),
    order,
  };
}

export const radiusNeighborsClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.RadiusNeighborsClassifier"],
  convert(est, X, c) {
    const { o } = c;
    const trained = trainingClasses(est, c);
    const outliers = outlierLabels(est, c, trained);
    // An outlier label that is not in training gets a place of its own behind the trained classes, for predict only.
    const classes = trained.map((labels, t) => (outliers && outliers[t]!.index < 0 ? withLabel(labels, outliers[t]!.label) : labels));
    const found = memo(() => rowsWithin(est, X, c));
    const probabilities = memo((): Value[] => {
      const { weights, any, order } = found();
      if (outliers === undefined) {
        c.rowChecks.push({
          refused: o.not(o.squeeze(any, 1)),
          reason: `no training row is within radius ${est.number("radius")} of this row, and ${est.className} has no outlier_label for such a row`,
        });
      }
      const count = order.length;
      const targets = fittedTargets(est, c, order, trained.map(labelCount));
      return trained.map((labels, t) => {
        const C = labelCount(labels);
        const hot = new Float64Array(count * C);
        targets[t]!.forEach((v, i) => { hot[i * C + Number(v)] = 1; });
        let votes = o.matmul(weights, o.doubles(hot, [count, C]));
        if (outliers !== undefined) {
          const row = Float64Array.from({ length: C }, (_, i) => (i === outliers[t]!.index ? 1 : 0));
          votes = o.where(any, votes, repeatedRow(c, votes, o.doubles(row, [1, C]), C));
        }
        const total = o.sum(votes, 1, true);
        return o.div(votes, o.where(o.equal(total, 0), 1, total));
      });
    });
    return {
      kind: "classifier",
      classes,
      predict: memo(() => {
        const winners = probabilities().map((p, t) => {
          const best = o.argmax(p, 1);
          if (outliers === undefined || outliers[t]!.index >= 0) return best;
          return o.where(o.equal(o.max(p, 1), 0), c.graph.constant(int64s([labelCount(trained[t]!)])), best);
        });
        return est.bool("outputs_2d_", false) ? o.concat(winners.map((v) => o.unsqueeze(v, 1))) : winners[0]!;
      }),
      ...(classes.every((labels, t) => labels === trained[t]) ? { predictProba: probabilities } : {}),
    };
  },
});

interface Outlier {
  readonly label: Labels;
  /** Place in classes_, -1 for none. */
  readonly index: number;
}

/** outlier_label_, one for each output; undefined for None. */
function outlierLabels(est: Estimator, c: Conversion, classes: readonly Labels[]): Outlier[] | undefined {
  const raw = est.raw("outlier_label_");
  if (raw === null || raw === undefined) return undefined;
  const items = toList(raw, `${est.path}.outlier_label_`);
  if (items.length !== classes.length) throw c.malformed(est, `outlier_label_ has ${items.length} entries for ${classes.length} outputs`);
  return classes.map((labels, t) => {
    const label = toLabels(new PyList([items[t]!]), `${est.path}.outlier_label_[${t}]`);
    if (label.type !== labels.type) throw c.malformed(est, `outlier_label_[${t}] is of another type than classes_`);
    return { label, index: (labels.values as readonly unknown[]).indexOf(label.values[0]) };
  });
}

function withLabel(labels: Labels, extra: Labels): Labels {
  return { type: labels.type, values: [...labels.values, ...extra.values] } as Labels;
}

export const radiusNeighborsRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.RadiusNeighborsRegressor"],
  convert(est, X, c) {
    const { o } = c;
    const y = est.matrix("_y");
    const T = y.shape.length === 2 ? y.shape[1]! : 1;
    return {
      kind: "regressor",
      predict: memo(() => {
        const { weights, any, order } = rowsWithin(est, X, c);
        const count = order.length;
        if (y.data.length !== count * T) throw c.malformed(est, `_y is not for ${count} rows`);
        const mean = o.div(o.matmul(weights, o.doubles(reordered(y.data, order, T), [count, T])), o.sum(weights, 1, true));
        // np.full_like(_y[0], nan): integer targets make it the smallest int64.
        const stored = est.raw("_y");
        const whole = stored instanceof NumpyArray && (stored.dtype.kind === "i" || stored.dtype.kind === "u");
        const result = o.where(any, mean, whole ? -9223372036854775808 : NaN);
        return y.shape.length === 2 ? result : o.squeeze(result, 1);
      }),
    };
  },
});
