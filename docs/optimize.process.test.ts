// docs/optimize.md, run as it stands: every command of its code blocks, in order.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeSlip } from "../packages/core/src/package/index.ts";
import { trainedNetwork } from "../packages/slipway/src/optimize/testing.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "packages", "slipway", "bin", "slipway.mjs");
const commands = [...readFileSync(join(root, "docs", "optimize.md"), "utf8").matchAll(/```sh\n([^]*?)```/g)].flatMap(([, text]) => text!.trim().split("\n"));
const folder = mkdtempSync(join(tmpdir(), "slipway-docs-optimize-"));
const run = (line: string): string => execFileSync("bash", ["-c", line.replace(/^npx slipway /, `"${process.execPath}" ${bin} `).replace(/^node /, `"${process.execPath}" `)], { cwd: folder, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });

beforeAll(async () => {
  run(`npx slipway pack ${root}/examples/churn/churn.joblib --check ${root}/examples/churn/check.csv -o churn.slip`);
  const { package: source, rows } = await trainedNetwork();
  writeFileSync(join(folder, "digits.slip"), writeSlip(source));
  writeFileSync(join(folder, "rows.json"), JSON.stringify(rows));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the commands of docs/optimize.md", () => {
  it.each(commands)("%s", (line) => {
    expect(run(line)).toMatch(/accepted: /);
    const target = / -o (\S+)/.exec(line)![1]!;
    expect(statSync(join(folder, target)).size).toBeLessThan(statSync(join(folder, line.includes("churn") ? "churn.slip" : "digits.slip")).size);
  });
});
