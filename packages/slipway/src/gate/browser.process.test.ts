// The gate's replay in the browser's module: a real browser, none, and one that answers otherwise.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ModelPackage } from "@slipway/core/package";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_HINT, browserPath, hasBrowser } from "../../../../scripts/testing-browser.ts";
import { packModel } from "../runtime/pack.ts";
import type { GateResult } from "./define-gate-test.ts";
import { runGate } from "./run-gate.ts";
import { GATE_TESTS } from "./tests/index.ts";

const churn = fileURLToPath(new URL("../../../../examples/churn/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "slipway-gate-browser-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let source: ModelPackage;
beforeAll(async () => {
  source = (await packModel(`${churn}churn.joblib`, readFileSync(`${churn}churn.joblib`), { check: { file: "check.csv", text: readFileSync(`${churn}check.csv`, "utf8") } })).package;
});

async function replay(browser?: string): Promise<GateResult> {
  const skip = GATE_TESTS.map((t) => t.name).filter((name) => name !== "browser");
  const report = await runGate({ package: source, settings: { skip, ...(browser === undefined ? {} : { browser }) } });
  return report.results.find((r) => r.name === "browser")!;
}

describe("the rows in the browser's module", () => {
  it("are answered alike in Node, which the report says", async () => {
    expect(await replay()).toMatchObject({ verdict: "pass", figures: { rows: 60, "labels that differ": 0, engine: "kernel", runtime: expect.stringMatching(/^Node .*, no browser$/) } });
  });
  it.skipIf(!hasBrowser)(`are answered alike in a real browser${hasBrowser ? "" : ` (${BROWSER_HINT})`}`, async () => {
    expect(await replay(browserPath)).toMatchObject({ verdict: "pass", figures: { rows: 60, "labels that differ": 0, runtime: expect.stringMatching(/^Chrom/) } });
  });
  it("stop the model where a browser answers otherwise", async () => {
    const wrong = join(folder, "wrong.mjs");
    writeFileSync(wrong, `#!${process.execPath}
const base = process.argv.at(-1);
const script = await (await fetch(new URL("replay.js", base))).text();
const rows = await (await fetch(new URL("rows.json", base))).json();
const answers = rows.map(() => ({ label: "leaves", probabilities: { leaves: 0.5, stays: 0.5 }, score: 0 }));
await fetch(/fetch\\("([^"]+)" \\+ what/.exec(script)[1] + "told", { method: "POST", body: JSON.stringify({ answers, engine: "kernel", version: "a wrong browser" }) });
setInterval(() => undefined, 1000);
`);
    chmodSync(wrong, 0o755);
    expect(await replay(wrong)).toMatchObject({ verdict: "fail", reason: "60 of 60 rows are answered otherwise in a wrong browser" });
  });
  it("stop it where there is no such browser, or one that gives no answer", async () => {
    expect(await replay(join(folder, "none"))).toMatchObject({ verdict: "fail", reason: expect.stringContaining("[edge-browser]") });
    expect(await replay("/bin/true")).toMatchObject({ verdict: "fail", reason: expect.stringContaining("ended with 0 and gave no answer") });
  });
});
