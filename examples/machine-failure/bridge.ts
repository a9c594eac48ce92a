// From readings to alarms. Readings are collected for a moment and both models are asked once for all of them: is this
// unlike a pump that is well, and which of the known failures is it? One strange reading is nothing; three of the last five
// are an alarm, which ends when the last five are quiet.

import { ask, type Answers } from "../shared/service.ts";

export const COLUMNS = ["temperature", "vibration", "pressure", "current", "speed"] as const;
export type Reading = { readonly machine: string } & Readonly<Record<(typeof COLUMNS)[number], number | null>>;

interface Strange { readonly label: number; readonly score: number }
interface Failure { readonly label: string; readonly probabilities: Readonly<Record<string, number>> }

export interface Seen extends Reading {
  readonly strange: boolean;
  readonly failure: string;
}
export interface Alarm {
  readonly machine: string;
  readonly state: "begins" | "ends";
  /** The commonest answer of the classifier while it lasts; "unknown" where it knows none. */
  readonly failure: string;
  readonly at: string;
}

const LOOK_BACK = 5;
const ENOUGH = 3;
const COLLECT_MS = 100;
const MOST_WAITING = 10_000;
const SURE = 0.6;

/** A reading from outside; undefined where it is none. */
export function readingOf(text: string): Reading | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const given = value as Readonly<Record<string, unknown>>;
  if (typeof given["machine"] !== "string" || !/^[\w-]{1,40}$/.test(given["machine"])) return undefined;
  const numbers = COLUMNS.map((c) => [c, given[c] ?? null] as const);
  if (numbers.some(([, n]) => n !== null && !Number.isFinite(n))) return undefined;
  return { machine: given["machine"], ...Object.fromEntries(numbers) } as Reading;
}

export interface Bridge {
  /** A reading as it came: JSON text. */
  take(text: string): void;
  readonly counts: { readings: number; refused: number; dropped: number };
}

export function startBridge(seen: (readings: readonly Seen[]) => void, alarm: (alarm: Alarm) => void): Bridge {
  const counts = { readings: 0, refused: 0, dropped: 0 };
  const lately = new Map<string, Seen[]>();
  const alarmed = new Map<string, string>();
  let waiting: Reading[] = [];

  async function look(): Promise<void> {
    const rows = waiting.splice(0, 1000);
    if (rows.length === 0) return;
    const inputs = rows.map((row) => Object.fromEntries(COLUMNS.map((c) => [c, row[c]])));
    const [strange, failures] = await Promise.all([ask<Answers<Strange>>("/models/anomaly/predict", inputs), ask<Answers<Failure>>("/models/failure/predict", inputs)]);
    const judged = rows.map((row, i): Seen => {
      const { label, probabilities } = failures.predictions[i]!;
      return { ...row, strange: strange.predictions[i]!.label === -1, failure: probabilities[label]! < SURE ? "unknown" : label };
    });
    seen(judged);
    judged.forEach(judge);
  }

  function judge(reading: Seen): void {
    const { machine } = reading;
    const last = [...(lately.get(machine) ?? []), reading].slice(-LOOK_BACK);
    lately.set(machine, last);
    const strange = last.filter((r) => r.strange);
    const tell = (state: Alarm["state"], failure: string): void => alarm({ machine, state, failure, at: new Date().toISOString() });
    if (strange.length >= ENOUGH && !alarmed.has(machine)) {
      const failure = commonest(strange.map((r) => (r.failure === "none" ? "unknown" : r.failure)));
      alarmed.set(machine, failure);
      tell("begins", failure);
    } else if (strange.length === 0 && alarmed.has(machine)) {
      tell("ends", alarmed.get(machine)!);
      alarmed.delete(machine);
    }
  }

  const again = (): void => void setTimeout(() => void look().catch((e: unknown) => console.error(String(e))).finally(again), COLLECT_MS);
  again();
  return {
    counts,
    take: (text) => {
      const reading = readingOf(text);
      if (reading === undefined) counts.refused++;
      // While the models cannot be asked, the newest readings wait for them.
      else {
        counts.readings++;
        waiting.push(reading);
        if (waiting.length > MOST_WAITING) counts.dropped += waiting.splice(0, waiting.length - MOST_WAITING).length;
      }
    },
  };
}

function commonest(values: readonly string[]): string {
  const count = (v: string): number => values.filter((w) => w === v).length;
  return values.toSorted((a, b) => count(b) - count(a))[0]!;
}
