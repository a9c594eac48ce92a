// Watches the models of one server: counts in memory while requests are answered, writes through to the store each interval.

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Encoded, ModelInput, Prediction, Servable } from "../runtime/index.ts";
import type { Database } from "../database/index.ts";
import { family, keyOfRow, type Call, type Family, type Labels, type Logger, type PredictionObserver } from "../server/index.ts";
import { PredictionBuffer } from "./predictions.ts";
import type { PredictionLog } from "./prediction-log.ts";
import { Recorder } from "./recorder.ts";
import { MonitorStore } from "./store.ts";
import { watchedOf } from "./subject.ts";
import { eraseFrom, type Erased } from "./label-store.ts";
import type { JudgeOptions } from "./judge.ts";
import type { ModelView, Watched } from "./views.ts";

export interface MonitorOptions {
  /** A window's length; windows of all replicas begin at the same times. */
  readonly windowMs: number;
  /** How often what was counted is written. */
  readonly intervalMs: number;
  /** How long windows are kept. */
  readonly keepMs: number;
  /** Predictions of each model that are kept for their labels, in each window. */
  readonly keptPerWindow?: number | undefined;
  /** The column that holds the key by which labels may come, whether models take it or not. */
  readonly feedbackKey?: string | undefined;
  /** Where rows and answers are written, if anywhere. */
  readonly predictionLog?: PredictionLog | undefined;
  readonly judging?: ((model: string) => JudgeOptions) | undefined;
  /** The database of an audit log, where there is one. */
  readonly audit?: Database | undefined;
  readonly log?: Logger | undefined;
  readonly now?: () => number;
}

const SWEEP_MS = 60_000;
const KEPT_PER_WINDOW = 1000;
/** Of a model, in metrics. */
const MOST_SERIES = 100;

interface Watch {
  readonly recorder: Recorder;
  readonly predictions: PredictionBuffer;
}

