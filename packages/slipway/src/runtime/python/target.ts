// What Python is to run: found, copied to a folder of our own while its digest is computed, and only then trusted. What
// runs is the copy, so that nothing can be put in its place after it was looked at.

import { createHash } from "node:crypto";
import { constants, copyFileSync, createReadStream, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
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
  /** Of the file, or of the list of the folder's files as sha256sum writes it, by name. */
  readonly digest: string;
  readonly bytes: number;
  /** The copy's folder: `model` beside `tmp`, where the process may write. */
  readonly folder: string;
  /** The interpreter of an environment that lies in the folder, where there is one. */
  readonly environment: string | undefined;
}

const MODULES = ["predict.py", "model/model.py", "model.py", "inference.py", "code/inference.py"];
const PICKLE = /\.(?:pkl|pickle|joblib|sav|cloudpickle|dill)(?:\.gz|\.z|\.bz2|\.xz)?$/i;
/** Not the model's, or made anew when it runs. */
const SKIPPED = new Set([".venv", "venv", ".git", "__pycache__", ".ipynb_checkpoints", "node_modules"]);
const MAX_FILES = 20_000;

/** The caller removes `folder`. @throws SlipwayError python-target */
export async function copyTarget(argument: string): Promise<PythonTarget> {
  const { path, entry } = splitEntry(argument);
  const info = statSync(path, { throwIfNoEntry: false });
  if (info === undefined) throw pythonError("python-target", `there is nothing at ${JSON.stringify(path)}`, { hint: "Check the path; it is relative to the folder you are in." });
  const folder = mkdtempSync(join(tmpdir(), "slipway-python-"));
  try {
    const root = join(folder, "model");
    mkdirSync(root);
    mkdirSync(join(folder, "tmp"));
    if (info.isFile()) {
      const to = join(root, basename(path));
      copyFileSync(path, to, constants.COPYFILE_FICLONE);
      return { style: path.endsWith(".py") ? "module" : "pickle", path: to, entry, digest: `sha256:${await digestOf(to)}`, bytes: info.size, folder, environment: environmentIn(dirname(path)) };
    }
    const main = mainOf(path);
    const files = listFiles(path, path).sort();
    const lines: string[] = [];
    let bytes = 0;
    for (const name of files) {
      const to = join(root, name);
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(join(path, name), to, constants.COPYFILE_FICLONE);
      bytes += statSync(to).size;
      lines.push(`${await digestOf(to)}  ${name}\n`);
    }
    const digest = `sha256:${createHash("sha256").update(lines.join("")).digest("hex")}`;
    return { style: main.style, path: join(root, main.file), entry, digest, bytes, folder, environment: environmentIn(path) };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
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
