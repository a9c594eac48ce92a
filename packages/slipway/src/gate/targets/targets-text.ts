// The targets as a table on a terminal.

import type { TargetsReport } from "./run-targets.ts";

const HEADING = ["", "target", "computed by", "rows beyond", "labels that differ", "largest difference", "from the server's own"];

export function targetsText({ results, passed }: TargetsReport): string {
  const figure = (value: number | undefined): string => (value === undefined ? "" : Number.isInteger(value) ? String(value) : value.toPrecision(2));
  const rows = results.map((r) => [{ pass: "ok", fail: "FAIL", skipped: "-" }[r.verdict], r.target, r.reason ?? r.ranIn, ...(r.verdict === "skipped" ? [] : [figure(r.rowsBeyond), figure(r.labelFlips), figure(r.maxAbs), figure(r.fromOwn)])]);
  // Reasons are longer than what computed: they do not make the column wider.
  const widths = HEADING.map((h, j) => Math.max(h.length, ...rows.filter((_, i) => j !== 2 || results[i]!.reason === undefined).map((row) => row[j]?.length ?? 0)));
  const lines = [HEADING, ...rows].map((row) => row.map((cell, j) => cell.padEnd(widths[j]!)).join("  ").trimEnd());
  return [...lines, "", passed ? "answered alike by all of them" : "not answered alike"].join("\n");
}
