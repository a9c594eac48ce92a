// A database that is restarted, or a bucket that does not answer, is waited for, for as long as that takes: leases are fenced,
// so that nothing is lost or done twice.

import { setTimeout as sleep } from "node:timers/promises";
import { SlipwayError } from "@slipway/core/base";

const LONGEST_PAUSE_MS = 15_000;
const PASSING: ReadonlySet<string> = new Set(["database-unreachable", "database-busy", "batch-source-unavailable"]);

export interface Waiting {
  /** Ends the waiting: what could not be done is thrown. */
  readonly stop: AbortSignal;
  readonly note: (text: string) => void;
}

/** @throws what the database answered where waiting would not help, or after `stop` */
export async function patiently<T>({ stop, note }: Waiting, run: () => Promise<T>): Promise<T> {
  for (let pause = 500; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof SlipwayError) || !PASSING.has(error.code) || stop.aborted) throw error;
      note(`${error.message}; trying again`);
      await sleep(pause * (0.5 + Math.random()), undefined, { signal: stop }).catch(() => undefined);
    }
  }
}

/** No shard's fault, but the storage's or this process's: it leaves the run alone for a while. */
export function isStorageAway({ code }: SlipwayError): boolean {
  return code === "batch-source-unavailable" || code === "batch-source-denied";
}
