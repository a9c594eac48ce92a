// What Python is to run: found, copied to a folder of our own while its digest is computed, and only then trusted. What
// runs is the copy, so that nothing can be put in its place after it was looked at. In a container's image, whose files this
// process cannot change, it is run where it lies: there may be no room for a copy, nor a place.

import { createHash } from "node:crypto";
import { accessSync, constants, copyFileSync, createReadStream, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { splitEntry } from "../split-entry.ts";
import { pythonError } from "./errors.ts";

export type PythonStyle = "pickle" | "module" | "mlflow";

export interface PythonTarget {
  readonly style: PythonStyle;
  /** The file that is loaded, or MLflow's folder, within the copy. */
  readonly path: string;
  readonly entry: string | undefined;
  /** Whether it was a file that was given, or a folder. */
  readonly given: "file" | "folder";
  /** Paths in `root` that the digest covers. */
  readonly files: readonly string[];
  /** Of the file, or of the list of the folder's files as sha256sum writes it, by name. */
  readonly digest: string;
  readonly bytes: number;
  /** The model's own folder: the copy of what was given. */
  readonly root: string;
  /** Where the process may write: `tmp` in it. Whoever opened the target removes it. */
  readonly folder: string;
  /** The interpreter of an environment that lies in the folder, where there is one. */
  readonly environment: string | undefined;
}

const MODULES = ["predict.py", "model/model.py", "model.py", "inference.py", "code/inference.py"];
const PICKLE = /\.(?:pkl|pickle|joblib|sav|cloudpickle|dill)(?:\.gz|\.z|\.bz2|\.xz)?$/i;
/** Not the model's, or made anew when it runs. */
const SKIPPED = new Set([".venv", "venv", ".git", "__pycache__", ".ipynb_checkpoints", "node_modules"]);
const MAX_FILES = 20_000;

export interface TargetOptions {
  /** Whether files that this process may not change are run where they lie. */
  readonly inPlace?: boolean | undefined;
}

/** The caller removes `folder`. @throws SlipwayError python-target, python-scratch */
export async function openTarget(argument: string, options: TargetOptions = {}): Promise<PythonTarget> {
  const { path, entry } = splitEntry(argument);
  const info = statSync(path, { throwIfNoEntry: false });
  if (info === undefined) throw pythonError("python-target", `there is nothing at ${JSON.stringify(path)}`, { hint: "Check the path; it is relative to the folder you are in." });
  const folder = scratchFolder();
  try {
    mkdirSync(join(folder, "tmp"));
    const main = info.isFile() ? { style: path.endsWith(".py") ? "module" as const : "pickle" as const, file: basename(path) } : mainOf(path);
    const from = info.isFile() ? dirname(path) : path;
    const names = info.isFile() ? [main.file] : listFiles(path, path).sort();
    const inPlace = options.inPlace === true && [path, from, ...names.map((name) => join(from, name))].every((each) => !isWritable(each));
    const root = inPlace ? from : join(folder, "model");
    const lines: string[] = [];
    let bytes = 0;
    for (const name of names) {
      const file = join(root, name);
      if (!inPlace) {
        mkdirSync(dirname(file), { recursive: true });
        copyFileSync(join(from, name), file, constants.COPYFILE_FICLONE);
      }
      bytes += statSync(file).size;
      lines.push(`${await digestOf(file)}  ${name}\n`);
    }
    const digest = info.isFile() ? lines[0]!.slice(0, 64) : createHash("sha256").update(lines.join("")).digest("hex");
    return { style: main.style, path: join(root, main.file), entry, given: info.isFile() ? "file" : "folder", files: names, digest: `sha256:${digest}`, bytes, root, folder, environment: environmentIn(from) };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Containers whose file system is read-only often have no other place than the one for shared memory. */
function scratchFolder(): string {
  for (const place of [tmpdir(), "/dev/shm"]) {
    try {
      return mkdtempSync(join(place, "slipway-python-"));
    } catch {
      // Another place may do.
    }
  }
  throw pythonError("python-scratch", `there is no folder to write in: neither ${tmpdir()} nor /dev/shm`, { hint: "Give the container one: --tmpfs /tmp, an emptyDir at /tmp, or TMPDIR." });
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

const isFileIn = (folder: string, name: string): boolean => lstatSync(join(folder, name), { throwIfNoEntry: false })?.isFile() === true;

/** Whether the folder has a module that says how its model is called. */
export function hasPythonModule(folder: string): boolean {
  return MODULES.some((name) => isFileIn(folder, name));
}

function mainOf(folder: string): { readonly style: PythonStyle; readonly file: string } {
  const there = (name: string): boolean => isFileIn(folder, name);
  if (there("MLmodel")) return { style: "mlflow", file: "" };
  const module = MODULES.find(there);
  if (module !== undefined) return { style: "module", file: module };
  const pickles = readdirSync(folder).filter((name) => PICKLE.test(name) && there(name));
  if (pickles.length === 1) return { style: "pickle", file: pickles[0]! };
  throw pythonError("python-target", `the folder ${JSON.stringify(folder)} has ${pickles.length === 0 ? "no" : `${pickles.length} pickles and no`} ${MODULES[0]}`, {
    where: folder, hint: `Give one of ${MODULES.join(", ")} (with load() and predict(rows)), one pickle, or a folder that MLflow made.` });
}

function listFiles(root: string, folder: string): string[] {
  const found: string[] = [];
  for (const one of readdirSync(folder, { withFileTypes: true })) {
    if (SKIPPED.has(one.name)) continue;
    const full = join(folder, one.name);
    if (one.isDirectory()) found.push(...listFiles(root, full));
    else if (one.isFile()) found.push(relative(root, full));
    else throw pythonError("python-target", `${JSON.stringify(relative(root, full))} is a link, or no plain file`, { where: root, hint: "Put the file itself into the folder: what a link names can change." });
    if (found.length > MAX_FILES) throw pythonError("python-target", `the folder ${JSON.stringify(root)} has more than ${MAX_FILES} files`, { where: root });
  }
  return found;
}

function environmentIn(folder: string): string | undefined {
  const python = process.platform === "win32" ? join(folder, ".venv", "Scripts", "python.exe") : join(folder, ".venv", "bin", "python");
  return statSync(python, { throwIfNoEntry: false }) === undefined ? undefined : python;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest("hex");
}
