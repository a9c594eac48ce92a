// Predictions in slices of a few milliseconds: what one turn of the event loop brings beyond a slice waits for the next
// turn, so that health and refusals are answered between slices however many requests have come. What waits longer than a
// second's work is refused at once: where more comes than can be done, work on answers that come too late would take the
// place of answers in time. The cost of a request, with everything around it, is learnt from the slices themselves.

import type { Answer, Call } from "./http/call.ts";
import { serverError } from "./errors.ts";

const SLICE_MS = 4;
const MAX_WAIT_MS = 1000;
/** Few callers are never refused, however long their requests take. */
const MIN_QUEUE = 32;
/** Bodies of what waits. */
const MAX_BYTES = 256 * 2 ** 20;
/** Weight of one slice in what is learnt. */
const LEARN = 0.1;

type Work = () => Answer | Promise<Answer>;
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
  #done = 0;
  /** Milliseconds a request. */
  #each = 0;

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
    if (length === 0 && now - this.#since < SLICE_MS) {
      this.#done++;
      return work();
    }
    const waitMs = length * this.#each;
    if (length >= MIN_QUEUE && (waitMs > MAX_WAIT_MS || this.#bytes + call.body.length > MAX_BYTES)) {
      throw serverError("server-overloaded", `${length} requests wait, about ${Math.round(waitMs)} ms of work`, {
        hint: "Ask again after the time in Retry-After, or run more replicas.", data: { retryAfterMs: Math.ceil(waitMs) } });
    }
    this.#bytes += call.body.length;
    return new Promise((resolve, reject) => this.#waiting.push({ call, work, resolve, reject }));
  }

  #arm(now: number): void {
    this.#armed = true;
    this.#since = now;
    this.#done = 0;
    this.#clock.later(this.#turn);
  }

  readonly #turn = (): void => {
    const now = this.#clock.now();
    if (this.#done > 0) {
      const each = (now - this.#since) / this.#done;
      this.#each = this.#each === 0 ? each : this.#each + LEARN * (each - this.#each);
    }
    this.#armed = false;
    if (this.length === 0) return;
    this.#arm(now);
    while (this.#head < this.#waiting.length && this.#clock.now() - now < SLICE_MS) this.#serve(this.#waiting[this.#head++]!);
    // Those that have gone are let go of now and then.
    if (this.#head === this.#waiting.length || this.#head > 1024) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
  };

  #serve({ call, work, resolve, reject }: Waiting): void {
    this.#bytes -= call.body.length;
    try {
      // Nobody waits for it any longer: that costs nothing.
      call.throwIfAborted();
      this.#done++;
      resolve(work());
    } catch (error) {
      reject(error);
    }
  }
}
