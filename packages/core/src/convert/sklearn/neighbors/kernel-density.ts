// KernelDensity.score_samples (neighbors/_kde.py, _binary_tree.pxi.tp): the log of the sum of kernels over the training
// rows, which the tree holds; rtol=0 and atol=0, the defaults, make scikit-learn's own sum exact.

import type { Value } from "../../../onnx/index.ts";
import { NumpyArray, PyObject, PyTuple } from "../../../pickle/index.ts";
import { inputMatrix } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { describe, toMatrix, type Estimator } from "../../conversion/estimator.ts";
import type { Rows } from "../kernels.ts";
import { logGamma } from "../../conversion/special-functions.ts";
import { neighborDistances } from "./distances.ts";

const LOG_PI = Math.log(Math.PI);
const LOG_2PI = Math.log(2 * Math.PI);

export const kernelDensity: EstimatorConverter = defineEstimator({
  names: ["sklearn.KernelDensity"],
  convert(est, X, c) {
    const { o } = c;
    const kernel = est.string("kernel", "gaussian");
    const h = est.number(est.has("bandwidth_") ? "bandwidth_" : "bandwidth");
    return {
      kind: "transformer",
      scoreSamples: memo(() => {
        const { rows, weights } = trainingRows(est, c);
        const distances = neighborDistances(est, c, inputMatrix(est, X, c, rows.cols), rows);
        let terms = logKernel(est, c, kernel, distances.toDistance(distances.reduced), h);
        if (weights) terms = o.add(terms, o.doubles(weights.map(Math.log), [1, rows.rows]));
        const top = o.max(terms, 1, true);
        // Where every term is -inf there is no density at all.
        const base = o.where(o.equal(top, -Infinity), 0, top);
        const sum = o.add(o.log(o.sum(o.exp(o.sub(terms, base)), 1)), o.squeeze(base, 1));
        const total = weights ? weights.reduce((a, b) => a + b, 0) : rows.rows;
        return o.add(sum, logNorm(est, c, kernel, h, rows.cols) - Math.log(total));
      }),
    };
  },
});

/** The first part of the tree's state, and the last: training rows, and their weights where there are any. */
function trainingRows(est: Estimator, c: Conversion): { rows: Rows; weights: Float64Array | undefined } {
  const tree = est.need("tree_");
  const items = tree instanceof PyObject && tree.state instanceof PyTuple ? tree.state.items : [];
  const data = items[0];
  if (!(data instanceof NumpyArray) || data.shape.length !== 2) throw c.malformed(est, "tree_ does not hold the training rows");
  const m = toMatrix(data, `${est.path}.tree_`);
  const rows: Rows = { rows: m.shape[0]!, cols: m.shape[1]!, data: m.data };
  const last = items.at(-1);
  if (!(last instanceof NumpyArray)) return { rows, weights: undefined };
  const weights = toMatrix(last, `${est.path}.tree_`).data;
  if (weights.length !== rows.rows) throw c.malformed(est, `tree_ has ${weights.length} weights for ${rows.rows} rows`);
  return { rows, weights };
}

function logKernel(est: Estimator, c: Conversion, kernel: string, d: Value, h: number): Value {
  const { o } = c;
  const inside = (value: (u: Value) => Value): Value => {
    const within = o.less(d, h);
    return o.where(within, value(o.div(o.where(within, d, 0), h)), -Infinity);
  };
  switch (kernel) {
    case "gaussian": return o.div(o.mul(o.mul(d, d), -0.5), h * h);
    case "tophat": return inside((u) => o.mul(u, 0));
    case "epanechnikov": return inside((u) => o.log(o.sub(1, o.mul(u, u))));
    case "exponential": return o.div(o.neg(d), h);
    case "linear": return inside((u) => o.log(o.sub(1, u)));
    // Sin has a kernel in double everywhere, Cos has not.
    case "cosine": return inside((u) => o.log(c.graph.op("Sin", [o.mul(o.sub(1, u), Math.PI / 2)])));
    default: throw c.refuse(est, `kernel=${describe(kernel)}`, "this kernel is not known");
  }
}

/** _log_kernel_norm: what makes the kernel integrate to one over d dimensions. */
function logNorm(est: Estimator, c: Conversion, kernel: string, h: number, d: number): number {
  const logVolume = (n: number): number => 0.5 * n * LOG_PI - logGamma(0.5 * n + 1);
  const logSurface = (n: number): number => LOG_2PI + logVolume(n - 1);
  let factor: number;
  switch (kernel) {
    case "gaussian": factor = 0.5 * d * LOG_2PI; break;
    case "tophat": factor = logVolume(d); break;
    case "epanechnikov": factor = logVolume(d) + Math.log(2 / (d + 2)); break;
    case "exponential": factor = logSurface(d - 1) + logGamma(d); break;
    case "linear": factor = logVolume(d) - Math.log(d + 1); break;
    case "cosine": {
      let sum = 0;
      let term = 2 / Math.PI;
      for (let k = 1; k <= d; k += 2) {
        sum += term;
        term *= -(d - k) * (d - k - 1) * (2 / Math.PI) ** 2;
      }
      factor = Math.log(sum) + logSurface(d - 1);
      break;
    }
    default: throw c.malformed(est, `kernel is ${kernel}`);
  }
  return -factor - d * Math.log(h);
}
