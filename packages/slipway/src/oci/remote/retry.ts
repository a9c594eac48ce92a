// Asking again: what may be asked again is marked, waits grow and are spread, a server's own wish (Retry-After, RFC 9110)
// is followed as far as it is bearable.

import { setTimeout as pause } from "node:timers/promises";

export interface RetryPolicy {
  /** In all. */
  readonly attempts: number;
  /** Of the first wait; each further one may be twice as long. */
  readonly firstMs: number;
  readonly longestMs: number;
}
export const RETRY: RetryPolicy = { attempts: 6, firstMs: 200, longestMs: 20_000 };

/** An error after which asking again may help. */
export class Retryable extends Error {
  readonly error: Error;
  readonly afterMs: number | undefined;
  constructor(error: Error, afterMs?: number) {
    super(error.message);
    this.error = error;
    this.afterMs = afterMs;
  }
}

/** What makes a try count as none: less could be dripped for ever. */
const PROGRESS_BYTES = 1 << 20;

/**
 * Its last error is thrown, without the mark.
 * @param progress bytes that are done
 */
export async function withRetries<T>(policy: RetryPolicy, attempt: () => Promise<T>, progress: () => number = () => 0): Promise<T> {
  let done = 0;
  for (let before = 0; ; before++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Retryable)) throw error;
      if (progress() >= done + PROGRESS_BYTES) {
        done = progress();
        before = 0;
      }
      if (before + 1 >= policy.attempts) throw error.error;
      const grown = Math.min(policy.longestMs, policy.firstMs * 2 ** before) * (0.5 + Math.random() / 2);
      await pause(error.afterMs === undefined ? grown : Math.max(grown, Math.min(error.afterMs, policy.longestMs)));
    }
  }
}

/** Seconds or a date. */
export function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^[0-9]{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
