import { inflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { maskPng } from "./mask-png.ts";

// Two pixels, of which the second is of the class.
const mask = (number: number) => ({ size: [1, 2] as const, segments: [{ label: "x", class: number, pixels: 1, counts: "11" }] });
const pixels = (png: Buffer): number[] => {
  const at = png.indexOf("IDAT");
  return [...inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)))];
};

it("holds numbers of one byte, of two from 255 on, and none that do not fit", () => {
  expect(pixels(maskPng(mask(254)))).toEqual([0, 255, 254]);
  expect(pixels(maskPng(mask(255)))).toEqual([0, 255, 255, 0, 255]);
  expect(pixels(maskPng(mask(65_534)))).toEqual([0, 255, 255, 255, 254]);
  for (const large of [65_535, 65_540]) expect(() => maskPng(mask(large))).toThrow(expect.objectContaining({ code: "request-shape" }));
});
