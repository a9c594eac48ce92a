// docs/approvals.md, as several people would follow it: its configuration, and every command in order.

import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const text = readFileSync(join(root, "docs", "approvals.md"), "utf8");
const blocks = [...text.matchAll(/```(\w+)([^\n]*)\n([^]*?)```/g)].map(([, language, info, body]) => ({
  language: language!, as: /as=(\w+)/.exec(info!)?.[1], exit: Number(/exit=(\d)/.exec(info!)?.[1] ?? 0), body: body! }));
const folder = mkdtempSync(join(tmpdir(), "slipway-approvals-doc-"));
const keys: Record<string, string> = {};

beforeAll(() => {
  cpSync(join(root, "examples"), join(folder, "examples"), { recursive: true });
  writeFileSync(join(folder, "slipway.config.yaml"), blocks.find((b) => b.language === "yaml")!.body);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(command: string, as: string | undefined): Promise<{ code: number; out: string; err: string }> {
  const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!).slice(1);
  const { SLIPWAY_API_KEY: _, ...env } = process.env;
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(root, "packages", "slipway", "bin", "slipway.mjs"), ...words], { cwd: folder, env: { ...env, ...(as === undefined ? {} : { SLIPWAY_API_KEY: keys[as]! }) } });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

describe("docs/approvals.md", () => {
  for (const { body, as, exit } of blocks.filter((b) => b.language === "sh")) {
    for (const command of body.trim().split("\n")) {
      it(`${command}${as === undefined ? "" : ` (${as})`}`, async () => {
        const { code, out, err } = await run(command, as);
        expect({ code, err }).toEqual({ code: exit, err: exit === 0 ? expect.any(String) : expect.stringContaining(/^ {4}(slipway: .*)$/m.exec(text)![1]!) });
        const made = /--name (\w+)$/.exec(command);
        if (command.startsWith("slipway keys create")) keys[made![1]!] = out.trim();
        if (command.startsWith("slipway audit list")) expect(out).toMatch(/dana +version\.offered[^]*dana +request\.opened[^]*anna +request\.approved[^]*otto +request\.approved[^]*alias\.overridden/);
        if (command.startsWith("slipway audit verify")) expect(out).toMatch(/whole: \d+ entries/);
      });
    }
  }
  it("an alias under a policy is not taken away, but by an administrator who says why", async () => {
    expect((await run("slipway registry alias churn production --remove", "olga")).err).toContain("[policy-unmet]");
    expect((await run('slipway registry alias churn production --remove --override "wrong for everyone"', "olga")).err).toContain("[forbidden]");
    expect((await run('slipway registry alias churn production --remove --override "wrong for everyone"', undefined)).out).toContain("churn@production is removed");
  });
  it("the roles are kept: nobody but a reviewer approves", async () => {
    expect((await run("slipway approve churn:1", "dana")).err).toContain("[forbidden]");
    expect((await run("slipway request churn:1", "olga")).err).toContain("[forbidden]");
    expect((await run("slipway registry remove churn:1", "olga")).err).toContain("[forbidden]");
  });
});
