// sklearn.impute.IterativeImputer: the fitted sequence of regressors, each of which fills one column where it is missing.
// A row in which everything is missing is imputed like the others (scikit-learn does so unless all rows of the call are).

import type { Value } from "../../../onnx/index.ts";
import { PyObject, PyTuple, type PyValue } from "../../../pickle/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { toEstimator, toMatrix, toNumber, type Estimator } from "../../conversion/estimator.ts";
import { Frame, mapFeature, mixFlows, type Feature } from "../../conversion/frame.ts";
import { indicatedColumns, indicatorFrame, missingMarker } from "./simple-imputer.ts";

const MAX_STEPS = 2000;

export const iterativeImputer: EstimatorConverter = defineEstimator({
  names: ["sklearn.IterativeImputer"],
  convert(est, X, c) {
    if (est.bool("sample_posterior", false)) throw c.refuse(est, "sample_posterior=True", "it draws random numbers at every prediction");
    const marker = missingMarker(est, c);
    const input = c.checkArray(X, est, { missing: marker === null ? "allowed" : "refused" });
    const initial = est.estimator("initial_imputer_");
    const steps = est.list("imputation_sequence_").map((v, i) => readStep(est, c, v, i));
    if (steps.length > MAX_STEPS) throw c.refuse(est, `${steps.length} imputation steps`, "the compiled model would be too large", "Lower max_iter, or impute fewer columns this way.");
    const indicated = indicatedColumns(est, c, X.width);
    return {
      kind: "transformer",
      transform: memo(() => {
        const { o } = c;
        const first = c.convert(initial, input).transform?.();
        if (!first) throw c.malformed(est, "initial_imputer_ does not transform");
        const kept = keptColumns(est, initial, X.width, first.width, c);
        const raw = c.numbers(c.select(input, kept));
        const mask = marker === null ? o.isNaN(raw) : o.equal(raw, typeof marker === "string" ? NaN : marker);
        const filled = c.numbers(first);
        const columns: Value[] = kept.map((_, j) => o.columns(filled, [j]));
        const [low, high] = [bounds(est, "_min_value", -Infinity, kept.length), bounds(est, "_max_value", Infinity, kept.length)];
        const clean = mixFlows(input.features, { clearMissing: true, clearInfinite: true });
        // Each column is itself where it is there, and depends on all others where it is not.
        const features = kept.map((j): Feature => {
          const own = mapFeature(input.features[j]!, { clearMissing: true });
          return { name: own.name, flows: [...own.flows, ...clean.filter((f) => !own.flows.some((g) => g.column === f.column))] };
        });
        for (const { target, neighbors, estimator } of steps) {
          if (target >= kept.length || neighbors.some((j) => j >= kept.length)) throw c.malformed(est, "a column of imputation_sequence_ is out of range");
          const known = c.frame(o.concat(neighbors.map((j) => columns[j]!)), neighbors.map((j) => ({ ...features[j]!, name: null })));
          const predicted = c.convert(estimator, known).predict?.();
          if (!predicted) throw c.malformed(est, "an estimator of imputation_sequence_ does not predict");
          let value = o.reshape(predicted, [-1, 1]);
          if (low[target]! > -Infinity) value = o.where(o.less(value, low[target]!), o.scalar(low[target]!), value);
          if (high[target]! < Infinity) value = o.where(o.greater(value, high[target]!), o.scalar(high[target]!), value);
          columns[target] = o.where(o.columns(mask, [target]), value, columns[target]!);
        }
        const imputed = c.frame(o.concat(columns), features);
        return indicated.length === 0 ? imputed : Frame.concat([imputed, indicatorFrame(input, c, indicated, marker, () => "number")]);
      }),
    };
  },
});

interface Step {
  readonly target: number;
  readonly neighbors: readonly number[];
  readonly estimator: Estimator;
}

/** _ImputerTriplet(feat_idx, neighbor_feat_idx, estimator), a named tuple. */
function readStep(est: Estimator, c: Conversion, v: PyValue, i: number): Step {
  const items = v instanceof PyObject ? v.args.items : v instanceof PyTuple ? v.items : [];
  const path = `${est.path}.imputation_sequence_[${i}]`;
  if (items.length !== 3) throw c.malformed(est, `imputation_sequence_[${i}] is not a step`);
  const neighbors = Array.from(toMatrix(items[1]!, path).data);
  const target = toNumber(items[0]!, path);
  if ([target, ...neighbors].some((j) => !Number.isInteger(j) || j < 0)) throw c.malformed(est, `imputation_sequence_[${i}] has a column out of range`);
  return { target, neighbors, estimator: toEstimator(items[2]!, path) };
}

/** Columns that the initial imputer keeps (those that were not all missing). */
function keptColumns(est: Estimator, initial: Estimator, width: number, left: number, c: Conversion): number[] {
  const all = Array.from({ length: width }, (_, j) => j);
  if (left === width) return all;
  const statistics = initial.vector("statistics_");
  const kept = all.filter((j) => !Number.isNaN(statistics[j]!));
  if (kept.length !== left) throw c.malformed(est, "the initial imputer keeps other columns than its statistics say");
  return kept;
}

function bounds(est: Estimator, attribute: string, otherwise: number, width: number): Float64Array {
  const v = est.has(attribute) ? est.vector(attribute) : Float64Array.of(otherwise);
  return v.length === width ? v : new Float64Array(width).fill(v.length === 1 ? v[0]! : otherwise);
}
