// docs/edge.md, run as it stands: every command of its code blocks, in order.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "packages", "slipway", "bin", "slipway.mjs");
const commands = [...readFileSync(join(root, "docs", "edge.md"), "utf8").matchAll(/```sh\n([^]*?)```/g)].flatMap(([, text]) => text!.trim().split("\n"));
const folder = mkdtempSync(join(tmpdir(), "slipway-docs-edge-"));
const run = (line: string): string => execFileSync("bash", ["-c", line.replace(/^npx slipway /, `"${process.execPath}" ${bin} `).replace(/^node /, `"${process.execPath}" `)], { cwd: folder, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });

beforeAll(() => {
  cpSync(join(root, "examples"), join(folder, "examples"), { recursive: true });
  run("npx slipway pack examples/churn/churn.joblib -o churn.slip");
  writeFileSync(join(folder, "rows.json"), '[{"contract": "one year", "internet": "dsl", "tenure_months": 14, "monthly_charges": null, "support_calls": 2, "senior": false}]');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the commands of docs/edge.md", () => {
  it.each(commands)("%s", (line) => {
    const out = run(line);
    if (line.startsWith("node ")) return expect((JSON.parse(out) as { label: string }).label).toBe("stays");
    const [, target] = / -o (\S+)/.exec(line)!;
    expect(existsSync(join(folder, target!, "edge.json"))).toBe(true);
    expect(existsSync(join(folder, target!, "service-worker.js"))).toBe(!line.includes("--target"));
  });
});
