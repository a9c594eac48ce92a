// Forecasters of skforecast, as they were saved: the file says which lags its columns are, and `--horizon` forecasts what their
// own `predict` does (corpus/makers/forecasters.py).

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeSlip } from "@slipway/core/package";
import { expect, it } from "vitest";
import { packModel } from "../../runtime/pack.ts";
import { TestRuns } from "../testing-run.ts";

const CASES = fileURLToPath(new URL("../../../../../corpus/cases/", import.meta.url));
const cases = readdirSync(CASES).filter((name) => name.startsWith("skforecast-") && existsSync(join(CASES, name, "forecast.json")));

it.each(cases)("%s", async (name) => {
  const at = (file: string): string => join(CASES, name, file);
  const { package: pkg, notes } = await packModel(at("model.joblib"), readFileSync(at("model.joblib")));
  expect(notes).toContainEqual(expect.stringMatching(/^ForecasterRecursive: `slipway batch --horizon` takes a history with the columns "\w+"/));
  const { times, forecast: expected } = JSON.parse(readFileSync(at("forecast.json"), "utf8")) as { times: string[]; forecast: number[] };
  const runs = new TestRuns({ bytes: writeSlip(pkg), digest: pkg.digest, name, version: "1.0.0", profile: null, forecast: pkg.signature.forecast });
  const future = existsSync(at("known.csv")) ? [at("known.csv")] : [];
  await runs.run(at("history.csv"), "out.csv", { keep: "unused", outputs: undefined, horizon: { steps: expected.length, future } });
  const rows = runs.text("out.csv").trim().split("\n").slice(1).map((line) => line.split(","));
  expect(rows.map((row) => row[0])).toEqual(times.map((t) => t.slice(0, 10)));
  for (const [i, row] of rows.entries()) expect(Math.abs(Number(row[2]) - expected[i]!), row.join()).toBeLessThanOrEqual(1e-9 * Math.abs(expected[i]!));
  runs.remove();
});
it("has cases", () => expect(cases.length).toBeGreaterThanOrEqual(4));
