// sklearn.preprocessing.MultiLabelBinarizer: the labels of a row in any order, one column each; 1 where a class is among them.
// A label that is not in classes_ is ignored, as scikit-learn does with a warning.

import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";

export const multiLabelBinarizer: EstimatorConverter = defineEstimator({
  names: ["sklearn.MultiLabelBinarizer"],
  convert(est, X, c) {
    const { o } = c;
    const labels = est.labels();
    const count = labels.values.length;
    return {
      kind: "transformer",
      transform: memo(() => {
        const given = o.unsqueeze(labels.type === "string" ? c.stringMatrix(X) : c.numbers(X), 2);
        const classes = labels.type === "string" ? o.strings(labels.values, [1, 1, count]) : o.doubles(labels.values.map(Number), [1, 1, count]);
        const hits = o.cast(c.graph.op("Equal", [given, classes]), "double");
        return c.answers(o.max(hits, 1), X, labels.values.map(String));
      }),
    };
  },
});
