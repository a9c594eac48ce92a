// What a DictVectorizer takes: it is asked both by what finds a model's input and by its converter.

import type { Estimator } from "../conversion/estimator.ts";

/** What a DictVectorizer knows: its keys in the order of their first feature, and the key and text of each feature. */
export function dictKeys(est: Estimator): { keys: readonly string[]; features: readonly { readonly name: string; readonly key: string; readonly text?: string }[] } {
  const separator = est.string("separator", "=");
  const features = est.list("feature_names_").map((f) => {
    const name = String(f);
    const at = typeof f === "string" ? name.indexOf(separator) : -1;
    return at <= 0 ? { name, key: name } : { name, key: name.slice(0, at), text: name.slice(at + separator.length) };
  });
  return { keys: [...new Set(features.map((f) => f.key))], features };
}
