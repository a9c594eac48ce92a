// Committed parts put together under another name: one file in their order, and beside it the rows that could not be scored.

import { closeSync, fsyncSync, openSync, readSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { outputFailed } from "./files.ts";
import { badName, partName, type OutputFormat, type Part } from "./messages.ts";

const COPY_BYTES = 2 ** 22;

/** Writes `path` by pieces, and brings it to the disk. */
export function writeWhole(path: string, pieces: Iterable<Uint8Array>): void {
  try {
    const file = openSync(path, "w");
    try {
      for (const bytes of pieces) for (let at = 0; at < bytes.byteLength; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw outputFailed(path, cause);
  }
}

/** Parts of text, as one file. */
export function joinParts(path: string, folder: string, parts: readonly Part[], format: OutputFormat): void {
  writeWhole(path, pieces());
  function* pieces(): Generator<Uint8Array> {
    const head = parts.find((p) => p.head !== "")?.head;
    if (head !== undefined) yield Buffer.from(head);
    const buffer = Buffer.allocUnsafe(COPY_BYTES);
    for (const part of parts) {
      // Of a shard that could not be made there is no file.
      if (part.bytes === 0) continue;
      const file = openSync(join(folder, partName(part, format)), "r");
      try {
        for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) yield buffer.subarray(0, read);
      } finally {
        closeSync(file);
      }
    }
  }
}

/** Bad rows with their place in the whole input, counted from 1. */
export function joinBadRows(path: string, folder: string, parts: readonly Part[]): void {
  writeWhole(path, lines());
  function* lines(): Generator<Uint8Array> {
    let first = 0;
    for (const part of parts) {
      for (const line of part.bad === 0 ? [] : readFileSync(join(folder, badName(part)), "utf8").split("\n")) {
        if (line === "") continue;
        const { row, ...rest } = JSON.parse(line) as { row: number };
        yield Buffer.from(`${JSON.stringify({ row: first + row + 1, ...rest })}\n`);
      }
      first += part.rows;
    }
  }
}

/** Whether a part's files are there, and are as long as they were. */
export function partsThere(folder: string, part: Part, format: OutputFormat): boolean {
  return statSync(join(folder, partName(part, format)), { throwIfNoEntry: false })?.size === part.bytes && (part.bad === 0 || statSync(join(folder, badName(part)), { throwIfNoEntry: false }) !== undefined);
}
