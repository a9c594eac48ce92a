// The calls of docs/serving.md, made to a server of the example.

import { execFile, spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const blocks = [...readFileSync(`${root}/docs/serving.md`, "utf8").matchAll(/```bash\n([^]*?)```/g)].map(([, text]) => text!);
let server: ChildProcess;
let url = "";
beforeAll(async () => {
  server = spawn(process.execPath, [`${root}/packages/slipway/bin/slipway.mjs`, "serve", `${root}/examples/churn/churn.joblib`, "--port", "0", "--log-level", "error"], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const piece of server.stdout!) if ((text += String(piece)).includes("Ctrl-C stops")) break;
  url = /on (http:\S+)/.exec(text)![1]!;
});
afterAll(() => void server.kill("SIGTERM"));

describe("the calls of docs/serving.md", () => {
  const lines = blocks.flatMap((b) => b.trim().split("\n"));
  const settings = lines.filter((l) => !l.startsWith("curl"));
  it.each(lines.filter((l) => l.startsWith("curl")))("%s", async (line) => {
    const script = `${settings.join("\n").replace(/http:\/\/127\.0\.0\.1:8080/, url)}\n${line.replace("curl -s", "curl -sf")}`;
    const { stdout } = await promisify(execFile)("bash", ["-c", script]);
    expect(stdout).toMatch(/stays|leaves/);
  });
  it("are more than one of every protocol's kind", () => expect(lines.filter((l) => l.startsWith("curl")).length).toBeGreaterThan(8));
});
