// Pictures and vectors: measured as they are, parts merge exactly, and beside a healthy period drift is found.

import type { Output, Signature } from "@slipway/core/package";
import { Encoder, imageRows, pictureTensor, planImages } from "@slipway/core/predict";
import { decodeWindow, encodeWindow, normalNumbers, randomNumbers, WindowCounter } from "@slipway/core/stats";
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
function counted(parts: readonly { readonly batch: Batch; readonly prediction: Prediction }[], most = Infinity, of: typeof model = model): WindowCounter {
  const { subject, scores, wholes } = watchedOf(of, most);
  const recorder = new Recorder(subject, of.signature, { lengthMs: Number.MAX_SAFE_INTEGER, now: () => 0, scores, wholes });
  for (const { batch, prediction } of parts) recorder.rows(batch, prediction, 0);
  recorder.drain();
  return recorder.dirty[0]!.counter;
}
const { subject } = watchedOf(model);
const healthy = counted([asked(3000, 1)]);
function states(current: WindowCounter, usual: WindowCounter = healthy, of: typeof model = model): Record<string, string> {
  const windows = [0, 600_000].map((begins) => ({ begins, lengthMs: 600_000, counter: current }));
  const { columns } = judge(watchedOf(of).subject, windows, { references: usual.series.map((s) => s.distribution) });
  return Object.fromEntries(columns.map((c) => [c.name, c.state]));
}

/** But for sizes, which tensors do not tell. */
function measured(states: Record<string, string>): string[] {
  return Object.entries(states).flatMap(([name, state]) => (/\((?:size|ratio)\)/.test(name) ? [] : [state]));
}

/** Photographs of a camera, some of them upright. */
function photographs(count: number, seed: number, camera: readonly [width: number, height: number]): { readonly batch: Batch; readonly prediction: Prediction } {
  const random = randomNumbers(seed);
  const planned = planImages(signature);
  const rows = Array.from({ length: count }, () => {
    const [width, height] = random() < 0.2 ? [camera[1], camera[0]] : camera;
    return pictureTensor({ width, height, data: new Uint8Array(4 * width * height).fill(99) }, planned.plan);
  });
  const { batch } = new Encoder(signature).encode(imageRows(rows, planned, signature));
  return { batch, prediction: { rows: count, computeMs: 0, outputs: [] } as unknown as Prediction };
}

