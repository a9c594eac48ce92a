// Looks at the watched models again and again, and tells people what is the matter. Of processes that share a store one does.

import type { AlertSettings } from "../../config/index.ts";
import type { Logger } from "../../server/index.ts";
import { modelView, type ModelView, type Watched } from "../views.ts";
import type { Matter } from "./alert.ts";
import { dueMessages, listAlerts, noteDelivery, settle, takeLease } from "./alert-store.ts";
import { DEFAULT_RULES, mattersOf, type Rule } from "./rules.ts";
import { sinksOf, type Sink } from "./sinks.ts";

export interface AlerterOptions {
  readonly watched: Watched;
  /** Of this process, for the lease. */
  readonly owner: string;
  readonly settings?: Partial<AlertSettings> | undefined;
  /** How often it looks. */
  readonly intervalMs: number;
  /** Where a model can be looked at. */
  readonly link?: ((model: string) => string | null) | undefined;
  /** Told of every model that was looked at. */
  readonly onView?: ((view: ModelView) => void) | undefined;
  readonly log?: Logger | undefined;
}

const HOURS = 24;
const LEASE_INTERVALS = 3;
const MOST_ATTEMPTS = 12;
const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 3_600_000;

export class Alerter {
  readonly #options: AlerterOptions;
  readonly #rules: readonly Rule[];
  readonly #sinks: readonly Sink[];
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(options: AlerterOptions) {
    this.#options = options;
    const { rules } = options.settings ?? {};
    this.#rules = rules === undefined ? DEFAULT_RULES : Object.entries(rules).map(([name, rule]) => ({ name, ...rule }));
    this.#sinks = sinksOf(options.settings ?? {});
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#running ??= this.tick().catch((err: unknown) => this.#options.log?.warn("watched models could not be judged", { err })).finally(() => (this.#running = undefined));
    }, this.#options.intervalMs);
    this.#timer.unref();
  }
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** Looks once. */
  async tick(): Promise<void> {
    const { watched, owner, intervalMs, link = () => null } = this.#options;
    const { database } = await watched.store();
    if (!(await takeLease(database, "alerts", owner, watched.now(), LEASE_INTERVALS * intervalMs))) return;
    const matters = await this.#matters();
    await settle(database, matters, this.#sinks.filter((s) => s.repeats !== true).map((s) => s.name), link, watched.now());
    await this.#repeat(link);
    await this.#deliver();
  }

  async #matters(): Promise<Matter[]> {
    const { watched } = this.#options;
    await watched.refresh();
    const store = await watched.store();
    const matters: Matter[] = [];
    const latest = new Map<string, string>();
    const seen = new Set<string>();
    for (const { model, version } of await store.subjects()) {
      // Of packages under one version the newest.
      if (seen.has(`${model}\0${version}`)) continue;
      seen.add(`${model}\0${version}`);
      const view = await modelView(watched, model, { version, hours: HOURS });
      const last = view.windows.at(-1)?.begins ?? "";
      if (last > (latest.get(model) ?? "")) latest.set(model, last);
      this.#options.onView?.(view);
      for (const rule of this.#rules) matters.push(...mattersOf(rule, view, watched.now()));
      // Others are answered in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
    // A version that nobody asks any more is silent by right while another one answers.
    return matters.filter((m) => m.on !== "silence" || m.since === null || latest.get(m.model)! < m.since);
  }

  async #repeat(link: (model: string) => string | null): Promise<void> {
    const repeating = this.#sinks.filter((s) => s.repeats === true);
    if (repeating.length === 0) return;
    const { watched, log } = this.#options;
    const now = watched.now();
    const alerts = (await listAlerts((await watched.store()).database)).filter((a) => a.state === "firing" || now - Date.parse(a.resolvedAt!) < 10 * this.#options.intervalMs);
    for (const model of new Set(alerts.map((a) => a.model))) {
      const of = (state: string): typeof alerts => alerts.filter((a) => a.model === model && a.state === state);
      for (const sink of repeating) await sink.send({ id: model, model, link: link(model), firing: of("firing"), resolved: of("resolved") }).catch((err: unknown) => log?.warn(`${sink.name} could not be told`, { err }));
    }
  }

  async #deliver(): Promise<void> {
    const { watched, log } = this.#options;
    const { database } = await watched.store();
    for (const due of await dueMessages(database, watched.now())) {
      const sink = this.#sinks.find((s) => s.name === due.sink);
      try {
        if (sink === undefined) throw new Error("it is not configured any more");
        await sink.send(due.message);
        await noteDelivery(database, due, null, null);
      } catch (error) {
        const given = sink === undefined || due.attempts + 1 >= MOST_ATTEMPTS;
        log?.warn(`${due.sink} could not be told${given ? ", and is not tried again" : ""}`, { err: error });
        await noteDelivery(database, due, (error as Error).message, given ? null : watched.now() + Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** due.attempts));
      }
    }
  }
}
