// Networks that detect: made smaller without another answer, whatever rows there are.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { loadModelPackage } from "../runtime/index.ts";
import { packModel } from "../runtime/pack.ts";
import { optimize } from "./index.ts";

const path = fileURLToPath(new URL("../../../../corpus/images/shapes/shapes.onnx", import.meta.url));

it("a detector keeps its detections, and is not quantised on rows that say nothing of them", async () => {
  const { package: source } = await packModel(path, new Uint8Array(readFileSync(path)), { task: { task: "detection", score: 0.01 } });
  const { name, shape } = source.signature.tensors![0]!;
  const dims = shape.slice(1).map(Number);
  const size = dims.reduce((a, b) => a * b, 1);
  const input = { kind: "tensors", tensors: { [name]: { shape: [20, ...dims], data: Float32Array.from({ length: 20 * size }, (_, i) => ((i * 7919) % 256) / 255) } } } as const;
  const { package: made, rows, notes } = await optimize(source, { maxDrop: 0.01, maxFlips: 0.01, prefer: "size", input });
  expect([rows, notes.at(-1)]).toEqual([0, expect.stringContaining("it detects")]);
  expect(made.model.length).toBeLessThanOrEqual(source.model.length);
  const [before, after] = [await loadModelPackage(source, { placement: "inline" }), await loadModelPackage(made, { placement: "inline" })];
  try {
    const answer = await before.predictInput(input);
    expect(answer.some((row) => "detections" in row && (row["detections"] as unknown as unknown[]).length > 0)).toBe(true);
    expect(await after.predictInput(input)).toEqual(answer);
  } finally {
    await before.close();
    await after.close();
  }
});
