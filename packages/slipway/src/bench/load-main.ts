// The thread that sends the load. In a closed loop each connection asks again as soon as it is answered. In an open loop
// requests are due at times of their own, and each one's latency counts from when it was due, also where it had to wait for
// a connection: a service that stalls is not excused from what would have come meanwhile (coordinated omission).

import { performance } from "node:perf_hooks";
import { MessageChannel, parentPort, Worker, workerData } from "node:worker_threads";
import { randomNumbers } from "@slipway/core/stats";
import { arrivalTimes } from "./arrivals.ts";
import { Connection, type Reply } from "./connection.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import type { LoadPlan, LoadResult } from "./messages.ts";

const plan = workerData as LoadPlan;
const { target, connections: most, rate, arrivals, warmupMs, durationMs, timeoutMs, seed } = plan;
const requests = plan.requests.map((r) => Buffer.from(r.buffer, r.byteOffset, r.byteLength));
/** After the last request was due, for the answers under way. */
const DRAIN_MS = 2000;
const MAX_CODES = 50;
/** A service that refuses connections is not asked without end. */
const PAUSE_MS = 5;

const good = new LatencyHistogram();
const refused = new LatencyHistogram();
const lag = new LatencyHistogram();
const errors: Record<string, number> = {};
let asked = 0;
let answered = 0;
let done = 0;
let waited = 0;
let turn = seed % requests.length;

const now = (): number => performance.now();
const start = now() + 20;
const from = start + warmupMs;
const to = from + durationMs;
let loopAtFrom: ReturnType<typeof performance.eventLoopUtilization> | undefined;
let busy = 0;
setTimeout(() => (loopAtFrom = performance.eventLoopUtilization()), from - now());
setTimeout(() => (busy = performance.eventLoopUtilization(loopAtFrom).utilization), to - now());

function fail(code: string): void {
  const known = code in errors || Object.keys(errors).length < MAX_CODES ? code : "others";
  errors[known] = (errors[known] ?? 0) + 1;
}

/** The code of an error in whatever protocol; else the status. */
function codeOf({ status, body, failure }: Reply): string {
  if (failure !== undefined) return failure;
  try {
    const { error } = JSON.parse(body) as { error?: { code?: unknown } };
    if (typeof error?.code === "string") return `${status} ${error.code.slice(0, 60)}`;
  } catch {
    // The status says enough.
  }
  return String(status);
}

function record(due: number, reply: Reply): void {
  // What is done in the measured time counts for how much is done, whenever it was due.
  const at = now();
  if (reply.status >= 200 && reply.status < 300 && at >= from && at < to) done++;
  if (due < from || due >= to) return;
  answered++;
  const ms = at - due;
  if (reply.status >= 200 && reply.status < 300) good.add(ms);
  else {
    if (reply.status !== 0) refused.add(ms);
    fail(codeOf(reply));
  }
}
function began(due: number, sent: number): void {
  if (due < from || due >= to) return;
  asked++;
  lag.add(sent - due);
}
const nextRequest = (): Buffer => requests[turn++ % requests.length]!;

const all = new Set<Connection>();
let finished = false;
function finish(): void {
  if (finished) return;
  finished = true;
  for (const connection of all) connection.end();
  if (asked > answered) errors["unanswered"] = asked - answered;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  parentPort!.postMessage({ good: { ...good }, refused: { ...refused }, lag: { ...lag }, errors, asked, done, busy, waited } satisfies LoadResult);
  parentPort!.close();
}

if (rate === undefined) closedLoop();
else openLoop(rate);

function closedLoop(): void {
  let alive = most;
  const ask = (connection: Connection): void => {
    const due = now();
    if (due >= to) {
      if (--alive === 0) finish();
      return;
    }
    began(due, due);
    connection.send(nextRequest(), (reply) => {
      record(due, reply);
      if (reply.status === 0) setTimeout(ask, PAUSE_MS, connection);
      else ask(connection);
    });
  };
  setTimeout(() => {
    for (let i = 0; i < most; i++) {
      const connection = new Connection(target, timeoutMs);
      all.add(connection);
      ask(connection);
    }
  }, start - now());
  setTimeout(finish, to + DRAIN_MS - now());
}

function openLoop(perSecond: number): void {
  const times = arrivalTimes(perSecond, warmupMs + durationMs, arrivals, randomNumbers(seed + 1));
  const idle: Connection[] = [];
  let sent = 0;
  let due = 0;
  const send = (connection: Connection): void => {
    const at = start + times[sent++]!;
    began(at, now());
    connection.send(nextRequest(), (reply) => {
      record(at, reply);
      if (reply.status === 0) setTimeout(free, PAUSE_MS, connection);
      else free(connection);
    });
  };
  const free = (connection: Connection): void => {
    if (sent < due) send(connection);
    else if (sent === times.length && all.size === idle.push(connection)) finish();
    else if (sent < times.length) idle.push(connection);
  };
  const pump = (): void => {
    for (let n = due - sent; n > 0; n--) {
      let connection = idle.pop();
      if (connection === undefined) {
        if (all.size >= most) return;
        all.add((connection = new Connection(target, timeoutMs)));
      }
      send(connection);
    }
  };
  const { port1, port2 } = new MessageChannel();
  port1.on("message", (until: number) => {
    const before = due;
    due = until;
    pump();
    if (sent < due) waited += due - Math.max(sent, before);
  });
  const pacer = new Worker(new URL(import.meta.url.endsWith(".ts") ? "./pacer-main.ts" : "./pacer-main.js", import.meta.url), { workerData: { times, start: performance.timeOrigin + start, port: port2 }, transferList: [port2] });
  pacer.unref();
  setTimeout(() => {
    // What was due and not even sent has not been answered either.
    for (; sent < times.length; sent++) if (start + times[sent]! >= from) asked++;
    finish();
  }, to + DRAIN_MS - now());
}
