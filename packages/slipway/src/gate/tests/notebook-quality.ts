// Where the labelled rows also hold what the notebook predicted: whether the compiled model is as good as the notebook's, by
// the figures that matter and the interval of the difference. Rows may differ beside a threshold; quality may not.

import { SlipwayError } from "@slipway/core/base";
import { readCheckFile, type Checks, type CheckRow } from "@slipway/core/package";
import type { GateContext } from "../context.ts";
import { defineGateTest, skipped, type GateTest } from "../define-gate-test.ts";
import { judged, judgedFrom } from "../judged.ts";
import { judgedOutputs, type GivenOutput, type LabelledData } from "../labelled-data.ts";
import { GAIN_COLUMNS, gainCells, gainsOf } from "../paired.ts";
import { numberText, percent } from "../../server/index.ts";

export const notebookQuality: GateTest = defineGateTest({
  name: "notebook-quality", title: "As good as in the notebook", area: "monitoring",
  checks: "On labelled rows that also hold the notebook's predictions, the compiled model's figures are those of the notebook.",
  async run(context: GateContext) {
    const { labelled, model, settings, seed } = context;
    if (labelled === undefined) return skipped("no labelled data was given (--data and --target)");
    const given = notebookAnswers(labelled, context);
    if (given === undefined) return skipped(`${labelled.file} holds no predictions of the notebook beside ${JSON.stringify(labelled.target)} (columns such as label, value, probability_yes)`);
    const notebook = judgedFrom(model.signature, given, labelled, "the notebook");
    const mine = await judged(model, labelled);
    const allowed = settings.parity?.maxMetricLoss ?? 0.001;
    const gains = gainsOf(mine.metrics, notebook.metrics, labelled.rows.length, seed);
    // Relative to figures larger than 1, such as the error of a price.
    const worse = gains.filter((g) => !(g.gain >= -allowed * Math.max(1, Math.abs(g.theirs))));
    return {
      verdict: worse.length > 0 ? "fail" : "pass",
      reason: worse.length > 0 ? worse.map((g) => `${g.metric} is ${numberText(g.mine)}, in the notebook ${numberText(g.theirs)}`).join("; ") : `${gains.map((g) => g.metric).join(", ")} are those of the notebook`,
      bar: `no figure worse by more than ${percent(allowed)}`,
      figures: { rows: labelled.rows.length },
      tables: [{ title: "Against the notebook's predictions", columns: GAIN_COLUMNS("notebook"), rows: gains.map(gainCells) }],
    };
  },
});

/** The predictions in the file, where it holds what the figures need. */
function notebookAnswers({ whole, target, file }: LabelledData, { model }: GateContext): GivenOutput[] | undefined {
  const rows = whole.map((row): CheckRow => Object.fromEntries(Object.entries(row).filter(([name]) => name !== target)));
  let checks: Checks;
  try {
    ({ checks } = readCheckFile(rows, model.signature, { file }));
  } catch (error) {
    if (error instanceof SlipwayError && error.code.startsWith("package-check-")) return undefined;
    throw error;
  }
  const given = model.signature.outputs.flatMap((output): GivenOutput[] => {
    const expected = checks.expected[output.name];
    // A class whose column is not there cannot be judged.
    if (expected === undefined || expected.some((row) => row.some((v) => v === null))) return [];
    return [{ output, width: expected[0]!.length, data: expected.flat().map((v) => (typeof v === "boolean" ? Number(v) : v!)) }];
  });
  const { label, probabilities, value } = judgedOutputs(model.signature);
  return given.some(({ output }) => [label, probabilities, value].some((o) => o?.name === output.name)) ? given : undefined;
}
