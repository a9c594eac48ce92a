// A classifier of sounds as Hugging Face keeps one, beside the answers of PyTorch, torchaudio and transformers.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readSlip, writeSlip } from "@slipway/core/package";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHandler } from "../../server/index.ts";
import { loadModelPackage, openModel, type Model } from "../index.ts";

const folder = fileURLToPath(new URL("../../../../../corpus/audio/kinds/", import.meta.url));
const expected = JSON.parse(readFileSync(`${folder}expected.json`, "utf8")) as Record<string, { label: string; probabilities: number[] }>;
const wav = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(`${folder}sounds/${name}.wav`));
type Row = { readonly label: string; readonly probabilities: Record<string, number> };

describe("a folder of a classifier of sounds", () => {
  let model: Model;
  beforeAll(async () => {
    const { package: source } = await openModel(folder);
    expect((await readSlip(writeSlip(source))).signature).toEqual(source.signature);
    model = await loadModelPackage(source);
  });
  afterAll(() => model?.close());
  const post = async (body: BodyInit, type: string): Promise<{ predictions?: Row[]; error?: { code: string } }> =>
    (await createHandler(model)(new Request("http://localhost/predict", { method: "POST", headers: type === "" ? {} : { "content-type": type }, body }))).json() as Promise<{ predictions?: Row[] }>;
  const same = (found: Row, name: string): void => {
    expect(found.label, name).toBe(expected[name]!.label);
    Object.values(found.probabilities).forEach((p, k) => expect(Math.abs(p - expected[name]!.probabilities[k]!), name).toBeLessThan(1e-3));
  };

  it("says in its signature how sounds are prepared", () => {
    expect(model.signature.tensors![0]!.audio).toMatchObject({ rate: 16_000, mel: { bins: 32, frames: 64, scale: "kaldi", timeFirst: true } });
  });
  it.each(Object.keys(expected))("answers %s with Python's label and probabilities", async (name) => {
    same((await post(wav(name), "audio/wav")).predictions![0]!, name);
    same((await post(wav(name), "application/octet-stream")).predictions![0]!, name);
    const base64 = Buffer.from(wav(name)).toString("base64");
    same((await post(JSON.stringify({ audio: base64 }), "application/json")).predictions![0]!, name);
  });
  it("takes several sounds in one request, as a form and as JSON", async () => {
    const form = new FormData();
    const all = Object.keys(expected);
    for (const name of all) form.append("files", new Blob([wav(name)]), `${name}.wav`);
    const { predictions } = await post(form, "");
    all.forEach((name, i) => same(predictions![i]!, name));
    const instances = all.map((name) => ({ b64: `data:audio/wav;base64,${Buffer.from(wav(name)).toString("base64")}` }));
    const answer = await post(JSON.stringify({ instances }), "application/json");
    all.forEach((name, i) => same(answer.predictions![i]!, name));
  });
  it("refuses what is no sound, with a code", async () => {
    expect((await post(wav("tone").slice(0, 300), "audio/wav")).error).toMatchObject({ code: "audio-damaged" });
    expect((await post("RIFF", "audio/wav")).error).toMatchObject({ code: "audio-damaged" });
    expect((await post(JSON.stringify({ audio: "???" }), "application/json")).error).toMatchObject({ code: "request-shape" });
    for (const [open, close] of [['{"audio":', "}"], ['{"records":', "}"], ["[", "]"]] as const) {
      const { error } = await post(`${open.repeat(20_000)}"x"${close.repeat(20_000)}`, "application/json");
      expect(error?.code, open).toMatch(/^request-/);
    }
    expect((await post(new Uint8Array(readFileSync(`${folder}../../images/shapes/pictures/small.png`)), "image/png")).error).toMatchObject({ code: "image-unwanted" });
  });
});
