// The first process of a service of several: it starts the others, which share its port, passes their messages on, starts
// again what ends, and stops them all. It serves nothing itself.

import cluster, { type Worker } from "node:cluster";
import type { Logger } from "../telemetry/log.ts";
import type { Act, ToMember, ToPrimary } from "./messages.ts";

export interface PrimaryOptions {
  readonly processes: number;
  readonly log: Logger;
  /** For the processes, beside this one's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A process that ends soon after it was started is started again after longer and longer pauses, up to this. */
const MAX_PAUSE_MS = 5000;
const SOON_MS = 5000;
/** A process that does not answer does not hold up the others. */
const ANSWER_MS = 10_000;
const NOBODY_ASKED = 0;

interface Question {
  readonly from: Worker;
  readonly id: number;
  readonly missing: Set<number>;
  readonly values: Extract<ToPrimary, { kind: "answer" }>["value"][];
  readonly timer: NodeJS.Timeout;
}

/**
 * Resolves to an exit code when every process has ended: because it was asked to, or because the first could not start.
 * Each process has a socket of its own on the shared port (SO_REUSEPORT), so that connections need not pass through this
 * one, and none is lost with it; the further ones start when the first listens, on the port that it got.
 */
export function runPrimary({ processes, log, env = {} }: PrimaryOptions): Promise<number> {
  cluster.setupPrimary({ serialization: "advanced" });
  const questions = new Map<number, Question>();
  const alive = new Set<Worker>();
  /** What was done since the first process started: one that is started later does it too. */
  const acts: Act[] = [];
  let asked = 0;
  let ports: Readonly<Record<string, string>> | undefined;
  let stopping = false;
  let failures = 0;
  let exitCode = 0;
  const done = Promise.withResolvers<number>();
  const handlers = (["SIGTERM", "SIGINT"] as const).map((signal) => [signal, () => stop(signal)] as const);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  start();
  return done.promise.finally(() => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  });

  function start(): void {
    const began = performance.now();
    const worker = cluster.fork({ ...env, ...ports, _SLIPWAY_PROCESS: ports === undefined ? "first" : "further" });
    alive.add(worker);
    worker.on("message", (message: ToPrimary) => take(worker, message));
    worker.on("exit", (code, signal) => {
      alive.delete(worker);
      for (const question of questions.values()) answered(question, worker, undefined);
      if (stopping || ports === undefined) {
        // What cannot start once will not start again: its message stands on stderr already.
        if (!stopping) exitCode = code ?? 1;
        if (alive.size === 0) done.resolve(exitCode);
        return;
      }
      failures = performance.now() - began < SOON_MS ? failures + 1 : 0;
      log.warn("a serving process ended and is started again", { pid: worker.process.pid, code, signal });
      setTimeout(() => !stopping && start(), failures === 0 ? 0 : Math.min(MAX_PAUSE_MS, 100 * 2 ** failures));
    });
  }

  function stop(reason: "SIGTERM" | "SIGINT"): void {
    if (stopping) return;
    stopping = true;
    for (const worker of others()) send(worker, { kind: "stop", reason });
  }

  function others(than?: Worker): Worker[] {
    return [...alive].filter((w) => w !== than && w.isConnected());
  }

  function send(worker: Worker, message: ToMember): void {
    if (worker.isConnected()) worker.send(message, undefined, () => undefined);
  }

  function take(worker: Worker, message: ToPrimary): void {
    if (message.kind === "ready") {
      if (ports !== undefined) {
        for (const act of acts) send(worker, { kind: "act", id: NOBODY_ASKED, act });
        return;
      }
      ports = { _SLIPWAY_SHARED_PORT: String(message.port), ...(message.adminPort === undefined ? {} : { _SLIPWAY_SHARED_ADMIN_PORT: String(message.adminPort) }) };
      for (let i = 1; i < processes; i++) start();
    } else if (message.kind === "answer") {
      const question = questions.get(message.id);
      if (question !== undefined) answered(question, worker, message.value, message.id);
    } else {
      const id = ++asked;
      if (message.what.kind === "act") acts.push(message.what.act);
      const asking = others(worker);
      const question: Question = {
        from: worker, id: message.id, missing: new Set(asking.map((w) => w.id)), values: [],
        timer: setTimeout(() => close(id, question), ANSWER_MS),
      };
      questions.set(id, question);
      if (asking.length === 0) return close(id, question);
      for (const other of asking) send(other, message.what.kind === "families" ? { kind: "families", id } : { kind: "act", id, act: message.what.act });
    }
  }

  function answered(question: Question, worker: Worker, value: Question["values"][number] | undefined, id?: number): void {
    if (!question.missing.delete(worker.id)) return;
    if (value !== undefined) question.values.push(value);
    if (question.missing.size > 0) return;
    for (const [key, q] of questions) if (q === question && (id === undefined || key === id)) close(key, question);
  }

  function close(id: number, question: Question): void {
    clearTimeout(question.timer);
    if (!questions.delete(id)) return;
    send(question.from, { kind: "answers", id: question.id, values: question.values });
  }
}
