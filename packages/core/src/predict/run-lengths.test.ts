import fc from "fast-check";
import { expect, it } from "vitest";
import { classRuns, drawRuns } from "./run-lengths.ts";

it("runs are those of pycocotools 2.0.11", () => {
  // pycocotools.mask.encode(np.asfortranarray(...)) of these masks.
  const map = ["..xx.", ".xxx.", "x..x.", "x...x"];
  expect(classRuns(5, 4, (x, y) => (map[y]![x] === "x" ? 1 : -1))).toEqual([{ class: 1, pixels: 9, counts: "221O11012N" }]);
});

it("runs give the map again, whatever it is", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), fc.infiniteStream(fc.integer({ min: -1, max: 3 })), (width, height, stream) => {
    const cells = [...stream.take(width * height)];
    const runs = classRuns(width, height, (x, y) => cells[y * width + x]!);
    const drawn = new Uint8Array(width * height).fill(255);
    for (const r of runs) expect(drawRuns(r.counts, r.class, width, height, drawn)).toBe(true);
    expect([...drawn]).toEqual(cells.map((c) => (c < 0 ? 255 : c)));
    expect(runs.reduce((n, r) => n + r.pixels, 0)).toBe(cells.filter((c) => c >= 0).length);
  }), { numRuns: 100 });
});

it("texts that are no runs draw nothing", () => {
  fc.assert(fc.property(fc.string({ maxLength: 40 }), (text) => {
    const into = new Uint8Array(9);
    if (!drawRuns(text, 7, 3, 3, into)) expect([...into]).toEqual(Array.from({ length: 9 }, () => 0));
  }));
  expect(drawRuns("9", 1, 2, 2, new Uint8Array(4))).toBe(false);
});
