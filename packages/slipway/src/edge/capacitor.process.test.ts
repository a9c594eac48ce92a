// The folder for Capacitor: its command line takes it, and what it puts into an Android app's assets answers by itself.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { hasBrowser, launchBrowser, openContext } from "../../../../scripts/testing-browser.ts";
import { MOBILE_HINT, mobileModules } from "../../../../scripts/testing-mobile.ts";
import { serveFiles } from "../../../../scripts/testing-static.ts";
import { packModel } from "../runtime/pack.ts";
import { makeEdge, writeFolder } from "./index.ts";

const churn = fileURLToPath(new URL("../../../../examples/churn/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "slipway-capacitor-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("an app for Capacitor", () => {
  it.skipIf(mobileModules === undefined)(`is taken by its command line, and its assets answer without a connection${mobileModules === undefined ? ` (${MOBILE_HINT})` : ""}`, async () => {
    const source = (await packModel(join(churn, "churn.joblib"), readFileSync(join(churn, "churn.joblib")), { prove: true, name: "churn-2", version: "1.0.0", check: { file: "check.csv", text: readFileSync(join(churn, "check.csv"), "utf8") } })).package;
    const app = join(folder, "app");
    const { files } = await makeEdge(source, "capacitor", { from: folder });
    await writeFolder(app, files);
    symlinkSync(mobileModules!, join(app, "node_modules"));
    const cap = (...args: string[]): string => execFileSync(process.execPath, [join(mobileModules!, "@capacitor", "cli", "bin", "capacitor"), ...args], { cwd: app, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, CI: "true" } });
    expect(JSON.parse(cap("config", "--json"))).toMatchObject({ app: { appId: "dev.slipway.churn2", appName: "churn-2", webDir: "www" } });
    cap("add", "android");
    const assets = join(app, "android", "app", "src", "main", "assets", "public");
    const there = new Map(readdirSync(assets).map((name) => [name, readFileSync(join(assets, name))] as const));
    for (const [path, bytes] of files) if (path.startsWith("www/")) expect(there.get(path.slice(4))).toEqual(Buffer.from(bytes));
    if (!hasBrowser) return;
    const site = await serveFiles(there);
    const browser = await launchBrowser();
    try {
      const { page, faults } = await openContext(browser);
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(site.url);
      await page.getByRole("status").filter({ hasText: "60 checked rows answered as they must be" }).waitFor();
      expect(asked.filter((url) => !url.startsWith(site.url))).toEqual([]);
      expect(faults).toEqual([]);
    } finally {
      await browser.close();
      await site.close();
    }
  });
});
