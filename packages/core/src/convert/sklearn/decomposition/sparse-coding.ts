// SparseCoder, DictionaryLearning and MiniBatchDictionaryLearning.transform (decomposition/_dict_learning.py): rows as sparse
// combinations of the dictionary's atoms, by orthogonal matching pursuit (linear_model/_omp.py, _gram_omp), paths of least angles,
// coordinate descent or a threshold.

import type { Value } from "../../../onnx/index.ts";
import { doubles } from "../../../tensor/index.ts";
import { inputMatrix, matrix2d, numberedNames, rowCount, transposed } from "../../conversion/algebra.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { describe, type Estimator } from "../../conversion/estimator.ts";
import { solvePositive } from "../graph-solve.ts";
import { lassoDescent } from "./lasso-descent.ts";
import { leastAngles } from "./least-angle.ts";
import { product } from "../../conversion/numerics.ts";

/** Steps of the pursuit: each solves a system of as many unknowns as steps so far. */
const MAX_STEPS = 64;
/** Sweeps of coordinate descent, each a step for every atom. */
const MAX_SWEEPS = 100_000;

export const sparseCoding: EstimatorConverter = defineEstimator({
  names: ["sklearn.SparseCoder", "sklearn.DictionaryLearning", "sklearn.MiniBatchDictionaryLearning"],
  convert(est, X, c) {
    const { o } = c;
    const D = matrix2d(est, c, est.className === "SparseCoder" ? "dictionary" : "components_");
    const algorithm = est.raw("transform_algorithm");
    const positive = est.bool("positive_code", false);
    return {
      kind: "transformer",
      transform: memo(() => {
        const back = transposed(D.data, D.rows, D.cols);
        const cov = o.matmul(inputMatrix(est, X, c, D.cols), o.doubles(back, [D.cols, D.rows]));
        let code: Value;
        if (algorithm === "threshold") {
          const alpha = penalty(est);
          code = o.mul(c.graph.op("Sign", [cov]), o.maximum(o.sub(o.abs(cov), alpha), 0));
          if (positive) code = o.maximum(code, 0);
        } else if (algorithm === "omp") {
          if (positive) throw c.refuse(est, "positive_code=True", 'scikit-learn itself refuses it for transform_algorithm="omp"');
          code = pursuit(est, c, cov, product(D.data, back, D.rows, D.cols, D.rows), D.rows, D.cols);
        } else if (algorithm === "lasso_lars" || algorithm === "lars") {
          code = path(est, c, cov, product(D.data, back, D.rows, D.cols, D.rows), D.rows, D.cols, algorithm === "lasso_lars");
        } else if (algorithm === "lasso_cd") {
          code = descent(est, c, inputMatrix(est, X, c, D.cols), cov, product(D.data, back, D.rows, D.cols, D.rows), D.rows);
        } else {
          throw c.malformed(est, `transform_algorithm ${describe(algorithm)} is no algorithm of scikit-learn`);
        }
        const split = est.bool("split_sign", false);
        if (split) code = o.concat([o.maximum(code, 0), o.neg(o.minimum(code, 0))]);
        return c.mixed(code, c.checkArray(X, est), numberedNames(est, D.rows * (split ? 2 : 1)));
      }),
    };
  },
});

function penalty(est: Estimator): number {
  return !est.isNone("transform_alpha") ? est.number("transform_alpha") : est.isNone("alpha") ? 1 : est.number("alpha");
}

/** The lasso's minimum by its path, or the path of least angles up to so many atoms. */
function path(est: Estimator, c: Conversion, cov: Value, gram: Float64Array, atoms: number, features: number, lasso: boolean): Value {
  if (atoms > MAX_STEPS) throw c.refuse(est, `transform_algorithm=${describe(est.raw("transform_algorithm"))}, ${atoms} atoms`, `up to ${MAX_STEPS} are compiled`);
  const positive = est.bool("positive_code", false);
  if (lasso) {
    const { code, open } = leastAngles(c, cov, gram, atoms, { penalty: penalty(est), steps: 8 * atoms, drops: true, positive });
    c.rowChecks.push({ refused: open, reason: `the path of solutions of this row is longer than ${est.className}'s compiled one` });
    return code;
  }
  if (positive) throw c.refuse(est, "positive_code=True", 'scikit-learn itself refuses it for transform_algorithm="lars"');
  const most = est.isNone("transform_n_nonzero_coefs") ? Math.trunc(Math.min(Math.max(features / 10, 1), atoms)) : est.int("transform_n_nonzero_coefs");
  return leastAngles(c, cov, gram, atoms, { penalty: 0, steps: Math.min(most, atoms), drops: false, positive: false }).code;
}