const READINGS = 32;
const sensor: typeof model = {
  ...model, name: "sensors", signature: {
    layout: "tensors", tensorRows: "independent", columns: [], extraColumns: "refused", outputs: [{ name: "value", graphName: "value", kind: "value", type: "float", rowShape: [] }],
    tensors: [{ name: "readings", type: "float", shape: ["N", READINGS] }, { name: "tokens", type: "int64", shape: ["N", "length"] }, { name: "half", type: "float16", shape: ["N", 2] }],
  },
};
/** @param gain what all readings are multiplied by @param bias what is added to each @param broken so many of them are stuck at a value @param longer tokens of a row */
function readings(count: number, seed: number, { gain = 1, bias = 0, broken = 0, longer = 0 } = {}): { readonly batch: Batch; readonly prediction: Prediction } {
  const normal = normalNumbers(randomNumbers(seed));
  const parts = Array.from({ length: count }, () => {
    const wave = Array.from({ length: READINGS }, (_, i) => (i < broken ? 3 : gain * (Math.sin(i) + 0.5 * normal() + bias)));
    const tokens = BigInt64Array.from({ length: 10 + longer + Math.floor(4 * Math.abs(normal())) }, () => BigInt(Math.floor(50 + 20 * Math.abs(normal()))));
    const { batch } = new Encoder(sensor.signature).encode({ kind: "tensors", tensors: { readings: { shape: [1, READINGS], data: wave }, tokens: { shape: [1, tokens.length], data: tokens }, half: { shape: [1, 2], data: [1, 3] } } });
    return batch;
  });
  return { batch: parts as unknown as Batch, prediction: { rows: 1, computeMs: 0, outputs: [] } as unknown as Prediction };
}
function requests(made: ReturnType<typeof readings>): { readonly batch: Batch; readonly prediction: Prediction }[] {
  return (made.batch as unknown as Batch[]).map((batch) => ({ batch, prediction: made.prediction }));
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
    for (let seed = 10; seed < 16; seed++) expect(new Set(measured(states(counted([asked(500, seed)]))))).toEqual(new Set(["ok"]));
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
  it("are measured by the size and ratio that pictures had before they were resized", () => {
    const usual = counted([photographs(600, 1, [48, 36])]);
    const size = usual.series[subject.series.findIndex((s) => s.name === "pixels (size)")]!.distribution;
    expect([size.rows, size.sum / size.rows]).toEqual([600, expect.closeTo(Math.sqrt(48 * 36), 3)]);
    const of = (seed: number, camera: readonly [number, number]): Record<string, string> => states(counted([photographs(400, seed, camera)]), usual);
    expect(of(2, [48, 36])).toMatchObject({ "pixels (size)": "ok", "pixels (ratio)": "ok" });
    expect(of(3, [96, 72])).toMatchObject({ "pixels (size)": "drift", "pixels (ratio)": "ok" });
    expect(of(4, [56, 31])).toMatchObject({ "pixels (size)": "ok", "pixels (ratio)": "drift" });
    // Tensors that came as they are have no other size.
    expect(healthy.series.find((_, i) => subject.series[i]!.name === "pixels (size)")!.rows).toBe(0);
  });
  it("of which fewer were watched when a window was counted are read as far as they go", () => {
    const all = subject.series.map((s) => s.reference);
    const older = new WindowCounter(all.slice(0, -2));
    older.rows = 7;
    expect(decodeWindow(all, encodeWindow(older)).rows).toBe(7);
    expect(() => decodeWindow(all.slice(0, -2), encodeWindow(new WindowCounter(all)))).toThrow(expect.objectContaining({ code: "window-counts" }));
  });
});

describe("tensors that models take", () => {
  const usual = counted(requests(readings(1500, 1)), Infinity, sensor);
  const of = (seed: number, world = {}): [string, string][] => Object.entries(states(counted(requests(readings(500, seed, world)), Infinity, sensor), usual, sensor)).filter(([, state]) => state !== "ok");

  it("have a length, a level, and where they point or how many entries there are", () => {
    const { series } = watchedOf(sensor).subject;
    expect(series.map((s) => s.name)).toEqual(["readings (length)", ...[1, 2, 3, 4, 5, 6].map((k) => `readings (direction ${k})`), "readings (level)", "tokens (length)", "tokens (level)", "tokens (entries)", "half (length)", "half (level)"]);
    const mean = (name: string): number => {
      const { distribution } = usual.series[series.findIndex((s) => s.name === name)]!;
      return distribution.sum / distribution.rows;
    };
    expect([mean("half (length)"), mean("half (level)")]).toEqual([expect.closeTo(Math.log(Math.sqrt(10)), 3), expect.closeTo(2 / Math.sqrt(5), 3)]);
    expect(mean("tokens (entries)")).toBeGreaterThan(10);
  });
  it("drift where all are louder, where a part is stuck, where they are longer, and not else", () => {
    for (let seed = 10; seed < 14; seed++) expect(of(seed)).toEqual([]);
    expect(of(20, { gain: 1.5 })).toEqual([["readings (length)", "drift"]]);
    expect(of(21, { bias: 0.5 }).map(([name]) => name)).toContain("readings (level)");
    expect(of(22, { broken: 6 }).some(([name]) => name.startsWith("readings (direction"))).toBe(true);
    expect(of(23, { longer: 12 }).map(([name]) => name)).toContain("tokens (entries)");
  });
});
