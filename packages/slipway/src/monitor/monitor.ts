// Watches the models of one server: counts in memory while requests are answered, writes through to the store each interval.

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Encoded, ModelInput, Prediction, Servable } from "../runtime/index.ts";
import type { Call, Logger, PredictionObserver } from "../server/index.ts";
import { Recorder } from "./recorder.ts";
import { MonitorStore } from "./store.ts";
import { subjectOf } from "./subject.ts";
import type { JudgeOptions } from "./judge.ts";
import type { Watched } from "./views.ts";

export interface MonitorOptions {
  /** A window's length; windows of all replicas begin at the same times. */
  readonly windowMs: number;
  /** How often what was counted is written. */
  readonly intervalMs: number;
  /** How long windows are kept. */
  readonly keepMs: number;
  readonly judging?: ((model: string) => JudgeOptions) | undefined;
  readonly log?: Logger | undefined;
  readonly now?: () => number;
}

const SWEEP_MS = 60_000;

export class Monitor implements PredictionObserver, Watched {
  readonly id: string = randomUUID();
  readonly options: MonitorOptions;
  readonly #now: () => number;
  readonly #startedAt: number;
  /** By model and version, and the same found without a key. */
  readonly #recorders = new Map<string, Recorder>();
  #known = new WeakMap<Servable, Recorder>();
  readonly #open: () => Promise<MonitorStore>;
  #store: Promise<MonitorStore> | undefined;
  #rows = 0;
  #writtenRows = 0;
  #timer: NodeJS.Timeout | undefined;
  #sweptAt = 0;
  #flushing: Promise<void> | undefined;
  #closed = false;

  /** @param open called when the store is first needed */
  constructor(open: () => Promise<MonitorStore>, options: MonitorOptions) {
    this.#open = open;
    this.options = options;
    this.#now = options.now ?? Date.now;
    this.#startedAt = this.#now();
  }

  store(): Promise<MonitorStore> {
    return (this.#store ??= this.#open().catch((error: unknown) => {
      this.#store = undefined;
      throw error;
    }));
  }
  now(): number {
    return this.#now();
  }
  judging(model: string): JudgeOptions {
    return this.options.judging?.(model) ?? {};
  }
  /** So that views show the latest; where it cannot be written they show what was. */
  async refresh(): Promise<void> {
    await this.flush().catch(() => undefined);
  }

  /** Writes each interval until `close`. */
  start(): void {
    this.#timer = setInterval(() => void this.flush().catch(() => undefined), this.options.intervalMs);
    this.#timer.unref();
  }

  predicted(call: Call, model: Servable, _input: ModelInput, { batch, rowErrors }: Encoded, prediction: Prediction): void {
    this.#rows += batch.rows;
    try {
      this.#recorder(call.target ?? model).rows(batch, prediction, rowErrors.size);
    } catch (err) {
      this.#failed("a prediction could not be counted", err);
    }
  }
  finished(call: Call, model: Servable, _status: number): void {
    try {
      this.#recorder(model).request(performance.now() - call.startedAt, call.errorCode);
    } catch (err) {
      this.#failed("a request could not be counted", err);
    }
  }

  /** Writes what was counted since the last time. What cannot be written now is written the next time. */
  flush(): Promise<void> {
    this.#flushing ??= this.#write().finally(() => (this.#flushing = undefined));
    return this.#flushing;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    try {
      await this.#flushing;
      await this.flush();
      if (this.#store === undefined) return;
      const store = await this.#store;
      await store.stopped(this.id, this.#now());
      await store.close();
    } catch {
      // Told of already.
    }
  }

  async #write(): Promise<void> {
    const now = this.#now();
    const recorders = [...this.#recorders.values()];
    for (const r of recorders) r.drain();
    const rows = this.#rows;
    const written = recorders.flatMap((r) => r.dirty.map((window) => ({ subject: r.subject, window, lengthMs: this.options.windowMs })));
    if (written.length === 0 && this.#store === undefined) return;
    // What is counted while the store works makes a window dirty again.
    for (const { window } of written) window.dirty = false;
    try {
      const store = await this.store();
      await store.write({ id: this.id, host: hostname(), startedAt: this.#startedAt, intervalMs: this.options.intervalMs, rows, lastRows: rows - this.#writtenRows, dropped: recorders.reduce((n, r) => n + r.dropped, 0) }, written, now);
      this.#writtenRows = rows;
      for (const r of recorders) r.written();
      this.#forgetIdle();
      if (now - this.#sweptAt >= SWEEP_MS) {
        this.#sweptAt = now;
        await store.sweep(now, this.options.keepMs);
      }
    } catch (err) {
      for (const { window } of written) window.dirty = true;
      this.#failed("what was counted could not be written; it is kept and written later", err);
      throw err;
    }
  }

  /** Of versions that are asked no more. */
  #forgetIdle(): void {
    for (const [key, recorder] of this.#recorders) {
      if (!recorder.idle) continue;
      this.#recorders.delete(key);
      this.#known = new WeakMap();
    }
  }
  #recorder(model: Servable): Recorder {
    const known = this.#known.get(model);
    if (known !== undefined) return known;
    const key = `${model.name}\0${model.version}\0${model.digest}`;
    let recorder = this.#recorders.get(key);
    if (recorder === undefined) this.#recorders.set(key, (recorder = new Recorder(this.#subject(model), model.signature, { lengthMs: this.options.windowMs, now: this.#now })));
    this.#known.set(model, recorder);
    return recorder;
  }
  #subject(model: Servable): ReturnType<typeof subjectOf> {
    try {
      return subjectOf(model);
    } catch (err) {
      this.#failed(`the profile of ${model.name} ${model.version} cannot be read: its drift is not watched`, err);
      return subjectOf({ name: model.name, version: model.version, digest: model.digest, signature: model.signature });
    }
  }
  #failed(what: string, err: unknown): void {
    this.options.log?.warn(what, { err });
  }
}
