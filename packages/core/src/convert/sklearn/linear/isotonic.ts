// IsotonicRegression: np.interp over X_thresholds_ and y_thresholds_ (scipy's interp1d of kind "linear" calls it), of one
// column. Outside of [X_min_, X_max_]: clipped, NaN, or an error, as out_of_bounds says.

import { flat, inputMatrix, lastNotAbove, limitFeature } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { NumpyArray } from "../../../pickle/index.ts";

export const isotonicRegression: EstimatorConverter = defineEstimator({
  names: ["sklearn.IsotonicRegression"],
  convert(est, X, c) {
    const xs = est.vector("X_thresholds_");
    const ys = est.vector("y_thresholds_");
    if (xs.length === 0 || xs.length !== ys.length) throw c.malformed(est, `${xs.length} thresholds for ${ys.length} values`);
    for (let i = 1; i < xs.length; i++) if (!(xs[i]! > xs[i - 1]!)) throw c.malformed(est, "X_thresholds_ does not rise");
    const last = xs.length - 1;
    const bounds = est.string("out_of_bounds", "nan");
    if (bounds !== "nan" && bounds !== "clip" && bounds !== "raise") throw c.refuse(est, `out_of_bounds=${JSON.stringify(bounds)}`, "this value is not known");
    // Thresholds of a model fitted on float32: scikit-learn brings the new values to float32 first, and the result back.
    const thresholds = est.raw("X_thresholds_");
    const single = thresholds instanceof NumpyArray && thresholds.dtype.kind === "f" && thresholds.dtype.itemSize === 4;
    const predict = memo(() => {
      if (bounds === "raise" && last > 0) {
        if (!limitFeature(c, X, 0, xs[0]!, xs[last]!)) {
          throw c.refuse(est, 'out_of_bounds="raise"', "the values it sees come out of other steps, so that the rows it would refuse cannot be told beforehand",
            'Fit it with out_of_bounds="clip" or "nan".');
        }
      }
      let x = flat(c, inputMatrix(est, X, c, 1, single ? { dtype: "float32" } : {}));
      if (single) x = c.o.cast(c.o.cast(x, "float"), "double");
      if (bounds === "clip") x = c.o.minimum(c.o.maximum(x, est.number("X_min_")), est.number("X_max_"));
      // One threshold: the same value everywhere (scikit-learn repeats it, whatever out_of_bounds says).
      if (last === 0) return c.o.add(c.o.mul(x, 0), ys[0]!);
      const at = lastNotAbove(c, x, xs.subarray(0, last));
      const slopes = Float64Array.from({ length: last }, (_, i) => (ys[i + 1]! - ys[i]!) / (xs[i + 1]! - xs[i]!));
      const pick = (table: Float64Array): ReturnType<typeof flat> => c.o.gather(c.o.doubles(table), at, 0);
      let y = c.o.add(c.o.mul(pick(slopes), c.o.sub(x, pick(xs.subarray(0, last)))), pick(ys.subarray(0, last)));
      y = c.o.where(c.o.equal(x, xs[last]!), ys[last]!, y);
      if (bounds !== "clip") y = c.o.where(c.o.or(c.o.less(x, xs[0]!), c.o.greater(x, xs[last]!)), NaN, y);
      return single ? c.o.cast(c.o.cast(y, "float"), "double") : y;
    });
    return {
      kind: "regressor",
      predict,
      transform: memo(() => c.mixed(c.o.unsqueeze(predict(), 1), c.checkArray(X, est), ["isotonicregression0"])),
    };
  },
});
