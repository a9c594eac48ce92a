import fc from "fast-check";
import { expect, it } from "vitest";
import { upsampledClasses } from "./upsampled-classes.ts";

it("takes the class that scores most at every place, also where it looks at no score but the corners'", () => {
  const size = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }));
  fc.assert(fc.property(size, fc.integer({ min: 1, max: 11 }), fc.integer({ min: 1, max: 11 }), fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 80, maxLength: 80 }), ([classes, height, width], down, across, values) => {
    const scores = Float32Array.from(values.slice(0, classes * height * width));
    const places = (map: number, count: number): number[] => Array.from({ length: count }, (_, i) => Math.min(map - 1, Math.max(0, ((i + 0.5) * map) / count - 0.5)));
    const [xs, ys] = [places(width, across), places(height, down)];
    const classAt = upsampledClasses(scores, [classes, height, width], xs, ys);
    const scoreAt = (c: number, x: number, y: number): number => {
      const at = (line: number, column: number): number => scores[(c * height + Math.min(line, height - 1)) * width + Math.min(column, width - 1)]!;
      const [left, top] = [Math.floor(x), Math.floor(y)];
      const [u, v] = [x - left, y - top];
      return (1 - v) * ((1 - u) * at(top, left) + u * at(top, left + 1)) + v * ((1 - u) * at(top + 1, left) + u * at(top + 1, left + 1));
    };
    for (const [j, y] of ys.entries()) for (const [i, x] of xs.entries()) {
      const most = Math.max(...Array.from({ length: classes }, (_, c) => scoreAt(c, x, y)));
      expect(most - scoreAt(classAt(i, j), x, y)).toBeLessThan(1e-12);
    }
  }), { numRuns: 300 });
});

it("gives -1 where the map shows nothing", () => {
  const classAt = upsampledClasses(Float32Array.of(1, 2), [2, 1, 1], [-1, 0], [0, -1]);
  expect([classAt(0, 0), classAt(1, 0), classAt(1, 1)]).toEqual([-1, 1, -1]);
});
