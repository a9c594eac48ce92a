// Whole runs of the command, killed and gone on with, on input of every kind and in every state.

import { spawn, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { buildPackage, writeSlip } from "@slipway/core/package";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomNumbers } from "@slipway/core/stats";
import { openModel } from "../runtime/index.ts";
import { columnsModel } from "../runtime/testing.ts";
import { openDuckDB, readRows, sqlText } from "./input/duckdb.ts";

const BIN = fileURLToPath(new URL("../../bin/slipway.mjs", import.meta.url));
let folder: string;
let model: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-batch-"));
  const { model: graph, signature } = columnsModel();
  model = at("loan.slip");
  // A package's manifest, of which only the name and the version are of interest here.
  const { manifest: { kernel: _, ...manifest } } = (await openModel(fileURLToPath(new URL("../../../../examples/churn/churn.joblib", import.meta.url)))).package;
  writeFileSync(model, writeSlip(await buildPackage({ manifest: { ...manifest, name: "loan", version: "1.2.0" }, model: graph, signature, checks: null, profile: null, card: "", sbom: {} })));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function slipway(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [BIN, "batch", model, ...args], { encoding: "utf8", timeout: 60_000 });
}
interface Ran { rows: number; scored: number; bad: number; resumed: number; shards: number }
function scored(...args: string[]): Ran {
  const done = slipway(...args, "--json");
  expect(done.stderr + done.stdout).toContain("\"rows\"");
  expect(done.status).toBe(0);
  return JSON.parse(done.stdout) as Ran;
}
const digest = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

