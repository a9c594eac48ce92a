// Forecasts of every kind of time against a plain loop of pandas and scikit-learn (corpus/makers/forecast_models.py).

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeSlip } from "@slipway/core/package";
import { afterAll, describe, expect, it } from "vitest";
import { pythonWith } from "../../../../../scripts/testing-python.ts";
import { packModel } from "../../runtime/pack.ts";
import { placeOutput, readErrorLimit, runBatch } from "../index.ts";

const MAKER = fileURLToPath(new URL("../../../../../corpus/makers/forecast_models.py", import.meta.url));
const python = pythonWith("pandas", "sklearn", "joblib");
const folder = mkdtempSync(join(tmpdir(), "slipway-forecast-"));
if (python !== undefined) execFileSync(python, [MAKER, join(folder, "cases")]);
const cases = python === undefined ? [] : readdirSync(join(folder, "cases"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rowsOf = (text: string): string[][] => text.trim().split("\n").map((line) => line.split(","));

describe.skipIf(python === undefined)("a forecast is what pandas and scikit-learn forecast", () => {
  it.each(cases)("%s", async (name) => {
    const at = (file: string): string => join(folder, "cases", name, file);
    const lags = JSON.parse(readFileSync(at("lags.json"), "utf8")) as { series?: string[]; timezone?: string };
    const { package: pkg } = await packModel(at("model.joblib"), readFileSync(at("model.joblib")), { lags: { file: "lags.json", json: lags }, prove: true });
    const steps = Number(readFileSync(at("horizon.txt"), "utf8"));
    const future = readdirSync(at("")).includes("known.csv") ? [at("known.csv")] : [];
    const options = {
      package: { bytes: writeSlip(pkg), digest: pkg.digest, name, version: "1.0.0", profile: null, forecast: pkg.signature.forecast }, input: [at("history.csv")], ids: false, engine: "auto", threads: 1, shardBytes: 2 ** 22,
      resume: false, overwrite: false, maxErrors: readErrorLimit("0"),
    } as const;
    const summary = await runBatch({ ...options, output: placeOutput(at("forecast.csv")), keep: "none", horizon: { steps, future } });
    const [, ...expected] = rowsOf(readFileSync(at("expected.csv"), "utf8"));
    expect(summary).toMatchObject({ rows: expected.length / steps, bad: 0, horizon: steps });
    const [head, ...found] = rowsOf(readFileSync(at("forecast.csv"), "utf8"));
    expect(head).toEqual([...(lags.series ?? []), "at", "step", "forecast"]);
    // A day stands for its midnight; UTC is written as Z.
    const told = (row: string[]): string[] => row.slice(0, -1).map((cell) => cell.replace(/^(\d{4}-\d\d-\d\d)$/, "$1T00:00:00").replace(/Z$/, "+00:00"));
    expect(found.map(told)).toEqual(expected.map(told));
    // Trees give one of few values: an input that differed in its last bit could give another one.
    const near = (rows: string[][], those: string[][]): void => {
      for (const [i, row] of rows.entries()) expect(Math.abs(Number(row.at(-1)) - Number(those[i]!.at(-1))), row.join()).toBeLessThanOrEqual(1e-12 * Math.abs(Number(row.at(-1))));
    };
    near(found, expected);
    // Without a horizon: each row of the history, from the rows before it.
    const rows = await runBatch({ ...options, output: placeOutput(at("one-ahead.csv")), keep: "unused" });
    const [, ...pandas] = rowsOf(readFileSync(at("rows.csv"), "utf8"));
    const [names, ...one] = rowsOf(readFileSync(at("one-ahead.csv"), "utf8"));
    expect(names!.slice(0, -1)).toEqual([...(lags.series ?? []), "at", "y"]);
    const known = (row: string[]): unknown[] => [...row.slice(0, -2), row.at(-2) === "" ? null : Number(row.at(-2)), row.at(-1) === ""];
    expect(one.map(known)).toEqual(pandas.map(known));
    expect([rows.rows, rows.scored, rows.bad, rows.unanswered ?? 0]).toEqual([pandas.length, pandas.length, 0, pandas.filter((row) => row.at(-1) === "").length]);
    near(one, pandas);
  }, 60_000);
});
