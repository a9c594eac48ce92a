// A thread that does nothing but sleep until requests are due and say so: a timer of the event loop knows whole
// milliseconds only, Atomics.wait knows fractions of one.

import { workerData } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";

const { times, start, port } = workerData as { times: Float64Array; start: number; port: MessagePort };
/** Requests due sooner than that after others are told of together. */
const TOGETHER_MS = 0.05;
const cell = new Int32Array(new SharedArrayBuffer(4));
const now = (): number => performance.timeOrigin + performance.now();

for (let next = 0; next < times.length; ) {
  const wait = start + times[next]! - now();
  if (wait > 0) Atomics.wait(cell, 0, 0, wait);
  const until = now() - start + TOGETHER_MS;
  while (next < times.length && times[next]! <= until) next++;
  port.postMessage(next);
}
port.close();
