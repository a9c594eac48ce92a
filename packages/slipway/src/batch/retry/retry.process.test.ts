// Rows that a run set aside, mended and tried again: from every kind of input, the good ones come out as the run would have
// written them, the others stay under their numbers.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDuckDB, readRows, sqlText } from "../input/duckdb.ts";
import { placeOutput, runBatch, type BatchOptions, type BatchSummary } from "../index.ts";
import { countRows } from "../plan/count-rows.ts";
import { planBatch } from "../plan/plan-batch.ts";
import { loanPackage } from "../testing-run.ts";
import { retryBatch, type RetrySummary } from "./retry-batch.ts";

const BIN = fileURLToPath(new URL("../../../bin/slipway.mjs", import.meta.url));
let folder: string;
let loan: BatchOptions["package"];
const at = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-retry-"));
  loan = await loanPackage();
  writeFileSync(at("loan.slip"), loan.bytes);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LOOSE = { count: 1000, text: "1000" };
const common = (): Pick<BatchOptions, "package" | "engine" | "threads" | "shardBytes" | "overwrite"> => ({ package: loan, engine: "auto", threads: 1, shardBytes: 2 ** 22, overwrite: false });
const optionsOf = (input: string, out: string, more: Partial<BatchOptions> = {}): BatchOptions => ({ ...common(), input: [at(input)], output: placeOutput(at(out)), keep: "unused", ids: true, resume: false, maxErrors: LOOSE, ...more });
const score = (input: string, out: string, more: Partial<BatchOptions> = {}): Promise<BatchSummary> => runBatch(optionsOf(input, out, more));
interface Letter { row: number; column: string | null; reason: string; text: string; base64?: string }
const letters = (path: string): Letter[] => readFileSync(path, "utf8").trim().split("\n").map((l) => JSON.parse(l) as Letter);
const mend = (path: string, how: (letter: Letter) => object): void => writeFileSync(path, letters(path).map((l) => `${JSON.stringify(how(l))}\n`).join(""));
const retry = (run: string, out: string, record?: string): Promise<RetrySummary> => retryBatch({ ...common(), rows: at(run), output: placeOutput(at(out)), record });

