// The commands of docs/schedules.md, in their order, with the example that it is about.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TEMPLATE_FIELDS } from "../packages/slipway/src/schedules/template.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const text = readFileSync(`${root}/docs/schedules.md`, "utf8");
const [, commands] = /```bash\n([^]*?)```/.exec(text)!;
const folder = mkdtempSync(join(tmpdir(), "slipway-docs-"));
const slipway = (...args: string[]): string => execFileSync(process.execPath, [`${root}/packages/slipway/bin/slipway.mjs`, ...args], { cwd: folder, encoding: "utf8" });
const SAYS: Readonly<Record<string, string>> = {
  "registry push": "@production", "schedules list": "0 3 1 * *", "schedules run": "25 of 25 series forecast, 6 steps each", "schedules runs": "succeeded", "schedules pause": "is paused", "schedules resume": "is due next at",
};

beforeAll(() => {
  for (const name of ["history.csv", "promotions.csv", "lags.json", "check.csv", "sales.joblib"]) copyFileSync(`${root}/examples/sales-forecast/${name}`, join(folder, name));
  slipway("pack", "sales.joblib", "--check", "check.csv", "--lags", "lags.json", "--name", "sales", "--version", "1.0.0", "-o", "sales.slip");
  writeFileSync(join(folder, "slipway.config.yaml"), /```yaml\n([^]*?)```/.exec(text)![1]!);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the commands of docs/schedules.md", () => {
  it.each(commands!.trim().split("\n"))("%s", (line) => {
    const args = line.split(" ").slice(1);
    expect(slipway(...args)).toContain(SAYS[args.slice(0, 2).join(" ")]!);
  });
});
it("docs/schedules.md has every name that can be filled in", () => {
  expect(TEMPLATE_FIELDS.filter((field) => !text.includes(`{{${field}}}`))).toEqual([]);
});
