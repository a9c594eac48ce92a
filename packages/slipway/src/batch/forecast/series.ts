// One series: its rows in the order of their times, kept as far as features reach back; what is known of the periods behind
// the last value; and what is wrong with it, if anything is. Periods are counted from its first row.

import { parseFrequency, reachOf, type Forecasting } from "@slipway/core/package";
import type { SeriesCode } from "./errors.ts";
import { Grid, NAIVE, OFFSET, timeText, UTC, type TimeKind } from "./grid.ts";
import type { Clock } from "./clock.ts";
import { readValue } from "./read-value.ts";
import { Ring, windowOf, type Window } from "./rolling.ts";
import type { SeriesShape } from "./shape.ts";

export type Value = number | bigint | string | boolean | null;

/** A row as it was kept. */
export interface SeriesRow {
  readonly known: boolean;
  /** Milliseconds; NaN: no time, and `text` is what stands there. */
  readonly ms: number;
  readonly kind: TimeKind;
  readonly text: string | null;
  /** In its input, from 1. */
  readonly row: number;
  readonly target: Value;
  /** Of the shape. */
  readonly values: readonly Value[];
}
/** What the thread that reads series has once. */
export interface SeriesContext {
  readonly forecast: Forecasting;
  readonly shape: SeriesShape;
  readonly clock: Clock;
  /** Rolling columns, in their order. */
  readonly rolling: readonly Forecasting["rolling"][string][];
}
export interface SeriesFault {
  readonly code: SeriesCode;
  readonly reason: string;
  readonly column: string | null;
}

/** Of a series, from its first to its last. */
const MOST_PERIODS = 50_000_000;
const MOST_WAITING = 1_000_000;
const LAST_TIME = Date.UTC(9999, 11, 31);

/** What is known of a period behind the last value, by who says it. */
interface Known {
  history?: readonly Value[];
  future?: readonly Value[];
}

export class Series {
  readonly keys: readonly Value[];
  readonly ring: Ring;
  readonly windows: readonly Window[];
  kind: TimeKind = NAIVE;
  fault: SeriesFault | undefined;
  readonly #context: SeriesContext;
  readonly #grid: Grid;
  readonly #known = new Map<number, Known>();
  /** Of its last row with a value. */
  #still: readonly Value[] = [];
  #begun = false;
  /** The last row's period. */
  #last = -1;
  /** Periods with a row but no value, behind the last value. */
  readonly #waiting: number[] = [];
  #some = false;
  /** Of the row that was reached: its value, or NaN. */
  #next = NaN;
  /** There are rows behind the last value. */
  #behind = false;

  constructor(context: SeriesContext, keys: readonly Value[]) {
    this.#context = context;
    this.keys = keys;
    this.#grid = new Grid(context.forecast.frequency, context.clock);
    this.ring = new Ring(reachOf(context.forecast) + 1);
    this.windows = context.rolling.map((column) => windowOf(column, this.ring));
    const empty = keys.findIndex((key) => key === null || key === "" || (typeof key === "number" && Number.isNaN(key)));
    if (empty >= 0) this.fail("forecast-key-missing", context.shape.keys[empty]!.name, "tells series apart, and is empty");
  }

  fail(code: SeriesCode, column: string | null, reason: string): void {
    this.fault ??= { code, column, reason };
  }
  /** Its values end there. */
  get length(): number {
    return this.ring.length;
  }
  value(place: number): Value {
    return this.#still[place] ?? null;
  }

