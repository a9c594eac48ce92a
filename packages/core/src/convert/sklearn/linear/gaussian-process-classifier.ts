// GaussianProcessClassifier (gaussian_process/_gpc.py): the Laplace approximation for two classes, and one against the rest
// or one against one over it for more. Probabilities integrate the logistic function by five error functions.

import { bothClasses, inputMatrix, matrix2d, shaped } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo } from "../../conversion/conversion.ts";
import { erf } from "../../conversion/special-functions.ts";
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
        // All five at once, [N, 5]: an error function is some three hundred nodes.
        const variance = o.unsqueeze(processVariance(est, c, x(), K(), Y.rows, shaped(est, c, [Y.rows], "W_sr_").data), 1);
        const alpha = o.div(1, o.mul(variance, 2));
        const error = erf(c, o.mul(o.mul(o.unsqueeze(mean(), 1), o.doubles(LAMBDAS, [1, 5])), o.sqrt(o.div(alpha, o.add(alpha, o.doubles(LAMBDAS.map((l) => l ** 2), [1, 5]))))));
        const width = o.sqrt(o.div(Math.PI, alpha));
        const norm = o.mul(o.sqrt(o.mul(o.mul(variance, 2), Math.PI)), 2);
        const integrals = o.div(o.mul(width, error), norm);
        const total = o.sum(o.mul(integrals, o.doubles(COEFFICIENTS, [1, 5])), 1);
        return [bothClasses(c, o.add(total, 0.5 * COEFFICIENTS.reduce((a, b) => a + b, 0)))];
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
