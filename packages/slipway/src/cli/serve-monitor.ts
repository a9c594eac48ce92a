// The monitor of `slipway serve` and `slipway up`, by their settings.

import { randomUUID } from "node:crypto";
import { isAbsolute, resolve } from "node:path";
import type { ServeSettings } from "../config/index.ts";
import type { Database } from "../database/index.ts";
import { Alerter, Monitor, monitorProtocol, MonitorStore, PredictionLog } from "../monitor/index.ts";
import type { Logger, StartOptions } from "../server/index.ts";

/** Memory is not for what happened days ago. */
const IN_MEMORY_MS = 86_400_000;
const LOOK_MS = 30_000;

export interface OpenedMonitor {
  /** Undefined where nothing is watched. */
  readonly monitor: Monitor | undefined;
  readonly options: Pick<StartOptions, "observer"> & { readonly protocols: NonNullable<StartOptions["protocols"]>; readonly families: NonNullable<StartOptions["families"]> };
  close(): Promise<void>;
}

/** @param shared a database that is open and stays its owner's, where the settings name none @throws database-* */
export async function openMonitor({ monitor, redact = [], models = {} }: ServeSettings, log: Logger, shared?: Database, link?: (model: string) => string): Promise<OpenedMonitor> {
  if (monitor.off) return { monitor: undefined, options: { protocols: [], families: [] }, close: () => Promise.resolve() };
  const store = monitor.store !== undefined ? await MonitorStore.open(storeUrl(monitor.store)) : shared !== undefined ? await MonitorStore.over(shared) : undefined;
  const predictionLog = monitor.log === undefined ? undefined : new PredictionLog({ folder: monitor.log, share: monitor.logShare, redact, keyColumn: monitor.feedbackKey, maxBytes: monitor.logBytes, keepMs: monitor.keep, log }, randomUUID());
  const opened = new Monitor(() => (store === undefined ? MonitorStore.open("sqlite::memory:") : Promise.resolve(store)), { windowMs: monitor.window, intervalMs: monitor.interval, keepMs: store === undefined ? Math.min(monitor.keep, IN_MEMORY_MS) : monitor.keep, keptPerWindow: monitor.predictions, feedbackKey: monitor.feedbackKey, predictionLog, audit: shared, judging: (model) => ({ season: monitor.season, weights: models[model]?.importance, ranked: models[model]?.ranked }), log });
  opened.start();
  const alerter = new Alerter({ watched: opened, owner: opened.id, settings: monitor.alerts, intervalMs: Math.max(monitor.interval, LOOK_MS), link, log, onView: (view) => opened.note(view) });
  alerter.start();
  return { monitor: opened, options: { observer: opened, protocols: [monitorProtocol(opened)], families: [() => opened.families()] }, close: async () => {
    await alerter.close();
    await opened.close();
  } };
}

/** A path is a SQLite file. */
export function storeUrl(text: string): string {
  return /^(?:sqlite:|postgres(?:ql)?:\/\/)/.test(text) ? text : `sqlite:${isAbsolute(text) ? text : resolve(text)}`;
}
