// The report for people: one file of HTML, nothing loaded from elsewhere and no scripts; light and dark by tokens, readable
// without seeing the pictures, and printable.

import { Html, html } from "../../server/index.ts";
import type { GateResult, Table, Verdict } from "../define-gate-test.ts";
import type { GateReport } from "../run-gate.ts";
import { drawPicture } from "./pictures.ts";
import { scoreOf, type Score, type ScoreState } from "./score.ts";
import { cellText } from "./words.ts";

const WORD: Readonly<Record<Verdict, string>> = { pass: "passed", fail: "failed", warn: "look at it", skipped: "skipped" };

const STYLE = `
:root{color-scheme:light dark;--page:#f5f7f8;--panel:#fff;--line:#d5dde1;--text:#16232b;--soft:#546570;--bar:#2a8fbd;--even:#8b9aa3;--pass:#1b6e3c;--pass-back:#e3f4e9;--fail:#b3261e;--fail-back:#fdeceb;--warn:#855300;--warn-back:#fdf1dc;--skipped:#546570;--skipped-back:#e6edf0}
@media (prefers-color-scheme:dark){:root{--page:#10181d;--panel:#18232a;--line:#2c3b44;--text:#e7eef2;--soft:#9fb1bb;--bar:#3f9fca;--even:#60727d;--pass:#7fd6a0;--pass-back:#14321f;--fail:#ff9d95;--fail-back:#3a1c1a;--warn:#f0c074;--warn-back:#35270f;--skipped:#9fb1bb;--skipped-back:#26343c}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif}main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem;overflow-wrap:anywhere}
h1{font-size:1.6rem;margin:0 0 .25rem}h2{font-size:1.15rem;margin:0 .75rem 0 0;display:inline}h3{font-size:1rem;margin:1rem 0 .25rem}p{margin:.4rem 0}.soft{color:var(--soft)}code{overflow-wrap:anywhere;font-size:.85em}
section,.summary{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:1rem 1.25rem;margin:1rem 0}
.verdict{display:inline-block;white-space:nowrap;border-radius:999px;padding:.1rem .7rem;font-weight:600;font-size:.9rem}
.pass{color:var(--pass);background:var(--pass-back)}.fail{color:var(--fail);background:var(--fail-back)}.warn{color:var(--warn);background:var(--warn-back)}.skipped{color:var(--skipped);background:var(--skipped-back)}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}caption{text-align:left;font-weight:600;padding:.6rem 0 .25rem}th,td{text-align:left;padding:.25rem .9rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word;max-width:40rem}th[scope=row]{min-width:9rem;font-weight:600}
dl{display:grid;grid-template-columns:minmax(0,max-content) minmax(0,1fr);gap:.1rem 1rem;font-size:.9rem;margin:.5rem 0}dt{color:var(--soft)}dd{margin:0}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(18rem,100%),1fr));gap:1rem}figure{margin:.75rem 0 0}figcaption{font-size:.9rem;color:var(--soft)}svg{display:block;width:100%;max-width:34rem;height:auto}svg text{fill:var(--text);font:11px system-ui,sans-serif}
.bar,.dot,.right{fill:var(--bar)}.wrong{fill:var(--fail)}.line{fill:none;stroke:var(--bar);stroke-width:2}.even{stroke:var(--even);stroke-dasharray:4 3}.whisker{stroke:var(--text);stroke-width:2}.frame{fill:none;stroke:var(--line)}
a{color:inherit}:focus-visible{outline:3px solid var(--bar);outline-offset:2px}
@media print{section{break-inside:avoid}}
`;

export function reportPage(report: GateReport): string {
  const { model, results, passed } = report;
  const score = scoreOf(results);
  return `<!doctype html>\n${html`<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${model.name} ${model.version}: ${passed ? "passed" : "not passed"}</title><style>${new Html(STYLE)}</style></head><body><main>
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
