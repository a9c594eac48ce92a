// The try-it page in a real browser, asked with pictures.

import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseImageInput } from "@slipway/core/package";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_HINT, hasBrowser, launchBrowser, openContext, violations } from "../../../../../scripts/testing-browser.ts";
import { drawRuns } from "@slipway/core/predict";
import type { PictureSpec } from "../../runtime/images/picture-spec.ts";
import { decodePng } from "../decoding/png.ts";
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

async function segmenting(): Promise<Model> {
  const task = json("segments/task.json") as PictureSpec;
  return loadModelPackage((await packModel(`${images}segments/unet.keras`, bytes("segments/unet.keras"), { name: "segments", version: "1.0.0", task })).package);
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
    server = await startServer([await detector(), await segmenting(), await loadModelPackage(kinds)], { port: 0 });
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

  it.each(["light", "dark"] as const)("lays the classes of a mask over the picture, %s", async (colorScheme) => {
    const { context, page, faults } = await openContext(browser, { colorScheme });
    await page.goto(`${server.url}/models/segments`);
    await page.getByLabel("A picture").setInputFiles({ name: "wide.png", mimeType: "image/png", buffer: bytes("segments/pictures/wide.png") });
    const { segments } = (json("segments/expected.json") as { unet: Record<string, { segments: { label: string; class: number; pixels: number; counts: string }[] }> }).unet["wide"]!;
    await page.getByRole("img", { name: `The picture with ${segments.length - 1} classes shown over it` }).waitFor();
    const largest = segments.toSorted((a, b) => b.pixels - a.pixels);
    expect(await page.locator("#answer tbody tr td:first-child").allTextContents()).toEqual(largest.map((s) => s.label));
    expect(await page.locator("#answer tbody tr td:last-child").allTextContents()).toEqual(largest.map((s) => String(s.pixels)));
    // Where the ground is, the page shows the picture itself; where a class is, its colour over it.
    const [size, map] = [[256, 128] as const, new Uint8Array(256 * 128)];
    for (const s of segments) drawRuns(s.counts, s.class, ...size, map);
    const shown = (await page.evaluate(`(() => { const c = document.querySelector("#answer canvas"); return [...c.getContext("2d").getImageData(0, 0, c.width, c.height).data]; })()`)) as number[];
    const { data } = decodePng(bytes("segments/pictures/wide.png"));
    const scale = Math.sqrt(shown.length / 4 / map.length);
    const differs = (i: number): boolean => [0, 1, 2].some((c) => Math.abs(shown[4 * (Math.floor(i / 256) * scale * 256 * scale + (i % 256) * scale) + c]! - data[4 * i + c]!) > 60);
    // Between pixels the larger picture is smooth: only inside of a class or of the ground.
    const inside = [...map.keys()].filter((i) => [-3, 3, -3 * 256, 3 * 256].every((d) => map[i + d] === map[i] && [0, 1, 2].every((c) => data[4 * (i + d) + c] === data[4 * i + c])));
    expect(inside.length).toBeGreaterThan(5000);
    expect(inside.filter((i) => map[i] === 0 && differs(i))).toEqual([]);
    expect(inside.filter((i) => map[i] !== 0 && differs(i)).length).toBeGreaterThan(100);
    await look(page, `segmentation-${colorScheme}`);
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
