// slipway monitor report PKG --current FILE

import { basename } from "node:path";
import { columnView, MonitorStore, referenceOf } from "../../monitor/index.ts";
import { countRows, driftPage, headline, sorted, STATE_WORDS, type FileReport } from "../../monitor/report/index.ts";
import { openModel } from "../../runtime/index.ts";
import { readRows } from "../../tables/index.ts";
import { defineCommand, usageError, type Command, type Invocation } from "../command.ts";
import { engineOf, engineOption } from "../engine-option.ts";
import { printJson, printResult } from "../output.ts";
import { textTable } from "../table.ts";
import { knownStore } from "./source.ts";
import { writeFileWhole } from "../write-file.ts";

export const report: Command = defineCommand({
  name: "monitor report",
  summary: "whether a file's rows are distributed as the package's profile; exit code 1 where they are not",
  usage: "PKG --current data.parquet [--html report.html] [--store monitor.db]",
  arguments: [{ name: "PKG", help: "a package with a profile (packed with --check or --training)", package: true }],
  options: {
    current: { type: "string", value: "FILE", help: "rows as the model is asked now: Parquet, Arrow, CSV, JSON or JSON lines, of any size; - for standard input" },
    store: { type: "string", value: "PATH|URL", help: "compare with the reference that was made from traffic in this store (what --monitor-store names), where there is one of the package" },
    html: { type: "string", value: "FILE", help: "write a page with pictures: the file's and the reference's distributions over each other" },
    engine: engineOption,
  },
  examples: ["slipway monitor report churn.slip --current last-week.parquet --html drift.html", "slipway monitor report churn.slip --current today.csv --json"],
  async run(call) {
    const current = call.text("current");
    if (current === undefined) throw usageError("missing-argument", "monitor report needs --current FILE", { hint: "slipway monitor report PKG --current data.parquet" });
    const opened = await openModel(call.args[0]!, {});
    const store = await storeOf(call);
    const found = await countRows(opened.package, current === "-" ? "standard input" : basename(current), readRows(current), { engine: engineOf(call) }, store === undefined ? undefined : (subject) => referenceOf(store.database, subject)).finally(() => store?.close());
    const page = call.text("html");
    if (page !== undefined) await writeFileWhole(page, new TextEncoder().encode(driftPage(found)));
    const { subject, state } = found;
    if (call.flag("json")) {
      printJson({ model: subject.model, version: subject.version, digest: subject.digest, file: found.file, rows: found.rows, refused: found.refused, trafficReference: found.reference, state: state.state, columns: sorted(state.columns).map(columnView), quality: state.findings });
    } else printResult(`${text(found)}${page === undefined ? "" : `\n\nreport: ${page}`}`);
    return state.columns.some((c) => c.state === "drift") ? 1 : 0;
  },
});

const MOST = 20;

/** @throws monitor-no-store */
async function storeOf(call: Invocation): Promise<MonitorStore | undefined> {
  const given = call.text("store");
  return given === undefined ? undefined : MonitorStore.open(knownStore(given));
}

function text({ subject, file, rows, refused, state, reference }: FileReport): string {
  const columns = sorted(state.columns);
  const share = (n: number): string => `${(100 * n).toFixed(1)} %`;
  const table = textTable(["column", "state", "PSI", "bound", "missing", "before"], columns.slice(0, MOST).map((c) => [c.name, STATE_WORDS[c.state], c.psi.toFixed(3), c.bound.toFixed(3), share(c.missing[0]), share(c.missing[1])]));
  return [
    `${subject.model} ${subject.version}, ${file}: ${headline(state.state, columns)}`, `${rows} rows${refused > 0 ? `, ${refused} of which do not fit the model` : ""}, beside ${reference === null ? `${subject.series[0]?.reference.rows ?? 0} of the reference` : `${reference.rows} of reference ${reference.number}, traffic from ${reference.from} to ${reference.to}`}`, "", table,
    ...(columns.length > MOST ? [`and ${columns.length - MOST} more`] : []), ...(state.findings.length > 0 ? ["", ...state.findings.map((f) => f.message)] : []),
  ].join("\n");
}
