// Runs the user's own program that trains: without a shell, in a process group that is ended whole when its time is over,
// with a short environment, and with the end of what it prints kept.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { RetrainSettings } from "../config/index.ts";
import { retrainError } from "./errors.ts";
import type { Retrain } from "./retrain.ts";

const PASSED = ["PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT"];
const MAX_OUTPUT = 8000;

export interface Trained {
  /** The file that it wrote. */
  readonly path: string;
  /** Rows with what the new model predicted, where it wrote some. */
  readonly check: string | undefined;
  readonly output: string;
}

/** @param scratch an empty folder of its own @param onOutput told what it has printed so far, the last of it, whenever it prints @throws retrain-command with `data.output` */
export async function trainByCommand(settings: RetrainSettings, { id, model, parent, cause, evidence }: Retrain, since: string, scratch: string, signal: AbortSignal, onOutput: (output: string) => void = () => undefined): Promise<Trained> {
  const [program, ...args] = settings.command!;
  const folder = resolve(settings.folder ?? ".");
  const told = join(scratch, "evidence.json");
  const path = settings.output === undefined ? join(scratch, "out", "model") : resolve(folder, settings.output);
  const check = settings.check === undefined ? join(scratch, "out", "check.csv") : resolve(folder, settings.check);
  mkdirSync(join(scratch, "out"));
  writeFileSync(told, JSON.stringify({ id, model, version: parent, cause, evidence, data: settings.data ?? null, since }, null, 1));
  const env = {
    ...Object.fromEntries([...PASSED, ...(settings.env ?? [])].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))),
    SLIPWAY_MODEL: model, SLIPWAY_VERSION: parent === null ? "" : String(parent), SLIPWAY_CAUSE: cause, SLIPWAY_EVIDENCE: told, SLIPWAY_DATA: settings.data ?? "", SLIPWAY_SINCE: since, SLIPWAY_OUTPUT: path, SLIPWAY_CHECK: check,
  };
  // What lay there before is no result of this run.
  const changed = (file: string): number | undefined => (existsSync(file) ? statSync(file).mtimeMs : undefined);
  const before = changed(path);
  const checkBefore = changed(check);
  const { code, output } = await run(program!, args, folder, env, settings.timeout, signal, onOutput);
  const failed = (what: string): Error => retrainError("retrain-command", `${program} ${what}`, { data: { output } });
  if (code !== 0) throw failed(typeof code === "number" ? `ended with ${code}` : code);
  if (changed(path) === undefined || changed(path) === before) throw failed(`left no ${before === undefined ? "" : "new "}file at ${settings.output ?? "SLIPWAY_OUTPUT"}`);
  const checked = changed(check) !== undefined && changed(check) !== checkBefore;
  if (settings.check !== undefined && !checked) throw failed(`left no new check file at ${settings.check}`);
  return { path, check: checked ? check : undefined, output };
}

function run(program: string, args: readonly string[], cwd: string, env: Record<string, string | undefined>, timeoutMs: number, signal: AbortSignal, onOutput: (output: string) => void): Promise<{ readonly code: number | string; readonly output: string }> {
  return new Promise((done) => {
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    let output = "";
    let why: string | undefined;
    const end = (reason: string) => (): void => {
      why ??= reason;
      // The whole group: what it started ends with it.
      if (child.pid !== undefined) try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended already.
      }
    };
    const timer = setTimeout(end(`took longer than ${Math.round(timeoutMs / 1000)} s`), timeoutMs);
    const stop = end("was stopped");
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT);
      onOutput(output);
    });
    const settled = (code: number | string): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      done({ code: why ?? code, output });
    };
    child.once("error", (error) => settled(`cannot be started (${(error as NodeJS.ErrnoException).code ?? error.message})`));
    child.once("close", (code, killed) => settled(code ?? `was ended by ${killed ?? "a signal"}`));
  });
}
