// A path -> a model package: a .slip file or an image-layout folder is read and verified, a saved model is compiled;
// oci://HOST/REPOSITORY:TAG is pulled, oci-layout:FOLDER:TAG read out of a folder of many.
// The compiler is loaded only when there is something to compile: a packed model starts without it.

import { open, readFile, readdir, stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { sniffFormat } from "@slipway/core/formats";
import type { ImportedModel } from "@slipway/core/convert";
import { readLayout, readSlip, writeSlip, type ModelPackage } from "@slipway/core/package";
import { runtimeError } from "./errors.ts";
import type { PythonOptions } from "./python/open-python.ts";
import { hasPythonModule } from "./python/target.ts";
import type { ImportFileOptions } from "./import-file.ts";
import { SAVED_MODEL, siblingsOf } from "./read-sibling.ts";
import type { TrustedSigners } from "./trusted-signers.ts";
import { isImageFolder, readImageFolder } from "./images/image-folder.ts";
import { isTextFolder, readTextFolder } from "./text/text-folder.ts";
import { locateModel } from "./locate.ts";

export interface OpenOptions extends ImportFileOptions {
  /** For a saved file: the package's name (from the file's by default) and version (0.0.0 by default). */
  readonly name?: string;
  readonly version?: string;
  /** For a saved file: rows with what it predicted, which it is checked with while it is packed. */
  readonly check?: { readonly file: string; readonly text: string };
  /** Only packages that one of them signed are opened; nothing else is. */
  readonly trusted?: TrustedSigners | undefined;
  /** Given: the model is one that Python runs; servers and predict take such (openPython), nothing else. */
  readonly python?: PythonOptions | undefined;
}
export interface OpenedModel {
  readonly package: ModelPackage;
  /** Present when the path was a saved model that was compiled now. */
  readonly imported?: ImportedModel;
  /** What packing has to tell. */
  readonly notes?: readonly string[];
}

const MAX_FILE = 2 ** 31 - 1;
const OCI = "oci://";
const LAYOUT = "oci-layout:";
const SNIFFED = 4096;

const OF_A_MODEL = /\.(pkl|pickle|joblib|sav|json|ubj|bin|txt|cbm|keras|h5|hdf5|tflite|pt|pt2|pth|pmml|onnx|slip|gguf)$/i;
const SHOWN_FILES = 3;

/** Names are a guess, for the hint only: what a file is, its bytes tell. */
async function hintOfFolder(path: string): Promise<string> {
  if (hasPythonModule(path)) return "A folder whose Python code has to run: slipway serve or predict, with --engine python.";
  const models = (await readdir(path)).filter((name) => OF_A_MODEL.test(name)).toSorted().slice(0, SHOWN_FILES);
  return models.length === 0 ? "Pass the model file itself." : `Pass the model file in it: ${models.map((name) => JSON.stringify(join(path, name).slice(0, 200))).join(" or ")}.`;
}

/**
 * A saved model's file; of a TensorFlow SavedModel, which is a folder, its saved_model.pb; of a layout, its one package.
 * @throws file-not-found, file-not-plain, file-too-large, and what pulling throws
 */
export async function readModelBytes(path: string): Promise<Uint8Array> {
  if (isArtifact(path)) return writeSlip(await pulled(path));
  const info = await stat(path).catch(() => undefined);
  if (!info) throw runtimeError("file-not-found", `there is no file ${JSON.stringify(path)}`, { hint: "Check the path; it is relative to the folder you are in." });
  if (info.isDirectory()) {
    if (await isLayout(path)) return writeSlip(await readLayoutFolder(path));
    if (isTextFolder(path)) return readTextFolder(path).model;
    if (isImageFolder(path)) return new Uint8Array(await readFile(join(path, readImageFolder(path).file)));
    const inside = siblingsOf(path)(SAVED_MODEL, MAX_FILE);
    if (!inside) throw runtimeError("file-not-found", `${JSON.stringify(path)} is a folder, and none that is a model (TensorFlow's with ${SAVED_MODEL}, MLflow's, Hugging Face's with ONNX)`, { hint: await hintOfFolder(path) });
    return inside;
  }
  if (info.size > MAX_FILE) throw runtimeError("file-too-large", `${JSON.stringify(path)} has ${info.size} bytes; the limit is ${MAX_FILE}`);
  const file = await readFile(path);
  return new Uint8Array(file.buffer, file.byteOffset, file.length);
}

/**
 * Every model that is served, predicted with or tested comes through here: what is asked of packages is asked here.
 * @param argument a path, FILE#ENTRY, oci://HOST/REPOSITORY:TAG (or @sha256:DIGEST), oci-layout:FOLDER:TAG, or a model that MLflow keeps (`models:/name/3`)
 * @throws as readModelBytes, the import and the package room; where signers are named, as requireSignature
 */
export async function openModel(argument: string, options: OpenOptions = {}): Promise<OpenedModel> {
  const { path, entry, mlflow, name, version } = locateModel(argument);
  const info = await stat(path).catch(() => undefined);
  const compiled = (options.preprocess ?? []).length > 0;
  if (!compiled && isArtifact(path)) return { package: await admitted(await pulled(path), options) };
  if (!compiled && info?.isDirectory() && (await isLayout(path))) return { package: await admitted(await readLayoutFolder(path), options) };
  const bytes = await readModelBytes(path);
  if (!compiled && sniffFormat(bytes) === "slip") return { package: await admitted(await readSlip(bytes), options) };
  if (options.trusted !== undefined) throw (await import("./trusted-signers.ts")).refuseUnpacked(path);
  const { packModel } = await import("./pack.ts");
  const known = { ...(entry === undefined ? {} : { entry }), ...(mlflow === undefined ? {} : { mlflow }) };
  const packed = await packModel(path, bytes, { ...(name === undefined ? {} : { name }), ...(version === undefined ? {} : { version }), ...options, ...known });
  return { package: packed.package, imported: packed.imported, notes: packed.notes };
}

/** Whether it was packed already: there is nothing to compile, or to run. */
export async function isPackage(argument: string): Promise<boolean> {
  if (isArtifact(argument)) return true;
  const info = await stat(argument).catch(() => undefined);
  if (info?.isDirectory()) return isLayout(argument);
  if (!info?.isFile()) return false;
  const file = await open(argument);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(SNIFFED), 0, SNIFFED, 0);
    return sniffFormat(buffer.subarray(0, bytesRead)) === "slip";
  } finally {
    await file.close();
  }
}

