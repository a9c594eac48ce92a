// Images in a folder, each a row.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { GraphBuilder, Ops, serializeModel } from "@slipway/core/onnx";
import { writeSlip } from "@slipway/core/package";
import { fileURLToPath } from "node:url";
import { openModel } from "../runtime/index.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { retryBatch } from "./index.ts";
import { loanPackage, packageOf, TestRuns } from "./testing-run.ts";

const fixtures = JSON.parse(readFileSync(new URL("../server/decoding/fixtures/binary.json", import.meta.url), "utf8")) as { pictures: Record<string, { png: string }>; jpegs: Record<string, string>; resized: Record<string, string> };
const bytes = (base64: string): Buffer => Buffer.from(base64, "base64");
const png = bytes(fixtures.pictures["rgb"]!.png);
const KINDS = ["a.png", "b/c.PNG", "d.jpg"];
let runs: TestRuns;

beforeAll(async () => {
  const graph = new GraphBuilder();
  const o = new Ops(graph);
  graph.output("pixels", o.reshape(graph.input("x", "uint8", ["N", 8, 8, 3]), [-1, 192]));
  runs = new TestRuns(await packageOf(serializeModel(graph.finish()), {
    layout: "tensors", tensors: [{ name: "x", type: "uint8", shape: ["N", 8, 8, 3] }], tensorRows: "independent", columns: [], extraColumns: "refused",
    outputs: [{ name: "pixels", graphName: "pixels", kind: "value", type: "uint8", rowShape: [192] }],
  }));
  mkdirSync(runs.at("photos/b"), { recursive: true });
  for (const name of KINDS) writeFileSync(runs.at(`photos/${name}`), name.endsWith("jpg") ? bytes(fixtures.jpegs["grey"]!) : png);
  writeFileSync(runs.at("photos/cut.png"), png.subarray(0, png.length >> 1));
  writeFileSync(runs.at("photos/not.jpeg"), "this is no picture");
  writeFileSync(runs.at("photos/notes.txt"), "left alone");
}, 60_000);
afterAll(() => runs.remove());

describe("sounds", () => {
  it("are rows by their paths, answered as one by one", async () => {
    const folder = fileURLToPath(new URL("../../../../corpus/audio/kinds/", import.meta.url));
    const { package: source } = await openModel(folder);
    const sounds = new TestRuns({ bytes: writeSlip(source), digest: source.digest, name: "kinds", version: "1.0.0", profile: null });
    expect(await sounds.run(`${folder}sounds`, "out.jsonl", { keep: "unused", outputs: ["label"] })).toMatchObject({ rows: 3, scored: 3, bad: 0 });
    const rows = sounds.text("out.jsonl").trim().split("\n").map((line) => JSON.parse(line) as { path: string; label: string });
    expect(rows.map((r) => [r.path, r.label])).toEqual(["noise", "sweep", "tone"].map((kind) => [`${folder}sounds/${kind}.wav`, kind]));
    sounds.remove();
  });
});

describe("images", () => {
  it("are rows by their paths; broken ones are named", async () => {
    const all = await runs.run(runs.at("photos"), "out.jsonl", { keep: "unused", outputs: undefined, maxErrors: { count: 2, text: "2" } });
    expect(all).toMatchObject({ rows: 5, scored: 3, bad: 2 });
    const rows = runs.text("out.jsonl").trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows.map((r) => r["path"])).toEqual(KINDS.map((name) => runs.at(`photos/${name}`)));
    expect(Array.from({ length: 192 }, (_, i) => rows[0]![`pixels.${i}`])).toEqual([...bytes(fixtures.resized["8x8"]!)]);
    expect(runs.bad("out.jsonl").map((b) => [b.row, b.text])).toEqual([[3, runs.at("photos/cut.png")], [5, runs.at("photos/not.jpeg")]]);
    // Mended, and tried again by its name.
    writeFileSync(runs.at("photos/cut.png"), png);
    expect(await retryBatch({ ...runs.options([], "more.jsonl"), rows: runs.at("out.jsonl.errors.jsonl") })).toMatchObject({ rows: 2, scored: 1, bad: 1 });
    expect(JSON.parse(runs.text("more.jsonl"))).toMatchObject({ path: runs.at("photos/cut.png"), "pixels.0": rows[0]!["pixels.0"] });
    expect(runs.bad("more.jsonl").map((b) => b.row)).toEqual([5]);
    expect(await runs.run(runs.at("photos/**/*.{png,PNG}"), "some.csv", { keep: "none", outputs: undefined, image: "order=bgr", limit: 2 })).toMatchObject({ rows: 2, scored: 2 });
    expect(runs.text("some.csv").split("\n")[1]!.split(",").slice(0, 3).map(Number)).toEqual([...bytes(fixtures.resized["8x8"]!).subarray(0, 3)].toReversed());
  });
  it("are refused by a code where the model takes none, or what is to be done with them is not known", async () => {
    await expect(runs.run(runs.at("photos"), "no.csv", { image: "resize=twist" })).rejects.toMatchObject({ code: "request-malformed" });
    writeFileSync(runs.at("photos/table.csv"), "a\n1\n");
    await expect(runs.run(runs.at("photos"), "no.csv")).rejects.toMatchObject({ code: "batch-input-format" });
    const tables = new TestRuns(await loanPackage());
    await expect(tables.run(runs.at("photos/*.png"), "no.csv")).rejects.toMatchObject({ code: "image-unwanted" });
    tables.remove();
  });
});
