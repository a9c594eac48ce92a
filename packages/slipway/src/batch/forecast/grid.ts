// The periods of a series: its times as whole numbers, one more each period, and back. The first time of a series says where its
// periods begin, as far as the frequency leaves that open; a time that is not on them is none of the series.

import { parseFrequency, type Frequency } from "@slipway/core/package";
import { daysInMonth, weekdayOf } from "./calendar.ts";
import type { Clock } from "./clock.ts";

const SECOND = 1000;
const DAY = 86_400_000;
/** 29 February to 31 January are not in every month. */
const SAFE_DAY = 28;

/** How a time was written: without an offset, in UTC, or with another offset. */
export const NAIVE = 0, UTC = 1, OFFSET = 2;
export type TimeKind = typeof NAIVE | typeof UTC | typeof OFFSET;

export class Grid {
  readonly #frequency: Frequency;
  readonly #clock: Clock;
  /** Of the first time: what it is counted from, and the rest of it. */
  #first = 0;
  #rest = 0;
  #day = 0;
  #allEnds = true;
  #sameDay = true;

  /** `clock`: of the zone that the package declares. */
  constructor(frequency: string, clock: Clock) {
    this.#frequency = parseFrequency(frequency)!;
    this.#clock = clock;
  }

  /** Periods are counted on a wall clock, but for hours and less, which clocks that are put forward or back do not change. */
  get #onWall(): boolean {
    return this.#frequency.kind !== "fixed" || this.#frequency.days;
  }
  /** What the clock shows at `ms`, of a time as it was written. */
  wall(ms: number, kind: TimeKind): number {
    return kind === NAIVE ? ms : ms + this.#clock.offset(ms);
  }

  /** A series begins: `ms` is its first time. Gives false where that is none of the frequency. */
  begin(ms: number, kind: TimeKind): boolean {
    const f = this.#frequency;
    const at = this.#onWall ? this.wall(ms, kind) : ms;
    const date = new Date(at);
    this.#rest = mod(at, DAY);
    this.#day = date.getUTCDate();
    this.#allEnds = this.#sameDay = true;
    switch (f.kind) {
      case "fixed":
        this.#first = at;
        return f.weekday === undefined || weekdayOf(Math.floor(at / DAY)) === f.weekday;
      case "business":
        this.#first = businessDay(Math.floor(at / DAY));
        return weekdayOf(Math.floor(at / DAY)) < 5;
      case "months":
        this.#first = monthOf(date);
        return (f.month === undefined || mod(date.getUTCMonth() - f.month, f.months) === 0) && this.#isDay(date);
    }
  }

  /** undefined: the time is not on the periods of the series. `looked`: it is only looked at, and says nothing of what they are. */
  index(ms: number, kind: TimeKind, looked = false): number | undefined {
    const f = this.#frequency;
    const at = this.#onWall ? this.wall(ms, kind) : ms;
    if (f.kind === "fixed") return whole((at - this.#first) / (f.seconds * SECOND));
    if (mod(at, DAY) !== this.#rest) return undefined;
    if (f.kind === "business") {
      const day = Math.floor(at / DAY);
      return weekdayOf(day) < 5 ? whole((businessDay(day) - this.#first) / f.count) : undefined;
    }
    const date = new Date(at);
    return this.#isDay(date, looked) ? whole((monthOf(date) - this.#first) / f.months) : undefined;
  }

  /** Of the months: the first day, the last, or the first time's, as all times so far have it. */
  #isDay(date: Date, looked = false): boolean {
    const day = date.getUTCDate();
    const isEnd = day === daysInMonth(date.getUTCFullYear(), date.getUTCMonth());
    const { day: told } = this.#frequency as Extract<Frequency, { kind: "months" }>;
    if (told !== undefined) return told === "start" ? day === 1 : isEnd;
    const allEnds = this.#allEnds && isEnd;
    const sameDay = this.#sameDay && day === this.#day && day <= SAFE_DAY;
    if (!looked) [this.#allEnds, this.#sameDay] = [allEnds, sameDay];
    return allEnds || sameDay;
  }

  /** The time of a period, as it would be written: `wall` is what the clock shows. */
  time(index: number, kind: TimeKind): { readonly ms: number; readonly wall: number } {
    const f = this.#frequency;
    let at: number;
    if (f.kind === "fixed") at = this.#first + index * f.seconds * SECOND;
    else if (f.kind === "business") at = dayOfBusiness(this.#first + index * f.count) * DAY + this.#rest;
    else {
      const month = this.#first + index * f.months;
      const year = Math.floor(month / 12);
      const ends = f.day === "end" || (f.day === undefined && this.#allEnds);
      const date = new Date(0);
      date.setUTCFullYear(year, mod(month, 12), ends ? daysInMonth(year, mod(month, 12)) : f.day === "start" ? 1 : this.#day);
      at = date.getTime() + this.#rest;
    }
    if (kind === NAIVE) return { ms: at, wall: at };
    if (!this.#onWall) return { ms: at, wall: at + this.#clock.offset(at) };
    return { ms: this.#clock.instant(at), wall: at };
  }

  /** ISO 8601; a day alone where periods are days or longer and begin at midnight of a clock that nobody named. */
  write(index: number, kind: TimeKind): string {
    const { ms, wall } = this.time(index, kind);
    const text = new Date(wall).toISOString();
    if (kind === NAIVE) return this.#onWall && mod(wall, DAY) === 0 ? text.slice(0, 10) : plain(text);
    const minutes = Math.round((wall - ms) / 60_000);
    const size = Math.abs(minutes);
    const offset = `${minutes < 0 ? "-" : "+"}${String(Math.floor(size / 60)).padStart(2, "0")}:${String(size % 60).padStart(2, "0")}`;
    return plain(text) + (kind === UTC && minutes === 0 ? "Z" : offset);
  }
}

/** For messages: a time as it is in the history. */
export function timeText(ms: number, kind: TimeKind): string {
  const text = plain(new Date(ms).toISOString());
  return kind === NAIVE ? text.replace("T00:00:00", "") : `${text}Z`;
}
function plain(iso: string): string {
  return iso.endsWith(".000Z") ? iso.slice(0, -5) : iso.slice(0, -1);
}

function mod(a: number, n: number): number {
  return ((a % n) + n) % n;
}
function whole(value: number): number | undefined {
  return Number.isInteger(value) ? value : undefined;
}
function monthOf(date: Date): number {
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}
/** Mondays to Fridays since Monday, 1969-12-29; of a Saturday or Sunday the Friday before. */
function businessDay(day: number): number {
  const days = day + 3;
  return Math.floor(days / 7) * 5 + Math.min(4, mod(days, 7));
}
function dayOfBusiness(n: number): number {
  return Math.floor(n / 5) * 7 + mod(n, 5) - 3;
}
