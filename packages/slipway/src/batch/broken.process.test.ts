// Everything that can be wrong with an input: what is good is scored, what is bad is named, by its row or by its file.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDuckDB, sqlText } from "./input/duckdb.ts";
import { expectedCsv, loanCsv, loanPackage, loanRows, loanScore, TestRuns } from "./testing-run.ts";

const rows = loanRows(20_000);
const text = loanCsv(rows);
let runs: TestRuns;
let server: Server;
let address: string;

beforeAll(async () => {
  runs = new TestRuns(await loanPackage());
  mkdirSync(runs.at("in"));
  server = createServer((_, response) => response.writeHead(503, { "retry-after": "0" }).end());
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/never.csv`;
}, 60_000);
afterAll(() => {
  server.closeAllConnections();
  server.close();
  runs.remove();
});

/** The rows of a text that are whole, by their ids. */
const idsIn = (csv: string): number[] => csv.split("\n").slice(1, -1).map((line) => Number(line.split(",")[0]));

describe("a broken input", () => {
  it("of text is scored as far as it is good; each row and each file is named", async () => {
    const head = "id,age,plan,member,note\n";
    const odd = Buffer.concat([Buffer.from(`${head}0,30,pro,0,\n1,old,pro,0,\n2,30,gold,0,\n3,30,pro\n4,30,pro,0,"open\n5,30,pro,0,a "b"\n6,30,pro,0,`), Buffer.from([0xff, 0xfe]), Buffer.from("\n7,30,pro,0,x,y\n8,1e999,pro,0,\n9,,basic,,\n10,30,\0pro,0,\n11,31,basic,0,\n")]);
    const [packed, zstd] = [gzipSync(text), zstdCompressSync(text)];
    const wrong = Buffer.from(packed);
    wrong[wrong.length - 6]! ^= 0xff;
    const files: Record<string, string | Uint8Array> = {
      "a-good.csv": text, "b-rows.csv": odd, "c-cut.csv.gz": packed.subarray(0, packed.length * 0.7), "d-cut.csv.zst": zstd.subarray(0, zstd.length * 0.7),
      "e-columns.csv": "id,years,plan\n1,30,pro\n", "f-empty.csv": "", "g-wide.csv": Buffer.from(`\ufeff${text.slice(0, 200)}`, "utf16le"), "h-not.csv.gz": "this is no gzip", "i-checksum.csv.gz": wrong, "z-good.csv": loanCsv(rows.slice(0, 10)),
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(runs.at(`in/${name}`), content);
    const input = [runs.at("in"), address];
    await expect(runs.run(runs.at("in/c-cut.csv.gz"), "stop.csv")).rejects.toMatchObject({ code: "batch-input-damaged" });
    const done = await runs.run(input, "out.csv", { skipBroken: true, maxErrors: { count: 100, text: "100" }, shardBytes: 2 ** 17 });
    expect(done.broken!.map((b) => b.source.replace(/.*[/:]/, ""))).toEqual(["c-cut.csv.gz", "d-cut.csv.zst", "e-columns.csv", "g-wide.csv", "h-not.csv.gz", "i-checksum.csv.gz", "never.csv"]);
    const letters = runs.bad("out.csv");
    expect(letters.filter((l) => l.source !== undefined)).toHaveLength(7);
    expect(letters.filter((l) => l.source === undefined).map((l) => [l.row - 20_000 - 1, l.column])).toEqual([[1, "age"], [2, "plan"], [3, null], [4, null], [5, null], [6, null], [7, null], [8, "age"], [9, "member"], [10, "plan"]]);
    // Of the files that are cut, every row that is whole.
    const ids = idsIn(runs.text("out.csv"));
    expect(ids.slice(0, 20_002)).toEqual([...rows.map((r) => r.id), 0, 11]);
    const next = ids.indexOf(0, 20_003);
    expect(next - 20_002).toBeGreaterThan(5000);
    for (const [i, line] of runs.text("out.csv").split("\n").slice(1 + 20_002, 1 + next).entries()) expect(line).toBe(`${i},${loanScore(rows[i]!) ?? ""}`);
    expect(ids.slice(-10)).toEqual(rows.slice(0, 10).map((r) => r.id));
    expect(done.scored).toBe(ids.length);
    // The same again, and gone on with: the same bytes.
    await runs.run(input, "again.csv", { skipBroken: true, maxErrors: { count: 100, text: "100" }, shardBytes: 2 ** 17, threads: 1 });
    expect(runs.text("again.csv")).toBe(runs.text("out.csv"));
  }, 60_000);
  it("of Parquet is scored as far as it is good", async () => {
    writeFileSync(runs.at("in.csv"), text);
    mkdirSync(runs.at("tables"));
    const duck = await openDuckDB({ threads: 1, memoryMb: 128, temporary: runs.at("tmp") });
    for (const name of ["a-good", "b-cut", "c-page", "e-good"]) await duck.run(`COPY (SELECT * FROM read_csv(${sqlText(runs.at("in.csv"))})) TO ${sqlText(runs.at(`tables/${name}.parquet`))} (FORMAT parquet, ROW_GROUP_SIZE 4096)`);
    await duck.run(`COPY (SELECT 1 AS other) TO ${sqlText(runs.at("tables/d-columns.parquet"))} (FORMAT parquet)`);
    duck.closeSync();
    const whole = readFileSync(runs.at("tables/b-cut.parquet"));
    writeFileSync(runs.at("tables/b-cut.parquet"), whole.subarray(0, whole.length >> 1));
    writeFileSync(runs.at("tables/c-page.parquet"), Buffer.from(whole).fill(0xff, 60, 4000));
    const done = await runs.run(runs.at("tables"), "tables.csv", { skipBroken: true });
    expect(done.broken!.map((b) => b.source.replace(/.*\//, ""))).toEqual(["b-cut.parquet", "c-page.parquet", "d-columns.parquet"]);
    expect(runs.text("tables.csv")).toBe(`${expectedCsv(rows)}${expectedCsv(rows).slice("id,score\n".length)}`);
    await expect(runs.run(runs.at("tables"), "no.csv")).rejects.toMatchObject({ code: "batch-input-damaged" });
    await expect(runs.run(runs.at("tables/b*.parquet"), "no.csv", { skipBroken: true })).rejects.toMatchObject({ code: "batch-input-damaged" });
  }, 60_000);
  it("that breaks while it is read ends there also when it is whole again", async () => {
    // A file that answers for its first range only, and later for all.
    const long = loanCsv(loanRows(300_000));
    let healed = false;
    const flaky = createServer((request, response) => {
      const [from, to] = /=(\d+)-(\d+)/.exec(request.headers.range ?? "")!.slice(1).map(Number) as [number, number];
      if (from > 0 && !healed) return void response.writeHead(404).end();
      response.writeHead(206, { etag: '"1"', "content-range": `bytes ${from}-${Math.min(to, long.length - 1)}/${long.length}` }).end(long.slice(from, to + 1));
    });
    await new Promise<void>((done) => flaky.listen(0, "127.0.0.1", done));
    const input = [`http://127.0.0.1:${(flaky.address() as AddressInfo).port}/flaky.csv`, runs.at("in.csv")];
    writeFileSync(runs.at("gold.csv"), "id,age,plan,member,note\n1,1,gold,1,\n");
    // One bad row too many: everything is scored, and the run waits for a larger allowance.
    await expect(runs.run([...input, runs.at("gold.csv")], "flaky.csv", { skipBroken: true, maxErrors: { count: 0, text: "0" } })).rejects.toMatchObject({ code: "batch-errors" });
    healed = true;
    const done = await runs.run([...input, runs.at("gold.csv")], "flaky.csv", { skipBroken: true, maxErrors: { count: 1, text: "1" }, resume: true });
    expect(done).toMatchObject({ bad: 1, broken: [{ source: input[0] }] });
    expect(done.resumed).toBe(done.rows);
    const ids = idsIn(runs.text("flaky.csv"));
    const second = ids.indexOf(0, 1);
    expect(ids.slice(0, second)).toEqual(Array.from({ length: second }, (_, i) => i));
    expect(ids.slice(second)).toEqual(rows.map((r) => r.id));
    flaky.closeAllConnections();
    flaky.close();
  }, 60_000);
  it("ends the command with 1, and is listed", () => {
    const bin = fileURLToPath(new URL("../../bin/slipway.mjs", import.meta.url));
    const example = fileURLToPath(new URL("../../../../examples/churn/", import.meta.url));
    const good = readFileSync(`${example}new-customers.csv`);
    writeFileSync(runs.at("cut.csv.gz"), gzipSync(good).subarray(0, 60));
    writeFileSync(runs.at("good.csv"), good);
    const done = spawnSync(process.execPath, [bin, "batch", `${example}churn.joblib`, "--in", runs.at("good.csv"), "--in", runs.at("cut.csv.gz"), "--out", runs.at("cli.csv"), "--skip-broken"], { encoding: "utf8" });
    expect([done.status, done.stdout]).toEqual([1, expect.stringMatching(/a file could not be read to the end:\n {2}.*cut\.csv\.gz: /) as string]);
  });
});
