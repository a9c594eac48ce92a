// A mask as a picture of its classes: a PNG (https://www.w3.org/TR/png-3/) whose pixels are the classes' numbers, with the
// palette of PASCAL VOC up to 256 classes, as 16 bits of grey beyond. A place that a crop left out is the last number.

import { crc32, deflateSync } from "node:zlib";
import { drawRuns, predictError, type Mask } from "@slipway/core/predict";

const [GREY, PALETTE] = [0, 3];
const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10);

const LEFT_OUT = 65_535;

/** @throws SlipwayError request-shape where a class's number does not fit into 16 bits */
export function maskPng({ size: [height, width], segments }: Mask): Buffer {
  const large = segments.find((s) => s.class >= LEFT_OUT);
  if (large !== undefined) throw predictError("request-shape", `a PNG holds classes below ${LEFT_OUT}, and the mask has the class ${large.class}`, { hint: "Run lengths hold any: ask without ?mask=png, for JSON." });
  const wide = segments.some((s) => s.class > 254);
  const map = wide ? new Uint16Array(width * height).fill(LEFT_OUT) : new Uint8Array(width * height).fill(255);
  for (const { counts, class: value } of segments) if (!drawRuns(counts, value, width, height, map)) throw predictError("runtime-failed", "the runs of a mask do not fill its picture");
  const bytes = wide ? 2 : 1;
  const raw = Buffer.alloc(height * (1 + width * bytes));
  for (let y = 0; y < height; y++) {
    const at = y * (1 + width * bytes) + 1;
    for (let x = 0; x < width; x++) {
      if (wide) raw.writeUInt16BE(map[y * width + x]!, at + 2 * x);
      else raw[at + x] = map[y * width + x]!;
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8 * bytes, wide ? GREY : PALETTE, 0, 0, 0], 8);
  return Buffer.concat([SIGNATURE, chunk("IHDR", head), ...(wide ? [] : [chunk("PLTE", palette())]), chunk("IDAT", deflateSync(raw, { level: 6 })), chunk("IEND", new Uint8Array(0))]);
}

function chunk(type: string, body: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + body.length);
  out.writeUInt32BE(body.length, 0);
  out.write(type, 4, "latin1");
  out.set(body, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length);
  return out;
}

/** Of each class the bits of its number, spread over the three colours from the highest down. */
function palette(): Uint8Array {
  const colours = new Uint8Array(768);
  for (let c = 0; c < 256; c++) {
    for (let bit = 0, rest = c; bit < 8; bit++, rest >>= 3) {
      for (let i = 0; i < 3; i++) colours[3 * c + i]! |= ((rest >> i) & 1) << (7 - bit);
    }
  }
  return colours;
}
