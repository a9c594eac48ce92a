// For tests: an example as its README starts it, in a copy, so that nothing is left in its folder.

import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A copy from which "../shared" and "../../scripts" lead to where they lead in examples. */
export function copyExample(name: string): { readonly folder: string; readonly remove: () => void } {
  mkdirSync(join(root, "tmp"), { recursive: true });
  try {
    symlinkSync(join(root, "examples", "shared"), join(root, "tmp", "shared"));
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== "EEXIST") throw e;
  }
  const folder = mkdtempSync(join(root, "tmp", `${name}-`));
  cpSync(join(root, "examples", name), folder, { recursive: true, filter: (path) => !/\.(slip|db|db-shm|db-wal|test\.ts|png)$/.test(path) });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }) };
}

export interface Running {
  /** What it has printed. */
  output(): string;
  /** The first group of the pattern, once it has been printed. */
  printed(pattern: RegExp): Promise<string>;
  stop(): Promise<void>;
}

export function startProgram(folder: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  let output = "";
  let ended = false;
  const waiting = new Set<() => void>();
  const look = (): void => waiting.forEach((w) => w());
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => { output += text; look(); });
  const closed = new Promise<void>((resolve) => child.once("close", () => { ended = true; look(); resolve(); }));
  return {
    output: () => output,
    printed: (pattern) => new Promise((resolve, reject) => {
      const check = (): void => {
        const found = pattern.exec(output);
        if (found === null && !ended) return;
        waiting.delete(check);
        if (found === null) reject(new Error(`it ended without ${pattern}:\n${output}`));
        else resolve(found[1] ?? found[0]);
      };
      waiting.add(check);
      check();
    }),
    stop: () => {
      child.kill("SIGTERM");
      return closed;
    },
  };
}

/** Asks again until the answer is as wanted. */
export async function until<T>(get: () => Promise<T>, wanted: (value: T) => boolean, ms = 100_000): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const value = await get();
    if (wanted(value)) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms; the last answer was ${JSON.stringify(value).slice(0, 2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export async function getJson<T>(url: string): Promise<T> {
  return (await fetch(url)).json() as Promise<T>;
}

export async function postJson<T>(url: string, body: unknown): Promise<{ readonly status: number; readonly body: T }> {
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as T };
}
