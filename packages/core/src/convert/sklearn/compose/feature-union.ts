// sklearn.pipeline.FeatureUnion: the outputs of its parts, side by side.

import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { Frame } from "../../conversion/frame.ts";
import { renamed, weighted, weightOf } from "./column-transformer.ts";
import { isPassthrough, namedStep, stepEstimator } from "./pipeline.ts";

export const featureUnion: EstimatorConverter = defineEstimator({
  names: ["sklearn.FeatureUnion"],
  convert(est, X, c) {
    const verbose = est.bool("verbose_feature_names_out", true);
    const parts: (() => Frame)[] = [];
    est.list("transformer_list").forEach((entry, i) => {
      const { name, value, place } = namedStep(est, c, entry, `transformer_list[${i}]`);
      if (value === "drop") return;
      const weight = weightOf(est, name);
      const finish = (part: Frame): Frame => (verbose ? renamed(weighted(c, part, weight), (feature) => `${name}__${feature}`) : weighted(c, part, weight));
      if (isPassthrough(value)) {
        parts.push(() => finish(X));
        return;
      }
      const fitted = c.convert(stepEstimator(est, c, value, name, place), X);
      const { transform } = fitted;
      if (!transform) throw c.malformed(est, `${place} ${JSON.stringify(name)} does not transform`);
      parts.push(() => finish(transform()));
    });
    return { kind: "transformer", transform: memo(() => Frame.concat(parts.map((part) => part()))) };
  },
});
