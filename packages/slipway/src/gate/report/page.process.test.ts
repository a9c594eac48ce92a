// The report in a real browser: no violation that axe finds, light and dark, wide and on a phone, and nothing beyond the edge.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { BROWSER_HINT, hasBrowser, launchBrowser, openContext, violations } from "../../../../../scripts/testing-browser.ts";
import { readModelBytes } from "../../runtime/index.ts";
import { packModel } from "../../runtime/pack.ts";
import { readRows, rowsOfText } from "../../tables/index.ts";
import { readTraining, reportPage, runGate } from "../index.ts";

const folder = fileURLToPath(new URL("../../../../../corpus/gate/wrong-column-swapped/", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "slipway-report-"));
const file = join(work, "report.html");

describe.skipIf(!hasBrowser)(`the report${hasBrowser ? "" : ` (${BROWSER_HINT})`}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    const path = join(folder, "model.joblib");
    const text = (name: string): string => readFileSync(join(folder, name), "utf8");
    const { package: pkg } = await packModel(path, await readModelBytes(path), { check: { file: "check.csv", text: text("check.csv") }, training: { file: "training.csv", rows: (s) => readTraining(readRows(join(folder, "training.csv")), s, 1) } });
    const report = await runGate({
      package: pkg, data: { rows: rowsOfText(text("labelled.csv"), "labelled.csv"), file: "labelled.csv", target: "churned" }, slices: ["region"],
      settings: { quality: { roc_auc: { min: 0.99, sure: false } }, rules: [{ kind: "increasing", column: "support_calls", tolerance: 0, maxShare: 0 }] },
    });
    writeFileSync(file, reportPage(report));
    browser = await launchBrowser();
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(work, { recursive: true, force: true });
  });
  it.each([["light", 1280], ["dark", 1280], ["light", 380], ["dark", 380]] as const)("is clean, %s, %d wide", async (colorScheme, width) => {
    const { context, page, faults } = await openContext(browser, { colorScheme, viewport: { width, height: 900 } });
    await page.goto(pathToFileURL(file).href);
    expect(await page.locator("svg[role=img]").count()).toBeGreaterThan(5);
    expect(await violations(page)).toEqual([]);
    expect(faults).toEqual([]);
    expect(await page.locator("main").evaluate((main) => main.scrollWidth - main.clientWidth)).toBeLessThanOrEqual(0);
    await context.close();
  });
});
