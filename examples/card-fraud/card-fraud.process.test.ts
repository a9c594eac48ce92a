// The example as its README starts it: gate, service, desk, drift, labels.

import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_HINT, hasBrowser, launchBrowser, openContext, violations } from "../../scripts/testing-browser.ts";
import { copyExample, getJson, postJson, startProgram, until, type Running } from "../shared/testing.ts";

const { folder, remove } = copyExample("card-fraud");
let running: Running;
let page: string;
let service: string;

beforeAll(async () => {
  running = startProgram(folder, ["start.mjs", "--port", "0", "--page", "0"], { SLIPWAY_MONITOR_WINDOW: "1s" });
  page = await running.printed(/the desk: (\S+)/);
  ({ service } = await getJson<{ service: string }>(`${page}state`));
}, 120_000);
afterAll(async () => {
  await running?.stop();
  remove();
});

const traffic = (...args: string[]): string => execFileSync(process.execPath, ["traffic.ts", ...args], { cwd: folder, encoding: "utf8", env: { ...process.env, SLIPWAY_URL: service } });
interface Watch { state: string; drifting: string[]; rows: number; accuracy: { points: { labelled: number; metrics: { balanced_accuracy?: number } }[] } }
const watch = (): Promise<Watch> => getJson<Watch>(`${service}/api/v1/monitor/models/fraud?hours=1`);

describe("card fraud", () => {
  it("passes its gate, with the budget of the configuration", () => {
    expect(running.output()).toContain("checked 3000 rows: every label equal");
    expect(running.output()).toMatch(/Time, memory and size\s+within every budget/);
    expect(running.output()).toMatch(/passed: \d+ passed, 0 failed/);
  });

  it("joins labels that come later by the bank's number", async () => {
    expect(traffic("--rows", "400", "--labels")).toMatch(/400 payments, \d+ stopped, 400 labels sent/);
    const { accuracy } = await until(watch, (w) => w.accuracy.points.some((p) => p.labelled >= 300));
    expect(accuracy.points.find((p) => p.labelled >= 300)!.metrics.balanced_accuracy).toBeGreaterThan(0.6);
    expect((await postJson(`${page}judge`, { id: "t1", outcome: "maybe" })).status).toBe(400);
  });

  it("sees the thieves' new habit", async () => {
    expect((await postJson<{ drift: boolean }>(`${page}drift`, { on: true })).body.drift).toBe(true);
    const seen = await until(async () => {
      traffic("--rows", "600", "--drift");
      return watch();
    }, (w) => w.drifting.includes("amount"));
    expect(["drift", "warning"]).toContain(seen.state);
    expect(seen.drifting).not.toContain("card_age_days");
  });

  it.skipIf(!hasBrowser)(`shows payments as they come and takes a verdict${hasBrowser ? "" : ` (${BROWSER_HINT})`}`, async () => {
    const browser = await launchBrowser();
    try {
      const seen = await openContext(browser, { colorScheme: "dark" });
      await seen.page.goto(page);
      await seen.page.getByRole("button", { name: "was fraud" }).first().click();
      await seen.page.locator("tbody td:last-child", { hasText: /^fraud$/ }).first().waitFor();
      expect(await seen.page.locator("#drift").getAttribute("aria-pressed")).toBe("true");
      await seen.page.locator("#state", { hasText: "amount" }).waitFor();
      await seen.page.locator("#drift").click();
      await seen.page.locator("#drift[aria-pressed=false]").waitFor();
      expect(await violations(seen.page)).toEqual([]);
      expect(seen.faults).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
