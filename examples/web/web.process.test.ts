// Each example in a process of its own, asked over its socket. Next.js itself is not installed for this: its route is a
// function of Request and Response, which is called as Next.js calls it.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";

const row = { contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: 40, support_calls: 2, senior: false };
let child: ChildProcess | undefined;
afterEach(async () => {
  const ended = child;
  child = undefined;
  if (ended?.kill("SIGKILL") === true) await once(ended, "exit");
});

describe.each(["plain-node", "hono", "express", "fastify"])("%s", (name) => {
  it("has the model under /api/model, beside its own pages", async () => {
    child = spawn(process.execPath, ["--conditions=@slipway/source", fileURLToPath(new URL(`./${name}.ts`, import.meta.url))], { env: { ...process.env, PORT: "0" }, stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(child.stdout!, "data")) as [Buffer];
    const url = line.toString().trim();
    await works((path, init) => fetch(`${url}${path}`, init));
    expect(await (await fetch(url)).text()).toBe("my own site");
  });
});

it("Next.js's route has the model under /api/model", async () => {
  const { GET, POST } = (await import("./next/app/api/model/[...path]/route.ts")) as { GET: (r: Request) => Promise<Response>; POST: (r: Request) => Promise<Response> };
  await works((path, init) => (init?.method === "POST" ? POST : GET)(new Request(`http://localhost:3000${path}`, init)));
});

async function works(ask: (path: string, init?: RequestInit) => Promise<Response>): Promise<void> {
  const answer = await ask("/api/model/predict", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(row) });
  expect(answer.status).toBe(200);
  expect(((await answer.json()) as { predictions: { label: string }[] }).predictions[0]?.label).toBe("stays");
  const csv = await ask("/api/model/predict?outputs=label", { method: "POST", headers: { "content-type": "text/csv" }, body: "contract,internet,tenure_months,monthly_charges,support_calls,senior\none year,dsl,14,40,2,false\n" });
  expect(((await csv.json()) as { predictions: unknown[] }).predictions).toEqual([{ label: "stays" }]);
  expect((await ask("/api/model/health/ready")).status).toBe(200);
  expect((await ask("/api/model/nowhere")).status).toBe(404);
  const page = await (await ask("/api/model/models/churn", { headers: { accept: "text/html" } })).text();
  const [, script] = /<script [^>]*src="([^"]+)"/.exec(page)!;
  expect(script).toBe("/api/model/assets/try.js");
  expect((await ask(script!)).status).toBe(200);
}
