// The same row gives the same answer: asked twice, alone, in company and in another order.

import type { Comparison } from "@slipway/core/package";
import { randomNumbers } from "@slipway/core/stats";
import { defineGateTest, type GateTest } from "../define-gate-test.ts";
import { asExpected, compare, ITERATES, onlyTransformed, predict, worstTable } from "../predictions.ts";

const ALONE = 50;

export const determinism: GateTest = defineGateTest({
  name: "determinism", title: "The same row, the same answer", area: "model",
  checks: "A batch asked twice gives the same bits; a row gives the same answer alone and at any place of a batch.",
  needsRows: true,
  async run({ model, rows, answers, seed }) {
    const { signature } = model;
    const again = await predict(model, rows);
    const bits = answers.outputs.every((o, i) => sameBits(o.data, again.outputs[i]!.data));
    const twice = compare(asExpected(answers), again.outputs, signature);
    if (!twice.passed && !onlyTransformed([twice], signature)) return { verdict: "fail", reason: "the same batch, asked twice, gives other answers", bar: "the same bits", tables: worstTable(twice) };
    const figures = { rows: rows.length, "same bits when asked twice": bits };
    if ((signature.tensorRows ?? "independent") !== "independent") {
      return { verdict: bits ? "pass" : "warn", reason: bits ? "asked twice it gives the same bits; its rows are computed together, so their order was not changed" : "asked twice, last bits differ", bar: "the same bits when asked twice", figures };
    }
    const random = randomNumbers(seed);
    const order = Uint32Array.from(rows, (_, i) => i);
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    const shuffled = compare(asExpected(answers, order), (await predict(model, Array.from(order, (i) => rows[i]!))).outputs, signature);
    const few = Array.from(order.subarray(0, ALONE));
    const alone: Comparison[] = [];
    for (const i of few) alone.push(compare(asExpected(answers, [i]), (await predict(model, [rows[i]!])).outputs, signature));
    const aloneDiffers = alone.filter((c) => !c.passed).length;
    const passed = twice.passed && shuffled.passed && aloneDiffers === 0;
    const iterates = onlyTransformed([twice, shuffled, ...alone], signature);
    return {
      verdict: iterates ? "warn" : !passed ? "fail" : bits ? "pass" : "warn",
      reason: iterates ? ITERATES : !passed ? `${shuffled.rowsBeyond} rows answer otherwise at another place of the batch, ${aloneDiffers} of ${few.length} otherwise alone` : bits ? `${rows.length} rows twice, in another order, and ${few.length} of them alone` : "asked twice, last bits differ; every label is the same",
      bar: "the same bits when asked twice; elsewhere every label equal, every number within 1e-9 (doubles) or 1e-5 (floats)",
      figures: { ...figures, "rows that differ in another order": shuffled.rowsBeyond, "rows that differ alone": aloneDiffers, "largest difference": shuffled.maxAbs },
      tables: worstTable(shuffled),
    };
  },
});

function sameBits(a: ArrayLike<number | bigint | string>, b: ArrayLike<number | bigint | string>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
