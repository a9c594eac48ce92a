// What a clock of a time zone shows, and when it shows something: offsets of the zone as the platform's own database has them
// (Intl). Times are milliseconds; what a clock shows is counted as if it were UTC.

const QUARTER = 900_000;
const MOST_KNOWN = 200_000;

export class Clock {
  readonly #format: Intl.DateTimeFormat | undefined;
  /** By quarters of an hour, in which no zone changes. */
  readonly #known = new Map<number, number>();

  /** `timezone`: an IANA name; undefined is UTC. */
  constructor(timezone: string | undefined) {
    this.#format = timezone === undefined || timezone === "UTC" ? undefined : new Intl.DateTimeFormat("en-US", { timeZone: timezone, calendar: "iso8601", hourCycle: "h23", era: "short", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" });
  }

  /** Milliseconds that the clock is ahead of UTC at that instant. */
  offset(instant: number): number {
    if (this.#format === undefined) return 0;
    const quarter = Math.floor(instant / QUARTER);
    let offset = this.#known.get(quarter);
    if (offset === undefined) {
      if (this.#known.size >= MOST_KNOWN) this.#known.clear();
      const parts: Record<string, string> = {};
      for (const { type, value } of this.#format.formatToParts(quarter * QUARTER)) parts[type] = value;
      const wall = new Date(0);
      wall.setUTCFullYear(parts["era"]?.startsWith("B") === true ? 1 - Number(parts["year"]) : Number(parts["year"]), Number(parts["month"]) - 1, Number(parts["day"]));
      wall.setUTCHours(Number(parts["hour"]), Number(parts["minute"]), Number(parts["second"]));
      this.#known.set(quarter, (offset = wall.getTime() - quarter * QUARTER));
    }
    return offset;
  }
  /** When the clock shows that; the first time where it does so twice, and where it never does as if it had not been put forward. */
  instant(wall: number): number {
    const before = wall - this.offset(wall - DAY);
    if (before + this.offset(before) === wall) return before;
    const after = wall - this.offset(wall + DAY);
    return after + this.offset(after) === wall ? after : before;
  }
}
const DAY = 86_400_000;
