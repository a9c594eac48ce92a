// category_encoders.SummaryEncoder: several QuantileEncoders side by side, a column for each quantile.

import { PyList } from "../../pickle/index.ts";
import { defineEstimator, type EstimatorConverter } from "../conversion/contract.ts";
import { memo } from "../conversion/conversion.ts";
import { Frame } from "../conversion/frame.ts";
import { declared, encode, placesOf } from "./encoder.ts";
import { readTables } from "./read-tables.ts";

export const summaryEncoder: EstimatorConverter = defineEstimator({
  names: ["category_encoders.SummaryEncoder"],
  convert(est, X, c) {
    const places = placesOf(est, X, c);
    const columns = new Map<number, ReturnType<typeof declared>[]>();
    for (const inner of est.estimators("encoder_list")) {
      const dropped = inner.raw("invariant_cols");
      const gone = new Set(dropped instanceof PyList ? dropped.items.map(String) : []);
      for (const one of readTables(inner, c)) {
        const j = places(one.column);
        const name = `${String(one.column)}_${Math.round(inner.number("quantile") * 100)}`;
        if (!columns.has(j)) columns.set(j, []);
        if (!gone.has(String(one.column))) columns.get(j)!.push(declared(inner, X, c, j, { ...one, names: [name] }));
      }
    }
    return {
      kind: "transformer",
      transform: memo(() => Frame.concat(Array.from({ length: X.width }, (_, j) => columns.get(j)?.map((table) => encode(X, c, table)) ?? [c.select(X, [j])]).flat())),
    };
  },
});
