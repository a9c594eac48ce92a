// Networks in a real browser: ONNX Runtime's WebAssembly build in the page's worker, and pictures that become the same
// tensor as on the server.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { GraphBuilder, Ops, serializeModel } from "@slipway/core/onnx";
import { buildPackage, parseImageInput } from "@slipway/core/package";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_HINT, hasBrowser, launchBrowser, openContext, type Watched } from "../../../../scripts/testing-browser.ts";
import { serveFiles, type StaticServer } from "../../../../scripts/testing-static.ts";
import type { PictureSpec } from "../runtime/images/picture-spec.ts";
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
  it("makes the very same tensor of a picture, byte by byte, at any size; and takes a video", async () => {
    const g = new GraphBuilder();
    g.output("pixels", new Ops(g).reshape(g.input("x", "uint8", ["N", 9, 7, 3]), [-1, 189]));
    const source = await buildPackage({
      manifest: { name: "net", version: "1.0.0", source: { file: "m.onnx", sha256: "0".repeat(64), bytes: 1, format: "onnx", producer: {}, rootClass: "m" }, tool: { name: "slipway", version: "0.1.0" }, lineage: [] },
      model: serializeModel(g.finish()), checks: null, profile: null, card: "", sbom: {},
      signature: { layout: "tensors", tensors: [{ name: "x", type: "uint8", shape: ["N", 9, 7, 3] }], tensorRows: "independent", columns: [], extraColumns: "refused", outputs: [{ name: "pixels", graphName: "pixels", kind: "value", type: "uint8", rowShape: [189] }] },
    });
    const app = createServer({ models: [await loadModelPackage(source)] });
    const ask = async (resize: string): Promise<unknown> => ((await inject(app, { method: "POST", url: `/predict?resize=${resize}`, headers: { "content-type": "image/png" }, payload: png })).json() as { predictions: unknown }).predictions;
    const ways = ["stretch", "crop", "pad"];
    const expected = [];
    for (const resize of ways) expected.push(await ask(resize));
    await app.context.models.close();
    for (const [name, bytes] of (await makeEdge(source, "browser", { from: root })).files) files.set(name, bytes);
    await seen.page.goto(site.url);
    const found = await seen.page.evaluate(`(async () => {
      const { loadModel } = await import("./slipway-edge.js");
      const model = await loadModel("net.slip", { onnxruntime: "./onnxruntime/ort.wasm.min.mjs" });
      const picture = await createImageBitmap(await (await fetch("picture.png")).blob());
      const answers = [];
      for (const resize of ${JSON.stringify(ways)}) answers.push(await model.predictImage(picture, { resize }));
      const canvas = Object.assign(document.createElement("canvas"), { width: picture.width, height: picture.height });
      canvas.getContext("2d").drawImage(picture, 0, 0);
      const video = Object.assign(document.createElement("video"), { muted: true, srcObject: canvas.captureStream(30) });
      await video.play();
      const [frame] = await model.predictImage(video);
      return { answers, frame: frame.pixels.length };
    })()`);
    expect(found).toEqual({ answers: expected, frame: 189 });
  });
  it("finds in a picture what the server finds, and shows it over the picture", async () => {
    const images = `${root}corpus/images/shapes/`;
    const image = parseImageInput({ resize: "pad", filter: "bilinear", order: "rgb", scale: 1 / 255, mean: [0], std: [1], fill: 114 }, "", (message) => { throw new Error(message); });
    const { package: source } = await packModel(`${images}shapes.onnx`, readFileSync(`${images}shapes.onnx`), { name: "net", version: "1.0.0", task: { task: "detection" }, image });
    const app = createServer({ models: [await loadModelPackage(source)] });
    const wide = readFileSync(`${images}pictures/wide.png`);
    const ask = async (query: string): Promise<unknown> => ((await inject(app, { method: "POST", url: `/predict${query}`, headers: { "content-type": "image/png" }, payload: wide })).json() as { predictions: unknown }).predictions;
    const expected = [await ask(""), await ask("?most=1&score=0.1")];
    await app.context.models.close();
    for (const [name, bytes] of (await makeEdge(source, "browser", { from: root })).files) files.set(name, bytes);
    files.set("wide.png", wide);
    await seen.page.goto(site.url);
    await seen.page.getByRole("status").filter({ hasText: "ready" }).waitFor();
    const found = await seen.page.evaluate(`(async () => {
      const { loadModel } = await import("./slipway-edge.js");
      const model = await loadModel("net.slip", { onnxruntime: "./onnxruntime/ort.wasm.min.mjs" });
      const picture = await createImageBitmap(await (await fetch("wide.png")).blob());
      return [await model.predictImage(picture), await model.predictImage(picture, { most: 1, score: 0.1 })];
    })()`);
    expect(near(found)).toEqual(near(expected));
    await seen.page.getByLabel("A picture").setInputFiles({ name: "wide.png", mimeType: "image/png", buffer: wide });
    await seen.page.getByRole("img", { name: /The picture with [1-9]\d* detections/ }).waitFor();
    expect(seen.faults).toEqual([]);
  });
  it("segments a picture as the server does, pixel by pixel, and shows it over the picture", async () => {
    const images = `${root}corpus/images/segments/`;
    const task = JSON.parse(readFileSync(`${images}task.json`, "utf8")) as PictureSpec;
    const { package: source } = await packModel(`${images}unet.keras`, readFileSync(`${images}unet.keras`), { name: "net", version: "1.0.0", task });
    const app = createServer({ models: [await loadModelPackage(source)] });
    const expected = [];
    for (const name of ["wide", "tall", "small"]) {
      const payload = readFileSync(`${images}pictures/${name}.png`);
      files.set(`${name}.png`, payload);
      for (const query of ["", "?resize=pad"]) expected.push(((await inject(app, { method: "POST", url: `/predict${query}`, headers: { "content-type": "image/png" }, payload })).json() as { predictions: unknown[] }).predictions[0]);
    }
    await app.context.models.close();
    for (const [name, bytes] of (await makeEdge(source, "browser", { from: root })).files) files.set(name, bytes);
    await seen.page.goto(site.url);
    await seen.page.getByRole("status").filter({ hasText: "ready" }).waitFor();
    const found = await seen.page.evaluate(`(async () => {
      const { loadModel } = await import("./slipway-edge.js");
      const model = await loadModel("net.slip", { onnxruntime: "./onnxruntime/ort.wasm.min.mjs" });
      const answers = [];
      for (const name of ["wide", "tall", "small"]) {
        const picture = await createImageBitmap(await (await fetch(name + ".png")).blob());
        for (const options of [{}, { resize: "pad" }]) answers.push(...await model.predictImage(picture, options));
      }
      return answers;
    })()`);
    expect(found).toEqual(expected);
    await seen.page.getByLabel("A picture").setInputFiles({ name: "wide.png", mimeType: "image/png", buffer: Buffer.from(files.get("wide.png")!) });
    await seen.page.getByRole("img", { name: /The picture with [1-9]\d* class(?:es)? shown over it/ }).waitFor();
    expect(seen.faults).toEqual([]);
  });
  it("answers what the page's own file field is given", async () => {
    await seen.page.getByLabel("A picture").setInputFiles({ name: "picture.png", mimeType: "image/png", buffer: png });
    await seen.page.locator("#answer .picture").waitFor();
  });
  it("answers a sound as the server does, resampled and made a spectrogram in the page's worker", async () => {
    const folder = `${root}corpus/audio/kinds/`;
    const { package: source } = await packModel(folder, new Uint8Array(0), { name: "net", version: "1.0.0" });
    const app = createServer({ models: [await loadModelPackage(source)] });
    const names = ["tone", "sweep", "noise"];
    const expected = [];
    for (const name of names) {
      const payload = readFileSync(`${folder}sounds/${name}.wav`);
      expected.push(((await inject(app, { method: "POST", url: "/predict", headers: { "content-type": "audio/wav" }, payload })).json() as { predictions: unknown[] }).predictions[0]);
      files.set(`${name}.wav`, payload);
    }
    await app.context.models.close();
    for (const [name, bytes] of (await makeEdge(source, "browser", { from: root })).files) files.set(name, bytes);
    await seen.page.goto(site.url);
    await seen.page.getByRole("status").filter({ hasText: "ready" }).waitFor();
    const found = await seen.page.evaluate(`(async () => {
      const { loadModel } = await import("./slipway-edge.js");
      const model = await loadModel("net.slip", { onnxruntime: "./onnxruntime/ort.wasm.min.mjs" });
      const sounds = await Promise.all(${JSON.stringify(names)}.map(async (name) => new Uint8Array(await (await fetch(name + ".wav")).arrayBuffer())));
      return model.predictSound(sounds);
    })()`);
    expect(near(found)).toEqual(near(expected));
    await seen.page.getByLabel("A sound").setInputFiles({ name: "tone.wav", mimeType: "audio/wav", buffer: readFileSync(`${folder}sounds/tone.wav`) });
    await seen.page.locator("#answer .big").filter({ hasText: "tone" }).waitFor();
    expect(seen.faults).toEqual([]);
  });
});
