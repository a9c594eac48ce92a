// JPEG (baseline and progressive, by jpeg-js) -> 8-bit RGBA, turned upright as its EXIF orientation says. The size is
// read from the frame's header before anything is decoded.

import jpeg from "jpeg-js";
import { serverError } from "../errors.ts";
import { MAX_PIXELS, tooLarge } from "./limits.ts";
import type { Picture } from "@slipway/core/predict";

const damaged = (what: string, cause?: unknown): Error => serverError("image-damaged", `the JPEG cannot be read: ${what}`, { hint: "Save the image again.", cause });

/** @throws SlipwayError image-damaged, body-too-large */
export function decodeJpeg(bytes: Uint8Array): Picture {
  const { orientation } = readHeaders(bytes);
  let picture: Picture;
  try {
    picture = jpeg.decode(bytes, { useTArray: true, formatAsRGBA: true, tolerantDecoding: false, maxResolutionInMP: MAX_PIXELS / 1e6, maxMemoryUsageInMB: 768 });
  } catch (cause) {
    if (cause instanceof Error && /maxMemoryUsageInMB|maxResolutionInMP/.test(cause.message)) throw tooLarge("the image needs more memory to decode than is allowed", "Make it smaller before you send it.");
    throw damaged(cause instanceof Error ? cause.message.slice(0, 150) : "damaged", cause);
  }
  return upright(picture, orientation);
}

interface Headers {
  readonly orientation: number;
}

/** Walks the segments before the picture: its size, its kind, its EXIF orientation. */
function readHeaders(bytes: Uint8Array): Headers {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let orientation = 1;
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) throw damaged("a segment does not begin as one");
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    const size = view.getUint16(at + 2);
    if (size < 2 || at + 2 + size > bytes.length) throw damaged("it ends too early");
    if (marker === 0xe1) orientation = readOrientation(bytes.subarray(at + 4, at + 2 + size)) ?? orientation;
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      if (size < 8) throw damaged("its frame is cut off");
      if (marker > 0xc2) throw damaged("it is lossless or arithmetically coded");
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      if (height === 0 || width === 0) throw damaged("it has no pixels");
      if (width * height > MAX_PIXELS) throw tooLarge(`the image has ${width} x ${height} pixels`, "Make it smaller before you send it.");
      return { orientation };
    }
    if (marker === 0xda || marker === 0xd9) break;
    at += 2 + size;
  }
  throw damaged("it has no frame");
}

/** Tag 0x0112 of the first directory of an EXIF segment. */
function readOrientation(segment: Uint8Array): number | undefined {
  if (segment.length < 20 || String.fromCharCode(...segment.subarray(0, 6)) !== "Exif\0\0") return undefined;
  const tiff = new DataView(segment.buffer, segment.byteOffset + 6, segment.byteLength - 6);
  const little = tiff.getUint16(0) === 0x4949;
  const first = tiff.getUint32(4, little);
  if (first + 2 > tiff.byteLength) return undefined;
  const count = tiff.getUint16(first, little);
  for (let i = 0; i < count; i++) {
    const at = first + 2 + 12 * i;
    if (at + 12 > tiff.byteLength) return undefined;
    if (tiff.getUint16(at, little) === 0x0112) {
      const value = tiff.getUint16(at + 8, little);
      return value >= 1 && value <= 8 ? value : undefined;
    }
  }
  return undefined;
}

function upright(picture: Picture, orientation: number): Picture {
  if (orientation === 1) return picture;
  const { width, height, data } = picture;
  const turned = orientation > 4;
  const [w, h] = turned ? [height, width] : [width, height];
  const from = new Uint32Array(data.buffer, data.byteOffset, width * height);
  const to = new Uint32Array(w * h);
  const [last, low] = [width - 1, height - 1];
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const [sx, sy] = source(orientation, x, y, last, low);
      to[y * w + x] = from[sy * width + sx]!;
    }
  }
  return { width: w, height: h, data: new Uint8Array(to.buffer) };
}

/** Where the pixel at x, y of the upright picture comes from. */
function source(orientation: number, x: number, y: number, last: number, low: number): readonly [number, number] {
  switch (orientation) {
    case 2: return [last - x, y];
    case 3: return [last - x, low - y];
    case 4: return [x, low - y];
    case 5: return [y, x];
    case 6: return [y, low - x];
    case 7: return [last - y, low - x];
    default: return [last - y, x];
  }
}
