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
  /** Ends it; what it computes is lost. */
  end(): Promise<void>;
}

interface Listener {
  readonly message: (message: FromWorker) => void;
  /** Once, whoever ended it. */
  readonly ended: (reason: string) => void;
}

const fromSource = import.meta.url.endsWith(".ts");
const MAIN = new URL(fromSource ? "./worker-main.ts" : "./worker-main.js", import.meta.url);
const EXEC_ARGV = fromSource ? ["--conditions=@slipway/source"] : [];

export function startWorker(kind: WorkerKind, listener: Listener): WorkerHandle {
  return kind === "thread" ? startThread(listener) : startProcess(listener);
}

function startThread({ message, ended }: Listener): WorkerHandle {
  const thread = new Thread(MAIN, { execArgv: EXEC_ARGV });
  let reason = "the thread ended";
  thread.on("message", message);
  thread.on("error", (error) => (reason = error.message));
  thread.on("exit", () => ended(reason));
  // The server's life does not depend on its workers.
  thread.unref();
  return {
    pid: undefined,
    send: (m, transfer = []) => thread.postMessage(m, transfer),
    end: async () => void (await thread.terminate()),
  };
}

function startProcess({ message, ended }: Listener): WorkerHandle {
  const child: ChildProcess = fork(fileURLToPath(MAIN), [], { execArgv: EXEC_ARGV, serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"] });
  let done = false;
  const end = (reason: string): void => {
    if (done) return;
    done = true;
    ended(reason);
  };
  child.on("message", (m) => message(m as FromWorker));
  child.on("error", (error) => end(error.message));
  child.on("exit", (code, signal) => end(signal === null ? `the process ended with ${code}` : `the process was ended by ${signal}`));
  child.unref();
  child.channel?.unref();
  return {
    pid: child.pid,
    // A channel that has closed tells by the exit event.
    send: (m) => void child.send(m, () => undefined),
    end: () => new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once("exit", () => resolve());
      child.kill("SIGKILL");
    }),
  };
}
