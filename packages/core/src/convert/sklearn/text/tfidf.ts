// The arithmetic of TfidfTransformer.transform (sklearn/feature_extraction/text.py, 1.0 to 1.9), on [N, V].

import type { Value } from "../../../onnx/index.ts";
import { SparseMatrix, arrayFloat64, arrayInt64 } from "../../../pickle/index.ts";
import { floats } from "../../../tensor/index.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";

/** `counts` double, or float where scikit-learn computes in float32. */
export function weighTerms(est: Estimator, counts: Value, width: number, c: Conversion): Value {
  const { o } = c;
  const single = counts.type === "float";
  let x = counts;
  if (est.bool("sublinear_tf", false)) {
    const present = o.not(o.equal(x, 0));
    x = o.where(present, o.add(o.log(o.where(present, x, 1)), 1), 0);
  }
  const idf = readIdf(est, width, c);
  if (idf) x = o.mul(x, single ? c.graph.constant(floats(Float32Array.from(idf), [1, width])) : o.doubles(idf, [1, width]));
  return normalizeRows(est, x, c);
}

/** _inplace_csr_row_normalize: sums and the quotient in double, whatever the type; rows of zeros stay. */
export function normalizeRows(est: Estimator, x: Value, c: Conversion): Value {
  const { o } = c;
  const norm = est.raw("norm") ?? null;
  if (norm === null) return x;
  if (norm !== "l1" && norm !== "l2") throw c.malformed(est, `there is no norm ${JSON.stringify(String(norm))}`);
  const wide = o.cast(x, "double");
  const sum = norm === "l1" ? o.sum(o.abs(wide), 1, true) : o.sqrt(o.sum(o.cast(o.mul(x, x), "double"), 1, true));
  return o.cast(o.div(wide, o.where(o.equal(sum, 0), 1, sum)), x.type);
}

/** An array `idf_` since 1.5, before that the diagonal of a sparse matrix `_idf_diag`. */
function readIdf(est: Estimator, width: number, c: Conversion): Float64Array | undefined {
  const diagonal = est.raw("_idf_diag");
  let idf: Float64Array | undefined;
  if (!est.isNone("idf_")) idf = est.vector("idf_");
  else if (diagonal instanceof SparseMatrix) idf = readDiagonal(est, diagonal, c);
  else if (est.bool("use_idf", true)) throw c.malformed(est, "it has no idf_: it was saved before it was fitted");
  if (idf && idf.length !== width) throw c.malformed(est, `${idf.length} weights for ${width} terms`);
  return idf;
}

function readDiagonal(est: Estimator, m: SparseMatrix, c: Conversion): Float64Array {
  const [rows, columns] = m.shape;
  const part = (name: string): NonNullable<(typeof m.parts)[string]> => {
    const a = m.parts[name];
    if (!a) throw c.malformed(est, `its idf matrix has no ${name}`);
    return a;
  };
  if (rows !== columns) throw c.malformed(est, "its idf matrix is not square");
  const data = arrayFloat64(part("data"));
  if (rows > 100_000_000) throw c.malformed(est, `its idf matrix claims ${rows} terms`);
  if (m.format === "dia") {
    const offsets = arrayInt64(part("offsets"));
    if (offsets.length !== 1 || offsets[0] !== 0n || data.length < rows) throw c.malformed(est, "its idf matrix is not a diagonal");
    return data.slice(0, rows);
  }
  const diagonal = new Float64Array(data.length <= rows ? rows : 0);
  const minor = m.format === "coo" ? undefined : arrayInt64(part("indices"));
  const major = m.format === "coo" ? undefined : arrayInt64(part("indptr"));
  if (!minor || !major || minor.length !== data.length || major.length !== rows + 1) throw c.malformed(est, "its idf matrix is not a diagonal");
  for (let i = 0; i < rows; i++) {
    const [from, to] = [Number(major[i]), Number(major[i + 1])];
    if (from < 0 || to < from || to > data.length) throw c.malformed(est, "its idf matrix is broken");
    for (let k = from; k < to; k++) {
      if (minor[k] !== BigInt(i)) throw c.malformed(est, "its idf matrix is not a diagonal");
      diagonal[i]! += data[k]!;
    }
  }
  return diagonal;
}
