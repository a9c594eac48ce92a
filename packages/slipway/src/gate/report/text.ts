// The report on a terminal: a line a test, and of what failed the figures and the worst rows.

import type { GateReport } from "../run-gate.ts";
import type { Table, Verdict } from "../define-gate-test.ts";
import { scoreOf } from "./score.ts";
import { cellText } from "./words.ts";

const MARK: Readonly<Record<Verdict, string>> = { pass: "ok  ", fail: "FAIL", warn: "look", skipped: "-   " };
const SHOWN_ROWS = 5;

export function reportText(report: GateReport): string {
  const width = Math.max(...report.results.map((r) => r.title.length));
  const lines = report.results.flatMap((r) => {
    const line = `  ${MARK[r.verdict]}  ${r.title.padEnd(width)}  ${r.reason}`;
    if (r.verdict !== "fail") return [line];
    return [line, ...(r.bar === undefined ? [] : [`        bar: ${r.bar}`]), ...(r.tables ?? []).slice(0, 1).flatMap(tableLines)];
  });
  const { total, parts, tests } = scoreOf(report.results);
  const named = (state: string): string => tests.filter((t) => t.state === state).map((t) => t.id).join(", ") || "none";
  const count = (verdict: Verdict): number => report.results.filter((r) => r.verdict === verdict).length;
  return [
    `${report.model.name} ${report.model.version}   ${report.model.digest}`, "", ...lines, "",
    `${report.passed ? "passed" : "not passed"}: ${count("pass")} passed, ${count("fail")} failed, ${count("warn")} to look at, ${count("skipped")} skipped`,
    `ML Test Score: ${total} of 7 (${parts.map((p) => `${p.area} ${p.points}`).join(", ")}), the weakest part counts`,
    `  automated and not run: ${named("not run")}`,
    `  not automated: ${named("missing")}`,
  ].join("\n");
}

function tableLines({ columns, rows }: Table): string[] {
  const cells = [columns, ...rows.slice(0, SHOWN_ROWS).map((row) => row.map((c) => cellText(c).slice(0, 80)))];
  const widths = columns.map((_, j) => Math.max(...cells.map((row) => row[j]!.length)));
  return cells.map((row) => `        ${row.map((cell, j) => cell.padEnd(widths[j]!)).join("  ").trimEnd()}`);
}
