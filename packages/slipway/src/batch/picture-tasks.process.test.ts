/* oxlint-disable typescript/no-explicit-any -- lines that a run wrote, as they are */
// Folders of pictures with models that detect and that segment.

import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseImageInput, writeSlip } from "@slipway/core/package";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModelPackage, type Model } from "../runtime/index.ts";
import { packModel } from "../runtime/pack.ts";
import { createHandler } from "../server/index.ts";
import { parquetCompressors } from "../server/decoding/index.ts";
import { decodePng } from "../server/decoding/png.ts";
import { retryBatch } from "./index.ts";
import { TestRuns } from "./testing-run.ts";

const images = fileURLToPath(new URL("../../../../corpus/images/", import.meta.url));
const read = (name: string): Buffer => readFileSync(images + name);
const json = (name: string): object => JSON.parse(read(name).toString()) as object;
const NAMES = ["small", "tall", "wide"];

async function packed(file: string, task: object, image: object): Promise<{ runs: TestRuns; model: Model; ask: (picture: Buffer, query?: string) => Promise<Record<string, unknown>> }> {
  const prepared = parseImageInput({ resize: "stretch", filter: "bilinear", order: "rgb", scale: 1 / 255, mean: [0], std: [1], ...image }, "", (message) => { throw new Error(message); });
  const { package: source } = await packModel(images + file, read(file), { name: "pictures", version: "1.0.0", task: task as never, image: prepared });
  const model = await loadModelPackage(source);
  const handle = createHandler(model);
  const ask = async (picture: Buffer, query = ""): Promise<Record<string, unknown>> => ((await (await handle(new Request(`http://localhost/predict${query}`, { method: "POST", headers: { "content-type": "image/png" }, body: picture as BodyInit }))).json()) as { predictions: Record<string, unknown>[] }).predictions[0]!;
  return { runs: new TestRuns({ bytes: writeSlip(source), digest: source.digest, name: "pictures", version: "1.0.0", profile: null }), model, ask };
}
function lay(runs: TestRuns, from: string): void {
  mkdirSync(runs.at("photos/deep"), { recursive: true });
  for (const name of NAMES) copyFileSync(`${images}${from}/pictures/${name}.png`, runs.at(name === "wide" ? "photos/deep/wide.png" : `photos/${name}.png`));
  writeFileSync(runs.at("photos/cut.png"), read(`${from}/pictures/wide.png`).subarray(0, 300));
}
const lines = (text: string): Record<string, any>[] => text.trim().split("\n").map((line) => JSON.parse(line) as Record<string, any>);
const ALL = { keep: "unused", outputs: undefined, maxErrors: { count: 5, text: "5" } } as const;

describe("a detector", () => {
  let at: Awaited<ReturnType<typeof packed>>;
  beforeAll(async () => {
    at = await packed("shapes/shapes.onnx", { task: "detection" }, json("shapes/image.json"));
    lay(at.runs, "shapes");
  }, 60_000);
  afterAll(async () => {
    await at.model.close();
    at.runs.remove();
  });

  it("finds in a folder what the server finds in each picture, in every format", async () => {
    const { runs, ask } = at;
    const wanted = new Map(await Promise.all(NAMES.map(async (name) => [name, (await ask(read(`shapes/pictures/${name}.png`)))["detections"] as { label: string }[]] as const)));
    const summary = await runs.run(runs.at("photos"), "found.jsonl", ALL);
    expect(summary).toMatchObject({ rows: 4, scored: 3, bad: 1 });
    for (const { path, detections } of lines(runs.text("found.jsonl"))) expect(detections).toEqual(wanted.get(/(\w+)\.png$/.exec(path)![1]!));
    const labels: Record<string, number> = {};
    for (const found of wanted.values()) for (const { label } of found) labels[label] = (labels[label] ?? 0) + 1;
    expect(summary.outputs).toEqual([{ name: "detections", labels }]);
    await runs.run(runs.at("photos"), "found.parquet", ALL);
    const file = readFileSync(runs.at("found.parquet"));
    const rows = await parquetReadObjects({ file: file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer, compressors: parquetCompressors() });
    for (const { path, detections } of rows) expect(JSON.parse(detections as string)).toEqual(wanted.get(/(\w+)\.png$/.exec(path as string)![1]!));
    await runs.run(runs.at("photos"), "found.csv", ALL);
    expect(runs.text("found.csv").split("\n").length).toBe(5);
  });
  it("takes score and most, is refused where they are out of its bounds, and reads again what was cut off", async () => {
    const { runs, ask } = at;
    await runs.run(runs.at("photos"), "few.jsonl", { ...ALL, image: "score=0.9&most=1" });
    const [first] = lines(runs.text("few.jsonl"));
    expect(first!["detections"]).toEqual((await ask(read("shapes/pictures/wide.png"), "?score=0.9&most=1"))["detections"]);
    await expect(runs.run(runs.at("photos"), "no.jsonl", { ...ALL, image: "score=0.001" })).rejects.toMatchObject({ code: "request-malformed" });
    copyFileSync(`${images}shapes/pictures/wide.png`, runs.at("photos/cut.png"));
    expect(await retryBatch({ ...runs.options([], "more.jsonl"), rows: runs.at("few.jsonl.errors.jsonl") })).toMatchObject({ scored: 1, bad: 0 });
    expect(lines(runs.text("more.jsonl"))[0]!["detections"]).toEqual((await ask(read("shapes/pictures/wide.png"), "?score=0.9&most=1"))["detections"]);
  });
  it("writes no masks", async () => {
    await expect(at.runs.run(at.runs.at("photos"), "no.csv", { ...ALL, masks: { folder: at.runs.at("masks") } })).rejects.toMatchObject({ code: "batch-masks" });
    expect(existsSync(at.runs.at("masks"))).toBe(false);
  });
});

