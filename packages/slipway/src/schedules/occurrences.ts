// When a schedule is due: cron expressions of five fields in a time zone, by croner. At the changes of the clocks a time
// that does not exist is taken at the first moment after the gap, and one that is there twice is taken the first time;
// what is due every so many minutes goes on in real time.

import { Cron } from "croner";
import { scheduleError } from "./errors.ts";

const PATTERN = /^[0-9A-Za-z*,/#?\- ]{1,100}$/;

export class Occurrences {
  readonly timeZone: string;
  readonly #cron: Cron;

  /** `where`: for messages. @throws schedule-invalid */
  constructor(every: string, timeZone: string, where: string) {
    const wrong = (what: string, at: string, hint: string, cause?: unknown): Error => scheduleError("schedule-invalid", `${where}.${at}: ${what}`, { where: `${where}.${at}`, hint, cause });
    try {
      Intl.DateTimeFormat("en", { timeZone });
    } catch (cause) {
      throw wrong(`${JSON.stringify(timeZone.slice(0, 100))} is no time zone`, "tz", "Give a name such as Europe/Berlin or UTC.", cause);
    }
    const hint = "Five fields: minute, hour, day of the month, month, day of the week; 0 3 1 * * is three o'clock on the first of every month.";
    if (!PATTERN.test(every) || every.trim().split(/ +/).length !== 5) throw wrong(`${JSON.stringify(every.slice(0, 100))} is no cron expression of five fields`, "every", hint);
    try {
      this.#cron = new Cron(every, { timezone: timeZone, mode: "5-part", paused: true });
    } catch (cause) {
      throw wrong(`${JSON.stringify(every)} is no cron expression (${(cause as Error).message.replace(/^CronPattern: /, "")})`, "every", hint, cause);
    }
    this.timeZone = timeZone;
    if (this.#cron.nextRun(new Date(0)) === null) throw wrong(`${JSON.stringify(every)} is never due`, "every", hint);
  }

  /** Undefined: never again. */
  after(time: Date): Date | undefined {
    return this.#cron.nextRun(time) ?? undefined;
  }
  before(time: Date): Date | undefined {
    return this.#cron.previousRuns(1, time)[0];
  }
  /** Those from `first` to `last`, both included; the latest `most` of them. */
  between(first: Date, last: Date, most: number): Date[] {
    // Exclusive of its own reference.
    return this.#cron.previousRuns(most, new Date(last.getTime() + 1000)).filter((d) => d >= first && d <= last).reverse();
  }
}
