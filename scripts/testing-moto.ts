// A stand-in of Amazon's services (moto, from PyPI) for tests, on loopback.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

const program = join(import.meta.dirname, "..", ".venv", "bin", "moto_server");
export const motoIsThere: boolean = existsSync(program);
if (!motoIsThere) console.warn("SKIPPED: there is no moto. python3 -m venv .venv && .venv/bin/pip install -r scripts/requirements-test.txt");

export async function startMoto(): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const port = await new Promise<number>((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port: free } = probe.address() as { port: number };
      probe.close(() => resolve(free));
    });
  });
  const child = spawn(program, ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; ; i++) {
    if (await fetch(`${url}/moto-api/data.json`).then((r) => r.ok, () => false)) break;
    if (i > 300 || child.exitCode !== null) throw new Error("moto does not start");
    await new Promise((r) => setTimeout(r, 100));
  }
  return { url, stop: () => new Promise((resolve) => { child.once("exit", () => resolve()); child.kill("SIGKILL"); }) };
}
