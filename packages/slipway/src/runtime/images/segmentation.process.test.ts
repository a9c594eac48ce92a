// Masks beside what Keras, Pillow and pycocotools make of the same pictures.
/* oxlint-disable typescript/no-explicit-any -- what Python wrote, as it is */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { GraphBuilder, Ops, serializeModel } from "@slipway/core/onnx";
import { parseImageInput, readSlip, writeSlip } from "@slipway/core/package";
import { drawRuns, type Mask } from "@slipway/core/predict";
import { describe, expect, it } from "vitest";
import { createHandler } from "../../server/index.ts";
import { decodePng } from "../../server/decoding/png.ts";
import { loadModelPackage, type Model } from "../index.ts";
import { packModel } from "../pack.ts";
import type { PictureSpec } from "./picture-spec.ts";

const folder = fileURLToPath(new URL("../../../../../corpus/images/segments/", import.meta.url));
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(folder + name));
const { labels, ...expected } = JSON.parse(readFileSync(`${folder}expected.json`, "utf8")) as any;
const image = parseImageInput({ resize: "stretch", filter: "bilinear", order: "rgb", scale: 1 / 255, mean: [0], std: [1] }, "", (message) => { throw new Error(message); });
const NAMES = ["wide", "tall", "small", "odd"];

async function pack(file: string, task: PictureSpec, bytes: Uint8Array = read(file)): Promise<Model> {
  const { package: source } = await packModel(folder + file, bytes, { task, image });
  return loadModelPackage(await readSlip(writeSlip(source)));
}
const send = (model: Model, body: Uint8Array | string, query = "", headers: Record<string, string> = {}): Promise<Response> =>
  createHandler(model)(new Request(`http://localhost/predict${query}`, { method: "POST", headers: { "content-type": typeof body === "string" ? "application/json" : "image/png", ...headers }, body: body as BodyInit }));
const ask = async (...args: Parameters<typeof send>): Promise<any> => (await send(...args)).json();

/** Red is the class. */
function packMap(size: number, names: readonly string[] = labels): Promise<Model> {
  const g = new GraphBuilder();
  const o = new Ops(g);
  g.output("classes", o.cast(o.reshape(o.slice(g.input("x", "float", ["N", 3, size, size]), 0, 1, 1), [-1, size, size]), "int64"));
  return pack("map.onnx", { task: "segmentation", labels: names }, serializeModel(g.finish()));
}

