// The try-it page in a real browser, asked with pictures.

import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseImageInput } from "@slipway/core/package";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_HINT, hasBrowser, launchBrowser, openContext, violations } from "../../../../../scripts/testing-browser.ts";
import { loadModelPackage, type Model } from "../../runtime/index.ts";
import { packModel } from "../../runtime/pack.ts";
import { startServer, type RunningServer } from "../index.ts";

const images = fileURLToPath(new URL("../../../../../corpus/images/", import.meta.url));
const sounds = fileURLToPath(new URL("../../../../../corpus/audio/kinds/", import.meta.url));
const bytes = (name: string): Buffer => readFileSync(images + name);
const json = (name: string): unknown => JSON.parse(bytes(name).toString());
/** Where pictures of the pages are kept, for a look. */
const kept = process.env["SLIPWAY_SCREENSHOTS"];

async function detector(): Promise<Model> {
  const usual = { resize: "stretch", filter: "bilinear", order: "rgb", scale: 1 / 255, mean: [0], std: [1] };
  const image = parseImageInput({ ...usual, ...(json("shapes/image.json") as object) }, "", (message) => { throw new Error(message); });
  return loadModelPackage((await packModel(`${images}shapes/shapes.onnx`, bytes("shapes/shapes.onnx"), { name: "shapes", version: "1.0.0", task: { task: "detection" }, image })).package);
}

async function look(page: Page, name: string): Promise<void> {
  expect(await violations(page), name).toEqual([]);
  if (kept === undefined) return;
  mkdirSync(kept, { recursive: true });
  await page.screenshot({ path: `${kept}/${name}.png`, fullPage: true });
}

describe.skipIf(!hasBrowser)(`the try-it page and pictures${hasBrowser ? "" : ` (${BROWSER_HINT})`}`, () => {
  let browser: Browser;
  let server: RunningServer;
  beforeAll(async () => {
    const { package: kinds } = await packModel(sounds, new Uint8Array(0), { name: "sounds", version: "1.0.0" });
    server = await startServer([await detector(), await loadModelPackage(kinds)], { port: 0 });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it.each(["light", "dark"] as const)("shows what was found over the picture, %s", async (colorScheme) => {
    const { context, page, faults } = await openContext(browser, { colorScheme });
    await page.goto(`${server.url}/models/shapes`);
    await look(page, `detection-empty-${colorScheme}`);
    await page.getByLabel("A picture").setInputFiles({ name: "wide.png", mimeType: "image/png", buffer: bytes("shapes/pictures/wide.png") });
    const wanted = (json("shapes/expected.json") as Record<string, { label: string }[]>)["wide"]!;
    await page.getByRole("img", { name: `The picture with ${wanted.length} detections` }).waitFor();
    expect(await page.locator("#answer tbody tr td:first-child").allTextContents()).toEqual(wanted.map((w) => w.label));
    expect(await page.locator("#curl").textContent()).toContain("--data-binary '@wide.png'");
    await look(page, `detection-${colorScheme}`);
    expect(faults).toEqual([]);
    await context.close();
  });

  it.each(["light", "dark"] as const)("plays the sound beside what it is, %s", async (colorScheme) => {
    const { context, page, faults } = await openContext(browser, { colorScheme });
    await page.goto(`${server.url}/models/sounds`);
    await page.getByLabel("A sound").setInputFiles({ name: "tone.wav", mimeType: "audio/wav", buffer: readFileSync(`${sounds}sounds/tone.wav`) });
    await page.locator("#answer .big").filter({ hasText: "tone" }).waitFor();
    await page.getByLabel("The sound that was sent").waitFor();
    await look(page, `sound-${colorScheme}`);
    expect(faults).toEqual([]);
    await context.close();
  });
});
