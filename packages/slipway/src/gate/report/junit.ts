// The gate's report as JUnit XML, which every CI shows: one test case a test; a warning passes and says so in system-out.

import type { GateReport } from "../run-gate.ts";
import { cellText } from "./words.ts";

export function junitXml({ model, results }: GateReport): string {
  const count = (verdict: string): number => results.filter((r) => r.verdict === verdict).length;
  const seconds = (ms: number): string => (ms / 1000).toFixed(3);
  const suite = `${model.name} ${model.version}`;
  const attributes = `tests="${results.length}" failures="${count("fail")}" errors="0" skipped="${count("skipped")}" time="${seconds(results.reduce((n, r) => n + r.ms, 0))}"`;
  const cases = results.map((r) => {
    const facts = [r.reason, ...(r.bar === undefined ? [] : [`bar: ${r.bar}`]), ...Object.entries(r.figures ?? {}).map(([name, value]) => `${name}: ${cellText(value)}`)].join("\n");
    const body = r.verdict === "fail" ? `<failure message="${escape(r.reason)}" type="${r.name}">${escape(facts)}</failure>`
      : r.verdict === "skipped" ? `<skipped message="${escape(r.reason)}"/>` : `<system-out>${escape(`${r.verdict === "warn" ? "warning: " : ""}${facts}`)}</system-out>`;
    return `    <testcase classname="slipway.gate" name="${escape(r.title)}" time="${seconds(r.ms)}">${body}</testcase>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${attributes}>\n  <testsuite name="${escape(suite)}" ${attributes}>\n    <properties><property name="digest" value="${escape(model.digest)}"/></properties>\n${cases.join("\n")}\n  </testsuite>\n</testsuites>\n`;
}

/** XML 1.0 has no way to write most control characters and lone surrogates: they are left out. */
function escape(text: string): string {
  return text.toWellFormed().replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd").replace(/[&<>"\n]/g, (c) => `&#${c.charCodeAt(0)};`);
}
