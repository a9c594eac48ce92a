// What a training is given, as far as it can be seen from here: the program with its arguments, and the data, by the names,
// sizes and times of its files. The same twice means that nothing has changed.

import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { RetrainSettings } from "../config/index.ts";

export interface Given {
  /** Null where the data cannot be looked at from here: none is set, it lies elsewhere, or is too much. */
  readonly data: string | null;
  /** How many labels had come since the version in use was offered. */
  readonly labels: number;
}

const MAX_FILES = 20_000;

/** What `Given.data` is now. */
export function dataState({ command = [], folder, data }: Pick<RetrainSettings, "command" | "folder" | "data">): string | null {
  if (data === undefined || /^[a-z][a-z0-9+.-]+:/i.test(data)) return null;
  const at = resolve(folder ?? ".");
  const files = listed(resolve(at, data));
  if (files === undefined) return null;
  const hash = createHash("sha256").update(JSON.stringify([command, files]));
  // A program that was written anew does something else.
  for (const argument of command) hash.update(JSON.stringify(lookAt(resolve(at, argument)) ?? null));
  return hash.digest("hex");
}

type Seen = readonly [path: string, bytes: number, changedMs: number];

function lookAt(path: string): Seen | undefined {
  try {
    const found = statSync(path);
    return found.isFile() ? [path, found.size, found.mtimeMs] : undefined;
  } catch {
    return undefined;
  }
}
/** Undefined where there is nothing, or too much. */
function listed(path: string): readonly Seen[] | undefined {
  const one = lookAt(path);
  if (one !== undefined) return [one];
  const found: Seen[] = [];
  const folders = [path];
  try {
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const inside = join(folder, entry.name);
        if (entry.isDirectory()) folders.push(inside);
        else found.push(lookAt(inside) ?? [inside, 0, 0]);
        if (found.length > MAX_FILES) return undefined;
      }
    }
  } catch {
    return undefined;
  }
  return found.sort(([a], [b]) => (a < b ? -1 : 1));
}