describe("rows tried again", () => {
  it("come out of CSV with the run's columns; an unclosed quote, bytes that are no text and a row that is still wrong stay under their numbers", async () => {
    const long = "x".repeat(5000);
    const lines = ["id;age;plan;member;note", "1;30;pro;1;a", `2;old;pro;1;"b;\n""${long}"""`, '3;30;pro;1;"never closed', "4;30;gold;1;d", "5;31;basic;0;e"];
    writeFileSync(at("in.csv"), Buffer.concat([Buffer.from(`${lines.join("\n")}\n6;30;pro;1;`), Buffer.from([0xff, 0x0a])]));
    expect(await score("in.csv", "run.csv", { keep: ["id", "note"], outputs: ["score", "label"] })).toMatchObject({ rows: 6, scored: 2, bad: 4 });
    expect(letters(at("run.csv.errors.jsonl")).map((l) => [l.row, l.base64 !== undefined])).toEqual([[2, false], [3, false], [4, false], [6, true]]);
    mend(at("run.csv.errors.jsonl"), (l) => ({ ...l, text: l.text.replace(";old;", ";40;") }));
    expect(await retry("run.csv.errors.jsonl", "more.csv")).toMatchObject({ rows: 4, scored: 1, bad: 3 });
    const [head, ...rows] = readFileSync(at("more.csv"), "utf8").split("\n");
    expect(head).toBe(readFileSync(at("run.csv"), "utf8").split("\n")[0]);
    expect(rows.join("\n")).toMatch(new RegExp(`^2,"b;\\n""${long}""",150.5,yes,[0-9a-f]{12}-0-0,1\\.2\\.0\\n$`));
    expect(letters(at("more.csv.errors.jsonl")).map((l) => [l.row, l.column])).toEqual([[3, null], [4, "plan"], [6, null]]);
    // What is still bad is mended and tried once more, from the second file.
    mend(at("more.csv.errors.jsonl"), (l) => ({ ...l, base64: undefined, text: l.text.replace("gold", "pro").replace('"never', "never").replace("\ufffd", "f") }));
    expect(await retry("more.csv.errors.jsonl", "rest.csv")).toMatchObject({ rows: 3, scored: 3, bad: 0 });
    expect(readFileSync(at("rest.csv"), "utf8").trim().split("\n").slice(1).map((l) => l.split(",").slice(0, 3))).toEqual([["3", "never closed", "140.5"], ["4", "d", "140.5"], ["6", "f", "140.5"]]);
    expect(existsSync(at("rest.csv.errors.jsonl"))).toBe(false);
    expect(readdirSync(folder).filter((n) => n.includes("retry-"))).toEqual([]);
  });
  it("come out of JSON lines, also where the first of them lacks columns", async () => {
    writeFileSync(at("in.jsonl"), '{"id":1,"age":30,"plan":"pro","member":1,"tag":"t"}\n{"age":"x","plan":"pro","member":1}\n{"id":3,"age":"y","plan":"pro","member":1,"tag":{"a":[1]}}\nnot json\n');
    expect(await score("in.jsonl", "lines.jsonl", { ids: false, outputs: ["score"] })).toMatchObject({ rows: 4, scored: 1, bad: 3 });
    mend(at("lines.jsonl.errors.jsonl"), (l) => ({ ...l, text: l.text.replace(/"[xy]"/, "1.5") }));
    expect(await retry("lines.jsonl.errors.jsonl", "more.jsonl")).toMatchObject({ scored: 2, bad: 1 });
    expect(readFileSync(at("more.jsonl"), "utf8")).toBe('{"id":null,"tag":null,"score":111.5}\n{"id":3,"tag":{"a":[1]},"score":111.5}\n');
    expect(letters(at("more.jsonl.errors.jsonl"))).toMatchObject([{ row: 4, text: "not json" }]);
  });
  it("come out of Parquet in its types, whole numbers beyond doubles and times too; what is infinite stays so", async () => {
    const duck = await openDuckDB({ threads: 1, memoryMb: 128, temporary: at("tmp") });
    await duck.run(`COPY (SELECT * FROM (VALUES (9007199254740993, TIMESTAMP '2026-01-02 03:04:05', 30.0::DOUBLE, 'pro', true, 12.50::DECIMAL(9,2)), (9007199254740995, TIMESTAMP '2026-01-03 00:00:00', 'inf'::DOUBLE, 'pro', true, 1), (7, NULL, 30.0, 'gold', false, NULL)) t(id, seen, age, plan, member, price)) TO ${sqlText(at("in.parquet"))} (FORMAT parquet)`);
    expect(await score("in.parquet", "table.parquet", { ids: false, outputs: ["score"] })).toMatchObject({ rows: 3, scored: 1, bad: 2 });
    mend(at("table.parquet.errors.jsonl"), (l) => ({ ...l, text: l.text.replace("gold", "basic") }));
    expect(await retry("table.parquet.errors.jsonl", "more.parquet")).toMatchObject({ scored: 1, bad: 1 });
    const described = (name: string): Promise<readonly (readonly unknown[])[]> => readRows(duck, `DESCRIBE SELECT * FROM read_parquet(${sqlText(at(name))})`, name);
    expect(await described("more.parquet")).toEqual(await described("table.parquet"));
    expect(letters(at("more.parquet.errors.jsonl"))).toMatchObject([{ row: 2, column: "age" }]);
    mend(at("more.parquet.errors.jsonl"), (l) => ({ ...l, text: l.text.replace('"Infinity"', "18") }));
    expect(await retry("more.parquet.errors.jsonl", "rest.parquet")).toMatchObject({ scored: 1, bad: 0 });
    const [[id, when, price, sum]] = await readRows(duck, `SELECT CAST(id AS VARCHAR), seen, price, score FROM read_parquet(${sqlText(at("rest.parquet"))})`, "rest") as [[string, string, number, number]];
    expect([id, when, price, sum]).toEqual(["9007199254740995", "2026-01-03 00:00:00", 1, 128]);
    duck.closeSync();
  });
  it.each<[string, () => Promise<unknown>, string]>([
    ["nothing is good yet", () => retry("odd.csv.errors.jsonl", "nothing.csv"), "batch-errors"],
    ["there is no record", () => (writeFileSync(at("alone.errors.jsonl"), '{"row":1,"column":null,"reason":"r","text":"t"}\n'), retry("alone.errors.jsonl", "nothing.csv")), "batch-retry-record"],
    ["the record is something else", () => retry("odd.csv.errors.jsonl", "nothing.csv", at("loan.slip")), "batch-retry-record"],
    ["a line is something else", () => (writeFileSync(at("odd.jsonl"), '{"row":1}\n'), retry("odd.jsonl", "nothing.csv", at("odd.csv.run.json"))), "batch-retry-rows"],
    ["the output is there", () => retry("odd.csv.errors.jsonl", "in.csv"), "batch-output-exists"],
    ["the output is a folder", () => retry("odd.csv.errors.jsonl", "nothing/"), "batch-output-format"],
  ])("are refused by a code where %s, and nothing is written", async (_what, tried, code) => {
    if (!existsSync(at("odd.csv"))) {
      writeFileSync(at("bad.csv"), "age,plan,member\n1,gold,1\n2,pro,1\n");
      await score("bad.csv", "odd.csv");
    }
    await expect(tried()).rejects.toMatchObject({ code });
    expect(readdirSync(folder).filter((n) => n.includes("nothing"))).toEqual([]);
  });
  it("are refused where the model gives other columns", async () => {
    const record = at("odd.csv.run.json");
    writeFileSync(record, readFileSync(record, "utf8").replace('"probabilities.no"', '"probability.no"'));
    mend(at("odd.csv.errors.jsonl"), (l) => ({ ...l, text: l.text.replace("gold", "pro") }));
    await expect(retry("odd.csv.errors.jsonl", "nothing.csv")).rejects.toMatchObject({ code: "batch-retry-columns" });
    expect(readdirSync(folder).filter((n) => n.includes("nothing"))).toEqual([]);
  });
  it("are tried again by the command", async () => {
    writeFileSync(at("few.csv"), "id,age,plan,member\n1,1,gold,1\n2,2,pro,1\n");
    await score("few.csv", "few-out.csv", { ids: false, outputs: ["score"] });
    mend(at("few-out.csv.errors.jsonl"), (l) => ({ ...l, text: l.text.replace("gold", "basic") }));
    const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, "batch", "retry", `${at("few-out.csv")}.errors.jsonl`, "--model", at("loan.slip"), "--out", at("few-more.csv")], { encoding: "utf8", timeout: 60_000 });
    expect([status, stdout], stderr).toEqual([0, expect.stringContaining("1 of 1 rows are good now")]);
    expect(readFileSync(at("few-more.csv"), "utf8")).toBe("id,score\n1,101\n");
  });
});

