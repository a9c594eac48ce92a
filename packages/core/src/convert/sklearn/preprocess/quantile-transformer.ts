// sklearn.preprocessing.QuantileTransformer: np.interp upwards and downwards, averaged, then the bounds, then for
// output_distribution="normal" the inverse of the normal distribution after Wichura's algorithm AS 241 (1988), relative
// error about 1e-16, which is scipy's to rounding.

import type { Value } from "../../../onnx/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { mapFeatures } from "../../conversion/frame.ts";
import { clipped } from "./scalers.ts";

const BOUNDS_THRESHOLD = 1e-7;
/** scipy.stats.norm.ppf of BOUNDS_THRESHOLD - spacing(1) and of 1 minus that. */
const CLIP: readonly [number, number] = [-5.199337582605575, 5.19933758270342];

export const quantileTransformer: EstimatorConverter = defineEstimator({
  names: ["sklearn.QuantileTransformer"],
  convert(est, X, c) {
    const { shape, data } = est.matrix("quantiles_");
    const references = est.vector("references_");
    const [Q, F] = [shape[0] ?? 0, shape[1] ?? 0];
    if (shape.length !== 2 || F !== X.width || references.length !== Q || Q < 1) throw c.malformed(est, `quantiles_ of shape (${shape.join(", ")}) for ${X.width} columns and ${references.length} references`);
    const normal = est.string("output_distribution", "uniform") === "normal";
    const input = c.checkArray(X, est, { missing: "allowed" });
    const columns = Array.from({ length: F }, (_, j) => Float64Array.from({ length: Q }, (_, q) => data[q * F + j]!));
    return {
      kind: "transformer",
      transform: memo(() => {
        const { o } = c;
        const x = c.numbers(input);
        const up = interpolate(c, x, columns, references);
        const down = interpolate(c, o.neg(x), columns.map((q) => q.map((v) => -v).reverse()), references.map((v) => -v).reverse());
        const middle = o.mul(0.5, o.sub(up, down));
        const first = o.doubles(columns.map((q) => q[0]!), [1, F]);
        const last = o.doubles(columns.map((q) => q[Q - 1]!), [1, F]);
        const below = normal ? o.less(o.sub(x, BOUNDS_THRESHOLD), first) : o.equal(x, first);
        const above = normal ? o.greater(o.add(x, BOUNDS_THRESHOLD), last) : o.equal(x, last);
        const uniform = o.where(below, o.scalar(0), o.where(above, o.scalar(1), middle));
        const y = normal ? clipped(c, normalQuantile(c, uniform), CLIP) : uniform;
        return c.frame(o.where(o.isNaN(x), x, y), mapFeatures(input.features, { affine: null, clearInfinite: true }));
      }),
    };
  },
});

/** np.interp(x, xp, fp) for each column of x [N, F]; xp ascends, and repeats are taken at the last. */
function interpolate(c: Conversion, x: Value, xp: readonly Float64Array[], fp: Float64Array): Value {
  const { o } = c;
  const [F, Q] = [xp.length, fp.length];
  const flat = (f: (column: Float64Array, q: number) => number): Float64Array => Float64Array.from({ length: F * Q }, (_, i) => f(xp[Math.floor(i / Q)]!, i % Q));
  // How many points are at most x: [N, F, Q] compared, summed.
  const reached = o.greaterEqual(o.unsqueeze(x, 2), o.doubles(flat((column, q) => column[q]!), [1, F, Q]));
  const count = o.cast(o.sum(o.cast(reached, "float"), 2), "int64");
  const place = o.add(o.maximum(o.sub(count, 1), 0), o.int64s(Array.from({ length: F }, (_, j) => j * Q), [1, F]));
  const slope = flat((column, q) => (q + 1 < Q && column[q + 1]! > column[q]! ? (fp[q + 1]! - fp[q]!) / (column[q + 1]! - column[q]!) : 0));
  const at = (table: Float64Array): Value => o.gather(o.doubles(table), place, 0);
  const line = o.add(o.mul(at(slope), o.sub(x, at(flat((column, q) => column[q]!)))), at(flat((_, q) => fp[q]!)));
  return o.where(o.equal(count, 0), o.scalar(fp[0]!), line);
}

const CENTRE = [
  [3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3],
  [1, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3],
] as const;
const TAIL = [
  [1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4],
  [1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9],
] as const;

function polynomial(c: Conversion, x: Value, coefficients: readonly number[]): Value {
  return coefficients.slice(0, -1).reduceRight((sum: Value, k) => c.o.add(c.o.mul(sum, x), k), c.o.scalar(coefficients.at(-1)!));
}

/** For p between 1e-8 and 1 - 1e-8, which is all that is left unclipped (the far tails of AS 241 are not needed). */
function normalQuantile(c: Conversion, p: Value): Value {
  const { o } = c;
  const inside = clipped(c, p, [1e-8, 1 - 1e-8]);
  const q = o.sub(inside, 0.5);
  const r = o.sub(0.180625, o.mul(q, q));
  const centre = o.div(o.mul(q, polynomial(c, r, CENTRE[0])), polynomial(c, r, CENTRE[1]));
  const s = o.sub(o.sqrt(o.neg(o.log(o.minimum(inside, o.sub(1, inside))))), 1.6);
  const far = o.div(polynomial(c, s, TAIL[0]), polynomial(c, s, TAIL[1]));
  return o.where(o.lessEqual(o.abs(q), 0.425), centre, o.where(o.less(q, 0), o.neg(far), far));
}
