// Pictures through an image model's folder beside what Pillow, NumPy and ONNX Runtime in Python make of them.
/* oxlint-disable typescript/no-explicit-any -- what Python wrote, as it is */

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSlip, writeSlip } from "@slipway/core/package";
import { planImages, pictureTensor, resize } from "@slipway/core/predict";
import { afterAll, describe, expect, it } from "vitest";
import { createHandler } from "../../server/index.ts";
import { decodePng } from "../../server/decoding/png.ts";
import { loadModelPackage, openModel } from "../index.ts";

const folder = fileURLToPath(new URL("../../../../../corpus/images/classifier/", import.meta.url));
const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as any;
const picture = (name: string): Buffer => readFileSync(join(folder, "pictures", `${name}.png`));
const scratch = mkdtempSync(join(tmpdir(), "slipway-images-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const names = Object.keys(expected.pictures as object);

/** Levels by which they differ at most, and how many values differ at all. */
function apart(found: ArrayLike<number>, wanted: readonly number[]): [number, number] {
  expect(found.length).toBe(wanted.length);
  let [most, count] = [0, 0];
  wanted.forEach((w, i) => {
    const d = Math.abs(found[i]! - w);
    if (d > 0) count++;
    most = Math.max(most, d);
  });
  return [most, count];
}

describe("resizing", () => {
  it.each(["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"] as const)("%s is Pillow's, to the level", (filter) => {
    const { data, width, height } = decodePng(picture("wide"));
    const rgb = new Uint8Array(width * height * 3);
    for (let i = 0; i < width * height; i++) rgb.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
    const box = { x: 0, y: 0, width, height };
    for (const [form, w, h] of [["down", 20, 13], ["up", 40, 70]] as const) {
      const [most, count] = apart(resize(rgb, width, 3, box, w, h, filter), expected.resized[filter][form] as number[]);
      expect(most, form).toBeLessThanOrEqual(1);
      expect(count, form).toBeLessThanOrEqual(w * h * 3 * 0.01);
    }
  });
});

describe("a folder of an image classifier", () => {
  it("says in its signature how pictures are prepared, also after it was packed", async () => {
    const { package: pkg } = await openModel(folder);
    const again = await readSlip(writeSlip(pkg));
    expect(again.signature).toEqual(pkg.signature);
    expect(again.signature.tensors![0]).toMatchObject({ shape: ["N", 3, 28, 28].map((d) => (d === "N" ? expect.anything() as unknown : d)), image: { resize: "shortest", size: [32], filter: "bicubic", order: "rgb", mean: [0.485, 0.456, 0.406] } });
    expect(again.signature.outputs.map((o) => [o.name, o.kind])).toEqual([["label", "label"], ["probabilities", "probabilities"]]);
  });
  it("prepares pictures as transformers does with Pillow", async () => {
    const { package: { signature } } = await openModel(folder);
    const { plan } = planImages(signature);
    for (const name of names) {
      const { data } = pictureTensor(decodePng(picture(name)), { ...plan, whole: true, channelsFirst: false });
      expect(apart(data, expected.pictures[name].pixels as number[])[0], name).toBeLessThanOrEqual(1);
    }
  });
  it("answers a PNG with Python's label and probabilities", async () => {
    const { package: pkg } = await openModel(folder);
    const model = await loadModelPackage(pkg);
    const handle = createHandler(model);
    for (const name of names) {
      const answer = await handle(new Request("http://localhost/predict", { method: "POST", headers: { "content-type": "image/png" }, body: new Uint8Array(picture(name)) }));
      const { predictions: [found] } = (await answer.json()) as any;
      expect(found.label, name).toBe(expected.pictures[name].label);
      Object.values(found.probabilities as Record<string, number>).forEach((p, k) => expect(p, name).toBeCloseTo(expected.pictures[name].probabilities[k] as number, 2));
    }
    // The query may say otherwise.
    const other = await handle(new Request("http://localhost/predict?resize=pad&filter=nearest", { method: "POST", headers: { "content-type": "image/png" }, body: new Uint8Array(picture("wide")) }));
    expect(((await other.json()) as any).predictions[0].probabilities).not.toEqual(expected.pictures.wide.probabilities);
    await model.close();
  });
  it("refuses what it does not do, by name", async () => {
    const changed = (name: string, change: object): string => {
      const copy = join(scratch, name);
      cpSync(folder, copy, { recursive: true });
      const file = join(copy, "preprocessor_config.json");
      writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), ...change }));
      return copy;
    };
    for (const [name, change] of [["pad", { do_pad: true }], ["longest", { size: { shortest_edge: 20, longest_edge: 40 } }], ["pct", { crop_pct: 0.8 }], ["filter", { resample: 9 }], ["mean", { image_mean: "x" }]] as const) {
      await expect(openModel(changed(name, change)), name).rejects.toMatchObject({ code: "image-preparation" });
    }
    const bare = changed("bare", {});
    rmSync(join(bare, "onnx"), { recursive: true });
    await expect(openModel(bare)).rejects.toMatchObject({ code: "image-folder" });
    expect(readdirSync(bare)).toContain("config.json");
  });
});
