// What the monitor knows, as triggers of a training ask it.

import { labelsSince, modelView, POINTS, type Monitor } from "../monitor/index.ts";
import type { RetrainSignals } from "../retrain/index.ts";

const HOUR_MS = 3_600_000;
const DRIFT_HOURS = 7 * 24;

export function retrainSignals(monitor: Monitor): RetrainSignals {
  /** Undefined where the version was not asked yet. */
  const view = (model: string, version: string, hours: number): Promise<Awaited<ReturnType<typeof modelView>> | undefined> => modelView(monitor, model, { version, hours }).catch((error: unknown) => {
    if ((error as { code?: string }).code === "monitor-unknown") return undefined;
    throw error;
  });
  return {
    async drift(model, version) {
      const found = await view(model, version, DRIFT_HOURS);
      return found === undefined ? undefined : { drifted: found.state === "drift", since: found.since, columns: found.columns.filter((c) => c.state === "drift").map((c) => c.name) };
    },
    async metric(model, version, name, { estimated, stretchMs }) {
      const points = (await view(model, version, (POINTS * stretchMs) / HOUR_MS))?.accuracy.points ?? [];
      return points.flatMap(({ begins, ends, labelled, kept, ripe, metrics, estimate }) => {
        const value = estimated ? (estimate as Readonly<Record<string, unknown>> | null)?.[name] : ripe ? metrics[name] : undefined;
        return typeof value === "number" ? [{ begins, ends, rows: estimated ? kept : labelled, value }] : [];
      });
    },
    newLabels: async (model, since) => labelsSince(await monitor.store(), model, since),
  };
}
