// Predictions in slices of a few milliseconds: what one turn of the event loop brings beyond a slice waits for the next
// turn, so that health, metrics and administration are answered between slices however many requests have come. What waits
// is bounded in number and in bytes; it is in order, and who has gone meanwhile costs no work.
// A model's own queue (runtime/scheduling) refuses by the time that its engine would take. Here nothing is refused by an
// estimate: reading a request only to refuse it costs much of what a small one costs to answer.

import type { Answer, Call } from "./http/call.ts";
import { serverError } from "./errors.ts";

const SLICE_MS = 4;
/** A slice is as long as reading what came took, up to this: reading must not take the place of the work. */
const LONGEST_SLICE_MS = 50;
const MAX_WAITING = 10_000;
/** Bodies of what waits. */
const MAX_BYTES = 512 * 2 ** 20;
/** For whom it is refused. */
const RETRY_AFTER_MS = 1000;

interface Work {
  handle(call: Call): Answer | Promise<Answer>;
}
interface Waiting {
  readonly call: Call;
  readonly work: Work;
  readonly resolve: (answer: Answer | Promise<Answer>) => void;
  readonly reject: (error: unknown) => void;
}
export interface Clock {
  readonly now: () => number;
  /** Once, after what the event loop has in hand. */
  readonly later: (turn: () => void) => void;
}
const REAL: Clock = { now: () => performance.now(), later: (turn) => void setImmediate(turn) };

export class WorkQueue {
  readonly #clock: Clock;
  #waiting: Waiting[] = [];
  /** Those of `#waiting` before it have gone. */
  #head = 0;
  #bytes = 0;
  #armed = false;
  #since = 0;
  #servedUntil = 0;

  constructor(clock: Clock = REAL) {
    this.#clock = clock;
  }

  get length(): number {
    return this.#waiting.length - this.#head;
  }

  /** At once where this turn has time left, else in a later one. @throws SlipwayError server-overloaded */
  run(call: Call, work: Work): Answer | Promise<Answer> {
    const now = this.#clock.now();
    if (!this.#armed) this.#arm(now);
    const { length } = this;
    if (length === 0 && now - this.#since < SLICE_MS) return work.handle(call);
    if (length >= MAX_WAITING || (length > 0 && this.#bytes + call.body.length > MAX_BYTES)) {
      throw serverError("server-overloaded", `${length} requests of ${this.#bytes} bytes wait already`, { hint: "Ask again after the time in Retry-After, or run more replicas.", data: { retryAfterMs: RETRY_AFTER_MS } });
    }
    this.#bytes += call.body.length;
    return new Promise((resolve, reject) => this.#waiting.push({ call, work, resolve, reject }));
  }

  #arm(now: number): void {
    this.#armed = true;
    this.#since = now;
    this.#servedUntil = now;
    this.#clock.later(this.#turn);
  }

  readonly #turn = (): void => {
    const now = this.#clock.now();
    const slice = Math.max(SLICE_MS, Math.min(LONGEST_SLICE_MS, now - this.#servedUntil));
    this.#armed = false;
    if (this.length === 0) return;
    this.#arm(now);
    while (this.#head < this.#waiting.length && this.#clock.now() - now < slice) this.#serve(this.#waiting[this.#head++]!);
    this.#servedUntil = this.#clock.now();
    // Those that have gone are let go of now and then.
    if (this.#head === this.#waiting.length || this.#head > 1024) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
  };

  #serve({ call, work, resolve, reject }: Waiting): void {
    this.#bytes -= call.body.length;
    try {
      call.throwIfAborted();
      resolve(work.handle(call));
    } catch (error) {
      reject(error);
    }
  }
}
