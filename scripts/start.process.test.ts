// `npm start` and SIGTERM to npm, which does not hand it on: the service stops all the same, and no request that was taken
// is lost.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

it.skipIf(process.platform === "win32")("the service stops when npm is told to, and answers what it has taken", async () => {
  const npm = spawn("npm", ["start", "--", "--port", "0"], { cwd: root, stdio: ["ignore", "pipe", "inherit"], detached: true });
  try {
    let text = "";
    const url = await new Promise<string>((resolve, reject) => {
      npm.once("error", reject);
      npm.stdout.on("data", (piece) => {
        text += String(piece);
        const found = /on (http:\/\/[\d.:]+)/.exec(text)?.[1];
        if (found !== undefined) resolve(found);
      });
      npm.stdout.once("end", () => reject(new Error(`it ended: ${text}`)));
    });
    const row = JSON.stringify({ contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: 40, support_calls: 2, senior: false });
    const outcomes: number[] = [];
    const state = { stopping: false };
    const asking = Promise.all(Array.from({ length: 4 }, async () => {
      while (!state.stopping) {
        const answer = await fetch(`${url}/predict`, { method: "POST", headers: { "content-type": "application/json" }, body: row });
        await answer.json();
        outcomes.push(answer.status);
      }
    }));
    while (outcomes.length < 20) await new Promise((resolve) => setTimeout(resolve, 10));
    npm.kill("SIGTERM");
    // As a load balancer does: nothing new is sent once it is not ready.
    while ((await fetch(`${url}/health/ready`)).status === 200) await new Promise((resolve) => setTimeout(resolve, 10));
    state.stopping = true;
    await asking;
    expect(new Set(outcomes)).toEqual(new Set([200]));
    while (await fetch(`${url}/health/live`).then(() => true, () => false)) await new Promise((resolve) => setTimeout(resolve, 50));
  } finally {
    // Whatever is left of it, where the test has failed.
    try {
      process.kill(-npm.pid!, "SIGKILL");
    } catch {
      // Nothing is.
    }
  }
});
