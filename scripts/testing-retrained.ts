// For tests of the dashboard and for its pictures: a training that came to nothing, written into the store of a `slipway up`,
// and a trigger that is held back because of it.

import { join } from "node:path";
import { openDatabase } from "../packages/slipway/src/database/index.ts";
import { LayoutStore } from "../packages/slipway/src/oci/index.ts";
import { Registry } from "../packages/slipway/src/registry/index.ts";
import { Retrains } from "../packages/slipway/src/retrain/index.ts";
import { TRAINER } from "../packages/slipway/src/retrain/retrains.ts";
import type { Filled } from "./testing-dashboard.ts";

/** @returns the training's id */
export async function retrained({ place }: Filled, rollout: string): Promise<string> {
  const database = await openDatabase(`sqlite:${join(place.folder, ".slipway", "registry.db")}`);
  const registry = await Registry.open({ database, blobs: await LayoutStore.open(join(place.folder, ".slipway", "oci"), { create: true }) });
  try {
    const retrains = await Retrains.open(registry);
    const now = Date.now();
    const at = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();
    const evidence = { name: "accuracy", below: 0.9, rows: 412, stretch: 12_600_000, begins: at(400), ends: at(190), value: 0.8617 };
    const { id } = await retrains.begin({ model: "churn", alias: "staging", cause: "metric", evidence, outside: true, actor: TRAINER });
    await retrains.end(id, "aborted", "7.40 % of predictions with a label were wrong, the baseline's 4.10 %", {
      version: 2, rollout, output: "read 412 new rows of s3://lake/customers/2026-11\nepoch 1: loss 0.412\nepoch 2: loss 0.371\nepoch 3: loss 0.369, no better: stopped\nwrote the model and 60 rows to check it with\n" });
    await database.query("delete from retrain_events where retrain = $1", [id]);
    for (const [i, [state, minutes, text]] of ([["training", 180, "begun: metric"], ["gate", 171, ""], ["approval", 170, ""], ["rollout", 169, ""], ["aborted", 42, "7.40 % of predictions with a label were wrong, the baseline's 4.10 %"]] as const).entries()) {
      await database.query("insert into retrain_events (retrain, seq, at, state, actor, text) values ($1, $2, $3, $4, $5, $6)", [id, i + 1, at(minutes), state, TRAINER.name, text]);
    }
    await retrains.hold("churn", { cause: "metric", evidence, after: id, reason: "the training of 09:12 UTC was given the same and ended aborted; nothing is begun until the data changes or 412 labels more have come (57 have)" });
    return id;
  } finally {
    await registry.close();
  }
}
