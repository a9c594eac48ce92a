// Histories as they are, without --horizon: what was to be expected of each row, by a model whose arithmetic is done by hand here.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDuckDB, readRows, sqlText } from "../input/duckdb.ts";
import { planBatch, readErrorLimit, type BatchOptions, type BatchSummary } from "../index.ts";
import { TestRuns } from "../testing-run.ts";
import { MONTHLY, monthlyValue, seriesPackage } from "./testing-series.ts";

const BIN = fileURLToPath(new URL("../../../bin/slipway.mjs", import.meta.url));
let runs: TestRuns;
beforeAll(async () => { runs = new TestRuns(await seriesPackage()); });
afterAll(() => runs.remove());

const file = (name: string, text: string): void => writeFileSync(runs.at(name), text);
const run = (input: string, out: string, options: Partial<BatchOptions> = {}): Promise<BatchSummary> => runs.run(runs.at(input), out, { keep: "none", outputs: undefined, maxErrors: readErrorLimit("100"), ...options });
const HEAD = "store,month,units,promotion,note\n";
const month = (n: number): string => `2025-${String(n + 1).padStart(2, "0")}-01`;
async function asked<T>(sql: string): Promise<T> {
  const duck = await openDuckDB({ threads: 1, memoryMb: 256, temporary: runs.at("tmp") });
  try {
    return (await readRows(duck, sql, "here")) as T;
  } finally {
    duck.closeSync();
  }
}

const ROWS = `b,${month(0)},9,0,\na,${month(3)},3,1,"as, it was"\na,${month(0)},1,0,\na,${month(2)},4,0,x\na,${month(1)},2,0,\na,${month(4)},,0,\n`;
const [third, fourth, fifth] = [monthlyValue(2, 1, 0, 3), monthlyValue(4, 2, 1, 4), monthlyValue(3, 4, 0, 5)];

