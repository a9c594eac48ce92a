// sklearn.feature_extraction.FeatureHasher with input_type="string" (_hashing_fast.pyx): every text of a row, as UTF-8, is
// hashed with MurmurHash3 (32 bit, seed 0); its column is |h| mod n_features and its sign that of h.

import { doubles } from "../../../tensor/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { describe } from "../../conversion/estimator.ts";

/** Rows are dense here. */
const MAX_FEATURES = 2 ** 21;

export const featureHasher: EstimatorConverter = defineEstimator({
  names: ["sklearn.FeatureHasher"],
  convert(est, X, c) {
    const { o } = c;
    const width = est.int("n_features", 2 ** 20);
    if (width < 1) throw c.malformed(est, `n_features is ${width}`);
    if (width > MAX_FEATURES) throw c.refuse(est, `n_features=${width}`, `rows of more than ${MAX_FEATURES} columns are not compiled`, "Use fewer features.");
    if (est.raw("input_type") !== "string") {
      throw c.refuse(est, `input_type=${describe(est.raw("input_type"))}`, "any key may come, so that no columns can be named for it", 'Use input_type="string", or a DictVectorizer.');
    }
    return {
      kind: "transformer",
      transform: memo(() => {
        const h = o.cast(c.graph.op("MurmurHash3", [c.stringMatrix(X)], { positive: 0, seed: 0 }), "int64");
        const column = c.graph.op("Mod", [o.abs(h), o.scalar(width, "int64")]);
        const sign = est.bool("alternate_sign", true) ? o.where(o.less(h, 0), o.scalar(-1), o.scalar(1)) : o.where(o.less(h, 0), o.scalar(1), o.scalar(1));
        const rows = o.slice(c.graph.op("Shape", [h]), 0, 1, 0);
        const zeros = c.graph.op("ConstantOfShape", [o.concat([rows, o.int64s([width])], 0)], { value: doubles([0]) });
        const counts = c.graph.op("ScatterElements", [zeros, column, sign], { axis: 1, reduction: "add" });
        return c.answers(counts, X, Array.from({ length: width }, () => null));
      }),
    };
  },
});
