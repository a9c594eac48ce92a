// Whole runs with --horizon of a model whose forecasts are done by hand here.

import { spawn, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { Forecasting } from "@slipway/core/package";
import { randomNumbers } from "@slipway/core/stats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDuckDB, sqlText } from "../input/duckdb.ts";
import { placeOutput, readErrorLimit, type BatchOptions, type BatchSummary } from "../index.ts";
import { loanPackage, TestRuns } from "../testing-run.ts";
import { MONTHLY, monthlyValue, seriesPackage } from "./testing-series.ts";

const BIN = fileURLToPath(new URL("../../../bin/slipway.mjs", import.meta.url));
let runs: TestRuns;
beforeAll(async () => { runs = new TestRuns(await seriesPackage()); });
afterAll(() => runs.remove());

interface Options extends Partial<BatchOptions> { readonly steps?: number; readonly future?: readonly string[] }
function run(input: string, out: string, { steps = 3, future = [], ...options }: Options = {}): Promise<BatchSummary> {
  return runs.run(runs.at(input), out, { keep: "none", outputs: undefined, maxErrors: readErrorLimit("100"), horizon: { steps, future: future.map((name) => runs.at(name)) }, ...options });
}
const file = (name: string, text: string): void => writeFileSync(runs.at(name), text);
const month = (n: number): string => `${2025 + Math.floor(n / 12)}-${String((n % 12) + 1).padStart(2, "0")}-01`;
/** A row for each value; `from`: of January 2025 is 0. */
const history = (store: string, values: readonly (number | string)[], from = 0): string => values.map((v, i) => `${store},${month(from + i)},${v},0\n`).join("");
const HEAD = "store,month,units,promotion\n";
function steps(values: readonly number[], first: number, promotions: readonly number[]): number[] {
  const all = [...values];
  for (const [i, promotion] of promotions.entries()) all.push(monthlyValue(all.at(-1)!, all.at(-2)!, promotion, ((first + i) % 12) + 1));
  return all.slice(values.length);
}

describe("a forecast over several steps", () => {
  it("feeds what it predicts into the next step, series by series, whatever the order of the rows", async () => {
    file("plain.csv", `${HEAD}${(history("b", [5, 6, 7]) + history("a", [1, 2, 4])).trim().split("\n").toReversed().join("\n")}\n`);
    file("known.csv", `month,promotion,store\n${["a", "b"].map((s) => [3, 4, 5, 6].map((m) => `${month(m)},${s === "a" && m === 4 ? 1 : 0},${s}\n`).join("")).join("")}`);
    expect(await run("plain.csv", "plain.out.csv", { future: ["known.csv"] })).toMatchObject({ rows: 2, scored: 2, bad: 0, horizon: 3, columns: ["store", "month", "step", "forecast"] });
    const a = steps([1, 2, 4], 3, [0, 1, 0]);
    const b = steps([5, 6, 7], 3, [0, 0, 0]);
    expect(runs.text("plain.out.csv")).toBe(`store,month,step,forecast\n${[...a.map((v, i) => `a,${month(3 + i)},${i + 1},${v}\n`), ...b.map((v, i) => `b,${month(3 + i)},${i + 1},${v}\n`)].join("")}`);
  });
  it("is the same from JSON lines, Parquet and SQL, and comes out in every format, with ids", async () => {
    const rows = [..."ab"].flatMap((store, s) => [1, 2, 4, 3].map((v, i) => ({ store, month: month(i), units: v + s, promotion: 0 })));
    file("same.csv", `${HEAD}${rows.map((r) => `${r.store},${r.month},${r.units},0\n`).join("")}`);
    file("same.jsonl", rows.map((r) => `${JSON.stringify(r)}\n`).join(""));
    file("always.csv", `month,promotion\n${[4, 5, 6].map((m) => `${month(m)},0\n`).join("")}`);
    const duck = await openDuckDB({ threads: 1, memoryMb: 128, temporary: runs.at("tmp") });
    await duck.run(`COPY (SELECT * FROM read_csv(${sqlText(runs.at("same.csv"))})) TO ${sqlText(runs.at("same.parquet"))} (FORMAT parquet)`);
    duck.closeSync();
    const expected = `store,month,step,forecast\n${[..."ab"].flatMap((store, s) => steps([1, 2, 4, 3].map((v) => v + s), 4, [0, 0, 0]).map((v, i) => `${store},${month(4 + i)},${i + 1},${v}\n`)).join("")}`;
    writeFileSync(runs.at("same.csv.gz"), gzipSync(runs.text("same.csv")));
    writeFileSync(runs.at("same.csv.zst"), zstdCompressSync(runs.text("same.csv")));
    for (const input of ["same.csv", "same.csv.gz", "same.csv.zst", "same.jsonl", "same.parquet"]) {
      await run(input, `${input}.out.csv`, { future: ["always.csv"] });
      expect(runs.text(`${input}.out.csv`), input).toBe(expected);
    }
    await run("same.csv", "asked.csv", { future: ["always.csv"], query: "SELECT * FROM input WHERE store = 'a'" });
    expect(runs.text("asked.csv")).toBe(expected.split("\n").slice(0, 4).join("\n") + "\n");
    await run("same.csv", "same.out.jsonl", { future: ["always.csv"], ids: true });
    expect(JSON.parse(runs.text("same.out.jsonl").split("\n")[4]!)).toEqual({ store: "b", month: month(5), step: 2, forecast: steps([2, 3, 5, 4], 4, [0, 0])[1], prediction_id: expect.stringMatching(/^[0-9a-f]{12}-0-4$/) as string, model_version: "1.2.0" });
    for (const out of ["same.out.parquet", "same.out.arrow"]) expect(await run("same.csv", out, { future: ["always.csv"] })).toMatchObject({ scored: 2 });
    // A calendar of every day, most of which are no period.
    file("days.csv", `month,promotion\n${Array.from({ length: 200 }, (_, i) => `${new Date(Date.UTC(2025, 3, 20 + i)).toISOString().slice(0, 10)},0\n`).join("")}`);
    await run("same.csv", "days.out.csv", { future: ["days.csv"] });
    expect(runs.text("days.out.csv")).toBe(expected);
    // In a folder nothing but parts is left that its readers would take for data.
    await run("same.csv", "parts/", { future: ["always.csv"], query: "SELECT * FROM input", output: placeOutput(runs.at("parts/"), "parquet") });
    expect(readdirSync(runs.at("parts")).filter((name) => !name.startsWith("_"))).toEqual(["part-000000.parquet"]);
    expect(await run("same.csv", "first.csv", { future: ["always.csv"], limit: 1 })).toMatchObject({ rows: 1 });
  });
  it("tells series apart by whole numbers of any size", async () => {
    const ids = ["18446744073709551614", "18446744073709551615"];
    // One begins where the other ends: both would pass for one series.
    const rows = [0, 1, 2, 3, 4, 5].map((m) => `{"store":${ids[m < 3 ? 0 : 1]!},"month":"${month(m)}","units":${m},"promotion":0}\n`);
    file("long-ids.jsonl", rows.join(""));
    file("long-ids-known.jsonl", ids.flatMap((id) => [3, 6].map((m) => `{"store":${id},"month":"${month(m)}","promotion":${id.endsWith("5") ? 1 : 0}}\n`)).join(""));
    await run("long-ids.jsonl", "long-ids.csv", { steps: 1, future: ["long-ids-known.jsonl"] });
    expect(runs.text("long-ids.csv")).toBe(`store,month,step,forecast\n${ids[0]!},${month(3)},1,${monthlyValue(2, 1, 0, 4)}\n${ids[1]!},${month(6)},1,${monthlyValue(5, 4, 1, 7)}\n`);
  });
  it("takes rows behind the last value for what is known beforehand, and --future before them", async () => {
    file("behind.csv", `${HEAD}${history("a", [1, 2, 4])}a,${month(3)},,1\na,${month(4)},NaN,1\na,${month(5)},,0\n`);
    await run("behind.csv", "behind.out.csv");
    expect(runs.text("behind.out.csv").trim().split("\n").slice(1).map((line) => Number(line.split(",")[3]))).toEqual(steps([1, 2, 4], 3, [1, 1, 0]));
    file("over.csv", `month,promotion\n${month(4)},0\n`);
    await run("behind.csv", "over.out.csv", { future: ["over.csv"] });
    expect(runs.text("over.out.csv").trim().split("\n").slice(1).map((line) => Number(line.split(",")[3]))).toEqual(steps([1, 2, 4], 3, [1, 0, 0]));
  });
  it.each([["zero", [4, 0, 6]], ["last", [4, 4, 6]]] as const)("fills gaps as the package declares: %s", async (gaps, filled) => {
    const forecast = { ...MONTHLY, gaps };
    const one = new TestRuns(await seriesPackage(forecast));
    writeFileSync(one.at("gap.csv"), `${HEAD}a,${month(0)},4,0\na,${month(2)},6,0\na,${month(3)},,0\n`);
    await one.run(one.at("gap.csv"), "out.csv", { keep: "none", outputs: undefined, horizon: { steps: 1, future: [] } });
    expect(one.text("out.csv")).toBe(`store,month,step,forecast\na,${month(3)},1,${monthlyValue(6, filled[1], 0, 4)}\n`);
    one.remove();
  });
});

describe("what is written beside a forecast", () => {
  const HEADS = "store,month,units,promotion,region,step\n";
  const rows = (store: string, region: string): string => [1, 2, 4].map((v, m) => `${store},${month(m)},${v},0,${region}${m},${m}\n`).join("");
  const table = (name: string): string[][] => runs.text(name).trim().split("\n").map((line) => line.split(","));
  it("is what its period's row says, with --future first; and as it was of series that have no row behind their last value", async () => {
    file("kept.csv", `${HEADS}${rows("a", "north")}a,${month(3)},,1,east,7\n${rows("b", "south")}`);
    file("kept-known.csv", `month,promotion,holiday\n${[3, 4].map((m) => `${month(m)},0,day ${m}\n`).join("")}`);
    const kept = async (out: string, keep: BatchOptions["keep"]): Promise<string[][]> => {
      await run("kept.csv", out, { steps: 2, future: ["kept-known.csv"], keep });
      return table(out).map((row) => [...row.slice(0, 3), ...row.slice(3, -1)]);
    };
    expect(await kept("kept.some.csv", ["holiday", "region", "store", "promotion"])).toEqual([
      ["store", "month", "step", "holiday", "region", "promotion"],
      ["a", month(3), "1", "day 3", "east", "0"], ["a", month(4), "2", "day 4", "", "0"],
      ["b", month(3), "1", "day 3", "south2", "0"], ["b", month(4), "2", "day 4", "south2", "0"],
    ]);
    expect((await kept("kept.all.csv", "all"))[0]).toEqual(["store", "month", "step", "promotion", "region", "input.step", "holiday"]);
    expect((await kept("kept.unused.csv", "unused"))[0]).toEqual(["store", "month", "step", "region", "input.step", "holiday"]);
    for (const [keep, message] of [[["regoin"], /"regoin", which is to be kept.*\(it has "region"/], [["units"], /is what is predicted/]] as const) await expect(run("kept.csv", "kept.no.csv", { keep, future: ["kept-known.csv"] })).rejects.toMatchObject({ code: "forecast-columns", message: expect.stringMatching(message) as string });
    // Numbers keep all their digits.
    file("kept.jsonl", [0, 1, 2].map((m) => `{"store":"a","month":"${month(m)}","units":${m},"promotion":0,"id":9007199254740993}\n`).join(""));
    file("kept-few.csv", `month,promotion\n${month(3)},0\n`);
    for (const out of ["kept.one.csv", "kept.one.parquet"]) await run("kept.jsonl", out, { steps: 1, future: ["kept-few.csv"], keep: ["id"] });
    expect(table("kept.one.csv")[1]![3]).toBe("9007199254740993");
  });
  it("is each output of the model that is asked for, whichever is fed into the next step", async () => {
    const one = new TestRuns(await seriesPackage(MONTHLY, "refused", true));
    writeFileSync(one.at("in.csv"), `${HEAD}${history("a", [1, 2, 4])}${history("b", [5, 6, 7])}`);
    writeFileSync(one.at("known.csv"), `month,promotion\n${[3, 4].map((m) => `${month(m)},0\n`).join("")}`);
    const asked = (out: string, outputs: readonly string[] | undefined): Promise<BatchSummary> => one.run(one.at("in.csv"), out, { keep: "none", outputs, horizon: { steps: 2, future: [one.at("known.csv")] } });
    const [a, b] = [steps([1, 2, 4], 3, [0, 0]), steps([5, 6, 7], 3, [0, 0])];
    const of = (cells: (value: number) => string): string => [["a", a], ["b", b]].map(([store, values]) => (values as number[]).map((v, i) => `${String(store)},${month(3 + i)},${i + 1},${cells(v)}\n`).join("")).join("");
    await asked("forecast.csv", undefined);
    expect(one.text("forecast.csv")).toBe(`store,month,step,forecast\n${of(String)}`);
    await asked("both.csv", ["band", "value"]);
    expect(one.text("both.csv")).toBe(`store,month,step,band.0,band.1,forecast\n${of((v) => `${v - 1},${v + 1},${v}`)}`);
    await asked("band.csv", ["band"]);
    expect(one.text("band.csv")).toBe(`store,month,step,band.0,band.1\n${of((v) => `${v - 1},${v + 1}`)}`);
    await expect(asked("no.csv", ["bands"])).rejects.toMatchObject({ code: "output-unknown" });
    one.remove();
  });
});

describe("the plan of a forecast", () => {
  it("counts series and shards, and forecasts some to judge by; nothing is written", async () => {
    file("planned.csv", `${HEAD}${Array.from({ length: 3000 }, (_, s) => history(`store ${s}`, s % 10 === 0 ? [1] : [1, 2, 4])).join("")}`);
    file("planned-known.csv", `month,promotion\n${[1, 3].map((m) => `${month(m)},0\n`).join("")}`);
    const { planBatch } = await import("../index.ts");
    const plan = await planBatch(runs.options(runs.at("planned.csv"), "planned.out.csv", { keep: "none", outputs: undefined, horizon: { steps: 1, future: [runs.at("planned-known.csv")] } }));
    expect(plan).toMatchObject({ input: { files: 1, rows: 3000, exact: true, format: "csv" }, shards: 3, horizon: 1, output: { exists: false, columns: ["store", "month", "step", "forecast"] }, sample: { rows: 3000, bad: 300, reasons: [{ column: null, reason: expect.stringContaining("the history has 1 period") as string, rows: 300 }] } });
    expect(plan.output.bytes).toBeGreaterThan(2700 * 20);
    expect(await planBatch(runs.options(runs.at("planned.csv"), "planned.out.csv", { keep: "none", outputs: undefined, limit: 20, query: "SELECT * FROM input WHERE store LIKE 'store 1%'", horizon: { steps: 1, future: [runs.at("planned-known.csv")] } }))).toMatchObject({ input: { rows: 20, exact: true }, shards: 1, sample: { rows: 20 } });
    expect([existsSync(runs.at("planned.out.csv")), existsSync(runs.at("planned.out.csv.parts"))]).toEqual([false, false]);
  });
});

describe("a series that cannot be forecast", () => {
  const good = history("good", [1, 2, 4]);
  const always = "month,promotion\n2025-02-01,0\n2025-03-01,0\n2025-04-01,0\n2025-05-01,0\n2025-06-01,0\n2025-07-01,0\n";
  it.each<[code: string, rows: string, reason: RegExp, change?: Partial<Forecasting>]>([
    ["forecast-history-short", history("x", [1]), /1 period, from 2025-01-01 to 2025-01-01; the model's columns reach back 2/],
    ["forecast-duplicate", `${history("x", [1, 2, 4])}x,2025-02-01,3,0\n`, /2025-02-01 is there twice/],
    ["forecast-off-grid", `${history("x", [1, 2, 4])}x,2025-04-17,3,0\n`, /2025-04-17 is no period of the frequency MS/],
    ["forecast-off-grid", `x,2025-01-31,3,0\n`, /2025-01-31 is no period of the frequency MS/],
    ["forecast-time", `${history("x", [1, 2, 4])}x,next month,3,0\n`, /row \d+: "next month" is no time/],
    ["forecast-time", `${history("x", [1, 2, 4])}x,,3,0\n`, /there is no time/],
    ["forecast-time", `${history("x", [1, 2, 4])}x,2025-02-30,3,0\n`, /"2025-02-30" is no time/],
    ["forecast-time", `${history("x", [1, 2])}x,2025-03-01T00:00:00Z,3,0\n`, /has an offset, unlike times before/],
    ["forecast-time", `x,2025-03-01T00:00:00+02:00,3,0\n`, /the package names no time zone/],
    ["forecast-value", history("x", [1, "two", 4]), /row \d+: "two" is no number/],
    ["forecast-value", history("x", ["", "", ""]), /the series has no value/],
    ["forecast-row-refused", history("x", [1, "", 4]), /step 1 \(2025-04-01\): expected a number, found a missing value|step 1 .*NaN/],
    ["forecast-future-missing", history("x", [1, 2, 4, 5, 6, 7]), /step 2 \(2025-08-01\): "promotion" has to be known beforehand/],
    ["forecast-key-missing", history("", [1, 2, 4]), /tells series apart/],
    ["forecast-gap", `x,2025-01-01,1,0\nx,2025-03-01,2,0\n`, /there is no row for 2025-02-01/, { gaps: "refused" }],
    ["forecast-history-long", "x,9999-11-01,1,0\nx,9999-12-01,2,0\n", /beyond the year 9999/],
  ])("is set aside with the code %s", async (code, rows, reason, change = {}) => {
    const forecast = { ...MONTHLY, ...change };
    const one = new TestRuns(await seriesPackage(forecast));
    writeFileSync(one.at("in.csv"), HEAD + good + rows);
    writeFileSync(one.at("always.csv"), always);
    const summary = await one.run(one.at("in.csv"), "out.csv", { keep: "none", outputs: undefined, horizon: { steps: 2, future: [one.at("always.csv")] } });
    expect(summary).toMatchObject({ rows: 2, scored: 1, bad: 1 });
    expect(one.text("out.csv").trim().split("\n")).toHaveLength(3);
    const [letter] = one.bad("out.csv");
    expect(letter).toMatchObject({ code, reason: expect.stringMatching(reason) as string });
    expect(JSON.parse(letter!.text)).toHaveProperty("store");
    one.remove();
  });
  it.each(["zero", "refused"] as const)("is one that is short, whatever --future knows of the hours before it: gaps %s", async (gaps) => {
    const forecast: Forecasting = { ...MONTHLY, frequency: "h", calendar: { number: "hour" }, gaps };
    const hour = (n: number): string => new Date(Date.UTC(2026, 0, 1, n)).toISOString().slice(0, 19);
    const one = new TestRuns(await seriesPackage(forecast));
    writeFileSync(one.at("in.csv"), `${HEAD}short,${hour(22)},1,0\n${[20, 21, 22].map((h) => `whole,${hour(h)},${h},0\n`).join("")}`);
    writeFileSync(one.at("day.csv"), `month,promotion\n${Array.from({ length: 30 }, (_, h) => `${hour(h)},0\n`).join("")}`);
    await one.run(one.at("in.csv"), "out.csv", { keep: "none", outputs: undefined, horizon: { steps: 1, future: [one.at("day.csv")] } });
    expect(one.text("out.csv")).toBe(`store,month,step,forecast\nwhole,${hour(23)},1,${monthlyValue(22, 21, 0, 23)}\n`);
    expect(one.bad("out.csv")).toEqual([expect.objectContaining({ code: "forecast-history-short", reason: expect.stringMatching(/^the history has 1 period, from 2026-01-01T22:00:00 to/) as string })]);
    one.remove();
  });
  it("is one whose steps are beyond every date, too", async () => {
    const forecast: Forecasting = { ...MONTHLY, frequency: "99999YS", short: "missing" };
    const one = new TestRuns(await seriesPackage(forecast));
    writeFileSync(one.at("in.csv"), `${HEAD}x,2025-01-01,1,0\n`);
    writeFileSync(one.at("always.csv"), always);
    await one.run(one.at("in.csv"), "out.csv", { keep: "none", outputs: undefined, horizon: { steps: 10_000, future: [one.at("always.csv")] } });
    expect(one.bad("out.csv")).toEqual([expect.objectContaining({ code: "forecast-history-long", reason: "the last step is beyond the year 9999" })]);
    one.remove();
  });
  it("is not tried again by itself, and too many end the run", async () => {
    file("few.csv", HEAD + good + history("x", [1]));
    file("few-known.csv", always);
    await expect(run("few.csv", "few.out.csv", { future: ["few-known.csv"], maxErrors: readErrorLimit("0") })).rejects.toMatchObject({ code: "batch-errors", message: expect.stringMatching(/^1 of 2 series could not be forecast, and --max-errors is 0. The first: the history has 1 period/) as string });
    await run("few.csv", "few.out.csv", { future: ["few-known.csv"], resume: true });
    const { retryBatch } = await import("../index.ts");
    await expect(retryBatch({ package: await seriesPackage(), rows: runs.at("few.out.csv.errors.jsonl"), output: placeOutput(runs.at("more.csv")), engine: "auto", threads: 1, shardBytes: 2 ** 20, overwrite: false })).rejects.toMatchObject({ code: "batch-retry-record", message: expect.stringContaining("series of a forecast") as string });
  });
});

describe("what a run refuses", () => {
  it.each<[string, () => [input: string, options?: Options], string, RegExp]>([
    ["a column that is not there", () => (file("r1.csv", "store,month,unit,promotion\na,2025-01-01,1,0\n"), ["r1.csv"]), "forecast-columns", /lacks the column "units", what is predicted \(it has "unit": was that meant\?\)/],
    ["what nobody knows beforehand", () => (file("r2.csv", "store,month,units\na,2025-01-01,1\n"), ["r2.csv"]), "forecast-columns", /lacks the column "promotion".* not given with --future/],
    ["a column that is there twice", () => (file("r3.csv", "store,month,units,Units,promotion\na,2025-01-01,1,1,0\n"), ["r3.csv"]), "forecast-columns", /two columns/],
    ["a time that is none in --future", () => (file("r4.csv", HEAD + history("a", [1, 2, 3])), file("r4k.csv", "month,promotion\n2025-04-01,0\nsoon,1\n"), ["r4.csv", { future: ["r4k.csv"] }]), "forecast-known", /row 2: "soon" is no time/],
    ["a row of another number of fields", () => (file("r5.csv", `${HEAD}a,2025-01-01,1\n`), ["r5.csv"]), "batch-input-damaged", /Expected Number of Columns: 4 Found: 3/],
    ["a file of another kind", () => (file("r6.png", ""), ["r6.png"]), "batch-input-format", /is an image/],
    ["no file", () => ["nowhere.csv"], "batch-input-missing", /no file/],
    ["no file with --future", () => (file("r7.csv", HEAD + history("a", [1, 2, 3])), ["r7.csv", { future: ["nowhere.csv"] }]), "batch-input-missing", /no file/],
  ])("%s", async (_, make, code, message) => {
    const [input, options] = make();
    await expect(run(input, "refused.csv", options)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(existsSync(runs.at("refused.csv")) || existsSync(runs.at("refused.csv.parts"))).toBe(false);
  });
});

describe("the command", () => {
  const forecast: Forecasting = { ...MONTHLY, lags: { last: 1, before: 3000 }, future: [], static: ["promotion"], short: "missing" };
  const slipway = (...args: string[]): SpawnSyncReturns<string> => spawnSync(process.execPath, [BIN, "batch", ...args], { encoding: "utf8", timeout: 60_000 });
  it("ends, killed and gone on with, in the bytes of a run that was not", async () => {
    const { bytes } = await seriesPackage(forecast, "allowed");
    writeFileSync(runs.at("long.slip"), bytes);
    const random = randomNumbers(3);
    const stores = Array.from({ length: 6000 }, (_, s) => history(`store ${s}`, Array.from({ length: 1 + Math.floor(random() * 6) }, () => Math.round(random() * 100)), Math.floor(random() * 20)));
    file("many.csv", HEAD + stores.join(""));
    const args = [runs.at("long.slip"), "--in", runs.at("many.csv"), "--horizon", "4", "--threads", "2", "--json"];
    const whole = slipway(...args, "--out", runs.at("whole.csv"));
    expect([whole.status, JSON.parse(whole.stdout)]).toEqual([0, expect.objectContaining({ rows: 6000, scored: 6000, bad: 0, horizon: 4 })]);
    expect((JSON.parse(whole.stdout) as BatchSummary).shards).toBeGreaterThan(5);
    const digest = (name: string): string => createHash("sha256").update(readFileSync(runs.at(name))).digest("hex");
    for (let kills = 0; ; kills++) {
      const child = spawn(process.execPath, [BIN, "batch", ...args, "--out", runs.at("killed.csv"), "--resume"], { stdio: "ignore" });
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      const timer = kills < 4 ? setTimeout(() => child.kill("SIGKILL"), 500 + random() * 1200) : undefined;
      const status = await ended;
      clearTimeout(timer);
      if (status === 0) break;
      expect(status).toBe(null);
    }
    expect(digest("killed.csv")).toBe(digest("whole.csv"));
    expect(existsSync(runs.at("killed.csv.parts"))).toBe(false);
  }, 120_000);
  it("says of how many series it forecast how many steps, and what does not go with it", async () => {
    writeFileSync(runs.at("monthly.slip"), (await seriesPackage()).bytes);
    file("said.csv", `${HEAD}${history("a", [1, 2, 3])}a,${month(3)},,0\n`);
    const args = [runs.at("monthly.slip"), "--in", runs.at("said.csv"), "--out", runs.at("said.out.csv")];
    expect(slipway(...args, "--horizon", "1").stdout).toContain("1 of 1 series forecast, 1 step each, in");
    expect(slipway(...args, "--horizon", "1", "--dry-run", "--keep", "promotion").stdout).toMatch(/^1 series in 1 file \(csv, .*\), 1 shard, \d+ threads?, 1 step each\nall were forecast, in .*\n.*store, month, step, promotion, forecast, prediction_id, model_version\n.*is there already/);
    for (const odd of [["--image", "resize=crop"], ["--skip-broken"], ["--shard-mb", "1"]]) expect(slipway(...args, "--horizon", "1", ...odd).stderr, odd.join(" ")).toContain("[forecast-option]");
    expect(slipway(...args, "--future", "x.csv").stderr).toContain("[forecast-option]");
    expect(slipway(...args, "--horizon", "0").stderr).toMatch(/--horizon/);
    writeFileSync(runs.at("loan.slip"), (await loanPackage()).bytes);
    expect(slipway(runs.at("loan.slip"), "--in", runs.at("said.csv"), "--out", runs.at("no.csv"), "--horizon", "2").stderr).toContain("[forecast-undeclared]");
  });
});
