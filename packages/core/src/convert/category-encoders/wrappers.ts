// category_encoders.wrapper: NestedCVWrapper answers with the encoder inside it; PolynomialWrapper has one for every class
// but the first, whose columns get the class's name.

import { PyDict } from "../../pickle/index.ts";
import { defineEstimator, type EstimatorConverter } from "../conversion/contract.ts";
import { memo } from "../conversion/conversion.ts";
import { toEstimator, type Estimator } from "../conversion/estimator.ts";
import { Frame } from "../conversion/frame.ts";
import { renamed } from "../sklearn/compose/column-transformer.ts";
import { findInputNames } from "./encoder.ts";

export const nestedEncoder: EstimatorConverter = defineEstimator({
  names: ["category_encoders.NestedCVWrapper"],
  inputShape: (est) => findInputNames(est.estimator("feature_encoder")),
  convert: (est, X, c) => c.convert(est.estimator("feature_encoder"), X),
});

export const polynomialWrapper: EstimatorConverter = defineEstimator({
  names: ["category_encoders.PolynomialWrapper"],
  inputShape: (est) => encodersOf(est).slice(0, 1).map(([, encoder]) => findInputNames(encoder))[0],
  convert(est, X, c) {
    const encoders = encodersOf(est).map(([name, encoder]) => ({ name, encoder, cols: new Set(encoder.list("cols").map(String)), fitted: c.convert(encoder, X) }));
    const last = encoders.at(-1);
    if (last === undefined) throw c.malformed(est, "it has no encoder for any class");
    return {
      kind: "transformer",
      transform: memo(() => {
        const made = encoders.map(({ name, cols, fitted }) => {
          const all = fitted.transform!();
          const places = all.features.flatMap((f, i) => (f.name !== null && cols.has(f.name) ? [i] : []));
          return { rest: c.select(all, all.features.flatMap((_, i) => (places.includes(i) ? [] : [i]))), own: renamed(c.select(all, places), (column) => `${column}_${name}`) };
        });
        return Frame.concat([made.at(-1)!.rest, ...made.map(({ own }) => own)].filter((part) => part.width > 0));
      }),
    };
  },
});

function encodersOf(est: Estimator): [string, Estimator][] {
  const v = est.raw("feature_encoders");
  return v instanceof PyDict ? [...v.entries()].map(([name, encoder]) => [String(name), toEstimator(encoder, `${est.path}.feature_encoders[${JSON.stringify(String(name).slice(0, 40))}]`)]) : [];
}
