// CountVectorizer and TfidfVectorizer (sklearn/feature_extraction/text.py, 1.0 to 1.9).

import type { Value } from "../../../onnx/index.ts";
import { PyGlobal, PyObject } from "../../../pickle/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import { mixFlows, type Frame } from "../../conversion/frame.ts";
import { readAnalyzer, type Analyzer } from "./analyzer.ts";
import { countTerms } from "./count.ts";
import { charIds, wordIds } from "./ids.ts";
import { textValue } from "./text-value.ts";
import { weighTerms } from "./tfidf.ts";
import { readVocabulary } from "./vocabulary.ts";

export const countVectorizer: EstimatorConverter = defineEstimator({
  names: ["sklearn.CountVectorizer"],
  convert(est, X, c) {
    const terms = readVocabulary(est, c);
    const analyzer = readAnalyzer(est, c);
    return { kind: "transformer", transform: memo(() => frame(counts(est, X, analyzer, terms, c), X, terms, c)) };
  },
});

export const tfidfVectorizer: EstimatorConverter = defineEstimator({
  names: ["sklearn.TfidfVectorizer"],
  convert(est, X, c) {
    const terms = readVocabulary(est, c);
    const analyzer = readAnalyzer(est, c);
    const weights = est.estimator("_tfidf");
    return { kind: "transformer", transform: memo(() => frame(weighTerms(weights, counts(est, X, analyzer, terms, c), terms.length, c), X, terms, c)) };
  },
});

function counts(est: Estimator, X: Frame, analyzer: Analyzer, terms: readonly string[], c: Conversion): Value {
  const texts = textValue(est, X, analyzer.normalize, c);
  const ids = analyzer.kind === "word" ? wordIds(texts, analyzer, terms, c) : charIds(texts, analyzer, terms, c);
  const found = countTerms(ids, terms, c);
  return c.o.cast(est.bool("binary", false) ? c.o.minimum(found, 1) : found, numberType(est, c));
}

/** Counts of any integer type are exact in double; float32 is what scikit-learn goes on computing in. */
export function numberType(est: Estimator, c: Conversion): "double" | "float" {
  const v = est.raw("dtype");
  const name = v instanceof PyGlobal ? v.name : typeof v === "string" ? v : v instanceof PyObject ? "?" : "float64";
  if (name === "float32" || name === "f4") return "float";
  if (/^(float64|f8|float|double|u?int(16|32|64)?|i[248]|u[248]|longlong|intc|intp|long)$/.test(name)) return "double";
  throw c.refuse(est, `dtype=${name}`, "counts would be cut to that type");
}

function frame(value: Value, X: Frame, terms: readonly string[], c: Conversion): Frame {
  const flows = mixFlows(X.features, { clearMissing: true, clearInfinite: true });
  c.rowCells = Math.max(c.rowCells, terms.length);
  return c.frame(value, terms.map((name) => ({ name, flows })));
}
