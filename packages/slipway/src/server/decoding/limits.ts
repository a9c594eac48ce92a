// Bounds on what a binary body may become in memory.

import { gunzipSync, brotliDecompressSync, zstdDecompressSync } from "node:zlib";
import { serverError } from "../errors.ts";

/** Values of a table of so many bytes: a table of repeated values is small, one that was made to cost memory smaller still. */
export function mostCells(bytes: number): number {
  return Math.min(2 ** 23, Math.max(2 ** 20, bytes * 64));
}
/** Bytes of a table's pages, decompressed. */
export const MAX_TABLE_BYTES: number = 2 ** 29;
/** Pixels of an image. */
export const MAX_PIXELS: number = 2 ** 26;
/** Memory of the thread that decodes. */
export const MAX_HEAP_MB = 1024;

export function tooLarge(what: string, hint: string): Error {
  return serverError("body-too-large", what, { hint });
}

/** Decompressors that count what comes out, over all pages of one table. */
export class Decompression {
  #left = MAX_TABLE_BYTES;

  /** Takes `size` bytes off what is left. */
  take(size: number): number {
    if (!(size >= 0 && size <= this.#left)) throw tooLarge(`the table expands to more than ${MAX_TABLE_BYTES} bytes`, "Send the rows in parts.");
    this.#left -= size;
    return size;
  }
  gunzip(bytes: Uint8Array, size: number): Uint8Array {
    return gunzipSync(bytes, { maxOutputLength: Math.max(1, this.take(size)) });
  }
  brotli(bytes: Uint8Array, size: number): Uint8Array {
    return brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, this.take(size)) });
  }
  zstd(bytes: Uint8Array, size: number): Uint8Array {
    return zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, this.take(size)) });
  }
}
