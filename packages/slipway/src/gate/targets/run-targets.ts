// The package's checked rows on every target: each laid beside what the notebook predicted, and beside the model's own
// answers in this process.

import { compareOutputs, MISSING_STRING, type ActualOutput, type Checks, type CheckValue, type ModelPackage } from "@slipway/core/package";
import { loadModelPackage } from "../../runtime/index.ts";
import { gateError } from "../errors.ts";
import { compare, predict, servedAsExpected } from "../predictions.ts";
import { imageRunner, type ImageRunner } from "./image-runner.ts";
import type { Skipped, Target } from "./target.ts";
import { TARGETS } from "./targets.ts";

export interface TargetResult {
  readonly target: string;
  readonly verdict: "pass" | "fail" | "skipped";
  readonly ranIn: string;
  /** Why it was skipped or failed. */
  readonly reason?: string;
  /** Beside the notebook. */
  readonly rowsBeyond?: number;
  readonly labelFlips?: number;
  readonly maxAbs?: number;
  /** The largest difference from this process's own answers. */
  readonly fromOwn?: number;
}
export interface TargetsReport {
  readonly passed: boolean;
  readonly rows: number;
  readonly results: readonly TargetResult[];
}
export interface TargetsOptions {
  readonly checks?: Checks | undefined;
  readonly from: string;
  readonly browser?: string | undefined;
  /** All of them by default. */
  readonly targets?: readonly Target[] | undefined;
  readonly onTarget?: (name: string) => void;
}

/** @throws SlipwayError gate-no-checks */
export async function runTargets(source: ModelPackage, { checks = source.checks ?? undefined, from, browser, targets = TARGETS, onTarget }: TargetsOptions): Promise<TargetsReport> {
  if (checks === undefined || checks.inputs.length === 0) throw gateError("gate-no-checks", "the package holds no checked rows", { hint: "Pack it with --check, or give --check FILE here." });
  const rows = checks.inputs;
  const own = await loadModelPackage(source);
  try {
    const direct = await predict(own, rows);
    const results: TargetResult[] = [];
    let image: Promise<ImageRunner | Skipped> | undefined;
    // Workers do not keep a process alive by themselves.
    const alive = setInterval(() => undefined, 10_000);
    try {
      for (const target of targets) {
        onTarget?.(target.name);
        results.push(await ask(target));
      }
    } finally {
      clearInterval(alive);
      const made = await image?.catch(() => undefined);
      if (made !== undefined && !("skipped" in made)) await made.close();
    }
    return { passed: results.every((r) => r.verdict !== "fail"), rows: rows.length, results };

    async function ask(target: Target): Promise<TargetResult> {
      try {
        const answered = await target.run({ source, rows, direct, from, browser, image: () => (image ??= imageRunner(source)) });
        if ("skipped" in answered) return { target: target.name, verdict: "skipped", ranIn: "", reason: answered.skipped };
        if (answered.rows.length !== rows.length) return { target: target.name, verdict: "fail", ranIn: answered.ranIn, reason: `${answered.rows.length} answers came to ${rows.length} rows` };
        const told = servedAsExpected(answered.rows, direct.outputs);
        const { passed, rowsBeyond, labelFlips, maxAbs } = compareOutputs(checks!.expected, asActual(told, direct.outputs), checks!.tolerance);
        const beside = compare(told, direct.outputs, source.signature);
        return { target: target.name, verdict: passed && beside.passed ? "pass" : "fail", ranIn: answered.ranIn, rowsBeyond, labelFlips, maxAbs, fromOwn: beside.maxAbs };
      } catch (error) {
        return { target: target.name, verdict: "fail", ranIn: "", reason: (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, " ").slice(0, 400) };
      }
    }
  } finally {
    await own.close();
  }
}

/** JSON has null for what is no number, and for a missing text. */
function asActual(told: Checks["expected"], outputs: readonly ActualOutput[]): ActualOutput[] {
  return outputs.map(({ output, width }) => ({
    output, width,
    data: told[output.name]!.flat().map((v: CheckValue) => (v === null ? (output.type === "string" ? MISSING_STRING : NaN) : typeof v === "boolean" ? Number(v) : v)),
  }));
}

