// The pages of batch runs over a real `slipway up` with runs of every kind: no violation that axe-core finds, in both themes;
// a run started and a schedule paused by hand. `SLIPWAY_PICTURES=docs/images` keeps the picture that the docs show.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_HINT, hasBrowser, launchBrowser, openContext, violations, type Watched } from "../../../scripts/testing-browser.ts";
import { writeSlip } from "../../core/src/package/index.ts";
import { packModel } from "../../slipway/src/runtime/pack.ts";
import { startUp, workingFolder, type Place, type Running } from "../../../scripts/testing-up.ts";

if (!hasBrowser) console.warn(`SKIPPED: ${BROWSER_HINT}`);

const THEMES = ["light", "dark"] as const;
const pictures = process.env["SLIPWAY_PICTURES"];
let place: Place;
let up: Running;
let browser: Browser;
let admin: Watched;

interface Run { readonly id: string; readonly state: string }
async function call<T>(method: string, path: string, body?: Uint8Array<ArrayBuffer> | object): Promise<T> {
  const bytes = body instanceof Uint8Array;
  const answer = await fetch(`${up.url}/api/v1${path}`, { method, headers: { authorization: `Bearer ${place.keys["root"]!}`, ...(bytes || body === undefined ? {} : { "content-type": "application/json" }) }, ...(body === undefined ? {} : { body: bytes ? new Blob([body]) : JSON.stringify(body) }) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return JSON.parse(text) as T;
}
/** Until its first try has ended. */
async function made(schedule: string): Promise<Run> {
  const { id } = await call<Run>("POST", `/schedules/${schedule}/runs`, {});
  for (;;) {
    const run = await call<Run>("GET", `/schedules/${schedule}/runs/${id}`);
    if (run.state !== "running" && run.state !== "waiting") return run;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

let good: Run;
let failed: Run;
beforeAll(async () => {
  if (!hasBrowser) return;
  const schedule = { model: "sales@production", every: "0 3 1 * *", tz: "Europe/Berlin", retries: 0 };
  place = workingFolder({ root: { roles: ["admin"] }, Vera: { roles: ["viewer"] } }, { schedules: {
    "sales-forecast": { ...schedule, input: "next-month.csv", output: "forecasts/{{date}}.csv", maxErrors: "1%" }, "sales-late": { ...schedule, input: "not-there.csv", output: "late/{{date}}.csv" }, "sales-new": { ...schedule, every: "*/15 * * * *", input: "in/*.csv", output: "new/{{datetime}}.csv", newFiles: true } } });
  const example = (name: string): string => fileURLToPath(new URL(`../../../examples/sales-forecast/${name}`, import.meta.url));
  const check = readFileSync(example("check.csv"), "utf8");
  const [head, ...rows] = check.trim().split("\n").map((row) => row.split(",").slice(0, -1).join(","));
  // More was sold a month ago, in the fifth column, than in the notebook's rows; some rows are broken.
  const more = Array.from({ length: 4 }, (_, i) => rows.map((row, j) => (i === 2 && j < 3 ? `${row},` : row.split(",").map((v, k) => (k === 4 ? (Number(v) * 1.5).toFixed(1) : v)).join(",")))).flat();
  writeFileSync(join(place.folder, "next-month.csv"), `${head}\n${more.join("\n")}\n`);
  const sales = (await packModel(example("sales.joblib"), readFileSync(example("sales.joblib")), { name: "sales", version: "1.0.0", prove: true, check: { file: "check.csv", text: check } })).package;
  up = await startUp(place.folder);
  await call("POST", "/models/sales/versions", new Uint8Array(writeSlip(sales)));
  await call("PUT", "/models/sales/aliases/production", { version: 1, expected: null });
  [good, failed] = [await made("sales-forecast"), await made("sales-late")];
  browser = await launchBrowser();
  admin = await openContext(browser);
  await admin.page.goto(up.signIn!);
  await admin.page.waitForURL("**/dashboard/models");
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await up?.stop();
  place?.remove();
}, 60_000);

describe.skipIf(!hasBrowser)("the pages of batch runs", { timeout: 120_000 }, () => {
  it.each<[string, () => string, string]>([
    ["batch", () => "/dashboard/batch", "sales-forecast"],
    ["schedule", () => "/dashboard/batch/sales-forecast", "forecasts/{{date}}.csv"],
    ["batch-run", () => `/dashboard/batch/sales-forecast/${good.id}`, "units_1_months_ago"],
    ["batch-run-failed", () => `/dashboard/batch/sales-late/${failed.id}`, "It failed."],
    ["schedule-unknown", () => "/dashboard/batch/nothing", "schedule-unknown"],
  ])("%s has no violation in either theme", async (name, path, shown) => {
    const { page } = admin;
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme });
      await page.goto(up.url + path());
      await page.getByText(shown).first().waitFor();
      if (name === "batch-run") await page.locator(".result").first().evaluate((details) => details.setAttribute("open", ""));
      expect([name, theme, await violations(page)]).toEqual([name, theme, []]);
      if (pictures !== undefined) await page.screenshot({ path: join(pictures, `dashboard-${name}${theme === "dark" ? "-dark" : ""}.png`) });
    }
  });
  it("say of a run what it did, in words beside every picture", async () => {
    const { page } = admin;
    await page.goto(`${up.url}/dashboard/batch/sales-forecast/${good.id}`);
    await page.getByText("Predictions", { exact: true }).waitFor();
    expect(await page.locator("dl.facts").innerText()).toMatch(/succeeded[^]*sales 1[^]*2,400[^]*3, listed in/);
    expect(await page.getByRole("img", { name: /^value\. up to .*% now, \d.*% in the profile/ }).count()).toBe(1);
    expect(await page.locator(".result").first().innerText()).toMatch(/units_1_months_ago[^]*PSI[^]*differs/);
    expect(await page.getByRole("region", { name: "What the run said" }).innerText()).toContain("2397 of 2400 rows scored");
  });
  it("start a run and pause a schedule, for whoever may release", async () => {
    const { page } = admin;
    await page.goto(`${up.url}/dashboard/batch/sales-new`);
    await page.getByRole("button", { name: /^Run now/ }).click();
    await page.getByText("failed").first().waitFor();
    await page.getByRole("button", { name: /^Pause/ }).click();
    await page.getByRole("button", { name: /^Resume/ }).waitFor();
    expect(await call("GET", "/schedules/sales-new")).toMatchObject({ state: "paused", nextAt: null });
    const viewer = await openContext(browser);
    await viewer.page.goto(`${up.url}/dashboard/sign-in`);
    await viewer.page.getByLabel(/key/i).first().fill(place.keys["Vera"]!);
    await viewer.page.getByRole("button", { name: /^Sign in/ }).first().click();
    await viewer.page.waitForURL("**/dashboard/models");
    await viewer.page.goto(`${up.url}/dashboard/batch`);
    await viewer.page.getByText("sales-forecast").first().waitFor();
    expect(await viewer.page.getByRole("button", { name: /^Run now/ }).count()).toBe(0);
  });
});
