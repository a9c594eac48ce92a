// One worker: a thread, or a process of its own that may be killed without harm to the server and whose end gives back
// all its memory. A call to a thread costs about 0.1 ms, to a process the copying of its tensors on top.

import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Worker as Thread } from "node:worker_threads";
import type { FromWorker, ToWorker } from "./messages.ts";

export type WorkerKind = "thread" | "process";

export interface WorkerHandle {
  readonly pid: number | undefined;
  send(message: ToWorker, transfer?: ArrayBuffer[]): void;
  /** Ends it: a process at once, a thread when it has answered, as an addon that computes for a thread that ends takes the process along. */
  end(): Promise<void>;
}

export interface WorkerListener {
  readonly message: (message: FromWorker) => void;
  /** Once, whoever ended it. */
  readonly ended: (reason: string) => void;
}

const fromSource = import.meta.url.endsWith(".ts");
const MAIN = new URL(fromSource ? "./worker-main.ts" : "./worker-main.js", import.meta.url);
const EXEC_ARGV = fromSource ? ["--conditions=@slipway/source"] : [];

export function startWorker(kind: WorkerKind, listener: WorkerListener): WorkerHandle {
  return kind === "thread" ? startThread(listener) : startProcess(listener);
}

/**
 * The server's life does not depend on its workers, but a process that waits for an answer must not end before it comes:
 * every message is answered by one.
 */
function answersOwed(hold: () => void, release: () => void): { readonly asked: () => void; readonly came: () => void; readonly none: () => boolean } {
  let owed = 0;
  return {
    none: () => owed === 0,
    asked: () => {
      if (owed++ === 0) hold();
    },
    came: () => {
      if (--owed === 0) release();
    },
  };
}

function startThread({ message, ended }: WorkerListener): WorkerHandle {
  const thread = new Thread(MAIN, { execArgv: EXEC_ARGV });
  let reason = "the thread ended";
  const owed = answersOwed(() => thread.ref(), () => thread.unref());
  /** Called when nothing is owed, or nothing will come any more. */
  const waiting: (() => void)[] = [];
  const settle = (): void => {
    for (const done of waiting.splice(0)) done();
  };
  thread.on("message", (m: FromWorker) => {
    owed.came();
    message(m);
    if (owed.none()) settle();
  });
  thread.on("error", (error) => (reason = error.message));
  thread.on("exit", () => {
    settle();
    ended(reason);
  });
  thread.unref();
  return {
    pid: undefined,
    send: (m, transfer = []) => {
      owed.asked();
      thread.postMessage(m, transfer);
    },
    end: async () => {
      if (!owed.none()) await new Promise<void>((resolve) => void waiting.push(resolve));
      await thread.terminate();
    },
  };
}

function startProcess({ message, ended }: WorkerListener): WorkerHandle {
  const child: ChildProcess = fork(fileURLToPath(MAIN), [], { execArgv: EXEC_ARGV, serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"] });
  let done = false;
  const end = (reason: string): void => {
    if (done) return;
    done = true;
    ended(reason);
  };
  const owed = answersOwed(() => {
    child.ref();
    child.channel?.ref();
  }, () => {
    child.unref();
    child.channel?.unref();
  });
  child.on("message", (m) => {
    owed.came();
    message(m as FromWorker);
  });
  child.on("error", (error) => end(error.message));
  child.on("exit", (code, signal) => end(signal === null ? `the process ended with ${code}` : `the process was ended by ${signal}`));
  child.unref();
  child.channel?.unref();
  return {
    pid: child.pid,
    // A channel that has closed tells by the exit event.
    send: (m) => {
      owed.asked();
      child.send(m, () => undefined);
    },
    end: () => new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once("exit", () => resolve());
      child.kill("SIGKILL");
    }),
  };
}
