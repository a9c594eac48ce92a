// The commands of docs/forecasting.md, in their order, with the example that it is about.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CALENDAR, ROLLING_STATS } from "@slipway/core/package";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const text = readFileSync(`${root}/docs/forecasting.md`, "utf8");
const folder = mkdtempSync(join(tmpdir(), "slipway-docs-"));
const commands = [...text.matchAll(/```bash\n([^]*?)```/g)].map(([, lines]) => lines!.trim()).join("\n");
const [, lags] = /```json\n([^]*?)```/.exec(text)!;
const indented = (heading: string): string[] => text.split(heading)[1]!.split("\n\n")[1]!.split("\n").map((line) => line.trim());

beforeAll(() => {
  for (const name of ["history.csv", "promotions.csv", "check.csv", "sales.joblib"]) copyFileSync(`${root}/examples/sales-forecast/${name}`, join(folder, name));
  writeFileSync(join(folder, "lags.json"), lags!);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("the commands of docs/forecasting.md make what it shows", () => {
  expect(JSON.parse(lags!)).toEqual(JSON.parse(readFileSync(`${root}/examples/sales-forecast/lags.json`, "utf8")));
  const said = commands.split("\n").map((line) => execFileSync(process.execPath, [`${root}/packages/slipway/bin/slipway.mjs`, ...line.split(" ").slice(1)], { cwd: folder, encoding: "utf8" }));
  expect(said[0]).toMatch(/checked 600 rows[^]*forecasts, of the history of each series:[^]*next: slipway batch sales.slip/);
  expect(said[1]).toContain("25 of 25 series forecast, 6 steps each");
  expect(readFileSync(join(folder, "history.csv"), "utf8").split("\n").slice(0, 3)).toEqual(indented("and nothing that is computed:"));
  const shown = indented("a row for each series and step:").map((line) => line.split(","));
  const found = readFileSync(join(folder, "forecast.csv"), "utf8").split("\n").slice(0, shown.length).map((line) => line.split(","));
  expect(found.map((row) => row.slice(0, 4))).toEqual(shown.map((row) => row.slice(0, 4)));
  for (const [i, row] of shown.entries()) if (i > 0) expect(Number(found[i]![4])).toBeCloseTo(Number(row[4]), 6);
  expect(said[2]).toContain("2,050 of 2,050 rows scored");
  const rows = readFileSync(join(folder, "expected.csv"), "utf8").split("\n").map((line) => line.split(","));
  const [head, ...one] = indented("Of the example:").map((line) => line.split(","));
  expect(rows[0]).toEqual(head);
  for (const row of one) {
    const same = rows.find((other) => other.slice(0, 3).join() === row.slice(0, 3).join())!;
    expect([same[3], same[4] === ""]).toEqual([row[3], row[4] === ""]);
    expect(Number(same[4])).toBeCloseTo(Number(row[4]), 6);
  }
}, 60_000);
it("docs/forecasting.md names every part of a date and every window", () => {
  const names = [...CALENDAR.filter((part) => !part.startsWith("is_quarter") && !part.startsWith("is_year")), ...ROLLING_STATS];
  expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});
