// sklearn.feature_extraction.DictVectorizer: feature "key" is the number under that key, feature "key=text" is 1 where the
// text stands under it. Each key is one raw column; a key that a row lacks gives 0, a text that is not known gives nothing.

import type { Value } from "../../../onnx/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { dictKeys } from "../dict-keys.ts";
import { mixFlows, type Frame } from "../../conversion/frame.ts";

export const dictVectorizer: EstimatorConverter = defineEstimator({
  names: ["sklearn.DictVectorizer"],
  convert(est, X, c) {
    const { keys, features } = dictKeys(est);
    if (keys.length !== X.width) throw c.malformed(est, `it knows ${keys.length} keys, the step before it gives ${X.width} columns`);
    const kinds = new Map<string, boolean>();
    for (const { key, text } of features) {
      const known = kinds.get(key);
      if (known !== undefined && known !== (text !== undefined)) throw c.refuse(est, `the key ${JSON.stringify(key)}`, "it holds numbers in some rows and texts in others");
      kinds.set(key, text !== undefined);
    }
    return {
      kind: "transformer",
      transform: memo(() => {
        const columns = new Map(keys.map((key, j) => [key, kinds.get(key) ? texts(X, j, c) : number(X, j, c)]));
        const value = c.o.concat(features.map(({ key, text }) => columns.get(key)!(text)));
        return c.frame(value, features.map(({ name, key }) => ({ name, flows: mixFlows([X.features[keys.indexOf(key)]!], { clearMissing: true }) })));
      }),
    };
  },
});

function number(X: Frame, j: number, c: Conversion): () => Value {
  const x = c.numberColumn(X, j);
  return () => c.o.where(c.o.isNaN(x), 0, x);
}
function texts(X: Frame, j: number, c: Conversion): (text: string | undefined) => Value {
  const x = c.stringColumn(X, j);
  return (text) => c.o.cast(c.graph.op("Equal", [x, c.o.strings([text!], [1, 1])]), "double");
}