export class Monitor implements PredictionObserver, Watched {
  readonly id: string = randomUUID();
  readonly options: MonitorOptions;
  readonly #now: () => number;
  readonly #startedAt: number;
  /** By model and version, and the same found without a key. */
  readonly #watches = new Map<string, Watch>();
  #known = new WeakMap<Servable, Watch>();
  readonly #open: () => Promise<MonitorStore>;
  #store: Promise<MonitorStore> | undefined;
  readonly #views = new Map<string, Pick<ModelView, "model" | "version" | "state" | "columns">>();
  /** Of recorders that are gone. */
  #droppedBefore = 0;
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
  /** A model was judged: metrics say so until it is again. */
  note(view: Pick<ModelView, "model" | "version" | "state" | "columns">): void {
    this.#views.set(`${view.model}\0${view.version}`, view);
  }
  /** For /metrics. */
  families(): readonly Family[] {
    const views = [...this.#views.values()];
    const of = ({ model, version }: (typeof views)[number]): Labels => ({ model, version });
    return [
      family("gauge", "slipway_drift_state", "1 for the state that a model is in, beside what it was made with.", views.map((v) => [{ ...of(v), state: v.state }, 1])),
      family("gauge", "slipway_drift_psi", "Population stability index of a column or output, of those that drift or are near it.", views.flatMap((v) => v.columns.filter((c) => c.psi >= c.bound / 2).slice(0, MOST_SERIES).map((c): [Labels, number] => [{ ...of(v), column: c.name }, c.psi]))),
      family("counter", "slipway_monitor_dropped_rows_total", "Rows that were not counted, as too many waited.", [[{}, [...this.#watches.values()].reduce((n, w) => n + w.recorder.dropped, this.#droppedBefore)]]),
      ...(this.options.predictionLog === undefined ? [] : [family("counter", "slipway_prediction_log_dropped_rows_total", "Rows that were not written to the log of predictions.", [[{}, this.options.predictionLog.dropped]])]),
    ];
  }
  /** Forgets everything of a business key: predictions, labels, lines of the log. @returns how many of each */
  async erase(key: string): Promise<Erased> {
    await this.refresh();
    const { database } = await this.store();
    return { ...await eraseFrom(database, key), logged: await this.options.predictionLog?.erase(key) ?? 0 };
  }
  now(): number {
    return this.#now();
  }
  get windowMs(): number {
    return this.options.windowMs;
  }
  get audit(): Database | undefined {
    return this.options.audit;
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

  predicted(call: Call, model: Servable, input: ModelInput, { batch, rowErrors, kept }: Encoded, prediction: Prediction): void {
    this.#rows += batch.rows;
    try {
      const asked = call.target ?? model;
      const { recorder, predictions } = this.#watch(asked);
      recorder.rows(batch, prediction, rowErrors.size);
      const place = kept === undefined ? same : (row: number): number => kept[row]!;
      const { feedbackKey } = this.options;
      predictions.add(call.predictionId ?? call.id, this.#now, recorder.window, prediction, feedbackKey === undefined ? undefined : (row) => keyOfRow(input, feedbackKey, place(row), asked.signature), place);
      this.options.predictionLog?.add(call, asked, input, prediction, place, this.#now());
    } catch (err) {
      this.#failed("a prediction could not be counted", err);
    }
  }
  listed(call: Call, model: Servable, lists: readonly { readonly row: number; readonly items: readonly string[]; readonly input: ModelInput }[]): void {
    try {
      const asked = call.target ?? model;
      const { recorder, predictions } = this.#watch(asked);
      const { feedbackKey } = this.options;
      predictions.addLists(call.predictionId ?? call.id, this.#now, recorder.window, lists.map(({ row, items, input }) => ({ row, items, key: feedbackKey === undefined ? undefined : keyOfRow(input, feedbackKey, row, asked.signature) })));
    } catch (err) {
      this.#failed("a list could not be kept", err);
    }
  }
  finished(call: Call, model: Servable, _status: number): void {
    try {
      this.#watch(model).recorder.request(performance.now() - call.startedAt, call.errorCode);
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
    await this.options.predictionLog?.close();
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
    const watches = [...this.#watches.values()];
    const recorders = watches.map((w) => w.recorder);
    for (const r of recorders) r.drain();
    const rows = this.#rows;
    const written = recorders.flatMap((r) => r.dirty.map((window) => ({ subject: r.subject, window, lengthMs: this.options.windowMs })));
    const predictions = watches.map((w) => ({ subject: w.recorder.subject, kept: w.predictions.take() }));
    if (written.length === 0 && this.#store === undefined) return;
    // What is counted while the store works makes a window dirty again.
    for (const { window } of written) window.dirty = false;
    try {
      const store = await this.store();
      await store.write({ id: this.id, host: hostname(), startedAt: this.#startedAt, intervalMs: this.options.intervalMs, rows, lastRows: rows - this.#writtenRows, dropped: recorders.reduce((n, r) => n + r.dropped, this.#droppedBefore) }, written, predictions, now);
      this.#writtenRows = rows;
      for (const r of recorders) r.written();
      this.#forgetIdle();
      if (now - this.#sweptAt >= SWEEP_MS) {
        this.#sweptAt = now;
        await store.sweep(now, this.options.keepMs);
      }
    } catch (err) {
      for (const { window } of written) window.dirty = true;
      watches.forEach((w, i) => w.predictions.giveBack(predictions[i]!.kept));
      this.#failed("what was counted could not be written; it is kept and written later", err);
      throw err;
    }
  }

  /** Of versions that are asked no more. */
  #forgetIdle(): void {
    for (const [key, { recorder }] of this.#watches) {
      if (!recorder.idle) continue;
      this.#droppedBefore += recorder.dropped;
      this.#watches.delete(key);
      this.#known = new WeakMap();
    }
  }
  #watch(model: Servable): Watch {
    const known = this.#known.get(model);
    if (known !== undefined) return known;
    const key = `${model.name}\0${model.version}\0${model.digest}`;
    let watch = this.#watches.get(key);
    if (watch === undefined) {
      const { subject, scores, wholes } = this.#subject(model);
      watch = { recorder: new Recorder(subject, model.signature, { lengthMs: this.options.windowMs, now: this.#now, scores, wholes }), predictions: new PredictionBuffer(subject.task, this.options.keptPerWindow ?? KEPT_PER_WINDOW) };
      this.#watches.set(key, watch);
    }
    this.#known.set(model, watch);
    return watch;
  }
  #subject(model: Servable): ReturnType<typeof watchedOf> {
    try {
      return watchedOf(model, undefined, this.judging(model.name).ranked);
    } catch (err) {
      this.#failed(`the profile of ${model.name} ${model.version} cannot be read: its drift is not watched`, err);
      return watchedOf({ name: model.name, version: model.version, digest: model.digest, signature: model.signature });
    }
  }
  #failed(what: string, err: unknown): void {
    this.options.log?.warn(what, { err });
  }
}

function same(row: number): number {
  return row;
}
