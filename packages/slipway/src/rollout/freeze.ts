// Times in which nothing goes forward: from one moment to another, or for so long from each time that a cron expression says.

import { Occurrences } from "../schedules/occurrences.ts";
import { rolloutError } from "./errors.ts";
import type { RolloutPlan } from "./plan.ts";

interface Window {
  /** When it ends, if the moment lies in it. */
  endOf(now: Date): Date | undefined;
}

/** @throws rollout-plan, schedule-invalid for windows that cannot be understood */
export function freezeWindows({ freeze = [] }: Pick<RolloutPlan, "freeze">): readonly Window[] {
  return freeze.map(({ from, to, every, lasts, tz }, i): Window => {
    const where = `plan.freeze.${i}`;
    if (every !== undefined && lasts !== undefined && from === undefined && to === undefined) {
      const begins = new Occurrences(every, tz, where);
      return {
        endOf(now) {
          // The moment itself is in the window that it begins.
          const last = begins.before(new Date(now.getTime() + 1000));
          return last !== undefined && last <= now && last.getTime() + lasts > now.getTime() ? new Date(last.getTime() + lasts) : undefined;
        },
      };
    }
    if (from === undefined || to === undefined || every !== undefined || lasts !== undefined) {
      throw rolloutError("rollout-plan", "a frozen time has `from` and `to`, or `every` and `lasts`", { where, hint: 'Such as {"from": "2026-12-23T12:00:00Z", "to": "2027-01-02T08:00:00Z"} or {"every": "0 16 * * 5", "lasts": "64h", "tz": "Europe/Berlin"}.' });
    }
    const [begins, ends] = [momentOf(from, `${where}.from`), momentOf(to, `${where}.to`)];
    if (ends <= begins) throw rolloutError("rollout-plan", `the frozen time ends at ${to}, before it begins`, { where });
    return { endOf: (now) => (now >= begins && now < ends ? ends : undefined) };
  });
}

/** When what is frozen now goes on; undefined where nothing is. */
export function frozenUntil(plan: Pick<RolloutPlan, "freeze">, now: number): Date | undefined {
  const ends = freezeWindows(plan).flatMap((w) => w.endOf(new Date(now)) ?? []);
  return ends.length === 0 ? undefined : new Date(Math.max(...ends.map((d) => d.getTime())));
}

function momentOf(text: string, where: string): Date {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/.test(text) ? new Date(text) : new Date(Number.NaN);
  if (Number.isNaN(time.getTime())) throw rolloutError("rollout-plan", `${JSON.stringify(text.slice(0, 100))} is no moment with its zone`, { where, hint: "Write 2026-12-23T12:00:00Z or 2026-12-23T13:00:00+01:00." });
  return time;
}
