// The commands of docs/registry.md, in their order, in one folder.

import { execFile } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const lines = [...readFileSync(join(root, "docs", "registry.md"), "utf8").matchAll(/```sh\n([^]*?)```/g)].flatMap(([, text]) => text!.trim().split("\n"));
const folder = mkdtempSync(join(tmpdir(), "slipway-docs-registry-"));

async function run(line: string): Promise<{ stdout: string; status: number }> {
  const env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env["PATH"]}`, SLIPWAY_DATABASE_URL: "", SLIPWAY_REGISTRY: "" };
  return promisify(execFile)("bash", ["-c", line], { cwd: folder, env }).then(({ stdout }) => ({ stdout, status: 0 }), (error: { stdout: string; code: number }) => ({ stdout: error.stdout, status: error.code }));
}

beforeAll(() => {
  for (const file of ["churn.joblib", "check.csv"]) cpSync(join(root, "examples", "churn", file), join(folder, file));
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", "slipway"), `#!/bin/sh\nexec ${process.execPath} ${join(root, "packages", "slipway", "bin", "slipway.mjs")} "$@"\n`);
  chmodSync(join(folder, "bin", "slipway"), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the commands of docs/registry.md", () => {
  const seen: Record<string, string> = {};
  it.each(lines)("%s", async (line) => {
    expect(line).toMatch(/^slipway /);
    const { stdout, status } = await run(line);
    expect(status, stdout).toBe(0);
    expect(stdout.length).toBeGreaterThan(5);
    seen[line] = stdout;
  });
  it("do what the text says", () => {
    const of = (text: string): string => seen[lines.find((line) => line.includes(text))!]!;
    expect(of("--version 1.0.0")).toMatch(/^churn:1 {2}sha256:[0-9a-f]{64}\n\nnext: slipway registry alias churn:1 production\n$/);
    expect(of("--version 1.1.0")).toMatch(/^churn:2 .* @staging\n$/);
    expect(of("registry alias churn:2 production")).toContain("churn@production is churn:2");
    expect(of("predict churn@production")).toContain("leaves");
    expect(of("search scikit-learn")).toContain("churn:2");
    expect(JSON.parse(of("verify --json"))).toMatchObject({ whole: true, versions: 2, problems: [] });
  });
});

describe("beyond them", () => {
  it("wrong use, what is not there and what was changed are told by their codes", async () => {
    const answers: [string, number, string][] = [
      ["slipway registry show churn@nothing --json", 2, "registry-not-found"],
      ["slipway registry alias churn:1 production --expect 1 --json", 2, "registry-alias-moved"],
      ["slipway registry remove churn:2 --json", 2, "registry-in-use"],
      ["slipway registry gc --keep 0 --json", 2, "bad-argument"],
      ["slipway registry nothing --json", 2, "unknown-command"],
      ["slipway predict churn@nothing check.csv --json", 2, "registry-not-found"],
      ["slipway registry import check.csv --json", 2, "tar-malformed"],
      [`slipway registry verify --head ${"0".repeat(63)}1 --json`, 1, ""],
    ];
    for (const [line, status, code] of answers) {
      const answer = await run(line);
      expect(answer.status, line).toBe(status);
      if (code !== "") expect((JSON.parse(answer.stdout) as { error: { code: string } }).error.code, line).toBe(code);
    }
  });
  it("an export comes back in another folder", async () => {
    const { stdout, status } = await run("mkdir other && cd other && slipway registry import ../everything.tar && slipway registry verify && cmp <(slipway registry pull churn:1 -o a.slip >/dev/null; cat a.slip) <(cd ..; slipway registry pull churn:1 -o b.slip >/dev/null; cat b.slip)");
    expect(status, stdout).toBe(0);
    expect(stdout).toContain("the registry was empty and is now what was exported");
  });
});
