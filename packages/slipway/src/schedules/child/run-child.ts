// Starts the process of a run and listens to it.

import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { SlipwayError } from "@slipway/core/base";
import type { Progress } from "../../batch/index.ts";
import { runEnvironment } from "../environment.ts";
import { scheduleError } from "../errors.ts";
import type { RunJob, RunMessage, RunResult, Selection } from "../messages.ts";

export interface ChildOptions {
  readonly timeoutMs: number;
  /** Ends the process; what it committed stays. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly onNote: (text: string) => void;
  readonly onSelection: (selection: Selection) => void;
}

const fromSource = import.meta.url.endsWith(".ts");
const MAIN = fileURLToPath(new URL(fromSource ? "./main.ts" : "./main.js", import.meta.url));

/** @throws schedule-run-timeout, schedule-run-ended, the signal's reason, and what the run throws */
export function runChild(job: RunJob, { timeoutMs, signal, onProgress, onNote, onSelection }: ChildOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = fork(MAIN, { execArgv: fromSource ? ["--conditions=@slipway/source", "--disable-warning=ExperimentalWarning"] : [], env: runEnvironment(), stdio: ["ignore", "ignore", "pipe", "ipc"], serialization: "advanced" });
    let outcome: RunResult | Error | undefined;
    const kill = (why: Error): void => {
      outcome ??= why;
      child.kill("SIGKILL");
    };
    const timer = setTimeout(() => kill(scheduleError("schedule-run-timeout", `the try took longer than ${timeoutMs} ms`, { hint: "The next one goes on where it stopped; give it a longer timeout." })), timeoutMs);
    const aborted = (): void => kill(signal.reason instanceof Error ? signal.reason : new Error("ended"));
    signal.addEventListener("abort", aborted, { once: true });
    child.stderr!.setEncoding("utf8").on("data", onNote);
    child.on("message", (message: RunMessage) => {
      if ("progress" in message) onProgress(message.progress);
      else if ("note" in message) onNote(message.note);
      else if ("selection" in message) onSelection(message.selection);
      else if ("result" in message) outcome ??= message.result;
      else {
        const { code, kind, message: text, where, hint } = message.failure;
        outcome ??= new SlipwayError(code, kind, text, { ...(where === undefined ? {} : { where }), ...(hint === undefined ? {} : { hint }) });
      }
    });
    const ended = (how: string): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      const end = outcome ?? scheduleError("schedule-run-ended", `the process of the run ${how} before it was done`, { hint: "It may need more memory than there is; the next try goes on where it stopped." });
      if (end instanceof Error) reject(end);
      else resolve(end);
    };
    child.once("error", (error) => ended(`could not be started (${error.message})`));
    // Both its channel and its end: what it said last is not lost.
    child.once("close", (code, by) => ended(`ended (${by ?? `code ${String(code)}`})`));
    if (signal.aborted) aborted();
    else child.send(job);
  });
}
