// Every page in a real browser over a real server: no violation that axe-core finds, in both themes; what is loaded first;
// by keyboard alone; nothing wider than a phone. `SLIPWAY_PICTURES=docs/images` keeps the pictures that the docs show.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_HINT, hasBrowser, launchBrowser, openContext, violations, type Watched } from "../../../scripts/testing-browser.ts";
import { filledUp, type Filled } from "../../../scripts/testing-dashboard.ts";
import { retrained } from "../../../scripts/testing-retrained.ts";
import { rolledOut } from "../../../scripts/testing-rolled-out.ts";
import { watchedDay } from "../../../scripts/testing-watched.ts";
import { startUp, workingFolder, type Place, type Running } from "../../../scripts/testing-up.ts";

if (!hasBrowser) console.warn(`SKIPPED: ${BROWSER_HINT}`);

const THEMES = ["light", "dark"] as const;
const pictures = process.env["SLIPWAY_PICTURES"];
const CHURN = fileURLToPath(new URL("../../../examples/churn", import.meta.url));
const FIRST_VIEW_BYTES = 150 * 1024;
let filled: Filled;
let rollout: string;
let training: string;
let empty: { place: Place; up: Running };
let browser: Browser;
let admin: Watched;

beforeAll(async () => {
  if (!hasBrowser) return;
  browser = await launchBrowser();
  filled = await filledUp();
  rollout = await rolledOut(filled);
  training = await retrained(filled, rollout);
  await watchedDay(filled.place.folder);
  admin = await openContext(browser);
  await admin.page.goto(filled.up.signIn!);
  await admin.page.waitForURL("**/dashboard/models");
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await Promise.all([filled?.up.stop(), empty?.up.stop()]);
  filled?.place.remove();
  empty?.place.remove();
}, 60_000);

