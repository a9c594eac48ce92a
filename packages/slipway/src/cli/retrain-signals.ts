// What the monitor knows, as triggers of a training ask it.

import { labelsSince, modelView, type Monitor } from "../monitor/index.ts";
import type { RetrainSignals } from "../retrain/index.ts";

const HOURS = 7 * 24;

export function retrainSignals(monitor: Monitor): RetrainSignals {
  /** Undefined where the version was not asked yet. */
  const view = (model: string, version: string): Promise<Awaited<ReturnType<typeof modelView>> | undefined> => modelView(monitor, model, { version, hours: HOURS }).catch((error: unknown) => {
    if ((error as { code?: string }).code === "monitor-unknown") return undefined;
    throw error;
  });
  return {
    async drift(model, version) {
      const found = await view(model, version);
      return found === undefined ? undefined : { drifted: found.state === "drift", since: found.since, columns: found.columns.filter((c) => c.state === "drift").map((c) => c.name) };
    },
    async metric(model, version, name, estimated) {
      const points = (await view(model, version))?.accuracy.points ?? [];
      return points.flatMap(({ begins, ends, labelled, kept, ripe, metrics, estimate }) => {
        const value = estimated ? (estimate as Readonly<Record<string, unknown>> | null)?.[name] : ripe ? metrics[name] : undefined;
        return typeof value === "number" ? [{ begins, ends, rows: estimated ? kept : labelled, value }] : [];
      });
    },
    newLabels: async (model, since) => labelsSince(await monitor.store(), model, since),
  };
}