describe("a model that segments", () => {
  let at: Awaited<ReturnType<typeof packed>>;
  beforeAll(async () => {
    at = await packed("segments/unet.keras", json("segments/task.json"), {});
    lay(at.runs, "segments");
  }, 60_000);
  afterAll(async () => {
    await at.model.close();
    at.runs.remove();
  });

  it("writes run lengths, and each picture's classes as a PNG of its name", async () => {
    const { runs, ask } = at;
    const summary = await runs.run(runs.at("photos"), "found.jsonl", { ...ALL, masks: { folder: runs.at("masks") } });
    expect(summary).toMatchObject({ rows: 4, scored: 3, bad: 1 });
    const pixels: Record<string, number> = {};
    for (const { path, mask } of lines(runs.text("found.jsonl"))) {
      const name = /(\w+)\.png$/.exec(path)![1]!;
      const served = (await ask(read(`segments/pictures/${name}.png`)))["mask"] as { segments: { label: string; pixels: number }[] };
      expect(mask).toEqual(served);
      for (const s of served.segments) pixels[s.label] = (pixels[s.label] ?? 0) + s.pixels;
      const file = readFileSync(runs.at(name === "wide" ? "masks/deep/wide.png" : `masks/${name}.png`));
      expect(file.toString("base64")).toBe(((await ask(read(`segments/pictures/${name}.png`), "?mask=png"))["mask"] as { png: string }).png);
      expect([decodePng(file).height, decodePng(file).width]).toEqual((mask as { size: number[] }).size);
    }
    expect(summary.outputs).toEqual([{ name: "mask", labels: pixels }]);
    expect(existsSync(runs.at("masks/cut.png"))).toBe(false);
    // Mended, and tried again: its mask is where the run's are.
    copyFileSync(`${images}segments/pictures/wide.png`, runs.at("photos/cut.png"));
    expect(await retryBatch({ ...runs.options([], "more.jsonl"), rows: runs.at("found.jsonl.errors.jsonl") })).toMatchObject({ scored: 1, bad: 0 });
    expect(readFileSync(runs.at("masks/cut.png"))).toEqual(readFileSync(runs.at("masks/deep/wide.png")));
  });
  it("is refused where two masks would be one file, and where there are no pictures", async () => {
    const { runs } = at;
    writeFileSync(runs.at("photos/tall.jpg"), "no picture");
    await expect(runs.run(runs.at("photos"), "no.csv", { ...ALL, masks: { folder: runs.at("m") } })).rejects.toMatchObject({ code: "batch-masks", message: expect.stringContaining("tall") });
    writeFileSync(runs.at("rows.csv"), "pictures\n1\n");
    await expect(runs.run(runs.at("rows.csv"), "no.csv", { ...ALL, keep: "none", masks: { folder: runs.at("m") } })).rejects.toMatchObject({ code: "batch-masks" });
  });
});
