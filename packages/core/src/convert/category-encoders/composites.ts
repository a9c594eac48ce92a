// composite_cols of category_encoders 2.11: the texts of several columns, joined by "|", are one more column, which is missing
// where any of them is. The columns it is made of are left out of what comes out, unless keep_components says otherwise.

import { MISSING_STRING } from "../../package/index.ts";
import { NumpyDType, PyDict, PyList, PyTuple } from "../../pickle/index.ts";
import { strings } from "../../tensor/index.ts";
import type { Conversion } from "../conversion/conversion.ts";
import type { Estimator } from "../conversion/estimator.ts";
import { Frame, mixFlows } from "../conversion/frame.ts";

/** Names, and of what they are made. */
export function compositesOf(est: Estimator): [string, readonly string[]][] {
  const v = est.raw("composite_members_");
  return v instanceof PyDict ? [...v.entries()].map(([name, members]) => [String(name), members instanceof PyTuple || members instanceof PyList ? members.items.map(String) : []]) : [];
}

/** Columns that are not among those that come out. */
export function composedAway(est: Estimator): ReadonlySet<string> {
  return new Set(est.raw("keep_components") === true ? [] : compositesOf(est).flatMap(([, members]) => members));
}

export function withComposites(est: Estimator, X: Frame, c: Conversion): Frame {
  const composites = compositesOf(est);
  if (composites.length === 0) return X;
  const names = est.list("feature_names_in_").map(String);
  const dtypes = est.raw("feature_dtypes_in_");
  const { o } = c;
  const made = composites.map(([name, members]): Frame => {
    const places = members.map((member) => names.indexOf(member));
    if (places.length < 2 || places.some((j) => j < 0 || j >= X.width)) throw c.malformed(est, `the composite column ${JSON.stringify(name.slice(0, 60))} is not made of columns it was fitted on`);
    const number = places.find((j) => c.kindOf(X, j) === "number" || (dtypes instanceof PyList && dtypes.items[j] instanceof NumpyDType && dtypes.items[j].kind !== "O"));
    if (number !== undefined) throw c.refuse(est, `composite_cols with the column ${JSON.stringify(names[number])}`, "it holds numbers, and how they are written decides what they are joined to", "Turn the column into text before fitting.");
    const texts = places.map((j) => c.stringColumn(X, j));
    const missing = texts.map((text) => o.equal(text, strings([MISSING_STRING], [1, 1]))).reduce((a, b) => o.or(a, b));
    const joined = texts.reduce((a, b) => c.graph.op("StringConcat", [c.graph.op("StringConcat", [a, o.strings(["|"], [1, 1])]), b]));
    // ONNX Runtime's StringConcat appends to what an earlier step left in its result; Where does not.
    return c.frame(o.where(missing, strings([MISSING_STRING], [1, 1]), joined), [{ name, flows: mixFlows(places.map((j) => X.features[j]!)) }]);
  });
  return Frame.concat([X, ...made]);
}
