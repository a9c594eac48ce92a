// PNG (https://www.w3.org/TR/png-3/) -> 8-bit RGBA: every colour type and bit depth, interlaced or not; the first picture
// of an animated one. Colour profiles and gamma are left alone, as other decoders of models' pictures do.

import { inflateSync } from "node:zlib";
import type { Picture } from "@slipway/core/predict";
import { serverError } from "../errors.ts";
import { MAX_PIXELS, tooLarge } from "./limits.ts";

const damaged = (what: string): Error => serverError("image-damaged", `the PNG cannot be read: ${what}`, { hint: "Save the image again." });

const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEPTHS: Readonly<Record<number, readonly number[]>> = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };
const PASSES = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]] as const;

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly color: number;
  readonly interlaced: boolean;
}

/** @throws SlipwayError image-damaged, body-too-large */
export function decodePng(bytes: Uint8Array): Picture {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: Header | undefined;
  let palette: Uint8Array | undefined;
  let transparent: Uint8Array | undefined;
  const pieces: Uint8Array[] = [];
  for (let at = 8; ;) {
    if (at + 12 > bytes.length) throw damaged("it ends too early");
    const size = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (size > bytes.length - at - 12) throw damaged("a chunk reaches past its end");
    const body = bytes.subarray(at + 8, at + 8 + size);
    at += size + 12;
    if (type === "IHDR") header = readHeader(body);
    else if (header === undefined) throw damaged("it does not begin with its header");
    else if (type === "PLTE") palette = body;
    else if (type === "tRNS") transparent = body;
    else if (type === "IDAT") pieces.push(body);
    else if (type === "IEND") break;
  }
  if (pieces.length === 0) throw damaged("it has no picture");
  const passes = header.interlaced ? PASSES : [[0, 0, 1, 1] as const];
  const bits = CHANNELS[header.color]! * header.depth;
  const sizes = passes.map(([x, y, dx, dy]) => [Math.ceil((header.width - x) / dx), Math.ceil((header.height - y) / dy)] as const);
  const expected = sizes.reduce((n, [w, h]) => n + (w > 0 && h > 0 ? h * (1 + Math.ceil((w * bits) / 8)) : 0), 0);
  let raw: Buffer;
  try {
    raw = inflateSync(Buffer.concat(pieces), { maxOutputLength: expected + 4096 });
  } catch (cause) {
    throw serverError("image-damaged", "the PNG cannot be read: its data do not decompress to its size", { hint: "Save the image again.", cause });
  }
  if (raw.length < expected) throw damaged("its data end too early");
  const out = new Uint8Array(header.width * header.height * 4);
  const write = pixelWriter(header, palette, transparent, out);
  let at = 0;
  passes.forEach(([x0, y0, dx, dy], pass) => {
    const [w, h] = sizes[pass]!;
    if (w <= 0 || h <= 0) return;
    const stride = Math.ceil((w * bits) / 8);
    const back = Math.max(1, bits >> 3);
    let above: Uint8Array = new Uint8Array(stride);
    for (let y = 0; y < h; y++) {
      const line = raw.subarray(at + 1, at + 1 + stride);
      unfilter(raw[at]!, line, above, back);
      at += 1 + stride;
      for (let x = 0; x < w; x++) write(line, x, ((y0 + y * dy) * header.width + x0 + x * dx) * 4);
      above = line;
    }
  });
  return { width: header.width, height: header.height, data: out };
}

function readHeader(body: Uint8Array): Header {
  if (body.length !== 13) throw damaged("its header has another size");
  const view = new DataView(body.buffer, body.byteOffset, 13);
  const [width, height, depth, color] = [view.getUint32(0), view.getUint32(4), body[8]!, body[9]!];
  if (width === 0 || height === 0 || DEPTHS[color]?.includes(depth) !== true || body[10] !== 0 || body[11] !== 0 || body[12]! > 1) throw damaged("its header is none of a PNG");
  if (width * height > MAX_PIXELS) throw tooLarge(`the image has ${width} x ${height} pixels`, "Make it smaller before you send it.");
  return { width, height, depth, color, interlaced: body[12] === 1 };
}

/** In place; `above` is the line before, already unfiltered. */
function unfilter(filter: number, line: Uint8Array, above: Uint8Array, back: number): void {
  switch (filter) {
    case 0: return;
    case 1: for (let i = back; i < line.length; i++) line[i]! += line[i - back]!; return;
    case 2: for (let i = 0; i < line.length; i++) line[i]! += above[i]!; return;
    case 3: for (let i = 0; i < line.length; i++) line[i]! += ((i < back ? 0 : line[i - back]!) + above[i]!) >> 1; return;
    case 4:
      for (let i = 0; i < line.length; i++) {
        const [a, b, c] = i < back ? [0, above[i]!, 0] : [line[i - back]!, above[i]!, above[i - back]!];
        const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
        line[i]! += pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
      }
      return;
    default: throw damaged(`a line has the filter ${filter}`);
  }
}

function pixelWriter({ depth, color }: Header, palette: Uint8Array | undefined, transparent: Uint8Array | undefined, out: Uint8Array): (line: Uint8Array, x: number, to: number) => void {
  const most = 2 ** depth - 1;
  const sample = (line: Uint8Array, i: number): number => {
    if (depth === 8) return line[i]!;
    if (depth === 16) return (line[2 * i]! << 8) | line[2 * i + 1]!;
    const bit = i * depth;
    return (line[bit >> 3]! >> (8 - depth - (bit & 7))) & most;
  };
  const to8 = (v: number): number => (depth === 16 ? v >> 8 : depth === 8 ? v : (v * 255) / most);
  const key = (i: number): number => (transparent !== undefined && transparent.length >= 2 * i + 2 ? (transparent[2 * i]! << 8) | transparent[2 * i + 1]! : -1);
  const put = (at: number, r: number, g: number, b: number, a: number): void => {
    out[at] = r;
    out[at + 1] = g;
    out[at + 2] = b;
    out[at + 3] = a;
  };
  switch (color) {
    case 0: return (line, x, at) => {
      const v = sample(line, x);
      put(at, to8(v), to8(v), to8(v), v === key(0) ? 0 : 255);
    };
    case 2: return (line, x, at) => {
      const [r, g, b] = [sample(line, 3 * x), sample(line, 3 * x + 1), sample(line, 3 * x + 2)];
      put(at, to8(r), to8(g), to8(b), r === key(0) && g === key(1) && b === key(2) ? 0 : 255);
    };
    case 3: {
      if (palette === undefined) throw damaged("it has no palette");
      return (line, x, at) => {
        const v = sample(line, x);
        if (3 * v + 2 >= palette.length) throw damaged("a pixel is not in its palette");
        put(at, palette[3 * v]!, palette[3 * v + 1]!, palette[3 * v + 2]!, transparent?.[v] ?? 255);
      };
    }
    case 4: return (line, x, at) => put(at, to8(sample(line, 2 * x)), to8(sample(line, 2 * x)), to8(sample(line, 2 * x)), to8(sample(line, 2 * x + 1)));
    default: return (line, x, at) => put(at, to8(sample(line, 4 * x)), to8(sample(line, 4 * x + 1)), to8(sample(line, 4 * x + 2)), to8(sample(line, 4 * x + 3)));
  }
}
