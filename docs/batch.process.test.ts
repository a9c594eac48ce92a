// The commands of docs/batch.md, in their order, on the example's rows.

import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const text = readFileSync(`${root}/docs/batch.md`, "utf8");
const lines = [...text.matchAll(/```bash\n([^]*?)```/g)].flatMap(([, block]) => block!.trim().split("\n"));
const folder = mkdtempSync(join(tmpdir(), "slipway-docs-"));
const slipway = `${process.execPath} ${root}/packages/slipway/bin/slipway.mjs`;
const run = (line: string): string => execFileSync("bash", ["-c", line.replace(/^slipway /, `${slipway} `)], { cwd: folder, encoding: "utf8" });

beforeAll(() => {
  copyFileSync(`${root}/examples/churn/check.csv`, join(folder, "customers.csv"));
  run(`slipway pack ${root}/examples/churn/churn.joblib -o churn.slip`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the commands of docs/batch.md", () => {
  it.each(lines)("%s", (line) => {
    const retried = / retry (\S+)\.errors\.jsonl/.exec(line)?.[1];
    if (retried !== undefined) setOneAside(retried);
    expect(run(line)).toContain(line.includes("--dry-run") ? "nothing was written" : retried === undefined ? "rows scored" : "1 of 1 rows are good now");
    const out = / --out (\S+)/.exec(line)![1]!;
    expect(existsSync(join(folder, out))).toBe(!line.includes("--dry-run"));
    expect(existsSync(join(folder, `${out}.parts`))).toBe(false);
  });

  /** As if a row of that run had been bad, and were mended. */
  function setOneAside(out: string): void {
    const { input } = JSON.parse(readFileSync(join(folder, `${out}.run.json`), "utf8")) as { input: { names: string[] } };
    const [head, first] = readFileSync(join(folder, "customers.csv"), "utf8").split("\n");
    const row = Object.fromEntries(head!.split(",").map((name, i) => [name, first!.split(",")[i] || null]));
    expect(Object.keys(row)).toEqual(input.names);
    writeFileSync(join(folder, `${out}.errors.jsonl`), `${JSON.stringify({ row: 1, column: null, reason: "a test", text: JSON.stringify(row) })}\n`);
  }
});
