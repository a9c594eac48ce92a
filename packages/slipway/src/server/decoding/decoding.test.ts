import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { crc32 } from "@slipway/core/formats";
import { describe, expect, it } from "vitest";
import { readArrow } from "./arrow.ts";
import { imageTensor } from "./image-tensor.ts";
import { decodeJpeg } from "./jpeg.ts";
import { readParquet } from "./parquet.ts";
import { decodePng } from "./png.ts";
import { resize, type ImagePlan } from "@slipway/core/predict";
import type { Table } from "./table.ts";

interface Fixtures {
  readonly tables: Readonly<Record<string, readonly ["parquet" | "arrow", string]>>;
  readonly pictures: Readonly<Record<string, { readonly png: string; readonly rgba: string }>>;
  readonly resized: Readonly<Record<string, string>>;
  readonly jpegs: Readonly<Record<string, string>>;
  readonly crop: string;
  readonly grey: string;
  readonly smooth: string;
}
const fixtures = JSON.parse(readFileSync(new URL("./fixtures/binary.json", import.meta.url), "utf8")) as Fixtures;
const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, "base64"));
const read = (kind: "parquet" | "arrow", data: Uint8Array<ArrayBuffer>): Table | Promise<Table> => (kind === "parquet" ? readParquet(data) : readArrow(data));
const CODED = /^(table-damaged|image-damaged|body-too-large)$/;

describe("tables", () => {
  it.each(Object.entries(fixtures.tables))("%s as pyarrow writes it", async (_, [kind, text]) => {
    const { rows, columns } = await read(kind, bytes(text));
    expect(rows).toBe(3);
    expect(columns.map(([name, values]) => [name, Array.from(values)])).toEqual([
      ["age", [45, null, 0.1 + 0.2]], ["plan", ["pro", "basic", "basic"]], ["member", [false, true, true]], ["note", [null, "é\u{1f600}", ""]],
    ]);
  });
});

describe("PNG", () => {
  it.each(Object.entries(fixtures.pictures))("%s gives the pixels that Pillow reads", (_, { png, rgba }) => {
    const picture = decodePng(bytes(png));
    expect([picture.width, picture.height]).toEqual([23, 17]);
    expect(Buffer.from(picture.data).equals(Buffer.from(rgba, "base64"))).toBe(true);
  });
  it("reads interlaced pictures", () => {
    const [w, h] = [5, 6];
    const pixel = (x: number, y: number): number[] => [x * 40, y * 40, x * y];
    const lines = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]].flatMap(([x0, y0, dx, dy]) => {
      const out: number[][] = [];
      for (let y = y0!; y < h; y += dy!) {
        const line = [0];
        for (let x = x0!; x < w; x += dx!) line.push(...pixel(x, y));
        if (line.length > 1) out.push(line);
      }
      return out;
    });
    const { data } = decodePng(pngOf(w, h, 1, deflateSync(Buffer.from(lines.flat()))));
    for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) expect([...data.subarray((y * w + x) * 4, (y * w + x) * 4 + 4)]).toEqual([...pixel(x, y), 255]);
  });
  it("refuses sizes and bombs before they cost anything, and what is damaged", () => {
    const zeros = deflateSync(Buffer.alloc(50_000_000));
    expect(() => decodePng(pngOf(2 ** 20, 2 ** 20, 0, zeros))).toThrow(expect.objectContaining({ code: "body-too-large" }));
    expect(() => decodePng(pngOf(2, 2, 0, zeros))).toThrow(expect.objectContaining({ code: "image-damaged" }));
    const original = bytes(fixtures.pictures["palette"]!.png);
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }), (changes) => {
      const data = new Uint8Array(original);
      for (const [at, value] of changes) data[at] = value;
      try {
        decodePng(data);
      } catch (error) {
        expect((error as { code?: string }).code, String(error)).toMatch(CODED);
      }
    }), { numRuns: 200 });
  });
});

