// A hundred swaps under load, and the server's memory after them.

import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { writePackage } from "./testing-packages.ts";

const SWAPS = 100;
const WARM = 20;
const BALLAST = 200_000;
let child: ChildProcess | undefined;
let folder: string;
afterEach(async () => {
  if (child?.exitCode === null) {
    child.disconnect();
    await once(child, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
});

it("a hundred swaps under load fail no request, give no answer of a version that is gone, and leave no memory behind", async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-swap-"));
  const file = join(folder, "linear", "1", "model.slip");
  await writePackage(file, { factor: 1, promises: 6, ballast: BALLAST });
  child = fork(fileURLToPath(new URL("./testing-swap-server.ts", import.meta.url)), [folder, "onnxruntime"], { execArgv: ["--expose-gc", "--conditions=@slipway/source"] });
  const [{ url }] = (await once(child, "message")) as [{ url: string }];
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const state = { oldest: 1, newest: 1, running: true };
  const wrong: string[] = [];
  let answered = 0;
  const worker = async (): Promise<void> => {
    while (state.running) {
      const { oldest } = state;
      const { status, body } = await ask(url, "/models/linear/predict", "[[1,1,1]]", agent).catch((e: Error) => ({ status: 0, body: e.message }));
      answered++;
      const factor = status === 200 ? (JSON.parse(body) as { predictions: [{ value: number }] }).predictions[0].value / 6 : NaN;
      if (!(factor >= oldest && factor <= state.newest)) wrong.push(`${status} ${body.slice(0, 200)} (from ${oldest} to ${state.newest})`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  const workers = Array.from({ length: 4 }, worker);
  let warm = 0;
  for (let i = 2; i <= SWAPS + 1; i++) {
    state.newest = i;
    await writePackage(file, { factor: i, promises: 6 * i, ballast: BALLAST });
    const synced = await ask(url, "/admin/models/sync", "", agent);
    expect([synced.status, JSON.parse(synced.body).failed]).toEqual([200, []]);
    state.oldest = i;
    if (i === WARM + 1) warm = (await memory()).rss;
  }
  state.running = false;
  await Promise.all(workers);
  // What the last requests and swaps still hold comes back when the collector gets to it.
  let after = await memory();
  for (let i = 0; i < 20 && after.rss >= 1.1 * warm; i++) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    after = await memory();
  }
  agent.destroy();
  expect(wrong).toEqual([]);
  expect(answered).toBeGreaterThan(SWAPS);
  expect(after.swaps).toBe(SWAPS);
  expect(after.rss / warm).toBeLessThan(1.1);

  async function memory(): Promise<{ rss: number; swaps: number }> {
    child!.send("rss");
    const [told] = (await once(child!, "message")) as [{ rss: number; swaps: number }];
    return told;
  }
});

function ask(base: string, path: string, body: string, agent: Agent): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const r = request(new URL(path, base), { method: "POST", agent }, (response) => {
      let text = "";
      response.on("data", (d: Buffer) => (text += d.toString()));
      response.on("end", () => resolve({ status: response.statusCode!, body: text }));
      response.on("error", reject);
    });
    r.on("error", reject);
    r.end(body);
  });
}
