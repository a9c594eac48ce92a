// The command of docs/language.md.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const [command] = [...readFileSync(`${root}/docs/language.md`, "utf8").matchAll(/```bash\n([^]*?)```/g)].map(([, block]) => block!.trim());

it("the command of docs/language.md tells what the file is", () => {
  const out = execFileSync("bash", ["-c", command!.replace(/^slipway /, `${process.execPath} packages/slipway/bin/slipway.mjs `)], { cwd: root, encoding: "utf8" });
  expect(out).toMatch(/a language model \(GGUF 3\): 0\.1 million parameters in 21 tensors\n[^]*4096 tokens/);
});
