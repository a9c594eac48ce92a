// A whole story in a real browser, over a real `slipway up`: offered by one person, refused by the gate, fixed, approved by
// two others (one of business), released, served, audited.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_HINT, hasBrowser, launchBrowser, openContext, type Watched } from "../../../scripts/testing-browser.ts";
import { CHURN_ROW, churnSlip, wrongChurnSlip } from "../../../scripts/testing-models.ts";
import { startUp, workingFolder, type Place, type Running } from "../../../scripts/testing-up.ts";

if (!hasBrowser) console.warn(`SKIPPED: ${BROWSER_HINT}`);

const POLICY = { approvals: { production: { approvals: 2, groups: { business: 1 }, author: false, gate: "7d", expires: "14d" } } };
const files = mkdtempSync(join(tmpdir(), "slipway-story-"));
let place: Place;
let up: Running;
let browser: Browser;
const people: Record<string, Watched> = {};

beforeAll(async () => {
  if (!hasBrowser) return;
  place = workingFolder({
    "Ana Sousa": { roles: ["developer"] }, "Ben Okafor": { roles: ["reviewer"], groups: ["business"] }, "Otto Lind": { roles: ["reviewer"], groups: ["operations"] },
    "Olga Petrov": { roles: ["operator"] }, shop: { roles: ["predictor"] },
  }, POLICY);
  mkdirSync(join(files, "wrong"));
  writeFileSync(join(files, "wrong", "churn.slip"), await wrongChurnSlip("1.0.0"));
  writeFileSync(join(files, "churn.slip"), await churnSlip("1.0.1"));
  up = await startUp(place.folder);
  browser = await launchBrowser();
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await up?.stop();
  place?.remove();
  rmSync(files, { recursive: true, force: true });
});

async function signedIn(name: string): Promise<Page> {
  if (people[name] !== undefined) return people[name].page;
  const watched = await openContext(browser);
  people[name] = watched;
  const { page } = watched;
  await page.goto(`${up.url}/`);
  await page.getByLabel("API key").fill(place.keys[name]!);
  await page.getByRole("button", { name: "Sign in with a key" }).click();
  await page.getByRole("heading", { level: 1, name: "Models" }).waitFor();
  return page;
}
const predict = () => fetch(`${up.url}/models/churn/predict`, { method: "POST", headers: { authorization: `Bearer ${place.keys["shop"]!}`, "content-type": "application/json" }, body: JSON.stringify([CHURN_ROW]) });

