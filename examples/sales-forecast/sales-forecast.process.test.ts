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

it("registers the model and forecasts every series; a second start makes the month's forecast again", () => {
  const start = (): string => execFileSync(process.execPath, ["start.mjs", "--once"], { cwd: folder, encoding: "utf8" });
  const first = start();
  expect(first).toMatch(/sales-forecast\s+sales@production\s+0 3 1 \* \*\s+Europe\/Berlin/);
  expect(first).toContain("25 of 25 rows scored");
  const [name] = readdirSync(join(folder, "forecasts")).filter((n) => /^\d{4}-\d\d-\d\d\.csv$/.test(n));
  const rows = readFileSync(join(folder, "forecasts", name!), "utf8").trim().split("\n").map((line) => line.split(","));
  expect(rows[0]).toEqual(["series", "value", "prediction_id", "model_version"]);
  expect(rows.slice(1).map((r) => r[0])).toEqual(readFileSync(join(folder, "next-month.csv"), "utf8").trim().split("\n").slice(1).map((line) => line.split(",")[0]));
  expect(rows.slice(1).every((r) => Number(r[1]) > 500 && Number(r[1]) < 15_000)).toBe(true);
  expect(start()).toContain("sales-forecast, for");
}, 120_000);
