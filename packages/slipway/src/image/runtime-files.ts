// What runs a package in an image: the bundled server, and ONNX Runtime cut down to the one platform (two of its files in
// place of some three hundred megabytes).

import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { imageError } from "./errors.ts";
import type { LayerFile } from "./layer.ts";
import { NODE_ARCHITECTURE, platformText, type Platform } from "./platform.ts";

/** Where it lies in images. */
export const SERVER_FOLDER = "opt/slipway";
export const SERVER_MAIN: string = `${SERVER_FOLDER}/container.js`;

/** Beside `src` and `dist`, so that the same path holds from both. */
const BUNDLE = fileURLToPath(new URL("../../assets/bundle/", import.meta.url));
/** In a checkout only. */
const BUILDER = new URL("../../bundle.mjs", import.meta.url);

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** Its files under `SERVER_FOLDER`, and the packages of others in it. @throws image-incomplete */
export async function serverFiles(): Promise<{ readonly files: LayerFile[]; readonly packages: readonly BundledPackage[] }> {
  if (import.meta.url.endsWith(".ts") && existsSync(BUILDER)) await ((await import(BUILDER.href)) as { buildBundle: () => Promise<unknown> }).buildBundle();
  const files = (await filesUnder(BUNDLE, (name) => name !== ".stamp")).map((file) => ({ ...file, path: `${SERVER_FOLDER}/${file.path}` }));
  const list = files.find((file) => file.path === `${SERVER_FOLDER}/bundle.json`);
  if (list === undefined) throw imageError("image-incomplete", "the bundle of the server is not in this installation");
  return { files, packages: (JSON.parse(new TextDecoder().decode(list.bytes)) as { packages: BundledPackage[] }).packages };
}

/** @throws image-incomplete */
export async function onnxRuntimeFiles(platform: Platform): Promise<{ readonly files: LayerFile[]; readonly version: string }> {
  const require = createRequire(import.meta.url);
  const main = require.resolve("onnxruntime-node");
  const folder = dirname(dirname(main));
  const common = dirname(dirname(dirname(createRequire(main).resolve("onnxruntime-common"))));
  const native = `bin/napi-v6/linux/${NODE_ARCHITECTURE[platform.architecture]}`;
  const script = (name: string): boolean => name.endsWith(".js") || name === "package.json";
  const parts = [
    ...(await under("onnxruntime-node", folder, ["package.json", "README.md", "dist", native], (name) => script(name) || name === "README.md" || name.startsWith("onnxruntime_binding.node") || name.startsWith("libonnxruntime.so"))),
    ...(await under("onnxruntime-common", common, ["package.json", "README.md", "dist/cjs"], (name) => script(name) || name === "README.md")),
  ];
  if (!parts.some(({ path }) => path.endsWith(".node"))) throw imageError("image-incomplete", `onnxruntime-node has no library for ${platformText(platform)}`, { where: folder });
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as { version: string };
  return { files: parts, version };
}

async function under(name: string, folder: string, paths: readonly string[], wanted: (name: string) => boolean): Promise<LayerFile[]> {
  const found = await Promise.all(paths.map(async (path) => (await filesUnder(join(folder, path), wanted)).map((file) => ({ ...file, path: `${SERVER_FOLDER}/node_modules/${name}/${file.path === "" ? path : `${path}/${file.path}`}` }))));
  return found.flat();
}

/** A folder's files, or the file itself under the path "". */
async function filesUnder(root: string, wanted: (name: string) => boolean): Promise<LayerFile[]> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true }).catch(() => undefined);
  if (entries === undefined) return existsSync(root) ? [{ path: "", bytes: await readFile(root) }] : [];
  return Promise.all(entries.filter((e) => e.isFile() && wanted(e.name)).map(async (e) => {
    const path = join(e.parentPath, e.name);
    return { path: relative(root, path).replaceAll("\\", "/"), bytes: await readFile(path) };
  }));
}
