// The device as a whole: a model that always answers, an updater, what is counted and what waits for home.

import { SlipwayError } from "@slipway/core/base";
import type { PredictedRow, RowError } from "@slipway/core/predict";
import type { DeviceConfig } from "./config.ts";
import { Counters } from "./counters.ts";
import type { Disk } from "./disk.ts";
import { sendHome } from "./home.ts";
import { Outbox } from "./outbox.ts";
import { Slots, type Running } from "./slots.ts";
import { StateFile, type State } from "./state.ts";
import { update } from "./updater.ts";

export interface DeviceOptions {
  readonly disk: Disk;
  readonly config: DeviceConfig;
  readonly folder: string;
  readonly stateFolder: string;
  readonly onnxruntime?: string | undefined;
  readonly log: (message: string) => void;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
}
export interface DeviceAnswer {
  readonly predictions: readonly (PredictedRow | RowError)[];
  readonly model: { readonly name: string; readonly version: string; readonly digest: string; readonly release: number };
  readonly prediction_id: string;
}

export class Device {
  readonly counters: Counters;
  readonly outbox: Outbox;
  readonly #options: DeviceOptions;
  readonly #state: StateFile;
  readonly #slots: Slots;
  #running: Running;
  #lastUpdate: { readonly time: string; readonly outcome: string } | undefined;
  #busy: Promise<void> | undefined;

  private constructor(options: DeviceOptions, state: StateFile, slots: Slots, running: Running, counters: Counters, outbox: Outbox) {
    this.#options = options;
    this.#state = state;
    this.#slots = slots;
    this.#running = running;
    this.counters = counters;
    this.outbox = outbox;
  }

  /** @throws device-no-model */
  static async start(options: DeviceOptions): Promise<Device> {
    const { disk, stateFolder, config } = options;
    const state = new StateFile(disk, stateFolder);
    await state.load();
    const slots = new Slots({ ...options, state, onnxruntime: options.onnxruntime });
    const running = await slots.start();
    const counters = new Counters(disk, stateFolder);
    const outbox = new Outbox(disk, stateFolder, config.queue);
    await counters.load();
    await outbox.load();
    return new Device(options, state, slots, running, counters, outbox);
  }

  get state(): State {
    return this.#state.current;
  }

  /** @throws as the model's predict */
  async predict(input: unknown): Promise<DeviceAnswer> {
    const { model, release } = this.#running;
    const { counts } = this.counters;
    const id = `${this.counters.boot}-${counts.requests++}`;
    let predictions: readonly (PredictedRow | RowError)[];
    try {
      predictions = await model.predict(input);
    } catch (error) {
      if (error instanceof SlipwayError && error.kind !== "internal") counts.refused++;
      else counts.failed++;
      throw error;
    }
    this.counters.countRows(release, predictions.length);
    await this.confirm();
    const { config: { record, home } } = this.#options;
    if (record !== "none" && home !== undefined) {
      const entry = { id, time: new Date().toISOString(), release, digest: model.digest, ...(record === "rows" ? { input } : {}), predictions };
      await this.outbox.add(entry).catch((error: unknown) => this.#options.log(`a prediction could not be kept: ${String(error)}`));
    }
    return { predictions, model: { name: model.name, version: model.version, digest: model.digest, release }, prediction_id: id };
  }

  /** The active package was seen to work: it answered, or the process has been up for a while. */
  async confirm(): Promise<void> {
    if (this.#state.current.trial === null) return;
    await this.#state.change({ trial: null }).catch((error: unknown) => this.#options.log(`the state could not be written: ${String(error)}`));
  }

  /** Looks for a release, and takes it. What comes of it is told in `status`; never throws. */
  update(): Promise<void> {
    this.#busy ??= this.#update().finally(() => (this.#busy = undefined));
    return this.#busy;
  }
  async #update(): Promise<void> {
    const { log } = this.#options;
    let outcome: string;
    try {
      const result = await update({ ...this.#options, state: this.#state, slots: this.#slots, onnxruntime: this.#options.onnxruntime });
      outcome = result.kind === "current" ? `release ${result.release} is the newest` : `release ${result.release} was installed`;
      if (result.kind === "updated") {
        this.counters.counts.updates++;
        const old = this.#running;
        this.#running = result.running;
        await old.model.close();
      }
    } catch (error) {
      this.counters.counts.updatesFailed++;
      outcome = error instanceof SlipwayError ? `${error.message} [${error.code}]` : String(error);
      log(outcome);
    }
    this.#lastUpdate = { time: new Date().toISOString(), outcome };
  }

  /** Never throws: what did not arrive is sent the next time. */
  async sendHome(): Promise<void> {
    const { home } = this.#options.config;
    if (home === undefined) return this.counters.save();
    await sendHome(home, this.counters, this.outbox, this.#options.fetch).catch((error: unknown) => this.#options.log(error instanceof Error ? error.message : String(error)));
  }

  status(): object {
    const { model, from, release } = this.#running;
    const { highest, previous, trial } = this.#state.current;
    return {
      device: this.counters.device,
      model: { name: model.name, version: model.version, digest: model.digest, release, from, engine: model.engine.name, check: model.check === null ? null : { rows: model.check.rows, passed: model.check.passed } },
      updates: { highest: highest?.release ?? null, previous: previous?.release ?? null, onTrial: trial !== null, last: this.#lastUpdate ?? null },
      queue: { held: this.outbox.held, dropped: this.counters.counts.dropped + this.outbox.dropped },
      counts: this.counters.counts,
    };
  }

  async close(): Promise<void> {
    await this.#busy;
    await this.counters.save().catch(() => undefined);
    await this.#running.model.close();
  }
}