describe("a row of a history", () => {
  it("has what was to be expected of it by the rows before, and nothing where these are not there", async () => {
    file("in.csv", HEAD + ROWS);
    expect(await run("in.csv", "none.csv")).toMatchObject({ rows: 6, scored: 6, bad: 0, unanswered: 3, columns: ["store", "month", "value"], outputs: [{ name: "value", numbers: { count: 3 } }] });
    expect(runs.text("none.csv")).toBe(`store,month,value\na,${month(0)},\na,${month(1)},\na,${month(2)},${third}\na,${month(3)},${fourth}\na,${month(4)},${fifth}\nb,${month(0)},\n`);
    await run("in.csv", "unused.csv", { keep: "unused" });
    expect(runs.text("unused.csv").split("\n").slice(0, 5)).toEqual(["store,month,units,note,value", `a,${month(0)},1,,`, `a,${month(1)},2,,`, `a,${month(2)},4,x,${third}`, `a,${month(3)},3,"as, it was",${fourth}`]);
    await run("in.csv", "all.csv", { keep: "all", limit: 3 });
    expect(runs.text("all.csv")).toBe(`store,month,units,promotion,note,value\na,${month(0)},1,0,,\na,${month(1)},2,0,,\na,${month(2)},4,0,x,${third}\n`);
    await expect(run("in.csv", "no.csv", { keep: ["nodes"] })).rejects.toMatchObject({ code: "forecast-columns", message: expect.stringMatching(/"nodes", which is to be kept \(it has "note"/) as string });
  });
  it("is the same of JSON lines, Parquet and SQL; a missing forecast is missing in each format", async () => {
    const rows = [[0, 1], [1, 2], [2, 4]].map(([m, units]) => ({ store: "a", month: month(m!), units, promotion: 0 }));
    file("in.jsonl", rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    await asked(`COPY (SELECT * FROM read_json(${sqlText(runs.at("in.jsonl"))})) TO ${sqlText(runs.at("in.parquet"))} (FORMAT parquet)`);
    const lines = [0, 1, 2].map((m) => ({ store: "a", month: month(m), value: m === 2 ? third : null }));
    for (const input of ["in.jsonl", "in.parquet"]) {
      await run(input, `${input}.out.jsonl`);
      expect(runs.text(`${input}.out.jsonl`).trim().split("\n").map((line) => JSON.parse(line) as unknown), input).toEqual(lines);
    }
    await run("in.parquet", "asked.jsonl", { query: "SELECT * FROM input" });
    expect(runs.text("asked.jsonl")).toBe(runs.text("in.parquet.out.jsonl"));
    await run("in.parquet", "out.parquet", { ids: true });
    expect(await asked(`SELECT value, prediction_id LIKE '%-0-' || file_row_number FROM read_parquet(${sqlText(runs.at("out.parquet"))}, file_row_number = true)`)).toEqual([[null, true], [null, true], [third, true]]);
  });
  it("that brings all of the model's columns itself is scored by them", async () => {
    file("whole.csv", "store,month,units,last,before,promotion,number\na,2025-01-01,1,4,2,0,1\n");
    await run("whole.csv", "whole.out.csv");
    expect(runs.text("whole.out.csv")).toBe("value\n3.5\n");
    file("rows.jsonl", `${JSON.stringify({ store: "a", units: 1, number: 2 })}\n`);
    await expect(run("rows.jsonl", "rows.out.csv")).rejects.toMatchObject({ code: "batch-input-columns", message: expect.stringContaining('lacks "last", "before", which are past values of "units"') as string, hint: expect.stringContaining("store, month, units") as string });
  });
  it("where the package takes what is missing, is predicted from what there is", async () => {
    const one = new TestRuns(await seriesPackage({ ...MONTHLY, short: "missing" }, "allowed"));
    writeFileSync(one.at("in.csv"), HEAD + ROWS);
    expect((await one.run(one.at("in.csv"), "out.csv", { keep: "none", outputs: undefined })).unanswered).toBeUndefined();
    expect(one.text("out.csv").split("\n").slice(3, 6)).toEqual([`a,${month(2)},${third}`, `a,${month(3)},${fourth}`, `a,${month(4)},${fifth}`]);
    one.remove();
  });
});

describe("a row that is wrong", () => {
  it("is set aside with those of its series behind it, whose past it would be; one that the model refuses alone", async () => {
    const series = (store: string, rows: readonly (readonly [number, number | string, (number | string)?])[]): string => rows.map(([m, units, promotion = 0]) => `${store},${month(m)},${units},${promotion},\n`).join("");
    file("wrong.csv", HEAD + series("a", [[0, 1], [1, 2], [2, 4], [2, 5], [3, 6]]) + series("b", [[0, 1], [1, 2], [2, "many"], [3, 4]]) + series("c", [[0, 1], [1, 2], [2, 4, "maybe"], [3, 3]]) + `d,soon,1,0,\nd,${month(0)},1,0,\n` + series("e", [[0, 1], [1, ""], [2, 4], [3, 3], [4, 3]]));
    const summary = await run("wrong.csv", "wrong.out.csv");
    expect(summary).toMatchObject({ rows: 20, bad: 7, scored: 13, unanswered: 10 });
    expect(runs.text("wrong.out.csv").trim().split("\n").slice(1).filter((line) => !line.endsWith(","))).toEqual([`a,${month(2)},${third}`, `c,${month(3)},${monthlyValue(4, 2, 0, 4)}`, `e,${month(4)},${monthlyValue(3, 4, 0, 5)}`]);
    expect(runs.bad("wrong.out.csv").map((letter) => [letter.row, (letter as { code?: string }).code, letter.column, letter.reason, JSON.parse(letter.text)])).toEqual([
      [4, "forecast-duplicate", "month", "row 4: 2025-03-01 is there twice", { store: "a", month: month(2), promotion: "0" }],
      [5, "forecast-duplicate", "month", "row 4: 2025-03-01 is there twice", { store: "a", month: month(3), promotion: "0" }],
      [8, "forecast-value", "units", 'row 8: "many" is no number', { store: "b", month: month(2), promotion: "0" }],
      [9, "forecast-value", "units", 'row 8: "many" is no number', { store: "b", month: month(3), promotion: "0" }],
      [12, "forecast-row-refused", "promotion", expect.stringContaining("expected a number"), { store: "c", month: month(2), promotion: "maybe" }],
      [14, "forecast-time", "month", expect.stringContaining('"soon" is no time'), { store: "d", month: "soon", promotion: "0" }],
      [15, "forecast-time", "month", expect.stringContaining('"soon" is no time'), { store: "d", month: month(0), promotion: "0" }],
    ]);
  });
});

describe("long histories", () => {
  it("are cut: a series of more rows than a shard holds is gone on with where the shard before it ended", async () => {
    const one = new TestRuns(await seriesPackage({ ...MONTHLY, frequency: "min", calendar: { number: "minute" } }));
    const from = `(SELECT 'a' AS store, TIMESTAMP '2020-01-01' + to_minutes(i) AS month, CAST((i * 7919) % 1000 AS DOUBLE) AS units, 0 AS promotion FROM range(530000) t(i))`;
    await asked(`COPY ${from} TO ${sqlText(one.at("long.parquet"))} (FORMAT parquet)`);
    expect(await one.run(one.at("long.parquet"), "out.parquet", { keep: "none", outputs: undefined })).toMatchObject({ rows: 530_000, bad: 0, unanswered: 2, shards: 2 });
    expect(await asked(`SELECT CAST(count(*) AS DOUBLE), CAST(count(*) FILTER (WHERE o.value IS DISTINCT FROM w.value) AS DOUBLE) FROM read_parquet(${sqlText(one.at("out.parquet"))}) o JOIN (SELECT CAST(month AS VARCHAR) AS month, 0.5 * lag(units, 1) OVER (ORDER BY month) + 0.25 * lag(units, 2) OVER (ORDER BY month) + date_part('minute', month) AS value FROM ${from}) w USING (month)`)).toEqual([[530_000, 0]]);
    one.remove();
  }, 240_000);
  it("are planned, and gone on with after a stop, in the same bytes", async () => {
    file("many.csv", `${HEAD}${Array.from({ length: 40_000 }, (_, s) => [0, 1, 2, 3, 4].map((m) => `store ${s},${month(m)},${(s * (m + 3)) % 17},0,\n`).join("")).join("")}`);
    expect(await planBatch(runs.options(runs.at("many.csv"), "many.out.csv", { keep: "none", outputs: undefined }))).toMatchObject({ input: { rows: 200_000, exact: true }, shards: 4, output: { columns: ["store", "month", "value"] } });
    const summary = await run("many.csv", "many.out.csv");
    expect(summary).toMatchObject({ rows: 200_000, bad: 0, unanswered: 80_000, shards: 4 });
    writeFileSync(runs.at("many.slip"), (await seriesPackage()).bytes);
    const command = [BIN, "batch", runs.at("many.slip"), "--in", runs.at("many.csv"), "--out", runs.at("stopped.csv"), "--keep", "none", "--no-ids", "--threads", "1", "--resume"];
    const child = spawn(process.execPath, command, { stdio: "ignore" });
    const ended = new Promise((done) => child.once("close", done));
    const ledger = runs.at("stopped.csv.parts/_ledger.jsonl");
    while (child.exitCode === null && (!existsSync(ledger) || readFileSync(ledger).length === 0)) await sleep(5);
    child.kill("SIGKILL");
    await ended;
    expect(spawnSync(process.execPath, command, { encoding: "utf8", timeout: 120_000 }).stdout).toMatch(/of them by the run that was stopped/);
    const digest = (name: string): string => createHash("sha256").update(readFileSync(runs.at(name))).digest("hex");
    expect(digest("stopped.csv")).toBe(digest("many.out.csv"));
  }, 240_000);
});

it("the command says how many rows have no forecast", async () => {
  writeFileSync(runs.at("monthly.slip"), (await seriesPackage()).bytes);
  file("said.csv", HEAD + ROWS);
  const { stdout } = spawnSync(process.execPath, [BIN, "batch", runs.at("monthly.slip"), "--in", runs.at("said.csv"), "--out", runs.at("said.out.csv")], { encoding: "utf8", timeout: 60_000 });
  expect(stdout).toContain("6 of 6 rows scored");
  expect(stdout).toContain("3 rows have no forecast: what the model takes of the past is not there before them");
});
