// MLPClassifier and MLPRegressor: X @ coefs_[i] + intercepts_[i] through `activation`, the last one through out_activation_.

import type { Value } from "../../../onnx/index.ts";
import { bothClasses, inputMatrix, labelCount } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter, type Labels } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { toMatrix, type Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";

/** [N, outputs]. */
function forward(est: Estimator, X: Frame, c: Conversion): Value {
  const weights = est.list("coefs_").map((v, i) => toMatrix(v, `${est.path}.coefs_[${i}]`));
  const biases = est.list("intercepts_").map((v, i) => toMatrix(v, `${est.path}.intercepts_[${i}]`).data);
  if (weights.length === 0 || weights.length !== biases.length) throw c.malformed(est, `${weights.length} weight matrices and ${biases.length} intercepts`);
  const activation = est.string("activation");
  let width = weights[0]!.shape[0] ?? 0;
  let value = inputMatrix(est, X, c, width);
  weights.forEach(({ shape, data }, i) => {
    const out = shape[1] ?? 0;
    if (shape.length !== 2 || shape[0] !== width || biases[i]!.length !== out) throw c.malformed(est, `coefs_[${i}] and intercepts_[${i}] do not fit the layer before`);
    value = c.graph.op("Gemm", [value, c.o.doubles(data, [width, out]), c.o.doubles(biases[i]!)]);
    if (i < weights.length - 1) value = activate(est, c, activation, value);
    width = out;
  });
  return activate(est, c, est.string("out_activation_"), value);
}

function activate(est: Estimator, c: Conversion, name: string, x: Value): Value {
  switch (name) {
    case "identity": return x;
    case "relu": return c.o.maximum(x, 0);
    case "tanh": return c.o.tanh(x);
    case "logistic": return c.o.sigmoid(x);
    case "softmax": return c.o.softmax(x);
    case "exp": return c.o.exp(x);
    default: throw c.refuse(est, `activation=${JSON.stringify(name)}`, "this activation is not known");
  }
}

export const multilayerPerceptronRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.MLPRegressor"],
  convert: (est, X, c) => ({
    kind: "regressor",
    predict: memo(() => {
      const y = forward(est, X, c);
      return est.int("n_outputs_") === 1 ? c.o.squeeze(y, 1) : y;
    }),
  }),
});

export const multilayerPerceptronClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.MLPClassifier"],
  convert(est, X, c) {
    const { o } = c;
    const binarizer = est.estimator("_label_binarizer");
    const outputs = est.int("n_outputs_");
    const last = est.list("intercepts_").at(-1);
    if (last === undefined || toMatrix(last, `${est.path}.intercepts_`).data.length !== outputs) throw c.malformed(est, `intercepts_ does not end in ${outputs} outputs`);
    const multilabel = binarizer.string("y_type_").startsWith("multilabel");
    const labels = est.has("classes_") ? est.labels() : binarizer.labels();
    const value = memo(() => forward(est, X, c));
    if (multilabel) {
      const indicator: Labels = { type: "int64", values: [0n, 1n] };
      return {
        kind: "classifier",
        classes: Array.from({ length: outputs }, () => indicator),
        predict: memo(() => o.cast(o.greater(value(), 0.5), "int64")),
        // One matrix [N, outputs], the chance of each label.
        predictProba: memo(() => [value()]),
      };
    }
    const binary = outputs === 1;
    if (labelCount(labels) !== (binary ? 2 : outputs)) throw c.malformed(est, `${outputs} outputs for ${labelCount(labels)} classes`);
    return {
      kind: "classifier",
      classes: [labels],
      predict: memo(() => (binary ? o.cast(o.greater(o.squeeze(value(), 1), 0.5), "int64") : o.argmax(value(), 1))),
      predictProba: memo(() => [binary ? bothClasses(c, o.squeeze(value(), 1)) : value()]),
    };
  },
});
