// The gate's report: how many tests passed, each with its reason, figures, pictures and tables. What did not pass stands
// open and first.

import type { VNode } from "preact";
import type { GateReport, GateResult, GateTable, Verdict } from "../api/types.ts";
import { numberText, plural } from "../lib/format.ts";
import { Chip, type Tone } from "./basics.tsx";
import { PictureView } from "./pictures.tsx";

const WORD: Readonly<Record<Verdict, string>> = { pass: "passed", fail: "failed", warn: "look at it", skipped: "skipped" };
const TONE: Readonly<Record<Verdict, Tone>> = { pass: "good", fail: "bad", warn: "warn", skipped: "plain" };
const ORDER: readonly Verdict[] = ["fail", "warn", "pass", "skipped"];

export function GateReportView({ report }: { readonly report: GateReport }): VNode {
  const counts = ORDER.map((verdict) => [verdict, report.results.filter((r) => r.verdict === verdict).length] as const).filter(([, n]) => n > 0);
  const sorted = [...report.results].sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
  return <div class="stack">
    <div class="tight">
      <div class="verdicts" aria-hidden="true">{counts.map(([verdict, n]) => <span class={verdict} style={{ flexGrow: n }} key={verdict} />)}</div>
      <p class="small soft">{counts.map(([verdict, n]) => `${n} ${WORD[verdict]}`).join(", ")}. Tested with {plural(report.rows.count, "row")} ({report.rows.from}){report.baseline !== undefined && `, against ${report.baseline.name} ${report.baseline.version}`}, engine {report.engine.name}, {report.tool}.</p>
    </div>
    <div class="panel flush">{sorted.map((result) => <Result result={result} key={result.name} />)}</div>
  </div>;
}

function Result({ result: r }: { readonly result: GateResult }): VNode {
  const figures = Object.entries(r.figures ?? {});
  return <details class="result" open={r.verdict === "fail"} id={`test-${r.name}`}>
    <summary><Chip tone={TONE[r.verdict]}>{WORD[r.verdict]}</Chip><span class="title">{r.title}</span><span class="why">{r.reason}</span></summary>
    <div class="inside">
      <p class="soft">{r.checks}</p>
      {r.bar !== undefined && <p><strong>Bar:</strong> {r.bar}</p>}
      {figures.length > 0 && <dl class="facts small">{figures.map(([name, value]) => [<dt key={name}>{name}</dt>, <dd>{cell(value)}</dd>])}</dl>}
      {(r.pictures ?? []).length > 0 && <div class="pictures">{r.pictures!.map((p) => <PictureView picture={p} key={p.title} />)}</div>}
      {(r.tables ?? []).map((t) => <TableView table={t} key={t.title} />)}
    </div>
  </details>;
}

function TableView({ table: { title, columns, rows } }: { readonly table: GateTable }): VNode {
  return <div class="scroll" tabIndex={0} role="region" aria-label={title}><table class="dense"><caption>{title}</caption><thead><tr>{columns.map((c) => <th scope="col" key={c}>{c}</th>)}</tr></thead><tbody>{rows.map((row, i) => <tr key={i}>{row.map((value, j) => <td key={j}>{cell(value)}</td>)}</tr>)}</tbody></table></div>;
}

function cell(value: unknown): string {
  if (typeof value === "number") return numberText(value);
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
