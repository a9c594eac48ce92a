// Prepares models in a thread of its own, so that compiling a pickle or opening a large graph holds up no request. The
// thread is started for the first model and ends some seconds after the last, with all its memory.

import { Worker } from "node:worker_threads";
import { SlipwayError, type ErrorKind } from "@slipway/core/base";
import { serverError } from "../../errors.ts";
import type { Prepared, PrepareRequest } from "./prepare.ts";

export type LoaderAnswer =
  | { readonly id: number; readonly prepared: Prepared }
  | { readonly id: number; readonly failure: { readonly code: string; readonly kind: ErrorKind; readonly message: string; readonly where?: string | undefined; readonly hint?: string | undefined; readonly data?: Readonly<Record<string, unknown>> | undefined } };

interface Waiting {
  readonly resolve: (prepared: Prepared) => void;
  readonly reject: (error: unknown) => void;
}

const fromSource = import.meta.url.endsWith(".ts");
const MAIN = new URL(fromSource ? "./loader-main.ts" : "./loader-main.js", import.meta.url);
const IDLE_MS = 5000;

export class Loader {
  #thread: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #last = 0;
  readonly #waiting = new Map<number, Waiting>();
  readonly #asked = new Set<Promise<Prepared>>();

  /** @throws what prepare throws */
  prepare(request: PrepareRequest): Promise<Prepared> {
    clearTimeout(this.#idle);
    const thread = (this.#thread ??= this.#start());
    const asked = new Promise<Prepared>((resolve, reject) => {
      const id = ++this.#last;
      this.#waiting.set(id, { resolve, reject });
      thread.postMessage({ ...request, id }, []);
    });
    this.#asked.add(asked);
    return asked.finally(() => {
      this.#asked.delete(asked);
      if (this.#waiting.size > 0) return;
      this.#idle = setTimeout(() => void this.close(), IDLE_MS);
      this.#idle.unref();
    });
  }

  /** When what was asked is answered: an addon that computes for a thread that ends takes the process along. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    thread?.ref();
    await Promise.allSettled(this.#asked);
    await thread?.terminate();
  }

  #start(): Worker {
    const thread = new Worker(MAIN, { execArgv: fromSource ? ["--conditions=@slipway/source"] : [] });
    thread.unref();
    let reason = "it ended";
    thread.on("message", (answer: LoaderAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ("prepared" in answer) waiting?.resolve(answer.prepared);
      else {
        const { code, kind, message, ...details } = answer.failure;
        waiting?.reject(new SlipwayError(code, kind, message, details));
      }
    });
    thread.on("error", (error) => (reason = error.message));
    thread.on("exit", () => {
      if (this.#thread === thread) this.#thread = undefined;
      for (const { reject } of this.#waiting.values()) reject(serverError("model-load-failed", `the thread that loads models ended: ${reason}`, { hint: "The model may need more memory than there is. Load it again." }));
      this.#waiting.clear();
    });
    return thread;
  }
}