/** A package's digests say that it is whole, not who made it. */
async function admitted(pkg: ModelPackage, { trusted }: OpenOptions): Promise<ModelPackage> {
  if (trusted !== undefined) await (await import("./trusted-signers.ts")).requireSignature(pkg, trusted);
  const { assertSound } = await import("@slipway/core/onnx");
  assertSound(pkg.model);
  return pkg;
}

/** The rooms that talk to registries are loaded only when they are needed. */
async function pulled(reference: string): Promise<ModelPackage> {
  const { findLayoutReference, openReference, readFromLayout } = await import("../oci/index.ts");
  return reference.startsWith(LAYOUT) ? readFromLayout((await findLayoutReference(reference))!) : (await openReference(reference)).package;
}

function isArtifact(path: string): boolean {
  return path.startsWith(OCI) || path.startsWith(LAYOUT);
}

async function isLayout(folder: string): Promise<boolean> {
  return (await stat(join(folder, "oci-layout")).catch(() => undefined)) !== undefined;
}

async function readLayoutFolder(folder: string): Promise<ModelPackage> {
  const root = resolve(folder);
  return readLayout(async (path, maxBytes) => {
    const full = resolve(root, path);
    if (!full.startsWith(root + sep)) return undefined;
    const info = await stat(full).catch(() => undefined);
    if (!info?.isFile()) return undefined;
    if (info.size > maxBytes) throw runtimeError("file-too-large", `${path} has ${info.size} bytes; at most ${maxBytes} are expected there`);
    return readFile(full);
  });
}
