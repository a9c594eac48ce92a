// For tests of the dashboard and for its pictures: a day in the life of a served model, written into the store of a `slipway
// up` as if it had been asked then. Customers come by day more than by night; in the last hours newer ones come, one field
// breaks, and a feed sends nonsense. Labels come after two hours.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Alerter, Monitor, MonitorStore, storeLabels } from "../packages/slipway/src/monitor/index.ts";
import { loadModelPackage } from "../packages/slipway/src/runtime/index.ts";
import { packModel } from "../packages/slipway/src/runtime/pack.ts";
import { createServer } from "../packages/slipway/src/server/index.ts";
import { inject } from "../packages/slipway/src/server/testing.ts";
import { normalNumbers, randomNumbers } from "../packages/core/src/stats/index.ts";
import { CHURN_FILE } from "./testing-models.ts";

export interface Customer {
  readonly contract: string;
  readonly internet: string;
  readonly tenure_months: number;
  readonly monthly_charges: number | null;
  readonly support_calls: number;
  readonly senior: boolean;
}

const random = randomNumbers(11);
const normal = normalNumbers(random);
const one = (values: readonly string[]): string => values[Math.floor(random() * values.length)]!;

/** @param late from 0 to 1: how much of what is new there is */
export function customer(late = 0): Customer {
  return {
    contract: random() < 0.5 ? "month-to-month" : one(["one year", "two years"]), internet: late > 0 && random() < 0.12 ? "satellite" : one(["dsl", "fibre", "fibre", "none"]),
    tenure_months: Math.max(1, Math.round((34 - 12 * late) + 14 * normal())), monthly_charges: random() < 0.05 + 0.3 * late ? null : Math.round(100 * (62 + 18 * normal())) / 100, support_calls: Math.floor(5 * random() ** 2), senior: random() < 0.2,
  };
}

const HOURS = 24;
const WINDOW_MS = 600_000;
const LABELS_AFTER_MS = 2 * 3_600_000;

/** @param folder of `slipway up` */
export async function watchedDay(folder: string): Promise<void> {
  const training = { file: "customers.csv", rows: () => Promise.resolve(Array.from({ length: 4000 }, () => ({ ...customer() }))) };
  const { package: pkg } = await packModel(CHURN_FILE, readFileSync(CHURN_FILE), { name: "retention", version: "2.3.0", training });
  const model = await loadModelPackage(pkg);
  const end = Date.now();
  let now = end - HOURS * 3_600_000;
  const monitor = new Monitor(() => MonitorStore.open(`sqlite:${join(folder, ".slipway", "registry.db")}`), { windowMs: WINDOW_MS, intervalMs: 10_000, keepMs: 30 * 86_400_000, now: () => now });
  const app = createServer({ models: [model], options: { observer: monitor } });
  const store = await monitor.store();
  const waiting: { readonly at: number; readonly id: string; readonly labels: readonly string[] }[] = [];
  for (; now < end; now += WINDOW_MS) {
    const late = now > end - 5 * 3_600_000 ? 1 : 0;
    const busy = 1 + Math.sin(((now / 3_600_000 + 18) % 24) / 24 * 2 * Math.PI);
    for (let k = 0; k < 4; k++) {
      const rows = Array.from({ length: Math.round(20 + 25 * busy) }, () => customer(late));
      const answer = (await inject(app, { method: "POST", url: "/predict", payload: JSON.stringify(rows) })).json() as { readonly prediction_id: string; readonly predictions: readonly { readonly label: string }[] };
      waiting.push({ at: now, id: answer.prediction_id, labels: answer.predictions.map(({ label }) => (random() < 0.9 - 0.18 * late ? label : label === "stays" ? "leaves" : "stays")) });
    }
    if (late === 1) for (let k = 0; k < 2; k++) await inject(app, { method: "POST", url: "/predict", payload: JSON.stringify([{ ...customer(), tenure_months: "twelve" }]) });
    const due = waiting.splice(0, waiting.findIndex((w) => w.at > now - LABELS_AFTER_MS));
    await monitor.flush();
    await storeLabels(store.database, due.flatMap(({ id, labels }) => labels.map((label, row) => ({ kind: "id" as const, ref: `${id}-${row}`, model: "", label, at: null }))), now);
  }
  now = end;
  await new Alerter({ watched: monitor, owner: monitor.id, intervalMs: 30_000 }).tick();
  await monitor.close();
  await model.close();
}
