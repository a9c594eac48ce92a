// A forecasting model whose arithmetic can be done by hand: half of the last value, a quarter of the one before, ten for a
// promotion, and the month.

import { GraphBuilder, Ops, serializeModel } from "@slipway/core/onnx";
import { doubles } from "@slipway/core/tensor";
import type { Column, Forecasting, Signature } from "@slipway/core/package";
import { packageOf } from "../testing-run.ts";
import type { BatchOptions } from "../index.ts";

export const MONTHLY: Forecasting = {
  target: "units", time: "month", frequency: "MS", series: ["store"], lags: { last: 1, before: 2 }, rolling: {}, calendar: { number: "month" }, future: ["promotion"], static: [], gaps: "missing", short: "refused",
};
export const monthlyValue = (last: number, before: number, promotion: number, month: number): number => 0.5 * last + 0.25 * before + 10 * promotion + month;

/** `missing`: what the model says to missing values. `band`: it has an output of two numbers too, one below and one above. */
export function seriesPackage(forecast: Forecasting = MONTHLY, missing: Column["missing"] = "refused", band: boolean = false): Promise<BatchOptions["package"]> {
  const g = new GraphBuilder();
  const o = new Ops(g);
  const numbers = g.entry("slipway.numbers", "double");
  const names = ["last", "before", "promotion", "number"];
  const weighted = o.matmul(numbers, doubles([0.5, 0.25, 10, 1], [4, 1]));
  g.bindEntry(numbers, names.map((name) => ({ name, type: "double" as const })));
  g.output("value", o.reshape(weighted, [-1]));
  if (band) g.output("band", o.add(weighted, doubles([-1, 1], [1, 2])));
  const signature: Signature = {
    layout: "columns", columns: names.map((name) => ({ name, type: "double", used: true, missing, infinite: "refused" })), extraColumns: "ignored", forecast,
    outputs: [{ name: "value", graphName: "value", kind: "value", type: "double", rowShape: [] }, ...(band ? [{ name: "band", graphName: "band", kind: "transformed" as const, type: "double" as const, rowShape: [2] }] : [])],
  };
  return packageOf(serializeModel(g.finish()), signature);
}
