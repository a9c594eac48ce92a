// Folders of Hugging Face's that describe pictures, asked as OpenAI-like services of such models are.
/* oxlint-disable typescript/no-explicit-any -- answers, as JavaScript has them */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GraphBuilder, Ops, serializeModel } from "@slipway/core/onnx";
import { afterAll, describe, expect, it } from "vitest";
import { loadModelPackage, openModel, type Model } from "../runtime/index.ts";
import { createServer } from "../server/index.ts";
import { inject } from "../server/testing.ts";
import { openAiProtocol } from "./index.ts";

const pictures = fileURLToPath(new URL("../../../../corpus/images/shapes/pictures/", import.meta.url));
const base64 = (name: string): string => readFileSync(`${pictures}${name}.png`).toString("base64");
const scratch = mkdtempSync(join(tmpdir(), "slipway-embeddings-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Four patches of three numbers: the mean colours of the quarters of an 8 x 8 picture; `pooled`: the first of them, doubled, beside. */
async function folder(name: string, config: object, { pooled = true, modules }: { pooled?: boolean; modules?: readonly object[] } = {}): Promise<Model> {
  const path = join(scratch, name);
  mkdirSync(join(path, "1_Pooling"), { recursive: true });
  const g = new GraphBuilder();
  const o = new Ops(g);
  const quarters = g.op("AveragePool", [g.input("pixel_values", "float", ["N", 3, 8, 8])], { kernel_shape: { ints: [4, 4] }, strides: { ints: [4, 4] } });
  const patches = o.transpose(o.reshape(quarters, [-1, 3, 4]), [0, 2, 1]);
  g.output("last_hidden_state", patches);
  if (pooled) g.output("pooler_output", o.reshape(o.add(o.slice(patches, 0, 1, 1), o.slice(patches, 0, 1, 1)), [-1, 3]));
  writeFileSync(join(path, "model.onnx"), serializeModel(g.finish()));
  writeFileSync(join(path, "config.json"), JSON.stringify(config));
  writeFileSync(join(path, "preprocessor_config.json"), JSON.stringify({ do_resize: true, size: { height: 8, width: 8 }, resample: 2, do_rescale: true, do_normalize: false }));
  if (modules !== undefined) writeFileSync(join(path, "modules.json"), JSON.stringify(modules));
  writeFileSync(join(path, "1_Pooling", "config.json"), JSON.stringify({ pooling_mode_mean_tokens: true }));
  return loadModelPackage((await openModel(path)).package);
}
const MODULES = [{ type: "sentence_transformers.models.Transformer", path: "" }, { type: "sentence_transformers.models.Pooling", path: "1_Pooling" }, { type: "sentence_transformers.models.Normalize", path: "2_Normalize" }];

describe("a folder of a base model of pictures", () => {
  it("gives embeddings without --task, pooled as it says", async () => {
    const plain = await folder("vit", { architectures: ["ViTModel"] });
    const unpooled = await folder("dino", { architectures: ["Dinov2Model"] }, { pooled: false });
    const joined = await folder("clip", {}, { modules: MODULES });
    const app = createServer({ models: [plain, unpooled, joined], options: { protocols: [openAiProtocol(new Map())] } });
    const vectors = await Promise.all([plain, unpooled, joined].map(async (model) => {
      const answer = await inject(app, { method: "POST", url: `/models/${model.name}/predict`, headers: { "content-type": "image/png" }, payload: readFileSync(`${pictures}wide.png`) });
      return answer.json().predictions[0].embedding as number[];
    }));
    const [pooled, first, mean] = vectors as [number[], number[], number[]];
    pooled.forEach((v, i) => expect(v).toBeCloseTo(2 * first[i]!, 5));
    expect(Math.hypot(...mean)).toBeCloseTo(1, 5);
    for (const [i, model] of [plain, unpooled, joined].entries()) {
      for (const input of [`data:image/png;base64,${base64("wide")}`, base64("wide"), [{ image: base64("wide") }], { image: `data:image/png;base64,${base64("wide")}` }]) {
        const { json } = await embed(app, { model: model.name, input });
        expect(json.data[0].embedding).toEqual(vectors[i]!.map((v) => expect.closeTo(v, 5) as number));
      }
    }
    const several = (await embed(app, { model: plain.name, input: [base64("wide"), base64("tall")], encoding_format: "base64", dimensions: 3 })).json;
    expect(several.data.map((d: any) => [d.index, new Float32Array(Uint8Array.from(Buffer.from(d.embedding as string, "base64")).buffer).length])).toEqual([[0, 3], [1, 3]]);
    const asked = (await embed(app, { model: plain.name, messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: `data:image/png;base64,${base64("wide")}` } }] }] })).json;
    expect(asked.data[0].embedding).toEqual(pooled.map((v) => expect.closeTo(v, 5) as number));
    await Promise.all([plain, unpooled, joined].map((m) => m.close()));
  });
  it("refuses by name what it does not embed", async () => {
    const model = await folder("vit2", { architectures: ["ViTModel"] });
    const app = createServer({ models: [model], options: { protocols: [openAiProtocol(new Map())] } });
    const image = { type: "image_url", image_url: { url: base64("wide") } };
    for (const [body, code, told] of [
      [{ input: "https://example.com/a.png" }, "language-unsupported", "not fetched"], [{ input: [{ text: "a cat" }] }, "language-unsupported", "no texts"],
      [{ input: "a cat!" }, "request-shape", "base64"], [{ input: Buffer.from("no picture").toString("base64") }, "image-damaged", "PNG"], [{ input: 3 }, "language-request", "base64"], [{ input: [] }, "language-request", "at least one"],
      [{ messages: [{ role: "user", content: "a cat" }] }, "language-request", "image_url"], [{ messages: [{ role: "user", content: [null, image] }] }, "language-request", "image_url"], [{ messages: [{ role: "user", content: [image, { type: "text", text: "a cat" }] }] }, "language-unsupported", "no texts"],
      [{ input: base64("wide"), dimensions: 2 }, "language-unsupported", "3 of them"],
    ] as const) {
      const { status, json } = await embed(app, { model: model.name, ...body });
      expect([status, json.error.code], JSON.stringify(json)).toEqual([400, code]);
      expect(json.error.message).toContain(told);
    }
    await model.close();
  });
  it("is refused where its steps are not known", async () => {
    await expect(folder("odd", { architectures: ["ViTModel"] }, { modules: [...MODULES, { type: "sentence_transformers.models.Dense", path: "3_Dense" }] })).rejects.toMatchObject({ code: "image-folder", message: expect.stringContaining("Dense") });
  });
});

async function embed(app: ReturnType<typeof createServer>, body: object): Promise<{ status: number; json: any }> {
  const answer = await inject(app, { method: "POST", url: "/v1/embeddings", headers: { "content-type": "application/json" }, payload: JSON.stringify(body) });
  return { status: answer.statusCode, json: answer.json() };
}
