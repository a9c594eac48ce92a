// ONNX Runtime's WebAssembly build, for models that our own kernel does not take: three files of the npm package
// onnxruntime-web, which is looked for where the command runs and beside Slipway itself.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { edgeFolderError } from "./errors.ts";

const MODULE = "ort.wasm.min.mjs";
const FILES = [MODULE, "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"];
export const ORT_MODULE: string = `onnxruntime/${MODULE}`;

/** By path in the folder. @throws edge-needs-onnxruntime */
export async function onnxruntimeFiles(from: string): Promise<Map<string, Uint8Array>> {
  const folder = found(from);
  return new Map(await Promise.all(FILES.map(async (name) => [`onnxruntime/${name}`, await readFile(join(folder, name))] as const)));
}

/** The module itself, for this process. @throws edge-needs-onnxruntime */
export function onnxruntimeAddress(from: string): string {
  return pathToFileURL(join(found(from), MODULE)).href;
}

function found(from: string): string {
  for (const base of [pathToFileURL(join(from, "package.json")).href, import.meta.url]) {
    const folder = place(base);
    if (folder !== undefined) return folder;
  }
  throw edgeFolderError("edge-needs-onnxruntime", "the model needs ONNX Runtime, and onnxruntime-web is not installed here", { hint: "Run `npm install onnxruntime-web` in this folder, then this command again." });
}

function place(base: string): string | undefined {
  try {
    return dirname(createRequire(base).resolve("onnxruntime-web/wasm"));
  } catch {
    return undefined;
  }
}