const random = randomNumbers(7);
function rowsOf(count: number): { id: number; age: number | null; plan: string; member: number; note: string | null }[] {
  return Array.from({ length: count }, (_, id) => ({ id, age: random() < 0.1 ? null : Math.round(random() * 10_000) / 100, plan: random() < 0.5 ? "pro" : "basic", member: random() < 0.3 ? 1 : 0, note: random() < 0.5 ? null : random() < 0.1 ? 'a "note", with\nall of it' : "short" }));
}
const field = (v: unknown): string => (v === null ? "" : /[",\n]/.test(String(v)) ? `"${String(v).replaceAll('"', '""')}"` : String(v));
const csvOf = (rows: readonly object[]): string => `${Object.keys(rows[0]!).join(",")}\n${rows.map((r) => `${Object.values(r).map(field).join(",")}\n`).join("")}`;
/** What the model says: age + 10 for pro + 100 for members + 0.5 for a note. */
const scoreOf = (r: { age: number | null; plan: string; member: number; note: string | null }): number => (r.age ?? NaN) + (r.plan === "pro" ? 10 : 0) + (r.member === 1 ? 100 : 0) + (r.note === null ? 0 : 0.5);

describe("input and output", () => {
  const rows = rowsOf(3000);
  it("is the same from CSV, JSON lines and Parquet, packed or not, in one file or several", async () => {
    mkdirSync(at("parts-in"));
    writeFileSync(at("in.csv"), csvOf(rows));
    writeFileSync(at("in.tsv"), csvOf(rows.map((r) => ({ ...r, note: r.note === null ? null : r.note.replace(/\n/g, " ") }))).replaceAll(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/g, "\t"));
    writeFileSync(at("in.csv.gz"), gzipSync(csvOf(rows)));
    writeFileSync(at("in.csv.zst"), zstdCompressSync(csvOf(rows)));
    writeFileSync(at("in.jsonl"), rows.map((r) => `${JSON.stringify(r)}\n`).join(""));
    writeFileSync(at("parts-in/a.csv"), csvOf(rows.slice(0, 1234)));
    writeFileSync(at("parts-in/b.csv.gz"), gzipSync(csvOf(rows.slice(1234))));
    const duck = await openDuckDB({ threads: 1, memoryMb: 128, temporary: at("tmp") });
    await duck.run(`COPY (SELECT * FROM read_csv(${sqlText(at("in.csv"))})) TO ${sqlText(at("in.parquet"))} (FORMAT parquet, ROW_GROUP_SIZE 2048)`);
    const expected = rows.map((r) => [r.id, Number.isNaN(scoreOf(r)) ? null : Math.round(scoreOf(r) * 1000) / 1000]);
    for (const input of ["in.csv", "in.tsv", "in.csv.gz", "in.csv.zst", "in.jsonl", "parts-in", "in.parquet"]) {
      // Every input once, every output once.
      for (const output of input === "in.csv" ? ["csv", "jsonl", "parquet"] : ["csv"]) {
        const out = at(`out-${input}.${output}`);
        expect(scored("--in", at(input), "--out", out, "--shard-mb", "1"), `${input} to ${output}`).toMatchObject({ rows: 3000, scored: 3000, bad: 0 });
        const read = output === "csv" ? "read_csv" : output === "jsonl" ? "read_json" : "read_parquet";
        const found = await readRows(duck, `SELECT CAST(id AS DOUBLE), round(CAST(score AS DOUBLE), 3) FROM ${read}(${sqlText(out)})`, out);
        expect(found.map(([id, score]) => [id, typeof score === "number" && Number.isNaN(score) ? null : score]), `${input} to ${output}`).toEqual(expected);
      }
    }
    duck.closeSync();
  }, 120_000);
  it("keeps what it is told to, by itself what the model does not take, and names every row and the version", () => {
    writeFileSync(at("few.csv"), csvOf(rows.slice(0, 3)));
    scored("--in", at("few.csv"), "--out", at("few-out.csv"));
    expect(readFileSync(at("few-out.csv"), "utf8").split("\n")[0]).toBe("id,label,probabilities.no,probabilities.yes,score,prediction_id,model_version");
    expect(readFileSync(at("few-out.csv"), "utf8").split("\n")[1]).toMatch(/^0,\w+,.*,[0-9a-f]{12}-0-0,1\.2\.0$/);
    scored("--in", at("few.csv"), "--out", at("few-all.csv"), "--keep", "note,id", "--outputs", "score", "--no-ids");
    expect(readFileSync(at("few-all.csv"), "utf8").split("\n")[0]).toBe("note,id,score");
    scored("--in", at("few.csv"), "--out", at("few-none.csv"), "--keep", "none", "--outputs", "score", "--no-ids", "--limit", "2");
    expect(readFileSync(at("few-none.csv"), "utf8").split("\n")).toHaveLength(4);
  });
  it("calls a column that is called as an output is the input's", () => {
    writeFileSync(at("named.csv"), `label,${csvOf(rows.slice(0, 2)).split("\n").slice(0, 3).join("\nyes,")}\n`);
    for (const output of ["csv", "jsonl"]) scored("--in", at("named.csv"), "--out", at(`named-out.${output}`), "--outputs", "label", "--no-ids");
    expect(readFileSync(at("named-out.csv"), "utf8").split("\n")[0]).toBe("input.label,id,label");
    expect(Object.keys(JSON.parse(readFileSync(at("named-out.jsonl"), "utf8").split("\n")[0]!) as object)).toEqual(["input.label", "id", "label"]);
  });
  it("quotes what is kept where the output's delimiter stands in it", () => {
    writeFileSync(at("semicolons.csv"), 'price;age;plan;member;"a;b"\n1,50;30;pro;1;x\n"2,""7""";31;basic;0;"y;z"\n');
    scored("--in", at("semicolons.csv"), "--out", at("commas.csv"), "--outputs", "score", "--no-ids");
    expect(readFileSync(at("commas.csv"), "utf8")).toBe('price,"a;b",score\n"1,50",x,140\n"2,""7""","y;z",31\n');
  });
  it("takes JSON lines of lists, of texts, and whose first line lacks what others have", () => {
    writeFileSync(at("uneven.jsonl"), '{"plan":"pro","member":1}\n{"age":30,"plan":"pro","member":1}\nnull\n');
    expect(scored("--in", at("uneven.jsonl"), "--out", at("uneven.csv"), "--outputs", "score", "--no-ids")).toMatchObject({ rows: 3, scored: 2, bad: 1 });
    writeFileSync(at("lists.jsonl"), '[30,"pro",true,null,1]\n[31,"basic",false,"n",null]\n');
    scored("--in", at("lists.jsonl"), "--out", at("lists.csv"), "--outputs", "score", "--no-ids");
    expect(readFileSync(at("lists.csv"), "utf8")).toBe("score\n140\n31.5\n");
  });
  it("scores models of tensors from CSV and JSON lines", () => {
    const net = fileURLToPath(new URL("../../../../corpus/cases/torch-mlp-export/model.pt2", import.meta.url));
    const values = Array.from({ length: 5 }, () => Array.from({ length: 6 }, () => Math.round(random() * 1000) / 1000));
    writeFileSync(at("net.csv"), `id,${values[0]!.map((_, i) => `f${i}`).join(",")}\n${values.map((v, i) => `${i},${v.join(",")}\n`).join("")}`);
    writeFileSync(at("net.jsonl"), values.map((input, id) => `${JSON.stringify({ id, input })}\n`).join(""));
    const answers = ["net.csv", "net.jsonl"].map((input) => {
      const done = spawnSync(process.execPath, [BIN, "batch", net, "--in", at(input), "--out", at(`${input}.out.csv`), "--keep", "id", "--no-ids"], { encoding: "utf8" });
      expect([done.status, done.stderr]).toEqual([0, expect.any(String)]);
      return readFileSync(at(`${input}.out.csv`), "utf8");
    });
    expect(answers[0]!.trim().split("\n")).toHaveLength(6);
    expect(answers[1]).toBe(answers[0]);
  });
  it("scores what SQL makes of it", () => {
    scored("--in", at("in.csv"), "--query", "SELECT * FROM input WHERE member = 1 ORDER BY id DESC LIMIT 5", "--out", at("asked.csv"), "--no-ids", "--outputs", "score");
    const ids = readFileSync(at("asked.csv"), "utf8").trim().split("\n").slice(1).map((l) => Number(l.split(",")[0]));
    expect(ids).toEqual(rows.filter((r) => r.member === 1).map((r) => r.id).toReversed().slice(0, 5));
  });
  it("goes into a folder of parts, each with its head, that is marked when it is whole", () => {
    scored("--in", at("in.jsonl"), "--out", `${at("folder")}/`, "--to", "csv", "--shard-mb", "1");
    const parts = readdirSync(at("folder")).filter((n) => n.startsWith("part-"));
    expect(existsSync(join(at("folder"), "_SUCCESS"))).toBe(true);
    expect(parts.reduce((n, p) => n + readFileSync(join(at("folder"), p), "utf8").trim().split("\n").length - 1, 0)).toBe(3000);
  });
});

it("says what a query is where it cannot be read", () => {
  writeFileSync(at("q.csv"), "a\n1\n");
  expect(slipway("--in", at("q.csv"), "--query", "SELEC a FROM input", "--out", at("q.out.csv")).stderr).toMatch(/syntax error[^]*what to do: The query is DuckDB's SQL/);
});

describe("drift against the package's profile", () => {
  const example = fileURLToPath(new URL("../../../../examples/churn/", import.meta.url));
  const check = readFileSync(`${example}check.csv`, "utf8");
  const many = (lines: readonly string[]): string => Array.from({ length: 20 }, () => lines.join("\n")).join("\n");
  it("is told by column, and is not where there is none", () => {
    const [head, ...rows] = check.trim().split("\n");
    writeFileSync(at("alike.csv"), `${head}\n${many(rows)}\n`);
    const packed = spawnSync(process.execPath, [BIN, "pack", `${example}churn.joblib`, "--check", at("alike.csv"), "-o", at("churn.slip")], { encoding: "utf8" });
    expect(packed.status).toBe(0);
    // Twice the charges, the fourth column.
    writeFileSync(at("drifted.csv"), `${head}\n${many(rows.map((row) => row.split(",").map((v, i) => (i === 3 && v !== "" ? String(Number(v) * 2) : v)).join(",")))}\n`);
    const run = (input: string): { drift: { name: string; verdict: string }[] } => JSON.parse(spawnSync(process.execPath, [BIN, "batch", at("churn.slip"), "--in", at(input), "--out", at(`${input}.out.csv`), "--json"], { encoding: "utf8" }).stdout) as never;
    expect(run("alike.csv").drift.filter((d) => d.verdict === "drifted")).toEqual([]);
    expect(run("drifted.csv").drift[0]).toMatchObject({ name: "monthly_charges", kind: "input", verdict: "drifted" });
  });
});

describe("what is broken", () => {
  it("is told row by row, and the rest is scored", () => {
    const lines = ["id,age,plan,member,note", "1,30,pro,1,a", "2,old,pro,1,a", "3,30,gold,1,a", "4,30,pro", '5,30,pro,1,"never closed', "6,30,pro,1,a,b", "7,30,pro,1,a"];
    writeFileSync(at("broken.csv"), Buffer.concat([Buffer.from(`${lines.join("\n")}\n8,30,pro,1,`), Buffer.from([0xff, 0x0a]), Buffer.from("9,31,basic,0,\n")]));
    expect(scored("--in", at("broken.csv"), "--out", at("broken-out.csv"))).toMatchObject({ rows: 9, scored: 3, bad: 6 });
    const bad = readFileSync(`${at("broken-out.csv")}.errors.jsonl`, "utf8").trim().split("\n").map((l) => JSON.parse(l) as { row: number; column: string | null; reason: string; text: string });
    expect(bad.map((b) => [b.row, b.column])).toEqual([[2, "age"], [3, "plan"], [4, null], [5, null], [6, null], [8, null]]);
    expect(bad[0]).toMatchObject({ text: "2,old,pro,1,a", reason: expect.stringContaining("a number") as string });
  });
  it("ends the run where it is more than is allowed; what is scored is kept for a larger allowance", () => {
    writeFileSync(at("bad.csv"), `age,plan,member,note\n${"x,pro,1,a\n".repeat(20)}${"30,pro,1,a\n".repeat(80)}`);
    const refused = slipway("--in", at("bad.csv"), "--out", at("bad-out.csv"));
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining("[batch-errors]")]);
    expect(existsSync(at("bad-out.csv"))).toBe(false);
    expect(scored("--in", at("bad.csv"), "--out", at("bad-out.csv"), "--resume", "--max-errors", "20")).toMatchObject({ rows: 100, bad: 20, resumed: 100 });
  });
  it.each<[string, () => string, string]>([
    ["no file", () => at("nowhere.csv"), "batch-input-missing"],
    ["a file of another kind", () => model, "batch-input-format"],
    ["an empty file", () => (writeFileSync(at("empty.csv"), ""), at("empty.csv")), "batch-input-damaged"],
    ["UTF-16", () => (writeFileSync(at("wide.csv"), Buffer.from("\ufeffa,b\n", "utf16le")), at("wide.csv")), "batch-input-damaged"],
    ["a cut archive", () => (writeFileSync(at("cut.csv.gz"), gzipSync(csvOf(rowsOf(5000))).subarray(0, 5000)), at("cut.csv.gz")), "batch-input-damaged"],
    ["a cut Parquet file", () => (writeFileSync(at("cut.parquet"), readFileSync(at("in.parquet")).subarray(0, 9000)), at("cut.parquet")), "batch-input-damaged"],
    ["other columns", () => (writeFileSync(at("other.csv"), "a,b\n1,2\n"), at("other.csv")), "batch-input-columns"],
    ["a column misspelt", () => (writeFileSync(at("near.csv"), "age,plann,member\n1,pro,1\n"), at("near.csv")), "batch-input-columns"],
  ])("is refused by a code where it is %s, and nothing is written", (_what, make, code) => {
    const input = make();
    const done = slipway("--in", input, "--out", at("nothing.csv"));
    expect(done.stderr).toContain(`[${code}]`);
    expect(done.status).toBe(2);
    expect(existsSync(at("nothing.csv")) || existsSync(`${at("nothing.csv")}.parts`)).toBe(false);
  });
});

describe("a run that is killed", () => {
  it.each(["csv", "parquet"])("ends, gone on with, in the bytes of one that was not: %s", async (format) => {
    const input = at("many.csv");
    if (!existsSync(input)) writeFileSync(input, csvOf(rowsOf(120_000)));
    const args = ["--in", input, "--shard-mb", "1", "--threads", "2"];
    scored(...args, "--out", at(`whole.${format}`));
    const expected = digest(at(`whole.${format}`));
    for (let round = 0; round < 2; round++) {
      const out = at(`killed-${round}.${format}`);
      let kills = 0;
      for (;;) {
        const child = spawn(process.execPath, [BIN, "batch", model, ...args, "--out", out, "--resume", "--json"], { stdio: ["ignore", "pipe", "pipe"] });
        let said = "";
        child.stdout.on("data", (piece) => (said += String(piece)));
        child.stderr.on("data", (piece) => (said += String(piece)));
        const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
        const timer = kills < 3 ? setTimeout(() => child.kill("SIGKILL"), 400 + random() * 1200) : undefined;
        const status = await ended;
        clearTimeout(timer);
        if (status === 0) break;
        expect(said).not.toMatch(/\[(?:batch|internal)/);
        kills++;
      }
      expect(digest(out), `round ${round}, killed ${kills} times`).toBe(expected);
      expect(existsSync(`${out}.parts`)).toBe(false);
    }
  }, 300_000);
  it("is not mixed with another one", () => {
    mkdirSync(`${at("mixed.csv")}.parts`, { recursive: true });
    scored("--in", at("few.csv"), "--out", at("mixed.csv"), "--overwrite");
    const again = slipway("--in", at("few.csv"), "--out", at("mixed.csv"));
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining("[batch-output-exists]")]);
    const stopped = slipway("--in", at("bad.csv"), "--out", at("stopped.csv"));
    expect(stopped.stderr).toContain("[batch-errors]");
    const other = slipway("--in", at("few.csv"), "--out", at("stopped.csv"), "--resume");
    expect([other.status, other.stderr]).toEqual([2, expect.stringContaining("[batch-run-other]")]);
  });
});

it("what a run left that was killed while it removed its parts is removed by the next one", () => {
  writeFileSync(at("left.csv"), csvOf(rowsOf(10)));
  scored("--in", at("left.csv"), "--out", at("left-out.csv"));
  mkdirSync(`${at("left-out.csv")}.parts`);
  writeFileSync(`${at("left-out.csv")}.parts/part-000000.csv`, "half");
  expect(scored("--in", at("left.csv"), "--out", at("left-out.csv"), "--resume")).toMatchObject({ rows: 10, resumed: 10 });
  expect(existsSync(`${at("left-out.csv")}.parts`)).toBe(false);
});
