// Networks in a real browser: ONNX Runtime's WebAssembly build in the page's worker, and pictures that become the same
// tensor as on the server.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_HINT, hasBrowser, launchBrowser, openContext, type Watched } from "../../../../scripts/testing-browser.ts";
import { serveFiles, type StaticServer } from "../../../../scripts/testing-static.ts";
import { loadModelPackage } from "../runtime/index.ts";
import { packModel } from "../runtime/pack.ts";
import { createServer } from "../server/index.ts";
import { inject } from "../server/testing.ts";
import { makeEdge } from "./index.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const { pictures } = JSON.parse(readFileSync(new URL("../server/decoding/fixtures/binary.json", import.meta.url), "utf8")) as { pictures: Record<string, { png: string }> };
const png = Buffer.from(pictures["rgb"]!.png, "base64");

/** To the six digits that floats have everywhere: two builds of ONNX Runtime add up in other orders. */
function near(rows: unknown): unknown {
  return JSON.parse(JSON.stringify(rows, (_, v: unknown) => (typeof v === "number" ? Number(v.toPrecision(4)) : v)));
}

describe.skipIf(!hasBrowser)(`networks in a browser${hasBrowser ? "" : ` (${BROWSER_HINT})`}`, () => {
  let browser: Browser;
  let site: StaticServer;
  let seen: Watched;
  const files = new Map<string, Uint8Array>();
  beforeAll(async () => {
    site = await serveFiles(files);
    browser = await launchBrowser();
    seen = await openContext(browser);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  it.each([["tflite-float-image/model.tflite", "?resize=crop&order=bgr", { resize: "crop", order: "bgr" }], ["torch-cnn-trace/model.pt", "?resize=pad&mean=0.5&std=0.25", { resize: "pad", mean: [0.5], std: [0.25] }]])("%s answers a picture as the server does", async (file, query, options) => {
    const path = `${root}corpus/cases/${file}`;
    const { package: source } = await packModel(path, readFileSync(path), { name: "net", version: "1.0.0" });
    const app = createServer({ models: [await loadModelPackage(source)] });
    const answer = await inject(app, { method: "POST", url: `/predict${query}`, headers: { "content-type": "image/png" }, payload: png });
    await app.context.models.close();
    for (const [name, bytes] of (await makeEdge(source, "browser", { from: root })).files) files.set(name, bytes);
    files.set("picture.png", png);
    await seen.page.goto(site.url);
    await seen.page.getByRole("status").filter({ hasText: "ready" }).waitFor();
    const found = await seen.page.evaluate(`(async () => {
      const { loadModel } = await import("./slipway-edge.js");
      const model = await loadModel("net.slip", { onnxruntime: "./onnxruntime/ort.wasm.min.mjs" });
      const picture = await createImageBitmap(await (await fetch("picture.png")).blob());
      const canvas = new OffscreenCanvas(picture.width, picture.height);
      canvas.getContext("2d").drawImage(picture, 0, 0);
      const options = ${JSON.stringify(options)};
      const answers = [await model.predictImage(picture, options), await model.predictImage(canvas, options), await model.predictImage(canvas.getContext("2d").getImageData(0, 0, picture.width, picture.height), options)];
      return { answers, engine: model.engine.name, thread: model.thread };
    })()`);
    const { predictions } = answer.json() as { predictions: unknown };
    expect(near(found)).toEqual(near({ answers: [predictions, predictions, predictions], engine: "onnxruntime", thread: "worker" }));
    expect(seen.faults).toEqual([]);
  });
  it("answers what the page's own file field is given", async () => {
    await seen.page.getByLabel("A picture").setInputFiles({ name: "picture.png", mimeType: "image/png", buffer: png });
    await seen.page.locator("#answer .output").waitFor();
  });
});
