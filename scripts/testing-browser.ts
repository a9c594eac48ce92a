// For tests: a real browser (Debian's chromium, driven by playwright-core), and axe-core's judgement of a page.

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

const PLACES = [process.env["CHROME_PATH"], "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
export const browserPath: string | undefined = PLACES.find((p) => p !== undefined && existsSync(p));
export const hasBrowser: boolean = browserPath !== undefined;
export const BROWSER_HINT = "no browser: apt-get install chromium, or set CHROME_PATH";

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: browserPath!, args: ["--no-sandbox"] });
}

export interface Watched {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the page's console said that it should not have. */
  readonly faults: string[];
}

/** One person's browser. */
export async function openContext(browser: Browser, options: Parameters<Browser["newContext"]>[0] = {}): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  // A machine that does much else at the same time is slow, not wrong.
  context.setDefaultTimeout(100_000);
  const page = await context.newPage();
  const faults: string[] = [];
  // A refused request is told on the page, with its code; the console says so as well.
  page.on("console", (m) => m.type() === "error" && !m.text().startsWith("Failed to load resource") && faults.push(m.text()));
  page.on("pageerror", (e) => faults.push(e.message));
  return { context, page, faults };
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Violations as lines: rule, element, why. */
export async function violations(page: Page): Promise<string[]> {
  // Past the page's own Content-Security-Policy, which takes no script of others: the debugger's door.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: `${axe};0` });
  const { result } = await session.send("Runtime.evaluate", {
    expression: `axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then((r) => JSON.stringify(r.violations.flatMap((v) => v.nodes.slice(0, 5).map((n) => v.id + " " + n.target.join(" ") + ": " + n.failureSummary))))`,
    awaitPromise: true, returnByValue: true,
  });
  await session.detach();
  return JSON.parse(result.value as string) as string[];
}
