// The example as its README starts it, in a real browser: digits of the notebook's test drawn dot by dot, and the page
// after its server has gone.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_HINT, hasBrowser, launchBrowser, openContext, violations } from "../../scripts/testing-browser.ts";
import { serveFiles } from "../../scripts/testing-static.ts";
import { copyExample, startProgram, type Running } from "../shared/testing.ts";

const { folder, remove } = copyExample("image-recognition");
let running: Running;
let page: string;

beforeAll(async () => {
  running = startProgram(folder, ["start.mjs", "--page", "0"]);
  page = await running.printed(/the page: (\S+)/);
}, 120_000);
afterAll(async () => {
  await running?.stop();
  remove();
});

/** Rows of the check file: 64 dots, and what the notebook read. */
const digits = readFileSync(join(folder, "check.csv"), "utf8").trim().split("\n").slice(1, 41).map((line) => line.split(",")).map((cells) => ({ dots: cells.slice(0, 64).map(Number), label: cells[64]! }));

describe("image recognition in the browser", () => {
  it("gives a folder of files, among them the model", async () => {
    expect(running.output()).toContain("computed by Slipway's own kernel");
    expect((await fetch(`${page}digits.slip`)).status).toBe(200);
    expect((await fetch(`${page}../package.json`)).status).toBe(404);
  });

  it.skipIf(!hasBrowser)(`is a folder for Capacitor too, whose page reads digits from its own files${hasBrowser ? "" : ` (${BROWSER_HINT})`}`, async () => {
    const app = startProgram(folder, ["start.mjs", "--app"]);
    await app.printed(/the page is in (app\/www)/);
    await app.stop();
    const files = new Map(readdirSync(join(folder, "app", "www")).map((name) => [name, readFileSync(join(folder, "app", "www", name))] as const));
    expect(JSON.parse(readFileSync(join(folder, "app", "capacitor.config.json"), "utf8"))).toMatchObject({ webDir: "www", appName: "digits" });
    const site = await serveFiles(files);
    const browser = await launchBrowser();
    try {
      const { page: tab, faults } = await openContext(browser);
      const asked: string[] = [];
      tab.on("request", (request) => asked.push(request.url()));
      await tab.goto(site.url);
      await tab.locator("#ready", { hasText: "Ready" }).waitFor();
      await tab.getByRole("button", { name: "Draw one for me" }).click();
      await tab.locator("#digit", { hasText: /^\d$/ }).waitFor();
      expect(asked.filter((url) => !url.startsWith(site.url))).toEqual([]);
      expect(faults).toEqual([]);
    } finally {
      await browser.close();
      await site.close();
    }
  });

  it.skipIf(!hasBrowser)(`reads what is drawn, also when the server has gone${hasBrowser ? "" : ` (${BROWSER_HINT})`}`, async () => {
    const browser = await launchBrowser();
    try {
      const { page: tab, faults } = await openContext(browser, { colorScheme: "dark" });
      await tab.goto(page);
      await tab.locator("#ready", { hasText: "Ready" }).waitFor();
      // As images that fill the board: what is cut out and counted has to come to the same digit.
      const read = await tab.evaluate<{ exact: string[]; drawn: string[] }>(`(async (rows) => {
        const { dotsOf } = await import(new URL("dots.js", location.href));
        const { loadModel } = await import(new URL("slipway-edge.js", location.href));
        const model = await loadModel("digits.slip");
        const drawn = rows.map((dots) => dotsOf(Array.from({ length: 160 * 160 }, (_, i) => dots[Math.floor(i / 160 / 20) * 8 + Math.floor((i % 160) / 20)] / 16), 160, 160));
        const labels = async (given) => (await model.predict(given)).map((r) => String(r.label));
        return { exact: await labels(rows), drawn: await labels(drawn) };
      })(${JSON.stringify(digits.map((d) => d.dots))})`);
      const labels = digits.map((d) => d.label);
      expect(read.exact).toEqual(labels);
      expect(read.drawn.filter((label, i) => label === labels[i]).length).toBeGreaterThanOrEqual(34);
      expect(await violations(tab)).toEqual([]);

      await tab.evaluate("navigator.serviceWorker.ready.then(() => undefined)");
      await running.stop();
      await tab.reload();
      await tab.locator("#ready", { hasText: "Ready" }).waitFor();
      await tab.getByRole("button", { name: "Draw one for me" }).click();
      await tab.locator("#digit", { hasText: /^\d$/ }).waitFor();
      expect(faults).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
