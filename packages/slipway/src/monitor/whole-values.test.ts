// Pictures and vectors: measured as they are, parts merge exactly, and beside a healthy period drift is found.

import type { Output, Signature } from "@slipway/core/package";
import { encodeWindow, normalNumbers, randomNumbers, WindowCounter } from "@slipway/core/stats";
import { describe, expect, it } from "vitest";
import type { Batch, Prediction } from "../runtime/index.ts";
import { judge } from "./judge.ts";
import { Recorder } from "./recorder.ts";
import { watchedOf } from "./subject.ts";

const EDGE = 8;
const WIDTH = 64;
const output: Output = { name: "embedding", graphName: "embedding", kind: "transformed", type: "float", rowShape: [WIDTH] };
const image = { resize: "stretch", filter: "bilinear", order: "rgb", scale: 1 / 255, mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] } as const;
const signature: Signature = { layout: "tensors", tensorRows: "independent", tensors: [{ name: "pixels", type: "float", shape: ["N", 3, EDGE, EDGE], image }], columns: [], extraColumns: "refused", outputs: [output] };
const model = { name: "pictures", version: "1.0.0", digest: "sha256:00", signature, profile: null };

interface World {
  /** Added to every colour. */
  readonly light?: number;
  /** How far vectors are moved, in one direction. */
  readonly move?: number;
}
/** Pictures with red, green and blue around 0.6, 0.5 and 0.4, and vectors that mostly point one way. */
function asked(count: number, seed: number, { light = 0, move = 0 }: World = {}): { readonly batch: Batch; readonly prediction: Prediction } {
  const normal = normalNumbers(randomNumbers(seed));
  const colours = [0.6, 0.5, 0.4];
  const pixels = Float32Array.from({ length: count * 3 * EDGE * EDGE }, () => 0);
  for (let row = 0; row < count; row++) {
    const mood = 0.05 * normal();
    for (let c = 0; c < 3; c++) for (let i = 0; i < EDGE * EDGE; i++) pixels[(row * 3 + c) * EDGE * EDGE + i] = (colours[c]! + light + mood + 0.1 * normal() - image.mean[c]!) / image.std[c]!;
  }
  const vectors = Float32Array.from({ length: count * WIDTH }, (_, i) => normal() + (i % WIDTH === 0 ? 4 : 0) + (i % WIDTH === 1 ? move : 0));
  return {
    batch: { rows: count, numbers: new Float64Array(0), strings: [], tensors: [{ type: "float", dims: [count, 3, EDGE, EDGE], data: pixels }] },
    prediction: { rows: count, computeMs: 0, outputs: [{ output, width: WIDTH, data: vectors }] } as unknown as Prediction,
  };
}
function counted(parts: readonly ReturnType<typeof asked>[], most = Infinity): WindowCounter {
  const { subject, scores, wholes } = watchedOf(model, most);
  const recorder = new Recorder(subject, signature, { lengthMs: Number.MAX_SAFE_INTEGER, now: () => 0, scores, wholes });
  for (const { batch, prediction } of parts) recorder.rows(batch, prediction, 0);
  recorder.drain();
  return recorder.dirty[0]!.counter;
}
const { subject } = watchedOf(model);
const healthy = counted([asked(3000, 1)]);
function states(current: WindowCounter): Record<string, string> {
  const windows = [0, 600_000].map((begins) => ({ begins, lengthMs: 600_000, counter: current }));
  const { columns } = judge(subject, windows, { references: healthy.series.map((s) => s.distribution) });
  return Object.fromEntries(columns.map((c) => [c.name, c.state]));
}

describe("pictures and vectors", () => {
  it("are measured as they were before they became numbers", () => {
    const mean = (name: string): number => {
      const { distribution } = healthy.series[subject.series.findIndex((s) => s.name === name)]!;
      return distribution.sum / distribution.rows;
    };
    expect(mean("pixels (brightness)")).toBeCloseTo(0.5, 2);
    expect(mean("pixels (warmth)")).toBeCloseTo(0.2, 2);
    // Three colours with a deviation of 0.1 each.
    expect(mean("pixels (contrast)")).toBeCloseTo(0.1 / Math.sqrt(3), 2);
    expect(mean("embedding (length)")).toBeCloseTo(0.5 * Math.log(WIDTH + 16), 1);
    expect(healthy.rows).toBe(3000);
  });
  it("of parts merge exactly into the whole", () => {
    const parts = [asked(40, 2), asked(7, 3), asked(90, 4)];
    const merged = counted(parts.slice(0, 1));
    merged.merge(counted(parts.slice(1)));
    expect(encodeWindow(merged)).toEqual(encodeWindow(counted(parts)));
    // Served, eight rows of each request are looked at.
    expect(counted(parts, 8).series[0]!.rows).toBe(8 + 7 + 8);
  });
  it("are not judged before there is a reference, then usual where nothing changed", () => {
    const windows = [{ begins: 0, lengthMs: 600_000, counter: counted([asked(500, 5)]) }];
    expect(judge(subject, windows).state).toBe("not-enough-data");
    for (let seed = 10; seed < 16; seed++) expect(new Set(Object.values(states(counted([asked(500, seed)]))))).toEqual(new Set(["ok"]));
  });
  it("drift where the light changes, and where vectors point elsewhere", () => {
    const dark = states(counted([asked(500, 20, { light: -0.06 })]));
    expect(dark["pixels (brightness)"]).toBe("drift");
    expect(dark["pixels (contrast)"]).toBe("ok");
    expect(Object.entries(dark).filter(([name]) => name.startsWith("embedding")).map(([, s]) => s)).not.toContain("drift");
    const moved = states(counted([asked(500, 21, { move: 6 })]));
    expect(Object.entries(moved).filter(([name, s]) => name.startsWith("embedding (direction") && s === "drift").length).toBeGreaterThan(0);
    expect(moved["pixels (brightness)"]).toBe("ok");
  });
});
