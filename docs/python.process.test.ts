// The commands of docs/python.md, and what it says of the example.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const text = readFileSync(`${root}/docs/python.md`, "utf8");
const [command, makeImage] = [...text.matchAll(/```bash\n([^]*?)```/g)].map(([, block]) => block!.trim());
const there = spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 8))"]).status === 0;

it.skipIf(!there)("the command of docs/python.md predicts what its check file says", () => {
  const out = execFileSync("bash", ["-c", command!.replace(/^slipway /, `${process.execPath} packages/slipway/bin/slipway.mjs `)], { cwd: root, encoding: "utf8" });
  expect(out).toContain("18.99  tier silver");
  expect(text.match(/sha256:[0-9a-f]{64}/g)!.length).toBe(4);
  expect(new Set(text.match(/sha256:[0-9a-f]{64}/g)).size).toBe(1);
});

it.skipIf(!there)("the server of docs/python.md answers, and what watches it says that Python runs it", async () => {
  const command = /```sh\n(slipway serve .*)\n```/.exec(text)![1]!.replace(/^slipway/, `${process.execPath} ${root}/packages/slipway/bin/slipway.mjs`);
  const server = spawn("bash", ["-c", `exec ${command} --port 0 --log-level error`], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  try {
    let said = "";
    for await (const piece of server.stdout) if ((said += String(piece)).includes("Ctrl-C stops")) break;
    const url = /on (http:\S+)/.exec(said)![1]!;
    const answer = await fetch(`${url}/predict`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify([{ list_price: 100, tier: "gold" }]) });
    expect(await answer.json()).toMatchObject({ predictions: [{ price: 90, reason: "tier gold" }] });
    expect(await (await fetch(`${url}/models`)).json()).toMatchObject({ models: [{ engine: "python" }] });
    await expect.poll(async () => (await fetch(`${url}/api/v1/monitor`)).json()).toMatchObject({ models: [{ model: "model", requests: 1, engine: "python" }] });
  } finally {
    server.kill("SIGTERM");
  }
}, 60_000);

it.skipIf(!there || process.platform !== "linux")("the image of docs/python.md is made", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-docs-python-"));
  try {
    const env = { ...process.env, SLIPWAY_CACHE: join(tmpdir(), "slipway-test-cache") };
    const out = execFileSync("bash", ["-c", makeImage!.replace(/^slipway /, `${process.execPath} packages/slipway/bin/slipway.mjs `).replace("rules.tar", join(folder, "rules.tar"))], { cwd: root, env, encoding: "utf8" });
    expect(out).toContain("rules 1.0.0");
    expect(out).toContain(`podman load -i ${join(folder, "rules.tar")}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
