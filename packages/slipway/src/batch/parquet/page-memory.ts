// The memory that pages are read into and unpacked in.

import { readSync } from "node:fs";
import { constants, gunzipSync, zstdDecompressSync } from "node:zlib";
import { writeModule } from "@slipway/core/wasm";
import type { CompressionCodec } from "hyparquet";
import { SLACK, TextMemory } from "../text/text-memory.ts";
import type { Page } from "./pages.ts";
import { snappyFunction } from "./snappy.ts";

const CODECS: ReadonlySet<CompressionCodec> = new Set(["UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD"]);
export function canUnpack(codec: CompressionCodec): boolean {
  return CODECS.has(codec);
}

/** A place for what comes and goes, and is longer each time it has to be. */
export class Area {
  at = 0;
  #size = 0;
  readonly #memory: TextMemory;
  constructor(memory: TextMemory) {
    this.#memory = memory;
  }
  /** Its address, with room for so many bytes. */
  room(bytes: number): number {
    // What is left of a shorter one is lost: pages of a column are alike.
    if (bytes > this.#size) {
      this.#size = bytes;
      this.at = this.#memory.take(this.#size + SLACK);
    }
    return this.at;
  }
}

type Snappy = (from: number, end: number, to: number, limit: number) => number;

export class PageMemory extends TextMemory {
  readonly #packed = new Area(this);
  readonly #snappy = new WebAssembly.Instance(new WebAssembly.Module(writeModule([snappyFunction()])), { env: { memory: this.memory } }).exports["snappy"] as Snappy;

  /** A page's bytes, unpacked, in `area`. @throws Error where they are damaged */
  unpack(file: number, page: Page, codec: CompressionCodec, area: Area): number {
    const { packed, unpacked, levels = 0, isPacked } = page;
    const to = area.room(unpacked);
    if (codec === "UNCOMPRESSED" || !isPacked) {
      if (packed !== unpacked) throw new Error("a page has another length than it says");
      this.#read(file, page.at, to, packed);
      return to;
    }
    const from = this.#packed.room(packed);
    this.#read(file, page.at, from, packed);
    const { bytes } = this;
    bytes.copyWithin(to, from, from + levels);
    const [values, end, length] = [from + levels, from + packed, unpacked - levels];
    if (codec === "SNAPPY") {
      if (packed === levels && length === 0) return to;
      let told = 0;
      let at = values;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++]!;
        told += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) break;
        if (shift > 28 || at >= end) throw new Error("a page's length cannot be read");
      }
      if (told !== length || this.#snappy(at, end, to + levels, to + unpacked) !== to + unpacked) throw new Error("a page's bytes are damaged");
      return to;
    }
    const out = codec === "ZSTD" ? zstdDecompressSync(bytes.subarray(values, end), { maxOutputLength: Math.max(1, length) }) : gunzipSync(bytes.subarray(values, end), { maxOutputLength: Math.max(1, length), finishFlush: constants.Z_SYNC_FLUSH });
    if (out.length !== length) throw new Error("a page has another length than it says");
    bytes.set(out, to + levels);
    return to;
  }
  #read(file: number, position: number, to: number, length: number): void {
    const { bytes } = this;
    for (let done = 0; done < length; ) {
      const count = readSync(file, bytes, to + done, length - done, position + done);
      if (count === 0) throw new Error("the file is cut off");
      done += count;
    }
  }
}
