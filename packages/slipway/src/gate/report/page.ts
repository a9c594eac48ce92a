// The report for people: one file of HTML, nothing loaded from elsewhere and no scripts; light and dark by tokens, readable
// without seeing the pictures, and printable.

import { Html, html, REPORT_STYLE } from "../../server/index.ts";
import type { GateResult, Table, Verdict } from "../define-gate-test.ts";
import type { GateReport } from "../run-gate.ts";
import { drawPicture } from "./pictures.ts";
import { scoreOf, type Score, type ScoreState } from "./score.ts";
import { cellText } from "./words.ts";

const WORD: Readonly<Record<Verdict, string>> = { pass: "passed", fail: "failed", warn: "look at it", skipped: "skipped" };

export function reportPage(report: GateReport): string {
  const { model, results, passed } = report;
  const score = scoreOf(results);
  return `<!doctype html>\n${html`<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${model.name} ${model.version}: ${passed ? "passed" : "not passed"}</title><style>${new Html(REPORT_STYLE)}</style></head><body><main>
<header class="summary"><h1>${model.name} ${model.version}</h1><p><span class="verdict ${passed ? "pass" : "fail"}">${passed ? "The gate is passed" : "The gate is not passed"}</span></p><p class="soft"><code>${model.digest}</code><br>${report.tool}, engine ${report.engine.name} (${report.engine.reason}), ${report.rows.count} rows (${report.rows.from}), seed ${report.seed}${report.baseline === undefined ? "" : `, against ${report.baseline.name} ${report.baseline.version}`}</p>
<div class="scroll"><table><caption>Tests</caption><thead><tr><th scope="col">test</th><th scope="col">verdict</th><th scope="col">why</th></tr></thead><tbody>${results.map((r) => html`<tr><th scope="row"><a href="#${r.name}">${r.title}</a></th><td><span class="verdict ${r.verdict}">${WORD[r.verdict]}</span></td><td>${r.reason}</td></tr>`)}</tbody></table></div>
</header>
${results.map(section)}
${scoreSection(score)}</main></body></html>`.text}\n`;
}

const STATE: Readonly<Record<ScoreState, string>> = { passed: "automated, passed", failed: "automated, failed", "not run": "automated, not run", missing: "not automated" };

function scoreSection({ total, parts, tests }: Score): Html {
  return html`<section id="ml-test-score" aria-labelledby="ml-test-score-title"><h2 id="ml-test-score-title">ML Test Score: ${total} of 7</h2><p class="soft">Breck et al., "The ML Test Score" (2017): one point for each test that is automated and passed; the weakest part counts. ${parts.map((p) => `${p.area} ${p.points}`).join(", ")}.</p>${tableOf({ title: "Its 28 tests", columns: ["test", "what", "state", "by"], rows: tests.map((t) => [t.id, t.title, STATE[t.state], t.by.length > 0 ? t.by.join(", ") : t.elsewhere ?? ""]) })}</section>`;
}

function section(r: GateResult): Html {
  const figures = Object.entries(r.figures ?? {});
  return html`<section id="${r.name}" aria-labelledby="${r.name}-title"><h2 id="${r.name}-title">${r.title}</h2><span class="verdict ${r.verdict}">${WORD[r.verdict]}</span><p class="soft">${r.checks}</p><p>${r.reason}</p>${r.bar !== undefined && html`<p><strong>Bar:</strong> ${r.bar}</p>`}${figures.length > 0 && html`<dl>${figures.map(([name, value]) => html`<dt>${name}</dt><dd>${cellText(value)}</dd>`)}</dl>`}${(r.pictures ?? []).length > 0 && html`<div class="pictures">${(r.pictures ?? []).map(drawPicture)}</div>`}${(r.tables ?? []).map(tableOf)}</section>`;
}

function tableOf({ title, columns, rows }: Table): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table><caption>${title}</caption><thead><tr>${columns.map((c) => html`<th scope="col">${c}</th>`)}</tr></thead><tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cellText(cell)}</td>`)}</tr>`)}</tbody></table></div>`;
}
