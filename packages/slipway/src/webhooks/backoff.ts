// How long to wait after failed calls: soon at first, hours later on, a fifth more or less so that many webhooks of one
// receiver do not come back together.

const SECONDS = [5, 30, 120, 600, 1800, 3600, 7200, 14_400] as const;
const JITTER = 0.2;

/** @param failures calls that failed in a row, 1 or more @param random in [0, 1) @returns milliseconds */
export function backoffMs(failures: number, random: number = Math.random()): number {
  const base = SECONDS[Math.min(Math.max(failures, 1), SECONDS.length) - 1]! * 1000;
  return Math.round(base * (1 - JITTER + 2 * JITTER * random));
}
