// Committed parts put together under another name: one file in their order, and beside it the rows that could not be scored.

import { closeSync, openSync, readSync, readFileSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { outputFailed } from "./files.ts";
import { badName, partName, type OutputFormat, type Part } from "./messages.ts";

const COPY_BYTES = 2 ** 22;

/** Writes `path` by pieces, and brings it to the disk. */
export async function writeWhole(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
  try {
    const file = await open(path, "w");
    try {
      // In turns: what keeps a lease alive goes on meanwhile.
      for (const bytes of pieces) await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw outputFailed(path, cause);
  }
}

/** Parts of text, as one file. */
export async function joinParts(path: string, folder: string, parts: readonly Part[], format: OutputFormat): Promise<void> {
  await writeWhole(path, pieces());
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
export async function joinBadRows(path: string, folder: string, parts: readonly Part[]): Promise<void> {
  await writeWhole(path, lines());
  function* lines(): Generator<Uint8Array> {
    let first = 0;
    let pending = "";
    for (const part of parts) {
      if (part.broken !== undefined) yield Buffer.from(`${JSON.stringify({ row: first + 1, column: null, reason: part.broken.reason, text: "", source: part.broken.source })}\n`);
      for (const line of part.bad === 0 ? [] : readFileSync(join(folder, badName(part)), "utf8").split("\n")) {
        if (line === "") continue;
        const { row, ...rest } = JSON.parse(line) as { row: number };
        pending += `${JSON.stringify({ row: first + row + 1, ...rest })}\n`;
      }
      first += part.rows;
      if (pending !== "") yield Buffer.from(pending);
      pending = "";
    }
  }
}

/** Whether a part's files are there, and are as long as they were. */
export function partsThere(folder: string, part: Part, format: OutputFormat): boolean {
  return statSync(join(folder, partName(part, format)), { throwIfNoEntry: false })?.size === part.bytes && (part.bad === 0 || statSync(join(folder, badName(part)), { throwIfNoEntry: false }) !== undefined);
}
