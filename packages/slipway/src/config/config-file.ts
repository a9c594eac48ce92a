// The configuration file: slipway.config.ts, .mts, .js, .mjs, .yaml, .yml or .json in the working folder, or the one that
// is named. YAML 1.2 and JSON are parsed, with lines for messages; the others are modules of the user's own, run by Node
// as they stand, that export the configuration by default.

import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { configError } from "./errors.ts";
import type { Locate } from "./read-value.ts";

const NAMES = ["ts", "mts", "js", "mjs", "yaml", "yml", "json"].map((ending) => `slipway.config.${ending}`);
const MAX_BYTES = 2 ** 20;

export interface ConfigFile {
  readonly path: string;
  readonly value: unknown;
  readonly locate: Locate;
}

/** @throws config-file-ambiguous */
export function findConfigFile(folder: string): string | undefined {
  const found = NAMES.map((name) => resolve(folder, name)).filter((path) => existsSync(path));
  if (found.length > 1) throw configError("config-file-ambiguous", `the folder has ${found.map((f) => basename(f)).join(" and ")}`, { hint: "Keep one, or choose with --config." });
  return found[0];
}

/** @throws config-file-unreadable */
export async function readConfigFile(given: string): Promise<ConfigFile> {
  const path = resolve(given);
  const name = basename(path);
  const info = statSync(path, { throwIfNoEntry: false });
  if (info?.isFile() !== true) throw configError("config-file-unreadable", `there is no configuration file ${JSON.stringify(given)}`);
  if (info.size > MAX_BYTES) throw configError("config-file-unreadable", `${name} has ${info.size} bytes; at most ${MAX_BYTES} are read`);
  if (/^\.[mc]?[jt]s$/.test(extname(path))) return readModule(path, name);
  const { LineCounter, isNode, parseDocument } = await import("yaml");
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(path, "utf8"), { lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) throw configError("config-file-unreadable", `${name} cannot be parsed: ${error.message.split("\n", 1)[0]!.replace(/:$/, "")}`, { where: `${name}:${lines.linePos(error.pos[0]).line}` });
  const locate: Locate = (keys) => {
    // The nearest value above that has a place of its own: a key whose value is empty has none.
    for (let depth = keys.length; depth > 0; depth--) {
      const node: unknown = document.getIn(keys.slice(0, depth), true);
      if (isNode(node) && node.range) return `${name}:${lines.linePos(node.range[0]).line}, ${keys.join(".")}`;
    }
    return keys.length === 0 ? name : `${name}, ${keys.join(".")}`;
  };
  try {
    return { path, value: document.toJS({ maxAliasCount: 100 }) ?? {}, locate };
  } catch (cause) {
    throw configError("config-file-unreadable", `${name} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

async function readModule(path: string, name: string): Promise<ConfigFile> {
  let value: unknown;
  try {
    value = ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (cause) {
    throw configError("config-file-unreadable", `${name} could not be run: ${(cause instanceof Error ? cause.message : String(cause)).split("\n", 1)[0]!}`, { cause });
  }
  if (typeof value === "function") value = await (value as () => unknown)();
  if (value === undefined) throw configError("config-file-unreadable", `${name} exports nothing by default`, { hint: "It ends with: export default { port: 9000 }, or a function that gives such settings." });
  return { path, value, locate: (keys) => (keys.length === 0 ? name : `${name}, ${keys.join(".")}`) };
}
