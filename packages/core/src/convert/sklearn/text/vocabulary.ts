// The vocabulary of a vectorizer: `vocabulary_`, or the `vocabulary` it was given where it was never fitted.

import { NumpyScalar, PyDict, PyObject, PySet, type PyValue } from "../../../pickle/index.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";

/** Terms in the order of their columns. Every index from 0 to V-1 must be there exactly once. */
export function readVocabulary(est: Estimator, c: Conversion): string[] {
  const v = est.raw("vocabulary_") ?? est.raw("vocabulary") ?? est.need("vocabulary_");
  const dict = v instanceof PyDict ? v : v instanceof PyObject ? v.dictItems : undefined;
  if (dict === undefined) {
    const items = v instanceof PySet ? v.items : est.list(est.isNone("vocabulary_") ? "vocabulary" : "vocabulary_");
    if (!items.every((x): x is string => typeof x === "string")) throw c.malformed(est, "the vocabulary holds something that is not a string");
    if (items.length === 0) throw c.malformed(est, "the vocabulary is empty");
    if (new Set(items).size !== items.length) throw c.malformed(est, "the vocabulary holds a term twice");
    // scikit-learn sorts a set: by code points, as Python compares strings.
    return v instanceof PySet ? items.toSorted(compareCodePoints) : [...items];
  }
  const terms: (string | undefined)[] = Array.from({ length: dict.size });
  for (const [term, at] of dict.entries()) {
    const index = toIndex(at);
    if (typeof term !== "string") throw c.malformed(est, "the vocabulary holds a term that is not a string");
    if (index === undefined || index < 0 || index >= terms.length) {
      throw c.malformed(est, `the vocabulary gives ${JSON.stringify(term.slice(0, 60))} a column outside 0 to ${terms.length - 1}`);
    }
    if (terms[index] !== undefined) throw c.malformed(est, `the vocabulary gives column ${index} to two terms`);
    terms[index] = term;
  }
  if (terms.length === 0) throw c.malformed(est, "the vocabulary is empty");
  return terms as string[];
}

function toIndex(v: PyValue): number | undefined {
  const plain = v instanceof NumpyScalar ? v.value : v;
  return typeof plain === "bigint" || (typeof plain === "number" && Number.isInteger(plain)) ? Number(plain) : undefined;
}

function compareCodePoints(a: string, b: string): number {
  const x = [...a];
  const y = [...b];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const d = x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!;
    if (d !== 0) return d;
  }
  return x.length - y.length;
}
