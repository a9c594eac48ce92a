// What a training is given, as far as it can be seen from here: the program with its arguments, and the data, by the names,
// sizes and times of its files. The same twice means that nothing has changed.

import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { RetrainSettings } from "../config/index.ts";

export interface Given {
  /** Null where the data cannot be looked at from here: none is set, it lies elsewhere, or is too much. */
  readonly data: string | null;
  /** How many labels had come since the version in use was offered. */
  readonly labels: number;
}
export type Seen = readonly [path: string, bytes: number, changedMs: number];
/** What was found, and where to look whether it still is so. */
export interface DataList {
  readonly state: string | null;
  readonly folders: readonly (readonly [path: string, changedMs: number])[];
  readonly files: readonly Seen[];
  /** Arguments of the program, with what lies there as JSON. */
  readonly programs: readonly (readonly [path: string, seen: string])[];
}

/** Files and folders. */
const MAX_ENTRIES = 20_000;
const NOTHING: DataList = { state: null, folders: [], files: [], programs: [] };

/** What `Given.data` is now. */
export async function dataState(settings: Pick<RetrainSettings, "command" | "folder" | "data">): Promise<string | null> {
  return (await listData(settings)).state;
}

/** Everything, file by file. */
export async function listData({ command = [], folder, data }: Pick<RetrainSettings, "command" | "folder" | "data">): Promise<DataList> {
  if (data === undefined || /^[a-z][a-z0-9+.-]+:/i.test(data)) return NOTHING;
  const at = resolve(folder ?? ".");
  const found = await listed(resolve(at, data));
  if (found.files === undefined) return { ...NOTHING, folders: found.folders };
  const hash = createHash("sha256").update(JSON.stringify([command, found.files]));
  const programs: [string, string][] = [];
  // A program that was written anew does something else.
  for (const argument of command) {
    const path = resolve(at, argument);
    const seen = JSON.stringify((await lookAt(path)) ?? null);
    programs.push([path, seen]);
    hash.update(seen);
  }
  return { state: hash.digest("hex"), folders: found.folders, files: found.files, programs };
}

export async function lookAt(path: string): Promise<Seen | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true ? [path, found.size, found.mtimeMs] : undefined;
}

/** No files where there is nothing, or too much; of that the top folder is told, so that it is not listed again for nothing. */
async function listed(path: string): Promise<{ readonly files: readonly Seen[] | undefined; readonly folders: DataList["folders"] }> {
  const one = await lookAt(path);
  if (one !== undefined) return { files: [one], folders: [] };
  const files: Seen[] = [];
  const folders: [string, number][] = [];
  const waiting = [path];
  try {
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
      folders.push([folder, (await stat(folder)).mtimeMs]);
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        const inside = join(folder, entry.name);
        if (entry.isDirectory()) waiting.push(inside);
        else files.push((await lookAt(inside)) ?? [inside, 0, 0]);
        if (files.length + folders.length + waiting.length > MAX_ENTRIES) return { files: undefined, folders: folders.slice(0, 1) };
      }
    }
  } catch {
    return { files: undefined, folders: folders.slice(0, 1) };
  }
  return { files: files.sort(([a], [b]) => (a < b ? -1 : 1)), folders };
}
