// The example as its README starts it, in a copy, so that nothing is left here.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
// start.mjs finds the checkout by where it is.
mkdirSync(join(root, "tmp"), { recursive: true });
const folder = mkdtempSync(join(root, "tmp", "sales-"));
cpSync(join(root, "examples", "sales-forecast"), folder, { recursive: true, filter: (path) => !/\.slip|forecasts|\.test\.ts$/.test(path) });
// The checkout is set up already: nothing is installed while others' tests run in it.
writeFileSync(join(folder, "start.mjs"), readFileSync(join(folder, "start.mjs"), "utf8").replace("const node = setUp();", "const node = process.execPath;"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("registers the model and forecasts every series; a second start makes the forecast again", () => {
  const start = (): string => execFileSync(process.execPath, ["start.mjs", "--once"], { cwd: folder, encoding: "utf8" });
  const first = start();
  expect(first).toMatch(/sales-forecast\s+sales@production\s+0 3 1 \* \*\s+Europe\/Berlin/);
  expect(first).toContain("25 of 25 series forecast, 6 steps each");
  const [name] = readdirSync(join(folder, "forecasts")).filter((n) => /^\d{4}-\d\d-\d\d\.csv$/.test(n));
  const rows = readFileSync(join(folder, "forecasts", name!), "utf8").trim().split("\n").map((line) => line.split(","));
  expect(rows[0]).toEqual(["store", "product", "month_start", "step", "forecast", "prediction_id", "model_version"]);
  const series = [...new Set(readFileSync(join(folder, "history.csv"), "utf8").trim().split("\n").slice(1).map((line) => line.split(",").slice(0, 2).join()))];
  const months = ["2026-11-01", "2026-12-01", "2027-01-01", "2027-02-01", "2027-03-01", "2027-04-01"];
  expect(rows.slice(1).map((r) => r.slice(0, 4).join())).toEqual(series.toSorted().flatMap((keys) => months.map((month, i) => `${keys},${month},${i + 1}`)));
  expect(rows.slice(1).every((r) => Number(r[4]) > 300 && Number(r[4]) < 15_000)).toBe(true);
  expect(start()).toContain("sales-forecast, for");
}, 120_000);
