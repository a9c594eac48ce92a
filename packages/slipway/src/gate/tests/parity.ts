// Whether the compiled model predicts what the notebook predicted. Judged by how many rows differ and how many labels flip,
// never by the largest difference alone: one row beside a tree's threshold may differ much, and says nothing of the rest.

import { compareOutputs, type Checks, type Comparison } from "@slipway/core/package";
import type { GateContext, Row } from "../context.ts";
import { defineGateTest, skipped, type GateTest } from "../define-gate-test.ts";
import { predict, worstTable } from "../predictions.ts";
import { percent } from "../../server/index.ts";

/** Pairs of columns that are tried in each other's place to explain a difference. */
const MAX_SWAPS = 300;
const SWAP_ROWS = 50;

export const parity: GateTest = defineGateTest({
  name: "parity", title: "The notebook's predictions", area: "monitoring",
  checks: "The rows that came with the model are predicted as the library that trained it predicted them.",
  async run(context) {
    const { checks, model, settings } = context;
    if (checks === null || checks.inputs.length === 0) return skipped("the package holds no checked rows; pack with --check, or give --check here");
    const { maxRowsBeyond = 0.001, maxLabelFlips = 0.0001 } = settings.parity ?? {};
    const comparison = compareOutputs(checks.expected, (await predict(model, checks.inputs)).outputs, checks.tolerance);
    const labels = comparison.outputs.filter((o) => checks.tolerance[o.output] === "exact").reduce((n, o) => n + o.values, 0);
    const share = comparison.rows === 0 ? 0 : comparison.rowsBeyond / comparison.rows;
    const flips = labels === 0 ? 0 : comparison.labelFlips / labels;
    const failed = share > maxRowsBeyond || flips > maxLabelFlips;
    const bar = `at most ${percent(maxRowsBeyond)} of the rows beyond tolerance, at most ${percent(maxLabelFlips)} of the labels other ones`;
    const figures = {
      rows: comparison.rows, "rows beyond tolerance": comparison.rowsBeyond, "share of rows beyond": share, "labels compared": labels, "labels that differ": comparison.labelFlips,
      "largest difference": comparison.maxAbs, "largest relative difference": comparison.maxRelative, "equal to the file's decimals only": comparison.rounded,
    };
    const reason = !failed
      ? share === 0 ? `all ${comparison.rows} rows agree` : `${comparison.rowsBeyond} of ${comparison.rows} rows differ, within the bar`
      : `${comparison.rowsBeyond} of ${comparison.rows} rows differ, ${comparison.labelFlips} of ${labels} labels are other ones${await explanation(context, checks, comparison)}`;
    return { verdict: failed ? "fail" : share > 0 ? "warn" : "pass", reason, bar, figures, tables: worstTable(comparison) };
  },
});

/** What would make the rows agree. */
async function explanation(context: GateContext, checks: Checks, comparison: Comparison): Promise<string> {
  const numbers = comparison.outputs.filter((o) => checks.tolerance[o.output] !== "exact" && o.values > 0);
  if (comparison.labelFlips > 0 && numbers.length > 0 && numbers.every((o) => o.beyond === 0)) return "; every number agrees, so the labels of the file belong to other rows or classes";
  const swapped = await swappedColumns(context, checks, comparison);
  return swapped === undefined ? "" : `; with the columns ${JSON.stringify(swapped[0])} and ${JSON.stringify(swapped[1])} exchanged they agree`;
}

async function swappedColumns({ model }: GateContext, checks: Checks, { rowsBeyond, rows }: Comparison): Promise<readonly [string, string] | undefined> {
  if (rowsBeyond / rows < 0.1) return undefined;
  const inputs = checks.inputs.slice(0, SWAP_ROWS);
  const expected = Object.fromEntries(Object.entries(checks.expected).map(([name, list]) => [name, list.slice(0, SWAP_ROWS)]));
  const columns = model.signature.columns.filter((c) => c.used);
  let tried = 0;
  for (const [i, a] of columns.entries()) {
    for (const b of columns.slice(i + 1)) {
      if ((a.type === "string") !== (b.type === "string")) continue;
      if (++tried > MAX_SWAPS) return undefined;
      const exchanged = inputs.map((row): Row => ({ ...row, [a.name]: row[b.name], [b.name]: row[a.name] }));
      const again = await predict(model, exchanged).then((p) => compareOutputs(expected, p.outputs, checks.tolerance), () => undefined);
      if (again?.rowsBeyond === 0) return [a.name, b.name];
    }
  }
  return undefined;
}