async function show(page: Page, url: string, theme: (typeof THEMES)[number]): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
  await page.goto(url);
  await page.locator("h1").first().waitFor();
  await page.waitForLoadState("networkidle");
}
/** The other theme on the page as it stands. Colours change over a moment. */
async function themed(page: Page, theme: (typeof THEMES)[number]): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
  await page.evaluate("Promise.all(document.getAnimations().map((a) => a.finished.catch(() => undefined)))");
}
async function picture(page: Page, name: string): Promise<void> {
  if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`) });
}

const version = "/dashboard/models/churn/versions";
const PAGES: readonly (readonly [name: string, path: string | ((f: Filled) => string), shown: string])[] = [
  ["models", "/dashboard/models", "churn"], ["offer", "/dashboard/offer?model=churn", "Drop the model's file here"], ["model", "/dashboard/models/churn", "In use"], ["card", `${version}/3`, "What it is for"],
  ["gate", `${version}/3/gate`, "The gate is passed."], ["gate-red", `${version}/2/gate`, "The gate is not passed."], ["signature", `${version}/3/signature`, "tenure_months"], ["try", `${version}/3/try`, "Ask it"],
  ["not-served", `${version}/2/try`, "This version is not served"], ["lineage", `${version}/3/lineage`, "Which version came from which"], ["files", `${version}/1/files`, "Gate report"],
  ["approvals", "/dashboard/approvals", "churn version 3"], ["all-requests", "/dashboard/approvals?show=all", "released"], ["request", (f) => `/dashboard/approvals/${f.request}`, "What it needs"],
  ["monitoring", "/dashboard/monitoring", "retention"], ["watch", "/dashboard/models/retention/monitoring", "monthly_charges"], ["not-watched", "/dashboard/models/nothing/monitoring", "Not asked yet"],
  ["rollouts", "/dashboard/rollouts", "version 1"], ["rollout", () => `/dashboard/rollouts/${rollout}`, "The new version beside the old one"],
  ["retrains", "/dashboard/retrains", "held back"], ["retrain", () => `/dashboard/retrains/${training}`, "What the program printed last"],
  ["audit", "/dashboard/audit", "version.offered"], ["webhooks", "/dashboard/webhooks", "everything"], ["webhook", (f) => `/dashboard/webhooks/${f.webhook}`, "Deliveries"], ["keys", "/dashboard/keys", "Ben Okafor"], ["account", "/dashboard/account", "Your signing key"],
  ["nowhere", "/dashboard/nowhere", "There is no such page"], ["no-model", "/dashboard/models/nothing", "registry-not-found"],
];

describe.skipIf(!hasBrowser)("every page", { timeout: 240_000 }, () => {
  it.each(PAGES)("%s has no violation in either theme", async (name, path, shown) => {
    const { page } = admin;
    for (const theme of THEMES) {
      await show(page, filled.up.url + (typeof path === "string" ? path : path(filled)), theme);
      await page.getByText(shown).first().waitFor();
      if (name === "try") {
        await page.getByRole("button", { name: "Predict", exact: true }).click();
        await page.locator(".big-answer").waitFor();
      }
      if (name === "gate") await page.locator(".result").evaluateAll((all) => all.forEach((details) => details.setAttribute("open", "")));
      expect([name, theme, await violations(page)]).toEqual([name, theme, []]);
      await picture(page, `dashboard-${name}${theme === "dark" ? "-dark" : ""}`);
    }
  });
  it("pauses a rollout and rolls it back, asking once more, and nobody else may", async () => {
    const { page } = admin;
    await show(page, `${filled.up.url}/dashboard/rollouts/${rollout}`, "light");
    await page.getByRole("button", { name: "Pause" }).click({ timeout: 20_000 });
    await page.getByText("paused", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Roll back" }).click();
    await page.getByLabel("Why").fill("the shop looks odd");
    await page.locator("dialog").getByRole("button", { name: "Roll back" }).click();
    await page.getByText(/^\S.* rolled it back\.$/).waitFor();
    await page.getByText("the shop looks odd").first().waitFor();
    expect(await page.getByRole("button", { name: "Pause" }).count()).toBe(0);
    expect(await violations(page)).toEqual([]);
    await expect(filled.call("Ana Sousa", "POST", `/rollouts/${rollout}/resume`)).rejects.toThrow("forbidden");
  });
  it("puts an alias back to the version before, with a reason", async () => {
    const { page } = admin;
    await filled.call("Olga Petrov", "PUT", "/models/churn/aliases/staging", { version: 1, expected: 3 });
    await show(page, `${filled.up.url}/dashboard/models/churn`, "light");
    await page.getByRole("button", { name: /Go back with staging/ }).click();
    await page.getByText("staging names version 3 again, in place of version 1.").waitFor();
    for (const theme of THEMES) {
      await themed(page, theme);
      expect(await violations(page)).toEqual([]);
      await picture(page, `dashboard-return${theme === "dark" ? "-dark" : ""}`);
    }
    const button = page.locator("dialog").getByRole("button", { name: "Go back" });
    await button.click();
    // Nothing is sent without a reason.
    expect((await filled.call<{ version: number }>("Ana Sousa", "GET", "/models/churn/aliases/staging")).version).toBe(1);
    await expect(filled.call("Olga Petrov", "POST", "/models/churn/rollback", { alias: "staging", reason: "x", expected: 3 })).rejects.toThrow("registry-alias-moved");
    await page.getByLabel("Why").fill("orders fell by half");
    await button.click();
    await page.getByText("staging is version 3 again.").waitFor();
    expect((await filled.call<{ version: number }>("Ana Sousa", "GET", "/models/churn/aliases/staging")).version).toBe(3);
    await expect(filled.call("Ana Sousa", "POST", "/models/churn/rollback", { alias: "staging", reason: "x" })).rejects.toThrow("forbidden");
  });
  it("begins a training, shows what its program prints, and cancels it", async () => {
    const { page } = admin;
    await show(page, `${filled.up.url}/dashboard/retrains`, "light");
    await page.getByRole("button", { name: /Train now/ }).click();
    expect(await violations(page)).toEqual([]);
    await page.locator("dialog").getByRole("button", { name: "Begin" }).click();
    await page.getByText("reading s3://lake/customers").waitFor({ timeout: 30_000 });
    for (const theme of THEMES) {
      await themed(page, theme);
      expect(await violations(page)).toEqual([]);
      await picture(page, `dashboard-retrain-runs${theme === "dark" ? "-dark" : ""}`);
    }
    await page.getByRole("button", { name: "Cancel the training" }).click();
    await page.locator("dialog").getByRole("button", { name: "Cancel it" }).click();
    await page.getByText("cancelled by hand").first().waitFor();
    expect(await page.getByRole("button", { name: "Cancel the training" }).count()).toBe(0);
    await expect(filled.call("Ana Sousa", "POST", "/models/churn/retrains", {})).rejects.toThrow("forbidden");
  });
  it("says in the gate's report what it shows in pictures", async () => {
    const { page } = admin;
    await show(page, `${filled.up.url}${version}/3/gate`, "light");
    await page.locator(".result", { hasText: "Quality on labelled data" }).locator("summary").click();
    const said = await page.locator(".picture svg").evaluateAll((all) => all.map((svg) => svg.getAttribute("aria-label") ?? ""));
    expect(said.length).toBeGreaterThan(0);
    for (const text of said) expect(text).toMatch(/\d/);
  });
  it("has no violation in its dialogs, and they keep the keyboard inside and give it back", async () => {
    const { page } = admin;
    await show(page, `${filled.up.url}${version}/1`, "dark");
    await page.getByRole("button", { name: "Ask for release" }).focus();
    await page.keyboard.press("Enter");
    await page.locator("dialog[open]").waitFor();
    expect(await violations(page)).toEqual([]);
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press("Tab");
      expect(await page.evaluate("document.activeElement === document.body || document.activeElement.closest('dialog') !== null")).toBe(true);
    }
    await page.keyboard.press("Escape");
    await page.locator("dialog[open]").waitFor({ state: "detached" });
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Ask for release");
  });
  it("takes a model with the rows it is checked with, and says of rows alone that they are no model", async () => {
    const { page } = admin;
    await show(page, `${filled.up.url}/dashboard/offer`, "light");
    const choose = (label: string, file: string): Promise<void> => page.getByLabel(label).setInputFiles(join(CHURN, file));
    await choose("The model's file", "check.csv");
    await page.getByText("check.csv holds rows, not a model.").waitFor();
    expect(await page.getByRole("button", { name: "Offer it" }).isDisabled()).toBe(true);
    for (const theme of THEMES) {
      await themed(page, theme);
      expect(await violations(page)).toEqual([]);
      await picture(page, `dashboard-offer-rows${theme === "dark" ? "-dark" : ""}`);
    }
    await choose("The model's file", "churn.joblib");
    // The rows that were taken for a model stay beside it, and can be chosen anew.
    await page.getByText("The model has to answer what stands there.").waitFor();
    await page.getByRole("button", { name: "Without it" }).click();
    await choose("The check file", "check.csv");
    await page.getByText("The model has to answer what stands there.").waitFor();
    await page.getByLabel("Name of the model").fill("checked");
    await page.getByLabel("Run the gate at once").uncheck();
    for (const theme of THEMES) {
      await themed(page, theme);
      expect(await violations(page)).toEqual([]);
      await picture(page, `dashboard-offer-checked${theme === "dark" ? "-dark" : ""}`);
    }
    await page.getByRole("button", { name: "Offer it" }).click();
    await page.waitForURL("**/dashboard/models/checked/versions/1");
    // The card that the package brought: its columns' names stay whole, and no limit is there that nobody could use.
    const cell = page.locator(".prose td", { hasText: "tenure_months" }).first();
    await cell.waitFor();
    await cell.scrollIntoViewIfNeeded();
    // In one piece: a text that breaks has several rectangles.
    const pieces = "(() => { const range = document.createRange(); range.selectNodeContents([...document.querySelectorAll('.prose td')].find((e) => e.textContent === 'tenure_months')); return range.getClientRects().length; })()";
    expect(await page.evaluate(pieces)).toBe(1);
    expect(await page.locator(".prose").innerText()).not.toMatch(/e\+\d\d/);
    for (const theme of THEMES) {
      await themed(page, theme);
      expect(await violations(page)).toEqual([]);
      await picture(page, `dashboard-card-packed${theme === "dark" ? "-dark" : ""}`);
    }
  });
  it("tests a version with labelled rows, by part", async () => {
    const { page } = admin;
    await show(page, `${filled.up.url}/dashboard/models/checked/versions/1/gate`, "light");
    await page.getByRole("button", { name: "Test with labelled rows" }).click();
    expect(await page.getByRole("button", { name: "Run the gate", exact: true }).last().isDisabled()).toBe(true);
    await page.getByLabel("Rows", { exact: true }).setInputFiles(join(CHURN, "check.csv"));
    expect(await page.getByLabel("What was true").inputValue()).toBe("label");
    await page.getByLabel("contract", { exact: true }).check();
    for (const theme of THEMES) {
      await themed(page, theme);
      expect(await violations(page)).toEqual([]);
    }
    await page.locator("dialog").getByRole("button", { name: "Run the gate" }).click();
    const quality = page.locator(".result", { hasText: "Quality on labelled data" });
    await quality.waitFor({ timeout: 200_000 });
    expect(await quality.innerText()).toMatch(/passed/);
    await quality.locator("summary").click();
    await quality.getByText("month-to-month").first().waitFor();
  }, 240_000);
  it("makes a key, shows it once, and revokes it", async () => {
    const { page } = admin;
    await show(page, `${filled.up.url}/dashboard/keys`, "light");
    await page.getByRole("button", { name: "Make a key" }).click();
    await page.getByLabel("Whose it is").fill("Eva Ruiz");
    await page.getByLabel("reviewer").check();
    await page.getByLabel("Groups").fill("risk");
    for (const theme of THEMES) {
      await themed(page, theme);
      expect(await violations(page)).toEqual([]);
      await picture(page, `dashboard-key-dialog${theme === "dark" ? "-dark" : ""}`);
    }
    await page.getByRole("button", { name: "Make it" }).click();
    await page.getByText("is shown only now").waitFor();
    const key = await page.locator("code.secret").innerText();
    const me = async (): Promise<number> => (await fetch(`${filled.up.url}/api/v1/me`, { headers: { authorization: `Bearer ${key}` } })).status;
    await expect.poll(me).toBe(200);
    expect(await violations(page)).toEqual([]);
    await picture(page, "dashboard-key-made-dark");
    await page.getByRole("row", { name: /Eva Ruiz/ }).getByRole("button").click();
    await page.getByRole("button", { name: "Revoke it" }).click();
    await page.getByRole("row", { name: /Eva Ruiz/ }).waitFor({ state: "detached" });
    await expect.poll(me).toBe(401);
  });
  it("is no wider than a phone", async () => {
    const { page } = admin;
    await page.setViewportSize({ width: 360, height: 740 });
    for (const path of ["/dashboard/models", `${version}/3`, `/dashboard/approvals/${filled.request}`, "/dashboard/audit", "/dashboard/keys", "/dashboard/monitoring", "/dashboard/models/retention/monitoring", "/dashboard/retrains", `/dashboard/retrains/${training}`, "/dashboard/rollouts"]) {
      await show(page, filled.up.url + path, "light");
      expect([path, await page.evaluate("document.documentElement.scrollWidth <= innerWidth")]).toEqual([path, true]);
    }
    await page.setViewportSize({ width: 1280, height: 860 });
  });
  it("follows the theme that is chosen, whatever the system says", async () => {
    const { page } = admin;
    await show(page, `${filled.up.url}/dashboard/models`, "light");
    const ground = (): Promise<string> => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const light = await ground();
    const button = page.getByRole("button", { name: /^Theme/ });
    await button.click();
    await button.click();
    expect(await ground()).not.toBe(light);
    await page.reload();
    await page.locator("h1").waitFor();
    expect(await ground()).not.toBe(light);
    await page.getByRole("button", { name: /^Theme/ }).click();
    expect(await ground()).toBe(light);
  });
  it("left no fault in the console", () => expect(admin.faults).toEqual([]));
});

describe.skipIf(!hasBrowser)("the first view", { timeout: 240_000 }, () => {
  it("needs less than 150 kB of script, and no other server", async () => {
    const { page, context } = await openContext(browser);
    await page.goto(filled.up.url);
    await page.getByLabel("API key").fill(filled.place.keys["Ana Sousa"]!);
    await page.getByRole("button", { name: "Sign in with a key" }).click();
    await page.getByRole("link", { name: "churn", exact: true }).waitFor();
    // From nothing, with a session.
    await context.clearCookies({ name: "none" });
    const loaded: { url: string; bytes: number; script: boolean }[] = [];
    page.on("response", async (answer) => {
      const script = /javascript/.test(answer.headers()["content-type"] ?? "");
      loaded.push({ url: answer.url(), bytes: script ? (await answer.body().catch(() => Buffer.alloc(0))).length : 0, script });
    });
    const session = await context.newCDPSession(page);
    await session.send("Network.clearBrowserCache");
    await page.reload();
    await page.getByRole("link", { name: "churn", exact: true }).waitFor();
    await page.waitForLoadState("networkidle");
    const bytes = loaded.filter((l) => l.script).reduce((n, l) => n + l.bytes, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(FIRST_VIEW_BYTES);
    expect(loaded.filter((l) => !l.url.startsWith(`${filled.up.url}/`) && !l.url.startsWith("data:"))).toEqual([]);
    await context.close();
  });
  it("is signed in to, searched and left by keyboard alone", async () => {
    const { page, context } = await openContext(browser);
    await page.goto(`${filled.up.url}/dashboard/approvals`);
    await page.getByLabel("API key").waitFor();
    for (const theme of THEMES) {
      await themed(page, theme);
      expect(await violations(page)).toEqual([]);
      await picture(page, `dashboard-sign-in${theme === "dark" ? "-dark" : ""}`);
    }
    await page.keyboard.press("Tab");
    await expect.poll(() => page.evaluate("document.activeElement.id")).toBe("key");
    await page.keyboard.type("wrong");
    await page.keyboard.press("Enter");
    await page.getByText("credentials-refused").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByLabel("API key").focus();
    await page.keyboard.press("Control+A");
    await page.keyboard.insertText(filled.place.keys["Ben Okafor"]!);
    await page.keyboard.press("Enter");
    // To where they wanted to go.
    await page.getByRole("heading", { level: 1, name: "Approvals" }).waitFor();
    // The page's heading has the focus once the page is there.
    await expect.poll(() => page.evaluate("document.activeElement.tagName")).toBe("H1");
    await page.keyboard.press("Shift+Tab");
    const reach = async (text: string, key: string): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        if (((await page.evaluate("document.activeElement.textContent")) as string).trim() === text) return;
        await page.keyboard.press(key);
      }
      throw new Error(`${text} is not reached by ${key}`);
    };
    await page.evaluate("document.activeElement.blur()");
    await reach("To the content", "Tab");
    await reach("Models", "Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("searchbox").waitFor();
    await page.getByRole("searchbox").focus();
    await page.keyboard.type("nothing like it");
    await page.getByText("No model matches").waitFor();
    await reach("Sign out", "Shift+Tab");
    await page.keyboard.press("Enter");
    await page.getByLabel("API key").waitFor();
    await expect.poll(async () => (await context.cookies()).filter((c) => c.name === "slipway_session")).toEqual([]);
    await context.close();
  });
  it("tells a newcomer the next step", async () => {
    empty = await (async () => {
      const place = workingFolder();
      return { place, up: await startUp(place.folder) };
    })();
    const { page, context, faults } = await openContext(browser);
    await page.goto(empty.up.signIn!);
    await page.getByText("No model yet").waitFor();
    for (const theme of THEMES) {
      await show(page, `${empty.up.url}/dashboard/models`, theme);
      await page.getByRole("link", { name: "Offer the first model" }).waitFor();
      expect(await violations(page)).toEqual([]);
      await picture(page, `dashboard-first${theme === "dark" ? "-dark" : ""}`);
      for (const [path, text] of [["/dashboard/approvals", "Nothing waits for an approval"], ["/dashboard/webhooks", "No webhook yet"]] as const) {
        await show(page, empty.up.url + path, theme);
        await page.getByText(text).waitFor();
        expect(await violations(page)).toEqual([]);
      }
    }
    expect(faults).toEqual([]);
    await context.close();
  });
});
