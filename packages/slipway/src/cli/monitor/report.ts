// slipway monitor report PKG --current FILE

import { basename } from "node:path";
import { columnView } from "../../monitor/index.ts";
import { countRows, driftPage, headline, sorted, STATE_WORDS, type FileReport } from "../../monitor/report/index.ts";
import { openModel } from "../../runtime/index.ts";
import { readRows } from "../../tables/index.ts";
import { defineCommand, usageError, type Command } from "../command.ts";
import { engineOf, engineOption } from "../engine-option.ts";
import { printJson, printResult } from "../output.ts";
import { textTable } from "../table.ts";
import { writeFileWhole } from "../write-file.ts";

export const report: Command = defineCommand({
  name: "monitor report",
  summary: "whether a file's rows are distributed as the package's profile; exit code 1 where they are not",
  usage: "PKG --current data.parquet [--html report.html]",
  arguments: [{ name: "PKG", help: "a package with a profile (packed with --check or --training)", package: true }],
  options: {
    current: { type: "string", value: "FILE", help: "rows as the model is asked now: Parquet, Arrow, CSV, JSON or JSON lines, of any size; - for standard input" },
    html: { type: "string", value: "FILE", help: "write a page with pictures: the file's and the reference's distributions over each other" },
    engine: engineOption,
  },
  examples: ["slipway monitor report churn.slip --current last-week.parquet --html drift.html", "slipway monitor report churn.slip --current today.csv --json"],
  async run(call) {
    const current = call.text("current");
    if (current === undefined) throw usageError("missing-argument", "monitor report needs --current FILE", { hint: "slipway monitor report PKG --current data.parquet" });
    const opened = await openModel(call.args[0]!, {});
    const found = await countRows(opened.package, current === "-" ? "standard input" : basename(current), readRows(current), { engine: engineOf(call) });
    const page = call.text("html");
    if (page !== undefined) await writeFileWhole(page, new TextEncoder().encode(driftPage(found)));
    const { subject, state } = found;
    if (call.flag("json")) {
      printJson({ model: subject.model, version: subject.version, digest: subject.digest, file: found.file, rows: found.rows, refused: found.refused, state: state.state, columns: sorted(state.columns).map(columnView), quality: state.findings });
    } else printResult(`${text(found)}${page === undefined ? "" : `\n\nreport: ${page}`}`);
    return state.columns.some((c) => c.state === "drift") ? 1 : 0;
  },
});

const MOST = 20;

function text({ subject, file, rows, refused, state }: FileReport): string {
  const columns = sorted(state.columns);
  const share = (n: number): string => `${(100 * n).toFixed(1)} %`;
  const table = textTable(["column", "state", "PSI", "bound", "missing", "before"], columns.slice(0, MOST).map((c) => [c.name, STATE_WORDS[c.state], c.psi.toFixed(3), c.bound.toFixed(3), share(c.missing[0]), share(c.missing[1])]));
  return [
    `${subject.model} ${subject.version}, ${file}: ${headline(state.state, columns)}`, `${rows} rows${refused > 0 ? `, ${refused} of which do not fit the model` : ""}, beside ${subject.series[0]?.reference.rows ?? 0} of the reference`, "", table,
    ...(columns.length > MOST ? [`and ${columns.length - MOST} more`] : []), ...(state.findings.length > 0 ? ["", ...state.findings.map((f) => f.message)] : []),
  ].join("\n");
}