describe("a plan", () => {
  it("tells rows, shards, columns, time and size of what a run then writes, and what is wrong with the first rows", async () => {
    const rows = Array.from({ length: 4000 }, (_, i) => `${i},${i % 50},${i % 10 === 0 ? "gold" : "pro"},1`);
    writeFileSync(at("much.csv"), `id,age,plan,member\n${rows.join("\n")}\n`);
    const plan = await planBatch(optionsOf("much.csv", "planned.csv"));
    expect(plan.input).toMatchObject({ rows: 4000, exact: true, files: 1 });
    expect(plan.sample).toMatchObject({ rows: 4000, bad: 400, reasons: [{ column: "plan", rows: 400 }] });
    expect(readdirSync(folder).filter((n) => n.startsWith("planned"))).toEqual([]);
    const run = await score("much.csv", "planned.csv");
    expect(run.columns).toEqual(plan.output.columns);
    const written = readFileSync(at("planned.csv")).length;
    expect(Math.abs(plan.output.bytes - written) / written).toBeLessThan(0.02);
  });
  it("judges compressed files by their beginnings, and counts what SQL gives", async () => {
    const text = `id,age,plan,member\n${Array.from({ length: 60_000 }, (_, i) => `${i},${(i * 7919) % 83},pro,${i % 2}`).join("\n")}\n`;
    writeFileSync(at("packed.csv.gz"), gzipSync(text));
    const file = { path: at("packed.csv.gz"), format: "csv", compression: "gzip", bytes: readFileSync(at("packed.csv.gz")).length, modifiedMs: 0 } as const;
    const whole = await countRows([file], { threads: 1 });
    expect(whole).toMatchObject({ rows: 60_000, exact: true });
    expect(await countRows([file], { threads: 1, query: "SELECT * FROM input WHERE member = 1 -- half;" })).toMatchObject({ rows: 30_000, exact: true });
    const long = `id,age,plan,member\n${Array.from({ length: 200_000 }, (_, i) => `${i},${(i * 7919) % 83},pro,${i % 2}`).join("\n")}\n`;
    writeFileSync(at("long.csv.gz"), gzipSync(long));
    const judged = await countRows([{ ...file, path: at("long.csv.gz"), bytes: readFileSync(at("long.csv.gz")).length }], { threads: 1 });
    expect(judged.exact).toBe(false);
    expect(Math.abs(judged.rows - 200_000) / 200_000).toBeLessThan(0.15);
  });
});
