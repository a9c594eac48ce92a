// A folder with SegFormer, as transformers and optimum write one, beside what transformers' own image processor makes of the
// same network's answers, at the size of the pictures.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { readSlip, writeSlip } from "@slipway/core/package";
import type { Mask } from "@slipway/core/predict";
import { createHandler } from "../../server/index.ts";
import { loadModelPackage, openModel, type Model } from "../index.ts";
import { packModel } from "../pack.ts";

const folder = fileURLToPath(new URL("../../../../../corpus/images/segformer", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "slipway-segformer-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as Record<string, Mask>;
const picture = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, "pictures", `${name}.png`)));

async function ask(model: Model, name: string, query = ""): Promise<Mask> {
  const answer = await createHandler(model)(new Request(`http://localhost/predict${query}`, { method: "POST", headers: { "content-type": "image/png" }, body: picture(name) as BodyInit }));
  const body = (await answer.json()) as { predictions: [{ mask: Mask }] };
  expect(body).toMatchObject({ predictions: [{ mask: expect.anything() as unknown }] });
  return body.predictions[0].mask;
}
/** The folder with another setting. */
function changed(name: string, change: (json: Record<string, unknown>) => void, file = "preprocessor_config.json"): string {
  const path = join(scratch, name);
  cpSync(folder, path, { recursive: true });
  const json = JSON.parse(readFileSync(join(path, file), "utf8")) as Record<string, unknown>;
  change(json);
  writeFileSync(join(path, file), JSON.stringify(json));
  return path;
}

describe("SegFormer, as Hugging Face keeps it", () => {
  it("gives transformers' masks, pixel by pixel, from scores at a quarter of the size", async () => {
    const { package: source } = await openModel(folder);
    expect(source.signature.task).toMatchObject({ kind: "segmentation", upsampled: "bilinear", labels: ["background", "square", "circle", "triangle"] });
    const model = await loadModelPackage(await readSlip(writeSlip(source)));
    for (const [name, mask] of Object.entries(expected)) expect(await ask(model, name), name).toEqual(mask);
    await model.close();
  });
  it("gives the class of the nearest pixel where that is asked for, which is coarser", async () => {
    const file = join(folder, "model.onnx");
    const labels = ["background", "square", "circle", "triangle"];
    const { image, ...input } = (await openModel(folder)).package.signature.tensors![0]!;
    const pack = async (upsample: "nearest" | "bilinear"): Promise<Mask> => {
      const { package: source } = await packModel(file, new Uint8Array(readFileSync(file)), { task: { task: "segmentation", labels, upsample }, image: image! });
      const model = await loadModelPackage({ ...source, signature: { ...source.signature, tensors: [{ ...input, image: image! }] } });
      const mask = await ask(model, "small");
      await model.close();
      return mask;
    };
    expect(await pack("bilinear")).toEqual(expected["small"]);
    const nearest = await pack("nearest");
    expect([nearest.size, nearest.segments.length > 1]).toEqual([[32, 32], true]);
    expect(nearest).not.toEqual(expected["small"]);
  });
  it("belongs to nothing where a crop did not show it", async () => {
    const path = changed("cropped", (json) => Object.assign(json, { size: { shortest_edge: 64 }, do_center_crop: true, crop_size: { height: 64, width: 64 } }));
    const model = await loadModelPackage((await openModel(path)).package);
    const { size, segments } = await ask(model, "wide");
    // Of 256 x 128 the middle square.
    expect([size, segments.reduce((n, s) => n + s.pixels, 0)]).toEqual([[128, 256], 128 * 128]);
    await model.close();
  });
  it("is refused where its pictures are prepared in a way that is not done", async () => {
    await expect(openModel(changed("kept", (json) => (json["keep_aspect_ratio"] = true)))).rejects.toMatchObject({ code: "image-preparation", message: expect.stringContaining("keep_aspect_ratio") as string });
    await expect(openModel(changed("multiples", (json) => (json["ensure_multiple_of"] = 48)))).rejects.toMatchObject({ code: "image-preparation", message: expect.stringContaining("ensure_multiple_of") as string });
    await expect(openModel(changed("few", (json) => delete json["id2label"], "config.json"))).rejects.toMatchObject({ code: "picture-task" });
    const file = fileURLToPath(new URL("../../../../../corpus/images/segments/silhouette.onnx", import.meta.url));
    await expect(packModel(file, new Uint8Array(readFileSync(file)), { task: { task: "segmentation", upsample: "bilinear" } })).rejects.toMatchObject({ code: "picture-task", message: expect.stringContaining("upsample") as string });
  });
});
