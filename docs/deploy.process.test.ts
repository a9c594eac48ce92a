// The commands of deploy.md, as they stand there.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const commands = [...readFileSync(join(root, "docs", "deploy.md"), "utf8").matchAll(/^ {4}slipway (.+)$/gm)].map((m) => m[1]!);
const folder = mkdtempSync(join(tmpdir(), "slipway-docs-deploy-"));
const env = { ...process.env, HOME: folder, SLIPWAY_CACHE: join(tmpdir(), "slipway-test-cache") };
afterAll(() => rmSync(folder, { recursive: true, force: true }), 120_000);

function slipway(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "packages", "slipway", "bin", "slipway.mjs"), ...args], { cwd: folder, env, encoding: "utf8", timeout: 60_000 });
  expect({ command: args.join(" "), status, stderr }).toEqual({ command: args.join(" "), status: 0, stderr: expect.stringMatching(/^(?:note: .*\n)*$/) });
  return stdout;
}
beforeAll(() => {
  slipway(["pack", join(root, "examples", "churn", "churn.joblib"), "--name", "churn", "--version", "1.0.0", "-o", "churn.slip"]);
}, 120_000);

it("are there", () => expect(commands.length).toBeGreaterThan(1));
for (const command of commands) it(command, () => expect(slipway(command.split(" ")).length).toBeGreaterThan(20));
