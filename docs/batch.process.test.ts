// The commands of docs/batch.md, in their order, on the example's rows.

import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
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
    expect(run(line)).toContain("rows scored");
    const out = / --out (\S+)/.exec(line)![1]!;
    expect(existsSync(join(folder, out))).toBe(true);
    expect(existsSync(join(folder, `${out}.parts`))).toBe(false);
  });
});
