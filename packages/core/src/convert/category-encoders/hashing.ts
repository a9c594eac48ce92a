// category_encoders.HashingEncoder: every value's text is hashed into one of n_components buckets, and a row tells how many
// of its values fell into each. The buckets stand in front, the columns that are not hashed behind them.
//
// Values are hashed as `str` writes them: a missing one as "nan", which is what pandas reads from a file. None among Python
// objects, which the encoder leaves out, cannot be told from it.

import { MISSING_STRING, DIGESTS, textBucket, type Digest } from "../../package/index.ts";
import { NumpyDType, PyList } from "../../pickle/index.ts";
import { strings } from "../../tensor/index.ts";
import { defineEstimator, type EstimatorConverter } from "../conversion/contract.ts";
import { memo, type Conversion } from "../conversion/conversion.ts";
import { Frame, mixFlows, type Feature } from "../conversion/frame.ts";
import type { Estimator } from "../conversion/estimator.ts";
import { kept, placesOf } from "./encoder.ts";

/** Counts in a row, and in the table that they are added up from. */
const MOST_BUCKETS = 65_536;
const MOST_CELLS = 1_000_000;

export const hashingEncoder: EstimatorConverter = defineEstimator({
  names: ["category_encoders.HashingEncoder"],
  convert(est, X, c) {
    const method = DIGESTS.find((name) => name === est.string("hash_method", "md5"));
    const buckets = est.int("n_components", 8);
    const places = placesOf(est, X, c);
    const hashed = est.list("cols").map(places);
    if (method === undefined) throw c.refuse(est, `hash_method=${JSON.stringify(est.string("hash_method").slice(0, 40))}`, "this hash is not compiled", `Use ${DIGESTS.map((name) => `"${name}"`).join(", ")}.`);
    if (buckets < 1) throw c.malformed(est, "it has no columns");
    if (buckets > MOST_BUCKETS || buckets * hashed.length > MOST_CELLS) throw c.refuse(est, `n_components=${buckets} for ${hashed.length} columns`, "so many counts are not compiled", "Use fewer components.");
    if (est.attributes.get("min_group_lumping_") !== undefined && est.dict("min_group_lumping_").size > 0) throw c.refuse(est, "min_group_size", "rare categories are renamed before they are hashed, which is not compiled", "Use it without min_group_size.");
    checkColumns(est, X, c, hashed);
    return {
      kind: "transformer",
      transform: memo(() => {
        const rest = Array.from({ length: X.width }, (_, j) => j).filter((j) => !hashed.includes(j));
        const counts = hashed.length === 0 ? [] : [count(est, X, c, hashed, method, buckets)];
        return kept(est, c, Frame.concat([...counts, ...(rest.length > 0 ? [c.select(X, rest)] : [])]));
      }),
    };
  },
});

/** Which texts the columns are, as far as the file tells. */
function checkColumns(est: Estimator, X: Frame, c: Conversion, hashed: readonly number[]): void {
  const dtypes = est.raw("feature_dtypes_in_");
  const told = dtypes instanceof PyList && dtypes.items.length === X.width ? dtypes.items : undefined;
  const names = est.raw("feature_names_in_");
  // Numbers beside floats become floats, as a data frame's values have one type.
  const floats = hashed.find((j) => {
    const dtype = told?.[j];
    return dtype instanceof NumpyDType && dtype.kind === "f";
  });
  if (floats !== undefined) throw c.refuse(est, `the column ${X.features[floats]!.name ?? floats}`, "it holds numbers that are no whole numbers, and how they are written decides where they fall", "Turn the column into text before fitting.");
  for (const j of hashed) {
    const [block] = X.locate(j);
    if (block.kind !== "raw") throw c.refuse(est, `the column ${X.features[j]!.name ?? j}`, "another step has made it, and ONNX cannot compute the hash of a text", "Let the encoder have its columns as they come.");
    if (c.callerInputs) throw c.refuse(est, "hashed columns", "the graph's inputs are given by the caller, and ONNX cannot compute the hash of a text", "Serve or pack the model with Slipway, whose runtime does.");
    c.columns[block.column]!.wholeNumbers = true;
  }
  if (hashed.length > 0) c.warnings.push(`${est.className}: a missing value is hashed as "nan", as pandas reads it from a file; None, which the encoder leaves out, is not told apart from it`);
  if (hashed.length > 0 && told === undefined && (est.raw("use_default_cols") !== true || !(names instanceof PyList))) {
    c.warnings.push(`${est.className}: the file does not tell which of the hashed columns are numbers; they are hashed as whole numbers, 7 and not 7.0`);
  }
}

/** double [N, buckets]. */
function count(est: Estimator, X: Frame, c: Conversion, hashed: readonly number[], method: Digest, buckets: number): Frame {
  const { o } = c;
  const texts = o.concat(hashed.map((j) => c.textColumn(X, j, [`${method}_${buckets}`], est)));
  const missing = o.equal(texts, strings([MISSING_STRING], [1, 1]));
  const ids = o.cast(o.where(missing, strings([textBucket("nan", { method, buckets })], [1, 1]), texts), "int64");
  const ones = c.graph.op("OneHot", [ids, o.int64s([buckets], [1]), o.int64s([0, 1])], { axis: -1 });
  const flows = mixFlows(hashed.map((j) => X.features[j]!), { clearMissing: true, clearInfinite: true });
  return c.frame(o.cast(o.sum(ones, 1), "double"), Array.from({ length: buckets }, (_, i): Feature => ({ name: `col_${i}`, flows })));
}
