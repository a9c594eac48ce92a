// The configuration and the calls of docs/guards.md, as they stand there.

import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const text = readFileSync(`${root}/docs/guards.md`, "utf8");
const [serve, ...calls] = /```bash\n([^]*?)```/.exec(text)![1]!.trim().split("\n");
const scratch = mkdtempSync(join(tmpdir(), "slipway-guards-"));
let server: ChildProcess;
let url = "";
beforeAll(async () => {
  const config = join(scratch, "slipway.config.yaml");
  writeFileSync(config, /```yaml\n([^]*?)```/.exec(text)![1]!);
  const command = serve!.replace(/^slipway/, `${process.execPath} ${root}/packages/slipway/bin/slipway.mjs`).replace("slipway.config.yaml", config).replace("8080", "0 --log-level error");
  server = spawn("bash", ["-c", `exec ${command}`], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  for await (const piece of server.stdout!) if ((said += String(piece)).includes("Ctrl-C stops")) break;
  url = /on (http:\S+)/.exec(said)![1]!;
});
afterAll(() => {
  server.kill("SIGTERM");
  rmSync(scratch, { recursive: true, force: true });
});
const ask = async (call: string): Promise<unknown> => JSON.parse((await promisify(execFile)("bash", ["-c", call.replace("http://127.0.0.1:8080", url)])).stdout) as unknown;

it("the calls of docs/guards.md are answered and refused as it says", async () => {
  expect(calls.length).toBe(2);
  expect(await ask(calls[0]!)).toMatchObject({ predictions: [{ label: "order status" }] });
  const told = JSON.parse(/```json\n([^]*?)```/.exec(text)![1]!) as object;
  expect(await ask(calls[1]!)).toMatchObject(told);
  expect(await ask(calls[0]!.replace("where is my parcel?", "let me talk to a person"))).toMatchObject({ error: { data: { rule: "topic" } } });
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('slipway_guard_refused_total{model="help",rule="secrets"} 1');
});