describe("JPEG", () => {
  const smooth = bytes(fixtures.smooth);
  it.each(Object.entries(fixtures.jpegs))("%s is upright and within a few levels of the original", (name, text) => {
    const { width, height, data } = decodeJpeg(bytes(text));
    expect([width, height]).toEqual([48, 32]);
    let worst = 0;
    for (let i = 0; i < width * height; i++) {
      const want = [smooth[3 * i]!, smooth[3 * i + 1]!, smooth[3 * i + 2]!];
      const grey = Math.round(0.299 * want[0]! + 0.587 * want[1]! + 0.114 * want[2]!);
      for (let c = 0; c < 3; c++) worst = Math.max(worst, Math.abs(data[4 * i + c]! - (name === "grey" ? grey : want[c]!)));
    }
    expect(worst).toBeLessThanOrEqual(name === "progressive" ? 24 : 6);
  });
  it("that is damaged gives a coded error", () => {
    const original = bytes(fixtures.jpegs["orientation 6"]!);
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }), fc.boolean(), (changes, cut) => {
      const data = new Uint8Array(original);
      for (const [at, value] of changes) data[at] = value;
      try {
        decodeJpeg(cut ? data.slice(0, changes[0]![0]) : data);
      } catch (error) {
        expect((error as { code?: string }).code, String(error)).toMatch(CODED);
      }
    }), { numRuns: 200 });
  });
});

describe("pictures as tensors", () => {
  const rgb = (text: string): number[] => [...bytes(text)];
  const picture = decodePng(bytes(fixtures.pictures["rgb"]!.png));
  const pixels = Uint8Array.from({ length: 23 * 17 * 3 }, (_, i) => picture.data[Math.floor(i / 3) * 4 + (i % 3)]!);
  const png = bytes(fixtures.pictures["rgb"]!.png);
  const plan: ImagePlan = { height: 8, width: 8, channels: 3, channelsFirst: false, whole: true, resize: "stretch", filter: "bilinear", bgr: false, fill: 0, scale: 1, mean: [0, 0, 0], std: [1, 1, 1] };
  it.each(Object.entries(fixtures.resized))("are resized to %s as Pillow does, bit by bit", (size, want) => {
    const [w, h] = size.split("x").map(Number) as [number, number];
    expect([...resize(pixels, 23, 3, { x: 0, y: 0, width: 23, height: 17 }, w, h)]).toEqual(rgb(want));
  });
  it("are cropped, padded, turned to grey and to BGR", () => {
    expect([...imageTensor(png, { ...plan, resize: "crop" }).data]).toEqual(rgb(fixtures.crop));
    expect([...imageTensor(png, { ...plan, height: -1, width: -1, channels: 1, mean: [0], std: [1] }).data]).toEqual(rgb(fixtures.grey));
    const own = { ...plan, height: -1, width: -1 };
    expect([...imageTensor(png, { ...own, bgr: true }).data.subarray(0, 3)]).toEqual([pixels[2], pixels[1], pixels[0]]);
    const padded = imageTensor(png, { ...plan, height: 23, width: 23, resize: "pad" }).data;
    expect([padded[0], padded[(3 * 23) * 3], padded[(3 * 23) * 3 + 1]]).toEqual([0, pixels[0], pixels[1]]);
  });
  it("are normalised and laid out as the tensor is", () => {
    const { data } = imageTensor(png, { ...plan, height: -1, width: -1, whole: false, channelsFirst: true, scale: 1 / 255, mean: [0.5, 0, 0], std: [0.25, 1, 1] });
    expect(data[1]).toBe(Math.fround((pixels[3]! / 255 - 0.5) / 0.25));
    expect(data[23 * 17 + 1]).toBe(Math.fround(pixels[4]! / 255));
  });
});

function pngOf(width: number, height: number, interlaced: number, idat: Uint8Array): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, interlaced], 8);
  const chunk = (type: string, body: Uint8Array): Buffer => {
    const out = Buffer.concat([Buffer.alloc(4), Buffer.from(type), body, Buffer.alloc(4)]);
    out.writeUInt32BE(body.length, 0);
    out.writeUInt32BE(crc32(out.subarray(4, -4)), out.length - 4);
    return out;
  };
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", header), chunk("IDAT", idat), chunk("IEND", Buffer.alloc(0))]);
}
