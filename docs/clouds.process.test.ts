// The commands of docs/clouds.md that touch nothing.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const commands = [...readFileSync(`${root}/docs/clouds.md`, "utf8").matchAll(/```bash\n([^]*?)```/g)].map(([, block]) => block!.trim());
const folder = mkdtempSync(join(tmpdir(), "slipway-docs-"));
const slipway = `${process.execPath} ${root}/packages/slipway/bin/slipway.mjs `;
const run = (line: string): string => execFileSync("bash", ["-c", line.replace(/^slipway /, slipway)], { cwd: folder, encoding: "utf8" });
beforeAll(() => void run(`slipway pack ${root}/examples/churn/churn.joblib -o churn.slip`));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("the commands of docs/clouds.md show a plan and write Terraform", () => {
  expect(run(commands[0]!)).toMatch(/cloudrun, churn: what would be made\n[^]*PATCH https:\/\/run\.googleapis\.com[^]*nothing was touched/);
  run(commands[1]!);
  expect(readFileSync(join(folder, "terraform", "main.tf"), "utf8")).toContain('resource "aws_sagemaker_endpoint" "model"');
});
