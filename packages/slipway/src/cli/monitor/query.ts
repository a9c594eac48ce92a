// slipway monitor query DIR SQL, and slipway monitor export DIR: the log of predictions, through DuckDB.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { openDuckDB, sqlText, type DuckDBConnection } from "../../batch/index.ts";
import { logFiles, monitorError } from "../../monitor/index.ts";
import { availableCpus } from "../../runtime/index.ts";
import { defineCommand, usageError, type Command } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { textTable } from "../table.ts";

const DIR = { name: "DIR", help: "the folder that --prediction-log names" };
const MEMORY_MB = 1024;
const MOST_SHOWN = 1000;

export const query: Command = defineCommand({
  name: "monitor query",
  summary: "SQL (DuckDB's) over the log of predictions, as the table predictions: predicted_at, prediction_id, model, version, key, input, output",
  usage: 'DIR "SQL"',
  arguments: [DIR, { name: "SQL", help: "such as: select output.label, count(*) from predictions group by all" }],
  options: {},
  examples: ['slipway monitor query predictions "select input.contract, avg(output.score) from predictions group by all"'],
  async run(call) {
    const rows = await withLog(call.args[0]!, async (connection) => (await asked(connection.runAndReadUntil(call.args[1]!, MOST_SHOWN))).getRowObjectsJson());
    if (call.flag("json")) printJson(rows);
    else if (rows.length === 0) printResult("no rows");
    else {
      const names = Object.keys(rows[0]!);
      printResult(textTable(names, rows.map((r) => names.map((n) => (typeof r[n] === "string" ? r[n] : JSON.stringify(r[n] ?? null))))));
    }
    return 0;
  },
});

export const exportCommand: Command = defineCommand({
  name: "monitor export",
  summary: "the log of predictions as one Parquet file",
  usage: "DIR --out predictions.parquet",
  arguments: [DIR],
  options: { out: { type: "string", value: "FILE", help: "the file, which ends in .parquet" } },
  examples: ["slipway monitor export predictions --out predictions.parquet"],
  async run(call) {
    const out = call.text("out");
    if (out === undefined || !out.endsWith(".parquet")) throw usageError("missing-argument", "monitor export needs --out FILE.parquet");
    const rows = await withLog(call.args[0]!, async (connection) => Number((await asked(connection.runAndReadAll(`copy (select * from predictions order by predicted_at, prediction_id) to ${sqlText(resolve(out))} (format parquet)`))).getRows()[0]?.[0] ?? 0));
    if (call.flag("json")) printJson({ rows, out });
    else printResult(`${rows} predictions -> ${out}`);
    return 0;
  },
});

/** @throws monitor-no-store */
async function withLog<T>(folder: string, work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const files = await logFiles(folder).catch((): string[] => []);
  if (files.length === 0) throw monitorError("monitor-no-store", `there is no log of predictions in ${JSON.stringify(folder)}`, { hint: "slipway serve ... --prediction-log DIR writes one." });
  const temporary = mkdtempSync(join(tmpdir(), "slipway-query-"));
  try {
    const connection = await openDuckDB({ threads: availableCpus(), memoryMb: MEMORY_MB, temporary });
    try {
      // A line that a crash cut off has no time.
      await asked(connection.run(`create view predictions as select * from read_json([${files.map((f) => sqlText(resolve(f))).join(", ")}], format = 'newline_delimited', ignore_errors = true, union_by_name = true, sample_size = -1) where predicted_at is not null`));
      return await work(connection);
    } finally {
      connection.closeSync();
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** @throws bad-argument for SQL that DuckDB refuses */
async function asked<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (cause) {
    throw usageError("bad-argument", (cause as Error).message.split("\n")[0]!.slice(0, 400), { hint: "The table is called predictions; `select * from predictions limit 3` shows its columns.", cause });
  }
}
