// Windows, parts of dates and periods against pandas' own, to the last bit.

import { execFileSync } from "node:child_process";
import { CALENDAR, type RollingColumn } from "@slipway/core/package";
import { describe, expect, it } from "vitest";
import { pythonWith } from "../../../../../scripts/testing-python.ts";
import { calendarPart } from "./calendar.ts";
import { Clock } from "./clock.ts";
import { Grid, NAIVE, OFFSET } from "./grid.ts";
import { Ring, windowOf } from "./rolling.ts";

const python = pythonWith("pandas");
const major = python === undefined ? 0 : Number(execFileSync(python, ["-c", "import pandas; print(pandas.__version__.split('.')[0])"], { encoding: "utf8" }));
const ask = (script: string): unknown => JSON.parse(execFileSync(python!, ["-W", "ignore", "-c", script], { encoding: "utf8", maxBuffer: 2 ** 28 }));

const WINDOWS = `
import json, numpy as np, pandas as pd
rng = np.random.default_rng(3)
out = []
for i in range(120):
    n = 150
    v = [lambda: rng.normal(size=n), lambda: rng.integers(0, 5, n).astype(float), lambda: rng.lognormal(0, 8, n), lambda: np.round(rng.normal(100, 20, n), 2), lambda: np.where(rng.random(n) < .3, np.nan, rng.normal(size=n)), lambda: np.repeat(rng.normal(size=n // 8 + 1) * 1e6, 8)[:n]][i % 6]()
    for stat in ["mean", "sum", "min", "max", "std", "var", "median"]:
        window, shift, ddof = int(rng.integers(1, 20)), int(rng.integers(1, 4)), int(rng.integers(0, 3))
        least = int(rng.integers(0, window + 1)) if rng.random() < .5 else window
        rolled = pd.Series(v).shift(shift).rolling(window, min_periods=least)
        found = getattr(rolled, stat)(ddof=ddof) if stat in ("std", "var") else getattr(rolled, stat)()
        told = lambda a: [None if np.isnan(x) else float(x) for x in a]
        out.append({"column": {"stat": stat, "window": window, "shift": shift, "minPeriods": least, "ddof": ddof}, "values": told(v), "found": told(found)})
print(json.dumps(out))`;

// Versions before 3 keep rounding errors of var and std that later ones recompute.
describe.skipIf(python === undefined || major < 3)("windows", () => {
  it("are shift(s).rolling(w) of a column", () => {
    for (const { column, values, found } of ask(WINDOWS) as { column: RollingColumn; values: (number | null)[]; found: (number | null)[] }[]) {
      const ring = new Ring(column.window + column.shift);
      const window = windowOf(column, ring);
      const ours = values.map((value) => {
        const now = window.value();
        ring.push(value ?? NaN);
        window.move();
        return Number.isNaN(now) ? null : now === 0 ? 0 : now;
      });
      expect(ours, JSON.stringify(column)).toEqual(found.map((v) => (v === 0 ? 0 : v)));
    }
  });
});

const PARTS = `
import json, pandas as pd
t = pd.date_range("1903-12-20 05:00", "2101-01-10", freq="31h")
d = t.to_series().dt
out = {name: [x.item() if hasattr(x, "item") else x for x in (d.isocalendar().week if name == "week" else d.day_name() if name == "day_name" else d.month_name() if name == "month_name" else getattr(d, name))] for name in ${JSON.stringify(CALENDAR)}}
print(json.dumps({"at": [int(x.timestamp() * 1000) for x in t], "parts": out}))`;

describe.skipIf(python === undefined)("parts of dates", () => {
  it("are those of .dt", () => {
    const { at, parts } = ask(PARTS) as { at: number[]; parts: Record<string, unknown[]> };
    for (const part of CALENDAR) expect(at.map((ms) => calendarPart(part, ms)), part).toEqual(parts[part]);
  });
});

// [first time, frequency, zone]
const RANGES: readonly (readonly [string, string, string | null])[] = [
  ["2024-01-31", "ME", null], ["2023-11-30", "QE-NOV", null], ["2024-02-01", "QS-FEB", null], ["2020-12-31", "YE", null], ["2019-04-01", "YS-APR", null], ["2024-01-31", "2ME", null], ["2026-01-02", "B", null], ["2026-01-02", "3B", null],
  ["2026-01-05", "W-MON", null], ["2026-01-04", "2W-SUN", null], ["2026-01-01 06:00", "D", null], ["2026-01-01 00:30", "6h", null], ["1969-12-30", "D", null], ["1965-03-31", "ME", null],
  ["2026-03-20", "D", "Europe/Berlin"], ["2026-10-20 12:00", "D", "America/New_York"], ["2026-03-28", "h", "Europe/London"], ["2026-10-24", "15min", "Australia/Lord_Howe"], ["2026-01-31", "ME", "Asia/Kolkata"], ["2026-03-01", "W-SUN", "America/Sao_Paulo"],
];
const TIMES = `
import json, pandas as pd
out = []
for first, freq, zone in json.loads(${JSON.stringify(JSON.stringify(RANGES))}):
    t = pd.date_range(first, periods=60, freq=freq, tz=zone)
    out.append({"ms": [int(x.timestamp() * 1000) for x in t], "text": [x.isoformat() for x in t]})
print(json.dumps(out))`;

describe.skipIf(python === undefined)("periods", () => {
  it("are those of date_range, there and back", () => {
    const found = ask(TIMES) as { ms: number[]; text: string[] }[];
    for (const [i, [, frequency, zone]] of RANGES.entries()) {
      const { ms, text } = found[i]!;
      const kind = zone === null ? NAIVE : OFFSET;
      const grid = new Grid(frequency, new Clock(zone ?? undefined));
      expect(grid.begin(ms[0]!, kind)).toBe(true);
      expect(ms.map((t) => grid.index(t, kind)), frequency).toEqual(ms.map((_, n) => n));
      expect(ms.map((_, n) => grid.time(n, kind).ms), frequency).toEqual(ms);
      expect(ms.map((_, n) => grid.write(n, kind)), frequency).toEqual(text.map((t) => (zone === null ? t.replace("T00:00:00", /h|min/.test(frequency) ? "T00:00:00" : "") : t)));
      expect(grid.index(ms[5]! + 61_000, kind)).toBeUndefined();
    }
  });
});

it("takes a month as the first time has it where the frequency does not say", () => {
  const day = (text: string): number => Date.parse(`${text}T00:00:00Z`);
  const grid = new Grid("month", new Clock(undefined));
  const start = (...times: string[]): (number | undefined)[] => times.map((t, i) => (i === 0 ? (grid.begin(day(t), NAIVE) ? 0 : undefined) : grid.index(day(t), NAIVE)));
  expect(start("2025-01-15", "2025-02-15", "2025-04-15")).toEqual([0, 1, 3]);
  expect(grid.write(4, NAIVE)).toBe("2025-05-15");
  expect(start("2025-02-28", "2025-03-31", "2025-04-30")).toEqual([0, 1, 2]);
  expect(grid.write(12, NAIVE)).toBe("2026-02-28");
  expect(start("2025-01-28", "2025-02-28", "2025-03-28")).toEqual([0, 1, 2]);
  expect(grid.write(3, NAIVE)).toBe("2025-04-28");
  expect(start("2025-01-15", "2025-02-16")).toEqual([0, undefined]);
  expect(start("2025-01-30", "2025-02-28")).toEqual([undefined, undefined]);
});
