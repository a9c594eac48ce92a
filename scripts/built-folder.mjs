// Folders of built files that are kept as long as their sources stay the same: the stamp beside the files is the hash of
// everything they depend on. Plain JavaScript, as it runs before anything else does.

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The hash of every file that the inputs (files and folders, relative to `here`) hold; tests do not count. */
export function sourceStamp(here, inputs) {
  const hash = createHash("sha256");
  for (const input of inputs) for (const file of filesOf(join(here, input))) hash.update(`${file.slice(here.length)}\0`).update(readFileSync(file)).update("\0");
  return hash.digest("hex");
}

export function filesOf(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).sort().flatMap((name) => (/\.test\.tsx?$/.test(name) ? [] : filesOf(join(path, name))));
}

/** In one step, so that a process that starts meanwhile sees all files of one build. */
export function place(out, target) {
  mkdirSync(dirname(target), { recursive: true });
  const aside = `${target}.${process.pid}.old`;
  const fresh = `${target}.${process.pid}.new`;
  cpSync(out, fresh, { recursive: true });
  if (existsSync(target)) renameSync(target, aside);
  try {
    renameSync(fresh, target);
  } catch {
    // Another process was faster; it built the same.
    rmSync(fresh, { recursive: true, force: true });
  }
  rmSync(aside, { recursive: true, force: true });
}

/**
 * Builds `target` where the stamp of its inputs is another one. `build(out)` writes the files into a new folder.
 * @returns the folder with the files; `built` tells whether there was anything to do
 */
export async function buildFolder({ here, inputs, target, build }) {
  const stamp = sourceStamp(here, inputs);
  const stampFile = join(target, ".stamp");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return { folder: target, built: false };
  const parent = fileURLToPath(new URL("../node_modules/.cache", import.meta.url));
  mkdirSync(parent, { recursive: true });
  const work = mkdtempSync(join(parent, "built-"));
  try {
    const out = join(work, "out");
    await build(out);
    writeFileSync(join(out, ".stamp"), stamp);
    place(out, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return { folder: target, built: true };
}