  add(row: SeriesRow): void {
    // What is known of times before the history says nothing of where its periods begin.
    if (this.fault !== undefined || (row.known && !this.#begun)) return;
    const index = this.#place(row);
    if (index === undefined) return;
    if (row.known) this.#addKnown(index, row);
    else this.#addPast(index, row);
  }

  /** Its period. */
  #place({ ms, kind, text, row, known }: SeriesRow): number | undefined {
    const { forecast } = this.#context;
    const where = known ? `row ${row} of --future` : `row ${row}`;
    const wrong = (code: SeriesCode, reason: string): undefined => void this.fail(code, forecast.time, `${where}: ${reason}`);
    if (ms !== ms) return wrong("forecast-time", text === null ? "there is no time" : `${JSON.stringify(text.slice(0, 60))} is no time: times are written as 2026-01-31 or 2026-01-31T12:00:00, with Z or an offset where they have one`);
    if (kind === OFFSET && forecast.timezone === undefined) return wrong("forecast-time", `${timeText(ms, kind)} was written with an offset, and the package names no time zone, whose days and months would be meant`);
    if (!this.#begun) {
      const f = parseFrequency(forecast.frequency)!;
      if (kind === NAIVE && forecast.timezone !== undefined && f.kind === "fixed" && !f.days) return wrong("forecast-time", `${timeText(ms, kind)} has no offset: when clocks are put back, hours of ${forecast.timezone} are there twice`);
      this.kind = kind;
      this.#begun = true;
      if (!this.#grid.begin(ms, kind)) return wrong("forecast-off-grid", `${timeText(ms, kind)} is no period of the frequency ${forecast.frequency}`);
    }
    if ((kind === NAIVE) !== (this.kind === NAIVE)) return wrong("forecast-time", `${timeText(ms, kind)} ${kind === NAIVE ? "has no offset" : "has an offset"}, unlike times before`);
    if (kind === OFFSET) this.kind = OFFSET;
    const index = this.#grid.index(ms, kind, known);
    // A calendar has days on which nothing is due.
    if (known || index !== undefined) return index;
    return wrong("forecast-off-grid", `${timeText(ms, kind)} is no period of the frequency ${forecast.frequency}, counted from the series' first time, ${this.#grid.write(0, this.kind)}`);
  }

  #addKnown(index: number, { row, values }: SeriesRow): void {
    if (index < this.length) return;
    const known = this.#of(index);
    if (known.future !== undefined) this.fail("forecast-duplicate", this.#context.forecast.time, `row ${row} of --future: ${this.#grid.write(index, this.kind)} is there twice`);
    known.future = values;
  }
  #of(index: number): Known {
    let known = this.#known.get(index);
    if (known === undefined) this.#known.set(index, (known = {}));
    return known;
  }

  #addPast(index: number, row: SeriesRow): void {
    const value = this.#readPast(index, row);
    if (value === undefined) return;
    if (value !== value) {
      if (this.#waiting.length >= MOST_WAITING) return this.fail("forecast-value", this.#context.forecast.target, `row ${row.row}: more than ${MOST_WAITING} rows without a value one after the other`);
      this.#waiting.push(index);
      if (index < this.length + (this.#context.shape.horizon ?? 0)) this.#of(index).history = row.values;
      return;
    }
    this.#some = true;
    this.#fill(index);
    if (this.fault !== undefined) return;
    this.#push(value);
    this.#still = row.values;
    for (const known of this.#known.keys()) if (known <= index) this.#known.delete(known);
  }
  /** Its value; undefined: it is none of the series, which says so. */
  #readPast(index: number, { row, target }: SeriesRow): number | undefined {
    const { forecast } = this.#context;
    const wrong = (code: SeriesCode, column: string, reason: string): undefined => void this.fail(code, column, `row ${row}: ${reason}`);
    if (index === this.#last) return wrong("forecast-duplicate", forecast.time, `${this.#grid.write(index, this.kind)} is there twice`);
    this.#last = index;
    if (index >= MOST_PERIODS) return wrong("forecast-history-long", forecast.time, `${this.#grid.write(index, this.kind)} is ${index} periods behind the series' first time, ${this.#grid.write(0, this.kind)}; at most ${MOST_PERIODS} are read`);
    return readValue(target) ?? wrong("forecast-value", forecast.target, `${JSON.stringify(String(target).slice(0, 60))} is no number`);
  }
  /** Comes to a row's period, whose features the series has then, until it goes on; or says what is wrong from there on. */
  reach(row: SeriesRow): void {
    const index = this.fault === undefined ? this.#place(row) : undefined;
    if (index === undefined) return;
    const value = this.#readPast(index, row);
    if (value === undefined) return;
    this.#fill(index);
    this.#still = row.values;
    this.#next = value;
  }
  /** Behind the row that was reached. */
  goOn(): void {
    this.#push(this.#next);
  }
  /** What lies between the last value and this one. */
  #fill(index: number): void {
    const { gaps, time } = this.#context.forecast;
    let next = 0;
    for (let place = this.length; place < index; place++) {
      if (this.#waiting[next] === place) {
        next++;
        this.#push(NaN);
      } else if (gaps === "refused") return this.fail("forecast-gap", time, `there is no row for ${this.#grid.write(place, this.kind)}`);
      else this.#push(gaps === "zero" ? 0 : gaps === "last" ? this.ring.at(place - 1) : NaN);
    }
    this.#waiting.length = 0;
  }
  #push(value: number): void {
    this.ring.push(value);
    for (const window of this.windows) window.move();
  }

  /** After its last row: whether it can be forecast. */
  end(): void {
    if (this.fault !== undefined) return;
    const { forecast, shape } = this.#context;
    if (!this.#some) return this.fail("forecast-value", forecast.target, "the series has no value");
    for (const { history } of this.#known.values()) this.#behind ||= history !== undefined;
    const reach = reachOf(forecast);
    if (forecast.short === "refused" && this.length < reach) return this.fail("forecast-history-short", null, `the history has ${this.length} ${this.length === 1 ? "period" : "periods"}, from ${this.#grid.write(0, this.kind)} to ${this.#grid.write(this.length - 1, this.kind)}; the model's columns reach back ${reach}`);
    // Times far beyond it are no numbers.
    if (!(this.#grid.time(this.length - 1 + (shape.horizon ?? 0), this.kind).wall <= LAST_TIME)) this.fail("forecast-history-long", forecast.time, "the last step is beyond the year 9999");
  }
  /** Takes in what was predicted for the next period. */
  predicted(value: number): void {
    this.#push(value);
  }

  /** Of a column of the shape that is known beforehand, for a period; undefined: nobody says it. */
  known(place: number, index: number = this.length): Value | undefined {
    const { inHistory, inFuture } = this.#context.shape.values[place]!;
    const known = this.#known.get(index);
    if (inFuture && known?.future !== undefined) return known.future[place] ?? null;
    return inHistory && known?.history !== undefined ? (known.history[place] ?? null) : undefined;
  }
  /** Of a column that is passed through, for a period that was forecast: what its row says; as it was where no row is of any. */
  kept(place: number, index: number): Value {
    const { use, inFuture } = this.#context.shape.values[place]!;
    if (use === "static") return this.value(place);
    return this.known(place, index) ?? (use === "future" || inFuture || this.#behind ? null : this.value(place));
  }
  /** Of the next period, as the clock shows it. */
  wall(): number {
    return this.#grid.time(this.length, this.kind).wall;
  }
  /** The time of a period, written. */
  write(index: number): string {
    return this.#grid.write(index, this.kind === UTC && this.#context.forecast.timezone !== undefined ? OFFSET : this.kind);
  }
}
