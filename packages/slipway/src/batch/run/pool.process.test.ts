// Runs that are stopped while their threads wait for addons. A thread that is ended then takes its process along, so it is these
// tests' own process that lives on, or does not.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { batchOptions, loanPackage, loanRows } from "../distributed/testing.ts";
import { openDuckDB, sqlText } from "../input/duckdb.ts";
import { runBatch } from "./run-batch.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-pool-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(["csv", "parquet"])("a run that is stopped ends when its threads have come to an end: %s", async (format) => {
  writeFileSync(at("in.csv"), loanRows(60_000));
  const duck = await openDuckDB({ threads: 1, memoryMb: 128, temporary: at("tmp") });
  await duck.run(`COPY (SELECT * REPLACE (TRY_CAST(age AS DOUBLE) AS age) FROM read_csv(${sqlText(at("in.csv"))})) TO ${sqlText(at("in.parquet"))} (FORMAT parquet, ROW_GROUP_SIZE 4096)`);
  duck.closeSync();
  const pkg = await loanPackage();
  for (let round = 0; round < 3; round++) {
    let told = 0;
    const onProgress = (): void => {
      if (++told === 2) throw new Error("stopped by its caller");
    };
    const options = batchOptions(pkg, at(`in.${format}`), at(`out-${format}-${round}.csv`), { threads: 2, shardRows: 4096, maxErrors: { count: 60_000, text: "60000" }, engine: "onnxruntime", onProgress });
    await expect(runBatch(options)).rejects.toThrow("stopped by its caller");
  }
});
