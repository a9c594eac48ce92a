// The browser's module as built files. They are in the published package; in a checkout they are built when they are
// needed and their sources changed.

import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { edgeFolderError } from "./errors.ts";

/** Beside `src` and `dist`, so that the same path holds from both. */
const ASSETS = new URL("../../assets/", import.meta.url);
/** In a checkout only. */
const BUILDER = new URL("../../../edge/build.mjs", import.meta.url);

/** The module itself, for this process. */
export const MODULE_ADDRESS: string = new URL("edge/slipway-edge.js", ASSETS).href;

/** By name. @throws edge-module-missing */
export async function moduleFiles(): Promise<Map<string, Uint8Array>> {
  try {
    if (import.meta.url.endsWith(".ts") && existsSync(fileURLToPath(BUILDER))) await ((await import(BUILDER.href)) as { buildEdge: () => Promise<unknown> }).buildEdge();
    const folder = new URL("edge/", ASSETS);
    const names = (await readdir(folder)).filter((name) => name.endsWith(".js")).sort();
    return new Map(await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, folder))] as const)));
  } catch (cause) {
    throw edgeFolderError("edge-module-missing", `the browser's module cannot be read: ${(cause as Error).message.slice(0, 300)}`, { cause });
  }
}

/** A file of the pages. */
export function pageFile(name: string): Promise<Uint8Array> {
  return readFile(new URL(name, ASSETS));
}
