// Folders of built files that are kept as long as their sources stay the same: the stamp beside the files is the hash of
// everything they depend on. Plain JavaScript, as it runs before anything else does.

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

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
