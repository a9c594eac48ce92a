// GaussianProcessClassifier (gaussian_process/_gpc.py): the Laplace approximation for two classes, and one against the rest
// or one against one over it for more. Probabilities integrate the logistic function by five error functions.

import type { Value } from "../../../onnx/index.ts";
import { bothClasses, inputMatrix, matrix2d, shaped } from "../algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../contract.ts";
import { memo } from "../conversion.ts";
import { erf } from "../special-functions.ts";
import { gaussianProcessKernel } from "./gaussian-process-kernel.ts";
import { processVariance } from "./gaussian-process-variance.ts";

const LAMBDAS = [0.41, 0.4, 0.37, 0.44, 0.39];
const COEFFICIENTS = [-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654];

export const binaryGaussianProcessClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn._BinaryGaussianProcessClassifierLaplace"],
  convert(est, X, c) {
    const { o } = c;
    const Y = matrix2d(est, c, "X_train_");
    const x = memo(() => inputMatrix(est, X, c, Y.cols));
    const K = memo(() => gaussianProcessKernel(est.estimator("kernel_"), c, x(), Y));
    const mean = memo(() => {
      const y = shaped(est, c, [Y.rows], "y_train_").data;
      const pi = shaped(est, c, [Y.rows], "pi_").data;
      return o.squeeze(o.matmul(K(), o.doubles(y.map((v, i) => v - pi[i]!), [Y.rows, 1])), 1);
    });
    return {
      kind: "classifier",
      classes: [est.labels()],
      predict: memo(() => o.cast(o.greater(mean(), 0), "int64")),
      predictProba: memo(() => {
        const variance = processVariance(est, c, x(), K(), Y.rows, shaped(est, c, [Y.rows], "W_sr_").data);
        const alpha = o.div(1, o.mul(variance, 2));
        const width = o.sqrt(o.div(Math.PI, alpha));
        const norm = o.mul(o.sqrt(o.mul(o.mul(variance, 2), Math.PI)), 2);
        let total: Value | undefined;
        LAMBDAS.forEach((lambda, i) => {
          const error = erf(c, o.mul(o.mul(mean(), lambda), o.sqrt(o.div(alpha, o.add(alpha, lambda ** 2)))));
          const term = o.mul(o.div(o.mul(width, error), norm), COEFFICIENTS[i]!);
          total = total === undefined ? term : o.add(total, term);
        });
        return [bothClasses(c, o.add(total!, 0.5 * COEFFICIENTS.reduce((a, b) => a + b, 0)))];
      }),
    };
  },
});

export const gaussianProcessClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.GaussianProcessClassifier"],
  convert(est, X, c) {
    const { predict, predictProba } = c.convert(est.estimator("base_estimator_"), c.checkArray(X, est));
    if (!predict) throw c.malformed(est, "base_estimator_ does not predict");
    // One against one has no probabilities.
    const proba = est.raw("multi_class") === "one_vs_one" && est.int("n_classes_") > 2 ? undefined : predictProba;
    return { kind: "classifier", classes: [est.labels()], predict, ...(proba ? { predictProba: proba } : {}) };
  },
});