describe.skipIf(!hasBrowser)("a model's way into production", { timeout: 240_000 }, () => {
  it("is offered, and refused by the gate, which says why", async () => {
    const page = await signedIn("Ana Sousa");
    await page.getByText("No model yet").waitFor();
    await page.getByRole("link", { name: "Offer the first model" }).click();
    await page.getByLabel("The model's file").setInputFiles(join(files, "wrong", "churn.slip"));
    await expect.poll(() => page.getByLabel("Name of the model").inputValue()).toBe("churn");
    await page.getByText("Where it comes from").click();
    await page.getByLabel("Training data").fill("s3://lake/customers/2026-10");
    await page.getByRole("button", { name: "Offer it" }).click();
    await page.waitForURL("**/dashboard/models/churn/versions/1/gate");
    await page.getByText("The gate is not passed.").waitFor({ timeout: 200_000 });
    expect(await page.locator(".note.bad").innerText()).toContain("The notebook's predictions");
    expect(await page.locator("#test-parity").getAttribute("open")).not.toBeNull();
    expect((await predict()).status).toBe(404);
  });
  it("cannot be released like this, whoever approves", async () => {
    const page = await signedIn("Ana Sousa");
    await page.getByRole("button", { name: "Ask for release" }).click();
    await page.getByText("It cannot be released like this").waitFor();
    await page.getByRole("button", { name: "Ask", exact: true }).click();
    await page.waitForURL("**/dashboard/approvals/*");
    await page.getByText(/The last gate report.*is red/).waitFor();
    await page.getByRole("button", { name: "Withdraw" }).click();
    await page.getByText("withdrawn", { exact: true }).waitFor();
  });
  it("is mended and offered again as the next version, and passes", async () => {
    const page = await signedIn("Ana Sousa");
    await page.getByRole("link", { name: "Models", exact: true }).first().click();
    await page.getByRole("link", { name: "churn", exact: true }).click();
    await page.getByRole("link", { name: "Offer a version" }).click();
    await page.getByText("churn exists: this becomes its next version.").waitFor();
    // Dropped, as people do.
    const bytes = (await churnSlip("1.0.1")).toString("base64");
    const transfer = await page.evaluateHandle(`(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(${JSON.stringify(bytes)}), (c) => c.charCodeAt(0))], "churn.slip"));
      return transfer;
    })()`);
    await page.dispatchEvent(".drop", "dragover", { dataTransfer: transfer });
    await page.dispatchEvent(".drop", "drop", { dataTransfer: transfer });
    await page.getByText("churn.slip").waitFor();
    await page.getByRole("button", { name: "Offer it" }).click();
    await page.waitForURL("**/dashboard/models/churn/versions/2/gate");
    await page.getByText("The gate is passed.").waitFor({ timeout: 200_000 });
  });
  it("gets a card from somebody who never opens a terminal", async () => {
    const page = await signedIn("Ana Sousa");
    await page.getByRole("link", { name: "Card", exact: true }).click();
    await page.getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("The card, in Markdown").fill("## What it is for\n\nThe **retention team** calls who is likely to leave.\n\n<img src=x onerror=alert(1)>\n\n[no](javascript:alert(1)) [yes](https://example.com)");
    await page.getByRole("button", { name: "Save the card" }).click();
    await page.locator(".prose strong", { hasText: "retention team" }).waitFor();
    expect(await page.locator(".prose img, .prose a[href^=javascript]").count()).toBe(0);
    expect(await page.locator(".prose a").getAttribute("href")).toBe("https://example.com");
  });
  it("is asked for, and its author cannot approve it", async () => {
    const page = await signedIn("Ana Sousa");
    await page.getByRole("button", { name: "Ask for release" }).click();
    await page.getByText("2 approvals, 1 of business, none by the author").waitFor();
    await page.getByLabel("Comment").fill("Labels in the right order now.");
    await page.getByRole("button", { name: "Ask", exact: true }).click();
    await page.getByText("2 more people have to approve (0 of 2)").waitFor();
    await page.getByText("1 approval of the group business is missing (0 of 1)").waitFor();
    expect(await page.getByRole("button", { name: "Approve" }).count()).toBe(0);
    expect(await page.getByRole("button", { name: "Release it" }).count()).toBe(0);
  });
  it("is approved by business, with a key that cannot leave that browser", async () => {
    const page = await signedIn("Ben Okafor");
    await page.getByRole("link", { name: "Ben Okafor" }).click();
    await page.getByRole("button", { name: "Make a key in this browser" }).click();
    await page.getByText("This browser signs with your key.").waitFor();
    const exportable = await page.evaluate(() => new Promise((resolve, reject) => {
      const request = indexedDB.open("slipway-keys");
      request.addEventListener("error", () => reject(new Error("no database")));
      request.addEventListener("success", () => {
        const all = request.result.transaction("keys").objectStore("keys").getAll();
        all.addEventListener("success", () => {
          const pair = (all.result as CryptoKeyPair[])[0]!;
          crypto.subtle.exportKey("pkcs8", pair.privateKey).then(() => resolve("it can be read"), () => resolve(pair.privateKey.extractable));
        });
      });
    }));
    expect(exportable).toBe(false);
    await page.getByRole("link", { name: /Approvals/ }).click();
    await page.getByRole("link", { name: "churn version 2 → production" }).click();
    await page.getByText("You decide for business.").waitFor();
    await page.getByText("Signed with your key in this browser.").waitFor();
    await page.locator("#decision-comment").fill("Looked at the card and at twenty customers.");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Ben Okafor approved it for business").waitFor();
    await page.getByText(/signed with their own key/).waitFor();
    await page.getByText("1 more person has to approve (1 of 2)").waitFor();
  });
  it("is approved by operations too, and only then may be released", async () => {
    const page = await signedIn("Otto Lind");
    await page.getByRole("link", { name: /Approvals/ }).click();
    await page.getByRole("link", { name: "churn version 2 → production" }).click();
    await page.getByLabel("Write a comment").fill("Memory is fine.");
    await page.getByRole("button", { name: "Comment" }).click();
    await page.locator("blockquote", { hasText: "Memory is fine." }).waitFor();
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Everything is there.").waitFor();
    expect(await page.getByRole("button", { name: "Release it" }).count()).toBe(0);
    expect((await predict()).status).toBe(404);
  });
  it("is released by who operates, and answers within seconds", async () => {
    const page = await signedIn("Olga Petrov");
    await page.getByRole("link", { name: /Approvals/ }).click();
    await page.getByRole("link", { name: "churn version 2 → production" }).click();
    await page.getByRole("button", { name: "Release it" }).click();
    await page.getByText("released", { exact: true }).waitFor();
    await expect.poll(async () => (await predict()).status, { timeout: 60_000, interval: 200 }).toBe(200);
    const answer = await predict();
    expect(answer.headers.get("x-slipway-version")).toBe("2");
    expect(await answer.json()).toMatchObject({ predictions: [{ label: "stays" }], model: { name: "churn", version: "2" } });
  });
  it("is tried in the page", async () => {
    const page = await signedIn("Ana Sousa");
    await page.goto(`${up.url}/dashboard/models/churn/versions/2/try`);
    await page.getByLabel("tenure_months").fill("1");
    await page.getByRole("button", { name: "Predict", exact: true }).click();
    await page.locator(".big-answer").waitFor();
    expect(["stays", "leaves"]).toContain(await page.locator(".big-answer").innerText());
    expect(await page.locator(".bar-line").count()).toBe(2);
  });
  it("is in the audit log, whole", async () => {
    const page = await signedIn("Otto Lind");
    await page.getByRole("link", { name: "Audit" }).click();
    await page.getByRole("button", { name: "Verify" }).click();
    await page.getByText(/The log is whole: \d+ entries\./).waitFor();
    await page.getByLabel("Model", { exact: true }).fill("churn");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.waitForURL("**model=churn");
    await page.locator("tbody tr").first().waitFor();
    // The newest first.
    const told = await page.locator("tbody tr").evaluateAll((rows) => rows.reverse().map((r) => `${r.children[2]!.textContent} ${r.children[3]!.textContent} ${r.children[4]!.textContent}`));
    const order = [
      "Ana Sousa version.offered churn 1", "Ana Sousa request.opened churn 1", "Ana Sousa request.withdrawn churn 1", "Ana Sousa version.offered churn 2", "Ana Sousa request.opened churn 2",
      "Ben Okafor request.approved churn 2", "Otto Lind request.commented churn 2", "Otto Lind request.approved churn 2", "Olga Petrov request.promoted churn 2", "Olga Petrov alias.moved churn 2",
    ];
    expect(told.filter((line) => order.includes(line))).toEqual(order);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export" }).click()]);
    expect(download.suggestedFilename()).toMatch(/\.jsonl$/);
  });
  it("left no fault in anybody's browser, and no secret in the server's log", () => {
    for (const [name, { faults }] of Object.entries(people)) expect([name, faults]).toEqual([name, []]);
    const link = /#code=([\w-]+)/.exec(up.signIn ?? "")![1]!;
    const logged = up.output().replace(up.signIn!, "");
    for (const secret of [link, ...Object.values(place.keys)]) expect(logged).not.toContain(secret);
  });
});
