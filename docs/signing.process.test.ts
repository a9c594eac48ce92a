// docs/signing.md, run as it stands: every command of its code blocks, in order.

import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "packages", "slipway", "bin", "slipway.mjs");
const commands = [...readFileSync(join(root, "docs", "signing.md"), "utf8").matchAll(/```sh\n([^]*?)```/g)].flatMap(([, text]) => text!.split("\n")).filter((line) => line.trim() !== "");
const folder = mkdtempSync(join(tmpdir(), "slipway-docs-signing-"));

beforeAll(() => cpSync(join(root, "examples"), join(folder, "examples"), { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the commands of docs/signing.md", () => {
  it("are all of a kind that this test runs", () => {
    expect(commands.length).toBeGreaterThan(8);
    expect(commands.filter((c) => !c.startsWith("npx slipway "))).toEqual([]);
  });
  for (const command of commands) {
    it(command, async () => {
      const words = command.replace(/^npx slipway /, "").split(" ");
      const { stdout } = await run(process.execPath, [bin, ...words], { cwd: folder, maxBuffer: 2 ** 26 });
      expect(stdout.length).toBeGreaterThan(20);
      if (words.includes("--json")) expect((JSON.parse(stdout) as { attestations: unknown[] }).attestations).toHaveLength(2);
    });
  }
});
