// sklearn.preprocessing.OrdinalEncoder, scikit-learn 1.0 to 1.9: one table lookup for all columns.
// The missing category nan is encoded as encoded_missing_value (nan before 1.1); None is a category like any other.

import { NumpyArray, arrayInt64, arrayValues } from "../../../pickle/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import type { Feature } from "../../conversion/frame.ts";
import { categoryTable, declareAll, readCategories, type Categories } from "./categories.ts";
import { outputType } from "./one-hot-encoder.ts";

export const ordinalEncoder: EstimatorConverter = defineEstimator({
  names: ["sklearn.OrdinalEncoder"],
  convert(est, X, c) {
    const handle = est.string("handle_unknown", "error");
    if (handle !== "error" && handle !== "use_encoded_value") throw c.refuse(est, `handle_unknown=${JSON.stringify(handle)}`, "no release has it");
    const columns = readCategories(est, X, c);
    declareAll(est, X, c, columns, handle === "error" ? "refused" : "allowed");
    const unknown = handle === "error" ? NaN : est.number("unknown_value");
    const encodedMissing = est.isNone("encoded_missing_value") ? NaN : est.number("encoded_missing_value");
    const codes = columns.map((column, j) => columnCodes(est, c, column, j, encodedMissing));
    const type = outputType(est, c);
    return {
      kind: "transformer",
      transform: memo(() => {
        const looked = categoryTable(X, c, columns, (j, k) => codes[j]![k]!, () => unknown);
        return c.frame(c.o.cast(looked, type), X.features.map((input, j): Feature => {
          const column = columns[j]!;
          const missingIsNaN = column.missing >= 0 ? Number.isNaN(codes[j]![column.missing]!) : handle !== "error" && Number.isNaN(unknown);
          const unknownIsNaN = handle !== "error" && Number.isNaN(unknown);
          return {
            name: input.name,
            flows: input.flows.map((flow) => ({
              column: flow.column, missing: flow.missing && missingIsNaN, infinite: false,
              ...(unknownIsNaN ? { unknownMissing: true } : {}),
            })),
          };
        }));
      }),
    };
  },
});

function columnCodes(est: Estimator, c: Conversion, column: Categories, j: number, encodedMissing: number): number[] {
  const codes = column.keys.map((_, k) => k);
  const mapping = est.has("_default_to_infrequent_mappings") ? arrayItem(est, "_default_to_infrequent_mappings", j) : null;
  if (mapping instanceof NumpyArray) {
    const to = arrayInt64(mapping);
    codes.forEach((_, k) => {
      if (k === column.missing && !column.missingIsNone) return;
      if (to[k] === undefined) throw c.malformed(est, "the mapping of infrequent categories is too short");
      codes[k] = Number(to[k]);
    });
  }
  if (column.missing >= 0 && !column.missingIsNone) codes[column.missing] = encodedMissing;
  return codes;
}

function arrayItem(est: Estimator, attribute: string, j: number): unknown {
  const v = est.need(attribute);
  return (v instanceof NumpyArray ? arrayValues(v) : est.list(attribute))[j] ?? null;
}
