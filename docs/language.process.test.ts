// The commands of docs/language.md.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const commands = [...readFileSync(`${root}/docs/language.md`, "utf8").matchAll(/```bash\n([^]*?)```/g)].map(([, block]) => block!.trim());

const folder = mkdtempSync(join(tmpdir(), "slipway-docs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const run = (command: string): string => execFileSync("bash", ["-c", command.replace(/^slipway /, `${process.execPath} packages/slipway/bin/slipway.mjs `).replace("-o ", `-o ${folder}/`)], { cwd: root, encoding: "utf8" });

it("the commands of docs/language.md tell what a file is, and pack a folder", () => {
  expect(commands.length).toBe(2);
  expect(run(commands[1]!)).toContain("mails 0.0.0");
  expect(run(commands[0]!)).toMatch(/a language model \(GGUF 3\): 0\.1 million parameters in 21 tensors\n[^]*4096 tokens/);
});
