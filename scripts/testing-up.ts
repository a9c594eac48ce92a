// For tests: `slipway up` as a process of its own, in a folder of its own, with people who have keys.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeKey, writeKeyFile, type Role } from "../packages/slipway/src/server/index.ts";

const BIN = fileURLToPath(new URL("../packages/slipway/bin/slipway.mjs", import.meta.url));

export interface Place {
  readonly folder: string;
  /** Key by name. */
  readonly keys: Readonly<Record<string, string>>;
  remove(): void;
}
export interface Running {
  readonly url: string;
  /** The link that signs in once. */
  readonly signIn: string | undefined;
  readonly admin: string | undefined;
  /** Everything that was printed. */
  output(): string;
  readonly process: ChildProcess;
  stop(): Promise<number | null>;
}

/** A working folder with a configuration and the keys of some people: name -> roles and groups. */
export function workingFolder(people: Readonly<Record<string, { readonly roles: readonly Role[]; readonly groups?: readonly string[] }>> = {}, config: object = {}): Place {
  const folder = mkdtempSync(join(tmpdir(), "slipway-up-"));
  const made = Object.entries(people).map(([name, { roles, groups }]) => [name, makeKey({ name, roles, groups })] as const);
  mkdirSync(join(folder, ".slipway"));
  if (made.length > 0) writeKeyFile(join(folder, ".slipway", "keys.json"), made.map(([, { record }]) => record));
  if (Object.keys(config).length > 0) writeFileSync(join(folder, "slipway.config.json"), JSON.stringify(config));
  return { folder, keys: Object.fromEntries(made.map(([name, { key }]) => [name, key])), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export async function startUp(folder: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Running> {
  const child = spawn(process.execPath, [BIN, "up", "--port", "0", "--json", ...args], { cwd: folder, env: { ...process.env, NODE_ENV: "", ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let all = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    all += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (all += text));
  const told = await new Promise<{ url?: string; signIn?: string; admin?: string }>((resolve, reject) => {
    child.stdout.on("data", () => {
      try {
        resolve(JSON.parse(out) as object);
      } catch {
        // Not whole yet.
      }
    });
    child.once("exit", (code) => reject(new Error(`slipway up ended with ${code}: ${all}`)));
  });
  if (told.url === undefined) throw new Error(`slipway up: ${out}`);
  return {
    url: told.url, signIn: told.signIn, admin: told.admin, process: child, output: () => all,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      return child.exitCode;
    },
  };
}
