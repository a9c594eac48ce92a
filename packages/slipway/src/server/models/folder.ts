// A folder of models, as Triton and TensorFlow Serving lay it out, or flat:
//   DIR/NAME/VERSION/file-or-package     versions in folders of their own (3, 1.2.0, v2)
//   DIR/NAME/file-or-package             one version, or several by their files' names (churn-1.2.0.slip)
//   DIR/file-or-package                  the name and version of the file's name, else of the package
// A package is a .slip file or an image layout; a folder with saved_model.pb is a SavedModel. Hidden names and what is
// no model (config.pbtxt, README) are passed over. Nothing is opened here but folders.

import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { nameFromFile } from "@slipway/core/package";

export interface FoundModel {
  readonly name: string;
  /** Undefined where only the package says it. */
  readonly version: string | undefined;
  readonly path: string;
  /** Changes when the file does. */
  readonly fingerprint: string;
}
export interface ScannedFolder {
  readonly found: readonly FoundModel[];
  /** What could not be understood. */
  readonly notes: readonly string[];
}

const MAX_ENTRIES = 20_000;
const MAX_FILES = 2000;
const AT_ONCE = 64;
const MODEL_FILE = /\.(?:slip|pkl|pickle|joblib|sav|onnx|keras|h5|hdf5|tflite|pt2?|pth|cbm|ubj|json|txt|model|bin|pmml|xml)(?:\.(?:gz|bz2|xz|lzma|z|lz4))?$/i;
const NO_MODEL = /^(?:config\.pbtxt|readme(?:\..*)?|labels?\.txt|requirements\.txt|license(?:\..*)?|slipway\.config\..*|checks?\.json)$/i;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const VERSION = /^v?\d[0-9A-Za-z.+-]{0,100}$/;
/** churn-1.2.0.slip, churn-v2.pkl, churn@1.0.0.onnx */
const FILE_VERSION = /^(.+?)[-_@](v?\d+(?:\.\d+){0,2}(?:-[0-9A-Za-z.]+)?)$/;

/** @throws Error of the file system when the folder itself cannot be read */
export async function scanFolder(folder: string): Promise<ScannedFolder> {
  const found: FoundModel[] = [];
  const notes: string[] = [];
  const add: Add = async (name, version, { path, info }) => {
    if (!NAME.test(name)) notes.push(`${path} is passed over: ${JSON.stringify(name)} cannot be a model's name (letters, digits, '.', '_' and '-')`);
    else found.push({ name, version, path, fingerprint: await fingerprint(path, info) });
  };
  for (const entry of await list(folder)) {
    if (entry.info.isFile()) {
      if (!isModelFile(entry.name)) continue;
      const { name, version } = fromFileName(entry.name);
      await add(name, version, entry);
    } else if (await isPackageFolder(entry.path)) await add(entry.name, undefined, entry);
    else await scanModel(entry.name, entry.path, add, notes);
  }
  return { found, notes };
}
type Add = (name: string, version: string | undefined, entry: Entry) => Promise<void>;

async function scanModel(name: string, folder: string, add: Add, notes: string[]): Promise<void> {
  const files: Entry[] = [];
  for (const entry of await list(folder)) {
    if (entry.info.isFile()) {
      if (isModelFile(entry.name)) files.push(entry);
    } else if (VERSION.test(entry.name)) {
      const inside = (await isPackageFolder(entry.path)) ? entry : await modelIn(entry.path);
      if (inside === undefined) notes.push(`${entry.path} is passed over: it holds no model, or more than one and none is called model.*`);
      else await add(name, entry.name, inside);
    } else if (await isPackageFolder(entry.path)) await add(name, undefined, entry);
  }
  for (const file of files) await add(name, files.length === 1 ? fromFileName(file.name).version : (fromFileName(file.name).version ?? stem(file.name)), file);
}

/** The one model in a version's folder. */
async function modelIn(folder: string): Promise<Entry | undefined> {
  const models: Entry[] = [];
  for (const e of await list(folder)) if (e.info.isFile() ? isModelFile(e.name) : await isPackageFolder(e.path)) models.push(e);
  return models.length === 1 ? models[0] : models.find((e) => /^model\./i.test(e.name));
}

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly info: Stats;
}
async function list(folder: string): Promise<Entry[]> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith(".")).sort().slice(0, MAX_ENTRIES);
  const entries: Entry[] = [];
  for (let start = 0; start < names.length; start += AT_ONCE) {
    const some = await Promise.all(names.slice(start, start + AT_ONCE).map(async (name) => {
      const path = join(folder, name);
      // A link is followed: a mounted volume's files are links. It may also lead nowhere.
      const info = await stat(path).catch(() => undefined);
      return info !== undefined && (info.isFile() || info.isDirectory()) ? [{ name, path, info }] : [];
    }));
    entries.push(...some.flat());
  }
  return entries;
}

function isModelFile(name: string): boolean {
  return MODEL_FILE.test(name) && !NO_MODEL.test(name);
}
async function isPackageFolder(path: string): Promise<boolean> {
  for (const file of ["oci-layout", "saved_model.pb"]) if ((await stat(join(path, file)).catch(() => undefined))?.isFile() === true) return true;
  return false;
}
function fromFileName(file: string): { name: string; version: string | undefined } {
  const [, name, version] = FILE_VERSION.exec(stem(file)) ?? [];
  return name === undefined ? { name: nameFromFile(file), version: undefined } : { name: nameFromFile(name), version };
}
function stem(file: string): string {
  return file.replace(MODEL_FILE, "");
}

/** Of a folder, of every file in it. */
async function fingerprint(path: string, info: Stats): Promise<string> {
  if (info.isFile()) return `${info.ino}:${info.size}:${info.mtimeMs}`;
  const parts: string[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    for (const entry of await list(folder)) {
      if (parts.length >= MAX_FILES) return;
      if (entry.info.isFile()) parts.push(`${entry.path.slice(path.length)}:${entry.info.ino}:${entry.info.size}:${entry.info.mtimeMs}`);
      else if (depth < 4) await walk(entry.path, depth + 1);
    }
  };
  await walk(path, 0);
  return parts.join("|");
}
