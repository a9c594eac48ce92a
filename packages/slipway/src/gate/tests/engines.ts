// Slipway's own kernel and ONNX Runtime compute the same graph: they must give the same answers.

import { SlipwayError } from "@slipway/core/base";
import { loadModelPackage } from "../../runtime/index.ts";
import { defineGateTest, skipped, type GateTest } from "../define-gate-test.ts";
import { answeredOf, madeRows } from "../sample-rows.ts";
import { asExpected, compare, predict, worstTable } from "../predictions.ts";

const ROWS = 1000;

export const engines: GateTest = defineGateTest({
  name: "engines", title: "Both engines", area: "infrastructure",
  checks: "Slipway's kernel and ONNX Runtime give the same answers, to the known rows and to rows made from the signature.",
  async run({ package: source, model, checks, rows, seed }) {
    const { signature } = model;
    if (model.engine.name === "python") return skipped("Python runs it: there is no graph that two engines could compute");
    if (signature.layout === "tensors") return skipped("the kernel does not take models of tensors; ONNX Runtime serves it alone");
    let kernel;
    try {
      kernel = await loadModelPackage(source, { engine: "kernel" });
    } catch (error) {
      if (error instanceof SlipwayError && error.code === "kernel-not-able") return skipped(`ONNX Runtime serves it alone: ${error.message}`);
      throw error;
    }
    const reference = await loadModelPackage(source, { engine: "onnxruntime", placement: "inline" });
    try {
      const all = [...rows, ...await answeredOf(reference, madeRows(signature, checks, ROWS, seed + 1))];
      const comparison = compare(asExpected(await predict(reference, all)), (await predict(kernel, all)).outputs, signature);
      // What serves: the kernel only where it was proven. A difference is a fault there, and told elsewhere.
      const serves = model.engine.name === "kernel";
      return {
        verdict: comparison.passed ? "pass" : serves ? "fail" : "warn",
        reason: comparison.passed ? `${comparison.rows} rows agree` : `${comparison.rowsBeyond} of ${comparison.rows} rows differ${serves ? "" : "; ONNX Runtime serves the model for that reason"}`,
        bar: "every label equal, every number within 1e-9 (doubles) or 1e-5 (floats)",
        figures: { rows: comparison.rows, "rows that differ": comparison.rowsBeyond, "labels that differ": comparison.labelFlips, "largest difference": comparison.maxAbs, "serves the model": model.engine.name, why: model.engine.reason },
        tables: worstTable(comparison),
      };
    } finally {
      await kernel.close();
      await reference.close();
    }
  },
});
