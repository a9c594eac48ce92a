// The texts a vectorizer is given, as one value [N], and what is done to them before the first token is cut.

import type { Value } from "../../../onnx/index.ts";
import type { TextNormalization } from "../../../package/index.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";

export function textValue(est: Estimator, X: Frame, normalize: readonly TextNormalization[], c: Conversion): Value {
  if (X.width !== 1) throw c.malformed(est, `it takes one column of texts, here it is given ${X.width}`);
  c.refuseMissing(X, 0, `${est.className} does not accept missing texts`);
  if (normalize.some((step) => step !== "lowercase")) {
    c.warnings.push(`${est.className}: accents are stripped by Slipway's runtime before the ONNX model, which cannot do it; elsewhere, strip them before it is called`);
  }
  const texts = c.o.reshape(c.textColumn(X, 0, normalize, est), [-1]);
  if (normalize[0] !== "lowercase") return texts;
  // Exact but for dotted capital I and final sigma, which the runtime's own lower-casing has done by now.
  // "C.UTF-8" is in slim images, en_US.UTF-8, the operator's default, is not.
  return c.graph.op("StringNormalizer", [texts], { case_change_action: "LOWER", is_case_sensitive: 1, locale: "C.UTF-8" });
}
