// Committed parts put together: one file in their order, and beside it the rows that could not be scored.

import { closeSync, existsSync, fsyncSync, openSync, readSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { outputFailed, syncFolder } from "./files.ts";
import { badName, partName, type OutputFormat, type Part } from "./messages.ts";

const COPY_BYTES = 2 ** 22;

class Target {
  readonly #path: string;
  readonly #file: number;
  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(`${path}.tmp`, "w");
  }
  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.byteLength; ) at += writeSync(this.#file, bytes, at);
  }
  commit(): void {
    fsyncSync(this.#file);
    closeSync(this.#file);
    renameSync(`${this.#path}.tmp`, this.#path);
    syncFolder(this.#path);
  }
}

/** Parts of text, as one file. */
export function joinParts(path: string, folder: string, parts: readonly Part[], format: OutputFormat): void {
  try {
    const target = new Target(path);
    const head = parts.find((p) => p.head !== "")?.head;
    if (head !== undefined) target.write(Buffer.from(head));
    const buffer = Buffer.allocUnsafe(COPY_BYTES);
    for (const { shard } of parts) {
      const file = openSync(join(folder, partName(shard, format)), "r");
      try {
        for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) target.write(buffer.subarray(0, read));
      } finally {
        closeSync(file);
      }
    }
    target.commit();
  } catch (cause) {
    throw outputFailed(path, cause);
  }
}

/** Bad rows with their place in the whole input, counted from 1. */
export function joinBadRows(path: string, folder: string, parts: readonly Part[]): number {
  const total = parts.reduce((n, p) => n + p.bad, 0);
  if (total === 0) {
    rmSync(path, { force: true });
    return 0;
  }
  try {
    const target = new Target(path);
    let first = 0;
    for (const part of parts) {
      if (part.bad > 0) {
        for (const line of readFileSync(join(folder, badName(part.shard)), "utf8").split("\n")) {
          if (line === "") continue;
          const { row, ...rest } = JSON.parse(line) as { row: number };
          target.write(Buffer.from(`${JSON.stringify({ row: first + row + 1, ...rest })}\n`));
        }
      }
      first += part.rows;
    }
    target.commit();
  } catch (cause) {
    throw outputFailed(path, cause);
  }
  return total;
}

export function partsThere(folder: string, part: Part, format: OutputFormat): boolean {
  return existsSync(join(folder, partName(part.shard, format))) && (part.bad === 0 || existsSync(join(folder, badName(part.shard))));
}
