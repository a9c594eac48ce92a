// Detectors beside what Pillow, PyTorch, torchvision and transformers make of the same pictures.
/* oxlint-disable typescript/no-explicit-any -- what Python wrote, as it is */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseImageInput, readSlip, writeSlip } from "@slipway/core/package";
import type { Detected } from "@slipway/core/predict";
import { describe, expect, it } from "vitest";
import { createHandler } from "../../server/index.ts";
import { loadModelPackage, openModel, type Model } from "../index.ts";
import { packModel } from "../pack.ts";
import type { PictureSpec } from "./picture-spec.ts";

const images = fileURLToPath(new URL("../../../../../corpus/images/", import.meta.url));
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(images + name));
const json = (name: string): any => JSON.parse(readFileSync(images + name, "utf8"));
const fail = (message: string, where: string): never => {
  throw new Error(`${where}: ${message}`);
};

/** The same detections: every box within `pixels`, every score within `score`; scores that are nearly equal may change places. */
function same(found: readonly Detected[], wanted: readonly Detected[], pixels: number, score: number): void {
  expect(found.length).toBe(wanted.length);
  expect(found.every((f, i) => i === 0 || f.score <= found[i - 1]!.score)).toBe(true);
  const left = [...found];
  for (const w of wanted) {
    const at = left.findIndex((f) => f.label === w.label && Math.abs(f.score - w.score) <= score && w.box.every((x, k) => Math.abs(x - f.box[k]!) <= pixels));
    expect(at, `${JSON.stringify(w)} among ${JSON.stringify(left)}`).toBeGreaterThanOrEqual(0);
    left.splice(at, 1);
  }
}

async function pack(file: string, task: PictureSpec, image?: object): Promise<Model> {
  const { package: source } = await packModel(images + file, read(file), { task, ...(image === undefined ? {} : { image: parseImageInput({ resize: "stretch", filter: "bilinear", order: "rgb", scale: 1 / 255, mean: [0], std: [1], ...image }, "", fail as never) }) });
  return loadModelPackage(await readSlip(writeSlip(source)));
}
const ask = async (model: Model, body: Uint8Array | string, query = "", type = "image/png"): Promise<any> =>
  (await createHandler(model)(new Request(`http://localhost/predict${query}`, { method: "POST", headers: { "content-type": type }, body: body as BodyInit }))).json();

describe("detections", () => {
  const { labels, expected } = json("heads/expected.json");
  const plain = JSON.stringify({ inputs: { images: [Array.from({ length: 3 }, () => Array.from({ length: 32 }, () => Array.from({ length: 32 }, () => 0)))] } });
  const whole = JSON.stringify({ inputs: { images: Array.from({ length: 3 }, () => Array.from({ length: 32 }, () => Array.from({ length: 32 }, () => 0))) } });
  it.each(["yolov8", "yolov5", "yolov10", "ssd", "torchvision", "tensorflow"] as const)("of a network with the outputs of %s are torchvision's, found by the outputs alone", async (layout) => {
    const model = await pack(`heads/${layout}.onnx`, { task: "detection", ...(layout === "yolov10" ? { layout } : {}), labels });
    expect(model.signature.task).toMatchObject({ kind: "detection", labels });
    const answer = await ask(model, layout === "torchvision" ? whole : plain, "", "application/json");
    const { predictions: [{ detections }] } = answer;
    expect(expected[layout].length).toBeGreaterThan(3);
    same(detections, expected[layout], 1e-4, 1e-6);
    await model.close();
  });
  it("leave out boxes of other classes as well, where that is asked for", async () => {
    const model = await pack("heads/yolov8.onnx", { task: "detection", labels, byClass: false });
    same((await ask(model, plain, "", "application/json")).predictions[0].detections, expected["yolov8-all"], 1e-4, 1e-6);
    await model.close();
  });
  it("are in pixels of the picture that was sent, whatever its size", async () => {
    const wanted = json("shapes/expected.json");
    const model = await pack("shapes/shapes.onnx", { task: "detection" }, json("shapes/image.json"));
    expect(model.signature.task!.labels).toEqual(["square", "circle", "triangle"]);
    const { components } = await (await createHandler(model)(new Request("http://localhost/openapi.json"))).json() as any;
    const { detections: described } = Object.values<any>(components.schemas).find((s) => s.properties?.detections !== undefined)!.properties;
    expect(described).toMatchObject({ type: "array", items: { properties: { box: { minItems: 4, maxItems: 4 }, label: { type: "string", examples: ["square", "circle", "triangle"] } } } });
    for (const name of ["wide", "tall", "small"]) {
      const { predictions: [{ detections }] } = await ask(model, read(`shapes/pictures/${name}.png`));
      expect(wanted[name].length, name).toBeGreaterThan(0);
      same(detections, wanted[name], 0.5, 0.02);
      for (const d of detections) expect(Object.keys(d).toSorted()).toEqual([...described.items.required].toSorted());
    }
    const all = (await ask(model, read("shapes/pictures/wide.png"))).predictions[0].detections as Detected[];
    expect((await ask(model, read("shapes/pictures/wide.png"), "?most=1")).predictions[0].detections).toEqual(all.slice(0, 1));
    const bar = all[0]!.score - 1e-4;
    expect((await ask(model, read("shapes/pictures/wide.png"), `?score=${bar}`)).predictions[0].detections).toEqual(all.filter((d) => d.score > bar));
    expect((await ask(model, read("shapes/pictures/wide.png"), "?score=0.01")).error).toMatchObject({ code: "request-malformed" });
    await model.close();
  });
  it("of a folder of Hugging Face's are those of transformers' own processor", async () => {
    const wanted = json("detr/expected.json");
    const { package: source } = await openModel(`${images}detr`);
    const model = await loadModelPackage(source);
    for (const name of ["wide", "tall", "long"]) {
      const { predictions: [{ detections }] } = await ask(model, read(`detr/pictures/${name}.png`), `?score=${wanted.score}`);
      expect(wanted.pictures[name].detections.length, name).toBeGreaterThan(0);
      same(detections, wanted.pictures[name].detections, 0.2, 2e-3);
    }
    await model.close();
  });
  it("refuses a network without such outputs, naming what it gives", async () => {
    await expect(pack("classifier/onnx/model.onnx", { task: "detection" })).rejects.toMatchObject({ code: "picture-task", message: expect.stringContaining("logits") });
    await expect(pack("heads/yolov8.onnx", { task: "detection", labels: ["one"] })).rejects.toMatchObject({ code: "picture-task" });
    await expect(pack("heads/torchvision.onnx", { task: "detection", iou: 0.5 })).rejects.toMatchObject({ code: "picture-task" });
  });
});
