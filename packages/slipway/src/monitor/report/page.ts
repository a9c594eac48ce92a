// The report for people who have no server: one file of HTML with a picture for each column that matters.

import { Html, html, numberText, percent, REPORT_STYLE } from "../../server/index.ts";
import type { DriftState } from "@slipway/core/stats";
import type { ColumnState } from "../judge.ts";
import type { FileReport } from "./count-rows.ts";
import { drawDistributions } from "./picture.ts";

export const STATE_WORDS: Readonly<Record<DriftState, string>> = { ok: "as in the reference", warning: "warning", drift: "drift", "not-enough-data": "not enough data" };
const CLASS: Readonly<Record<DriftState, string>> = { ok: "pass", warning: "warn", drift: "fail", "not-enough-data": "skipped" };
/** The furthest first; more would make the page long and say no more. */
const MOST_PICTURES = 60;
const STYLE = `.reference{fill:none;stroke:var(--text);stroke-width:1.6}.bar{fill-opacity:.75}.key{display:flex;gap:1.25rem;flex-wrap:wrap;font-size:.9rem}.key svg{display:inline-block;width:1.4rem;height:.8rem;vertical-align:-.05rem;margin-right:.35rem}`;

export function driftPage({ subject, file, rows, refused, state, reference: traffic }: FileReport): string {
  const columns = sorted(state.columns);
  const reference = traffic?.rows ?? subject.series[0]?.reference.rows ?? 0;
  return `<!doctype html>\n${html`<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${subject.model} ${subject.version}: ${STATE_WORDS[state.state]}</title><style>${new Html(REPORT_STYLE + STYLE)}</style></head><body><main>
<header class="summary"><h1>${subject.model} ${subject.version}</h1><p><span class="verdict ${CLASS[state.state]}">${headline(state.state, columns)}</span></p>
<p class="soft">${file}: ${rows} rows${refused > 0 && `, ${refused} of which do not fit the model`}, beside ${reference} rows of ${traffic === null ? "the reference" : html`reference ${traffic.number}, traffic from <time>${traffic.from}</time> to <time>${traffic.to}</time>`}<br><code>${subject.digest}</code></p>
${state.findings.length > 0 && html`<h2>What is wrong with the data</h2><ul>${state.findings.map((f) => html`<li>${f.message}</li>`)}</ul>`}
<div class="scroll" tabindex="0" role="region" aria-label="Columns and outputs"><table><caption>Columns and outputs, the furthest first</caption><thead><tr><th scope="col">name</th><th scope="col">state</th><th scope="col">PSI</th><th scope="col">its bound</th><th scope="col">Jensen-Shannon</th><th scope="col">mean, before</th><th scope="col">missing, before</th></tr></thead><tbody>
${columns.map((c) => html`<tr><th scope="row">${c.name}${c.kind === "output" && " (output)"}</th><td><span class="verdict ${CLASS[c.state]}">${STATE_WORDS[c.state]}</span></td><td>${c.psi.toFixed(3)}</td><td>${c.bound.toFixed(3)}</td><td>${c.measures.jensenShannon.toFixed(3)}</td><td>${c.mean[0] === null ? "" : `${numberText(c.mean[0])}, ${c.mean[1] === null ? "" : numberText(c.mean[1])}`}</td><td>${percent(c.missing[0])}, ${percent(c.missing[1])}</td></tr>`)}</tbody></table></div></header>
<section aria-labelledby="pictures"><h2 id="pictures">How they are distributed</h2><p class="key"><span><svg viewBox="0 0 14 8" aria-hidden="true"><rect class="bar" width="14" height="8"/></svg>${file}</span><span><svg viewBox="0 0 14 8" aria-hidden="true"><path class="reference" d="M0 4H14"/></svg>the reference</span></p>
<div class="pictures">${columns.slice(0, MOST_PICTURES).map((c) => drawDistributions(`${c.name}: ${STATE_WORDS[c.state]}, PSI ${c.psi.toFixed(3)}`, c.reference, c.current))}</div>${columns.length > MOST_PICTURES && html`<p class="soft">and ${columns.length - MOST_PICTURES} more, nearer to the reference than these</p>`}</section>
<section><h2>How it is told</h2><p class="soft">The population stability index over the bins that the package froze${traffic !== null && "; what is expected in them is what was counted in that traffic, in place of the package's profile"}. It is drift where the index is at least 0.1 and beyond what chance gives with so many rows (the bound), and believable among all columns together (Benjamini and Hochberg, one false in a hundred). Below 200 rows nothing is said.</p></section></main></body></html>`.text}\n`;
}

export function sorted(columns: readonly ColumnState[]): ColumnState[] {
  const rank = { drift: 0, warning: 1, "not-enough-data": 2, ok: 2 } as const;
  return columns.toSorted((a, b) => rank[a.state] - rank[b.state] || b.psi / b.bound - a.psi / a.bound);
}

export function headline(state: DriftState, columns: readonly ColumnState[]): string {
  const drifted = columns.filter((c) => c.state === "drift");
  if (state === "drift" || state === "warning") return `Drift: ${drifted.length} of ${columns.length} columns and outputs`;
  return state === "ok" ? "Distributed as in the reference" : "Not enough data to say";
}
