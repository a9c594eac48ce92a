// Runs jobs in a process each, a few at a time; the others wait their turn.

import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { SlipwayError } from "@slipway/core/base";
import { apiError } from "../errors.ts";
import type { JobAnswers, JobMessage, JobRequest } from "./messages.ts";

export interface JobOptions {
  /** How many at once; 1 by default. */
  readonly atOnce?: number;
  /** Longest time for one; 10 minutes by default. */
  readonly timeoutMs?: number;
}

const fromSource = import.meta.url.endsWith(".ts");
const MAIN = fileURLToPath(new URL(fromSource ? "./job-main.ts" : "./job-main.js", import.meta.url));
const MAX_WAITING = 100;

export class Jobs {
  readonly #atOnce: number;
  readonly #timeoutMs: number;
  readonly #waiting: (() => void)[] = [];
  readonly #running = new Set<ChildProcess>();
  #busy = 0;
  #closed = false;

  constructor({ atOnce = 1, timeoutMs = 600_000 }: JobOptions = {}) {
    this.#atOnce = atOnce;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws job-failed, job-timeout, server-busy, and what the job throws */
  async run<K extends keyof JobAnswers>(request: Extract<JobRequest, { readonly kind: K }>): Promise<JobAnswers[K]> {
    if (this.#busy >= this.#atOnce) {
      if (this.#waiting.length >= MAX_WAITING) throw apiError("job-failed", `${MAX_WAITING} models wait to be packed or tested already`, { hint: "Ask again later." });
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#busy++;
    try {
      if (this.#closed) throw apiError("job-failed", "the server is stopping");
      return await this.#fork(request) as JobAnswers[K];
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#busy--;
      else next();
    }
  }

  /** Ends what runs. */
  close(): void {
    this.#closed = true;
    for (const child of this.#running) child.kill("SIGKILL");
  }

  #fork(request: JobRequest): Promise<JobAnswers[keyof JobAnswers]> {
    return new Promise((resolve, reject) => {
      // Nothing of the server's secrets goes along.
      const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => ["PATH", "HOME", "TMPDIR", "LANG", "SYSTEMROOT", "LD_LIBRARY_PATH"].includes(name)));
      const child = fork(MAIN, { execArgv: fromSource ? ["--conditions=@slipway/source", "--disable-warning=ExperimentalWarning"] : [], env, stdio: ["ignore", "ignore", "ignore", "ipc"], serialization: "advanced" });
      this.#running.add(child);
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        child.kill("SIGKILL");
      }, this.#timeoutMs);
      child.once("message", (message) => {
        const given = message as JobMessage;
        if ("answer" in given) return resolve(given.answer);
        const { code, kind, message: text, ...details } = given.failure;
        reject(new SlipwayError(code, kind, text, details));
      });
      child.on("error", (cause) => reject(apiError("job-failed", `the process could not be started: ${cause.message}`, { cause })));
      child.once("exit", (code, signal) => {
        clearTimeout(timer);
        this.#running.delete(child);
        // After an answer this changes nothing.
        reject(late ? apiError("job-timeout", `it took longer than ${this.#timeoutMs} ms`) : apiError("job-failed", `the process ended (${signal ?? `code ${String(code)}`}) before it was done`, { hint: "The model may need more memory than there is." }));
      });
      // Where it is gone already, its end tells more than the broken pipe.
      child.send(request, () => undefined);
    });
  }
}