describe("masks", () => {
  it.each<[string, PictureSpec, string]>([
    ["unet.keras", { task: "segmentation", labels }, "unet"],
    ["fcn.onnx", { task: "segmentation", labels }, "unet"],
    ["silhouette.onnx", { task: "segmentation" }, "silhouette"],
    ["silhouette-logits.onnx", { task: "segmentation", threshold: 0 }, "silhouette"],
  ])("of %s are those of Keras and Pillow at the picture's size, pixel by pixel", async (file, task, name) => {
    const model = await pack(file, task);
    expect(model.signature.outputs).toEqual([expect.objectContaining({ name: "mask", kind: "mask" })]);
    for (const picture of NAMES) expect((await ask(model, read(`pictures/${picture}.png`))).predictions[0].mask, picture).toEqual(expected[name][picture]);
    if (name === "unet") for (const picture of NAMES) expect((await ask(model, read(`pictures/${picture}.png`), "?resize=pad")).predictions[0].mask, picture).toEqual(expected.padded[picture]);
    await model.close();
  });
  it("are brought to the picture's size by the nearest pixel as Pillow does, and are what the network itself says", async () => {
    const model = await packMap(64);
    const { predictions: [{ mask }] } = await ask(model, read("pictures/marbles.png"), "?filter=nearest&scale=1");
    expect(mask).toEqual(expected.nearest);
    await model.close();
  });
  it("come as a picture of their classes, alone or in base64, with the same pixels", async () => {
    const model = await pack("fcn.onnx", { task: "segmentation", labels });
    const { size: [height, width], segments } = expected.unet.wide;
    const map = new Uint8Array(height * width).fill(255);
    for (const s of segments) expect(drawRuns(s.counts, s.class, width, height, map)).toBe(true);
    const answer = await send(model, read("pictures/wide.png"), "", { accept: "image/png" });
    expect(answer.headers.get("content-type")).toBe("image/png");
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const { predictions: [{ mask }] } = await ask(model, read("pictures/wide.png"), "?mask=png");
    expect(Buffer.from(mask.png, "base64")).toEqual(Buffer.from(bytes));
    expect(mask.segments).toEqual(segments.map(({ label, class: number, pixels }: any) => ({ label, class: number, pixels })));
    // The palette is PASCAL VOC's: black, dark red, dark green, dark yellow.
    const colours = [[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0]];
    const { data } = decodePng(bytes);
    expect([...map].every((c, i) => colours[c]!.every((v, k) => data[4 * i + k] === v))).toBe(true);
    expect((await ask(model, read("pictures/wide.png"), "?mask=svg")).error).toMatchObject({ code: "request-malformed" });
    expect((await ask(model, read("pictures/wide.png"), "?score=0.5")).error).toMatchObject({ code: "request-malformed" });
    const base64 = Buffer.from(read("pictures/wide.png")).toString("base64");
    expect((await ask(model, JSON.stringify({ instances: [{ b64: base64 }, { b64: base64 }] }))).predictions.map((p: any) => p.mask)).toEqual([expected.unet.wide, expected.unet.wide]);
    expect((await ask(model, JSON.stringify([{ b64: base64 }, { b64: base64 }]), "", { accept: "image/png" })).error).toMatchObject({ code: "request-shape" });
    await model.close();
  });
  it("leave out what a crop did not show, and say so to nobody's surprise", async () => {
    const model = await pack("fcn.onnx", { task: "segmentation", labels });
    const { predictions: [{ mask }] } = await ask(model, read("pictures/wide.png"), "?resize=crop");
    const [height, width] = mask.size;
    const shown = mask.segments.reduce((n: number, s: any) => n + s.pixels, 0);
    // The middle: as high as wide.
    expect([height, width, shown]).toEqual([128, 256, 128 * 128]);
    const map = new Uint8Array(height * width).fill(255);
    for (const s of (mask as Mask).segments) drawRuns(s.counts, s.class, width, height, map);
    expect([map[63], map[64], map[191], map[192]].map((c) => c === 255)).toEqual([true, false, false, true]);
    await model.close();
  });
  it("of tensors that are sent as they are have the tensor's size; their shape is told", async () => {
    const model = await pack("silhouette.onnx", { task: "segmentation" });
    const plain = JSON.stringify({ inputs: { input: [Array.from({ length: 3 }, () => Array.from({ length: 64 }, () => Array.from({ length: 64 }, () => 1)))] } });
    expect((await ask(model, plain)).predictions[0].mask.size).toEqual([64, 64]);
    const { components } = await (await createHandler(model)(new Request("http://localhost/openapi.json"))).json() as any;
    const { mask } = Object.values<any>(components.schemas).find((s) => s.properties?.mask !== undefined).properties;
    expect(mask.properties.segments.items.properties.label.examples).toEqual(["background", "foreground"]);
    await model.close();
  });
  it("are a map of classes that the network gives itself, also of numbers without a name", async () => {
    const model = await packMap(8, ["a", "b"]);
    const row = Array.from({ length: 3 }, () => Array.from({ length: 8 }, (_, y) => Array.from({ length: 8 }, () => (y < 3 ? 1 : 300))));
    expect((await ask(model, JSON.stringify({ inputs: { x: [row] } }))).predictions[0].mask.segments.map((s: any) => [s.label, s.class, s.pixels])).toEqual([["b", 1, 24], ["300", 300, 40]]);
    expect((await ask(model, JSON.stringify({ inputs: { x: [row] } }), "?mask=png")).predictions[0].mask.png).toMatch(/^iVBOR/);
    await model.close();
  });
  it("refuses what is no map of classes, naming what there is", async () => {
    await expect(pack("silhouette-logits.onnx", { task: "segmentation" })).rejects.toMatchObject({ code: "picture-task", hint: expect.stringContaining("threshold") });
    await expect(pack("fcn.onnx", { task: "segmentation", labels: ["one"] })).rejects.toMatchObject({ code: "picture-task" });
    await expect(pack("fcn.onnx", { task: "segmentation", output: "none" })).rejects.toMatchObject({ code: "picture-task", hint: expect.stringContaining("aux") });
    await expect(pack("fcn.onnx", { task: "segmentation", threshold: 1 })).rejects.toMatchObject({ code: "picture-task" });
    await expect(pack("fcn.onnx", { task: "segmentation", layout: "binary" })).rejects.toMatchObject({ code: "picture-task" });
    const shapes = fileURLToPath(new URL("../../../../../corpus/images/classifier/onnx/model.onnx", import.meta.url));
    await expect(pack("none.onnx", { task: "segmentation" }, new Uint8Array(readFileSync(shapes)))).rejects.toMatchObject({ code: "picture-task", message: expect.stringContaining("logits") });
  });
});
