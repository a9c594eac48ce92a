// What the experiments share: the service in a process of its own, requests for it, and how fast health answers meanwhile.

import { fileURLToPath } from "node:url";
import { openModel } from "../../packages/slipway/src/runtime/index.ts";
import { Connection, LatencyHistogram, makeRequest, randomRows, startService, type Service, type Target } from "../../packages/slipway/src/bench/index.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Experiment {
  readonly service: Service;
  readonly target: Target;
  /** Whole requests of so many rows each. */
  requests(rows: number, count?: number): Buffer[];
}

/** Runs with a service of the example's model, or the one named first on the command line, and stops it whatever happens. */
export async function experiment(serve: readonly string[], run: (e: Experiment) => Promise<void>): Promise<void> {
  const file = process.argv[2] ?? `${root}examples/churn/churn.joblib`;
  const { package: { signature, checks } } = await openModel(file);
  const service = await startService(["--disable-warning=ExperimentalWarning", `${root}packages/slipway/bin/slipway.mjs`], `it=${file}`, serve);
  const url = new URL(service.url);
  try {
    await run({
      service, target: { host: url.hostname, port: Number(url.port), tls: false },
      requests: (rows, count = 50) => Array.from({ length: count }, (_, i) => makeRequest(signature, randomRows(signature, checks, rows, i + 1), { protocol: "slipway", model: "it", host: url.host, prefix: "" })),
    });
  } finally {
    await service.stop();
  }
}

/** Asks for health every 20 ms until it is told to stop. */
export function watchHealth(target: Target): () => Promise<LatencyHistogram> {
  const histogram = new LatencyHistogram();
  const request = Buffer.from(`GET /health/live HTTP/1.1\r\nhost: ${target.host}:${target.port}\r\n\r\n`);
  const state = { going: true };
  const done = (async () => {
    const connection = new Connection(target, 10_000);
    while (state.going) {
      const before = performance.now();
      await new Promise((resolve) => connection.send(request, resolve));
      histogram.add(performance.now() - before);
      await sleep(20);
    }
    connection.end();
  })();
  return async () => {
    state.going = false;
    await done;
    return histogram;
  };
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
export const mb = (bytes: number | undefined): string => (bytes === undefined ? "?" : `${Math.round(bytes / 2 ** 20)} MB`);
export const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
