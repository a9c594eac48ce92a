// Asks a shadow what was asked, after the answer has left: one at a time, with pauses four times as long as each took, so
// that at most a fifth of the time goes to shadows. What does not fit into the queue is dropped and counted.

import type { ModelInput, OnInvalid, Prediction, Servable } from "../../runtime/index.ts";
import type { Traffic } from "./traffic.ts";

type Take = () => Promise<{ readonly model: Servable; readonly end: () => void }>;
export interface ShadowJob {
  readonly traffic: Traffic;
  readonly input: ModelInput;
  readonly onInvalid: OnInvalid | undefined;
  readonly outputs: readonly string[] | undefined;
  readonly given: Prediction;
  /** Of the prediction. */
  readonly id: string | undefined;
  /** The version that answered. */
  readonly answered: string;
  /** The shadow, held; `end` lets it go. */
  readonly take: Take;
  /** The model that answered, to be asked again beside the shadow: what the answer itself took says nothing about a moment like this one. */
  readonly again?: Take | undefined;
}

const MAX_JOBS = 64;
const MAX_ROWS = 50_000;
/** Of one job: a large one would hold up what is answered meanwhile. */
const MAX_JOB_ROWS = 1000;
const PAUSE_FACTOR = 4;

export class ShadowRunner {
  readonly #jobs: ShadowJob[] = [];
  #rows = 0;
  #running: Promise<void> | undefined;

  add(job: ShadowJob): void {
    const { rows } = job.given;
    if (this.#jobs.length >= MAX_JOBS || this.#rows + rows > MAX_ROWS || rows > MAX_JOB_ROWS) {
      job.traffic.shadowReport.outcomes.dropped++;
      return;
    }
    this.#jobs.push(job);
    this.#rows += rows;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }
  /** When all that waits is done, for tests and for closing. */
  async settled(): Promise<void> {
    await this.#running;
  }
  /** What waits is forgotten. */
  close(): void {
    this.#jobs.length = 0;
    this.#rows = 0;
  }

  async #run(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      this.#rows -= job.given.rows;
      const before = performance.now();
      await ask(job);
      const pause = (performance.now() - before) * PAUSE_FACTOR;
      await new Promise((resolve) => setTimeout(resolve, pause).unref());
    }
  }
}

async function ask({ traffic, input, onInvalid, outputs, given, id, answered, take, again }: ShadowJob): Promise<void> {
  const run = async (from: Take): Promise<{ readonly answer: Prediction; readonly ms: number; readonly whole: boolean }> => {
    const { model, end } = await from();
    try {
      const before = performance.now();
      const { batch, rowErrors } = model.encode(input, onInvalid);
      const answer = await model.run(batch, { ...(onInvalid === undefined ? {} : { onInvalid }), ...(outputs === undefined ? {} : { outputs }) });
      return { answer, ms: performance.now() - before, whole: rowErrors.size === 0 };
    } finally {
      end();
    }
  };
  try {
    // Whoever comes second finds caches warm: chance says who does.
    const first = again !== undefined && Math.random() < 0.5 ? await run(again) : undefined;
    const { answer, ms, whole } = await run(take);
    traffic.shadowReport.compare(given, answer);
    traffic.onShadow?.(given, answer, { id: whole ? id : undefined, answered, times: again === undefined ? undefined : { shadowMs: ms, againMs: (first ?? (await run(again))).ms } });
  } catch {
    traffic.shadowReport.outcomes.failed++;
    traffic.onShadow?.(given, undefined, { id: undefined, answered, times: undefined });
  }
}
