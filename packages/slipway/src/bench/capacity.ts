// How much one replica answers while its 99th percentile still holds, found by halving the range of rates in an open loop,
// and how many replicas a load needs.

import type { Measurement } from "./run-load.ts";

export interface CapacityTarget {
  readonly rps: number;
  readonly p99Ms: number;
  /** Share of a replica that is kept free. */
  readonly margin: number;
}

export interface Capacity {
  /** Requests a second at which the percentile still held; 0: at none that was tried. */
  readonly rps: number;
  readonly replicas: number | undefined;
  readonly tried: readonly Measurement[];
}

/** Failed requests that a measurement may have and still hold. */
const FAILED = 0.001;
const STEPS = 6;

function holds(m: Measurement, p99Ms: number): boolean {
  return m.good.count > 0 && m.failed <= FAILED * m.asked && m.good.percentile(0.99) <= p99Ms;
}

/** @param most what a closed loop reached @param measure at so many requests a second */
export async function findCapacity(target: CapacityTarget, most: number, measure: (rate: number) => Promise<Measurement>): Promise<Capacity> {
  const tried: Measurement[] = [];
  let [low, high] = [0, 1.1 * most];
  for (let step = 0; step < STEPS; step++) {
    const rate = Math.max(1, Math.round(step === 0 ? 0.7 * most : (low + high) / 2));
    const m = await measure(rate);
    tried.push(m);
    if (holds(m, target.p99Ms)) low = rate;
    else high = rate;
    if (high - low <= 0.05 * high) break;
  }
  return { rps: low, replicas: replicasFor(target, low), tried };
}

export function replicasFor({ rps, margin }: CapacityTarget, capacity: number): number | undefined {
  return capacity > 0 ? Math.max(1, Math.ceil(rps / (capacity * (1 - margin)))) : undefined;
}

export function explainCapacity(target: CapacityTarget, capacity: Capacity, rows: number): string {
  const { rps, replicas } = capacity;
  const p99 = `p99 at or below ${target.p99Ms} ms`;
  if (replicas === undefined) return `No number of replicas is enough: ${p99} did not hold at any rate that was tried, down to ${Math.min(...capacity.tried.map((m) => m.rate ?? 0))} requests a second on one.`;
  return `${replicas} ${replicas === 1 ? "replica" : "replicas"}: one answers ${Math.round(rps)} requests a second of ${rows} ${rows === 1 ? "row" : "rows"} with ${p99}, of which ${Math.round(target.margin * 100)} % are kept free, `
    + `and ${target.rps} / ${Math.round(rps * (1 - target.margin))} = ${(target.rps / (rps * (1 - target.margin))).toFixed(2)}; this assumes that each replica has to itself what the measured one had here, that the load is spread evenly over them, and that callers are independent of each other.`;
}
