// For tests: the loan model with a profile, an application that watches it over a clock of the test's own, and rows.

import { parseSignature, profileOf, profileToJson, signatureToJson } from "@slipway/core/package";
import { normalNumbers, randomNumbers } from "@slipway/core/stats";
import { loadModelPackage, readInput, type Model, type ModelSource } from "../runtime/index.ts";
import { columnsModel } from "../runtime/testing.ts";
import { createServer, type App, type ServerOptions } from "../server/index.ts";
import { inject, type Injected, type InjectedAnswer } from "../server/testing.ts";
import { Monitor, monitorProtocol, MonitorStore, type MonitorOptions } from "./index.ts";

export interface LoanRow {
  readonly age: number | null;
  readonly plan: string;
  readonly member: boolean;
  readonly note: string | null;
}

/** Ages around `age`; the same for the same seed. */
export function loanRows(count: number, seed: number, age = 45): LoanRow[] {
  const random = randomNumbers(seed);
  const normal = normalNumbers(random);
  return Array.from({ length: count }, () => ({ age: random() < 0.05 ? null : Math.round(10 * (age + 8 * normal())) / 10, plan: random() < 0.3 ? "pro" : "basic", member: random() < 0.5, note: random() < 0.2 ? "x" : null }));
}

export async function profiledLoan(rows: readonly LoanRow[] = loanRows(5000, 1)): Promise<ModelSource> {
  const source = columnsModel();
  const signature = parseSignature(signatureToJson(source.signature));
  const model = await loadModelPackage(source);
  try {
    const { outputs } = await model.run(model.encode(readInput(rows, signature)).batch);
    return { ...source, profile: profileToJson(profileOf(signature, rows as never, outputs, { rows: "training", file: "loans.csv" })) };
  } finally {
    await model.close();
  }
}

export interface WatchedApp {
  readonly app: App;
  readonly model: Model;
  readonly monitor: Monitor;
  /** Milliseconds since the epoch, as the monitor has it. */
  readonly clock: { now: number };
  ask(rows: readonly LoanRow[], more?: Partial<Injected>): Promise<InjectedAnswer>;
  get(path: string): Promise<InjectedAnswer>;
  close(): Promise<void>;
}
export const START: number = Date.parse("2026-03-02T10:00:00Z");

export async function watchedApp({ store = () => MonitorStore.open("sqlite::memory:"), options = {}, server = {}, source }: { readonly store?: () => Promise<MonitorStore>; readonly options?: Partial<MonitorOptions>; readonly server?: ServerOptions; readonly source?: ModelSource } = {}): Promise<WatchedApp> {
  const clock = { now: START };
  const model = await loadModelPackage(source ?? await profiledLoan());
  const monitor = new Monitor(store, { windowMs: 600_000, intervalMs: 10_000, keepMs: 30 * 86_400_000, now: () => clock.now, ...options });
  const app = createServer({ models: [model], options: { ...server, observer: monitor, protocols: [monitorProtocol(monitor)] } });
  return {
    app, model, monitor, clock,
    ask: (rows, more = {}) => inject(app, { method: "POST", url: "/predict", payload: JSON.stringify(rows), ...more }),
    get: (path) => inject(app, `/api/v1/monitor${path}`),
    async close() {
      await monitor.close();
      await app.context.models.close();
    },
  };
}