/** Near the lasso's minimum, where the release's coordinate descent stops. */
function descent(est: Estimator, c: Conversion, x: Value, cov: Value, gram: Float64Array, atoms: number): Value {
  const alpha = penalty(est);
  const sweeps = est.int("transform_max_iter", 1000);
  if (!(alpha > 0)) throw c.refuse(est, `transform_algorithm="lasso_cd", transform_alpha=${alpha}`, "without a penalty nothing but chance says where it stops");
  if (sweeps < 1 || sweeps > MAX_SWEEPS) throw c.refuse(est, `transform_max_iter=${sweeps}`, `1 to ${MAX_SWEEPS} are compiled`);
  return lassoDescent(c, cov, c.o.sum(c.o.mul(x, x), 1, true), gram, atoms, { alpha, sweeps, positive: est.bool("positive_code", false), screening: est.versionAtLeast(1, 8) });
}

/** Takes the atom nearest to what is left, fits all taken atoms anew, and so on; a row stops where it would take one twice. */
function pursuit(est: Estimator, c: Conversion, cov: Value, gram: Float64Array, atoms: number, features: number): Value {
  const { o } = c;
  const steps = est.isNone("transform_n_nonzero_coefs") ? Math.trunc(Math.min(Math.max(features / 10, 1), atoms)) : est.int("transform_n_nonzero_coefs");
  if (steps < 1 || steps > Math.min(atoms, MAX_STEPS)) throw c.refuse(est, `transform_n_nonzero_coefs=${steps}`, `up to ${Math.min(atoms, MAX_STEPS)} are compiled`);
  const G = o.doubles(gram, [atoms, atoms]);
  const diagonal = o.doubles(Float64Array.from({ length: atoms }, (_, i) => gram[i * (atoms + 1)]!));
  const zeros = c.graph.op("ConstantOfShape", [o.concat([rowCount(c, cov), o.int64s([atoms])], 0)], { value: doubles([0]) });
  const eye = (k: number): Value => o.doubles(Float64Array.from({ length: k * k }, (_, i) => (i % (k + 1) === 0 ? 1 : 0)), [1, k, k]);
  let code = zeros;
  let left = cov;
  let taken: Value | undefined;
  let stopped: Value | undefined;
  for (let k = 1; k <= steps; k++) {
    const best = o.unsqueeze(o.argmax(o.abs(left), 1), 1);
    const size = c.graph.op("GatherElements", [left, best], { axis: 1 });
    let stop = o.less(o.mul(size, size), Number.EPSILON);
    if (taken) {
      const twice = o.cast(o.max(o.cast(o.equal(taken, best), "int32"), 1, true), "bool");
      const g = c.graph.op("GatherElements", [o.gather(G, o.squeeze(best, 1), 0), taken], { axis: 1 });
      const safe = o.where(o.unsqueeze(o.or(stopped!, twice), 2), eye(k - 1), subGram(c, G, taken, k - 1));
      const column = o.unsqueeze(g, 2);
      const inside = o.sum(o.mul(solvePositive(c, safe, column, k - 1), column), 1);
      const rest = o.sub(o.gather(diagonal, best, 0), inside);
      stop = o.or(o.or(stop, stopped!), o.or(twice, o.lessEqual(rest, Number.EPSILON)));
    }
    stopped = stop;
    taken = taken ? o.concat([taken, best]) : best;
    const system = o.where(o.unsqueeze(stop, 2), eye(k), subGram(c, G, taken, k));
    const gamma = o.squeeze(solvePositive(c, system, o.unsqueeze(c.graph.op("GatherElements", [cov, taken], { axis: 1 }), 2), k), 2);
    code = o.where(stop, code, c.graph.op("ScatterElements", [zeros, taken, gamma], { axis: 1 }));
    if (k < steps) left = o.sub(cov, o.sum(o.mul(o.gather(G, taken, 0), o.unsqueeze(gamma, 2)), 1));
  }
  return code;
}

/** [N, k, k]: the Gram matrix of the atoms each row has taken. */
function subGram(c: Conversion, G: Value, taken: Value, k: number): Value {
  const rows = c.o.gather(G, taken, 0);
  const index = c.graph.op("Expand", [c.o.unsqueeze(taken, 1), c.o.int64s([1, k, 1])]);
  return c.graph.op("GatherElements", [rows, index], { axis: 2 });
}
