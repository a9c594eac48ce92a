// The rows once more, by the module that browsers and devices are given: its built files, in a browser where there is one.

import { SlipwayError } from "@slipway/core/base";
import { replayInBrowser, replayInNode } from "../../edge/index.ts";
import { defineGateTest, skipped, type GateTest } from "../define-gate-test.ts";
import { compare, ITERATES, onlyTransformed, predict, servedAsExpected, worstTable } from "../predictions.ts";

const ROWS = 500;

export const browser: GateTest = defineGateTest({
  name: "browser", title: "In the browser's module", area: "infrastructure",
  checks: "The module that browsers and devices are given answers the known rows as the model itself does.",
  needsRows: true,
  async run({ package: source, model, rows, rowsFrom, settings }) {
    if (model.engine.name === "python") return skipped("Python runs it, and no browser does");
    const given = rows.slice(0, ROWS);
    let replayed;
    try {
      const from = process.cwd();
      replayed = settings.browser === undefined ? await replayInNode(source, given, from) : await replayInBrowser(source, given, { from, browser: settings.browser });
    } catch (error) {
      if (error instanceof SlipwayError && error.code === "edge-needs-onnxruntime") return skipped("the kernel does not take the model, and onnxruntime-web is not installed here");
      // Container images hold what serves, and nothing for browsers.
      if (error instanceof SlipwayError && error.code === "edge-module-missing") return skipped("the browser's module is not in this installation");
      throw error;
    }
    const { answers, runtime, engine } = replayed;
    const direct = await predict(model, given);
    if (answers.length !== given.length) return { verdict: "fail", reason: `${answers.length} answers came to ${given.length} rows, in ${runtime}` };
    const comparison = compare(servedAsExpected(answers, direct.outputs), direct.outputs, model.signature);
    const iterates = !comparison.passed && onlyTransformed([comparison], model.signature);
    return {
      verdict: comparison.passed ? "pass" : iterates ? "warn" : "fail",
      reason: comparison.passed ? `${given.length} rows (${rowsFrom}) are answered alike in ${runtime}` : iterates ? ITERATES : `${comparison.rowsBeyond} of ${given.length} rows are answered otherwise in ${runtime}`,
      bar: "every label equal, every number within 1e-9 (doubles) or 1e-5 (floats)",
      figures: { rows: given.length, "rows that differ": comparison.rowsBeyond, "labels that differ": comparison.labelFlips, "largest difference": comparison.maxAbs, runtime, engine },
      tables: worstTable(comparison),
    };
  },
});
