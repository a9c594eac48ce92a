import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { loadModelPackage } from "../runtime/index.ts";
import { columnsModel, matrixModel } from "../runtime/testing.ts";
import { checkPort, startServer, type RunningServer } from "./index.ts";

const running: RunningServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((s) => s.close()));
});
async function start(options: Parameters<typeof startServer>[1] = {}): Promise<RunningServer> {
  const server = await startServer([await loadModelPackage(matrixModel())], { port: 0, ...options });
  running.push(server);
  return server;
}

describe("listening", () => {
  it("is on loopback by default, and beyond it only when asked for", async () => {
    expect((await start()).host).toBe("127.0.0.1");
    await expect(start({ host: "0.0.0.0" })).rejects.toMatchObject({ code: "unsafe-bind" });
    const open = await start({ host: "0.0.0.0", insecure: true });
    expect((await fetch(`${open.url}/health/ready`)).status).toBe(200);
  });
  it("says who has the port", async () => {
    const first = await start();
    await expect(start({ port: first.port })).rejects.toMatchObject({ code: "address-in-use" });
    await expect(checkPort(first.port, "127.0.0.1")).rejects.toMatchObject({ code: "address-in-use" });
    await first.close();
    await checkPort(first.port, "127.0.0.1");
    expect((await start({ port: first.port })).port).toBe(first.port);
  });
  it("says that an address is none of this machine's", async () => {
    await expect(checkPort(8080, "203.0.113.7")).rejects.toMatchObject({ code: "address-unusable" });
    await expect(start({ host: "nowhere.invalid", insecure: true })).rejects.toMatchObject({ code: "address-unusable" });
  });
  it("answers what is no HTTP with 400 and survives", async () => {
    const server = await start();
    const socket = connect(server.port, "127.0.0.1");
    socket.end("\x16\x03\x01 not http\r\n\r\n");
    const [data] = await once(socket, "data") as [Buffer];
    expect(data.toString()).toMatch(/^HTTP\/1\.1 400 .*\{"error":\{"code":"request-malformed"/s);
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
  });
  it("keeps one connection for many requests without gathering listeners", async () => {
    const server = await start();
    const warnings: string[] = [];
    const onWarning = (w: Error): number => warnings.push(w.name);
    process.on("warning", onWarning);
    for (let i = 0; i < 30; i++) await (await fetch(`${server.url}/predict`, { method: "POST", body: "[1,2,3]" })).json();
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });
});

describe("stopping", () => {
  it("on SIGTERM turns unready, finishes what it has under load, and exits without dropping a request", async () => {
    const child = spawn(process.execPath, ["--conditions=@slipway/source", fileURLToPath(new URL("./testing-server.ts", import.meta.url)), "400"], { stdio: ["ignore", "pipe", "inherit"] });
    const port = Number(new URL(await firstLine(child)).port);
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const outcomes: string[] = [];
    // As a load balancer does: no new request once readiness is gone.
    const balancer = { ready: true };
    const worker = async (): Promise<void> => {
      while (balancer.ready) outcomes.push(await ask(port, agent));
    };
    const probe = async (): Promise<void> => {
      while (balancer.ready) {
        balancer.ready = (await fetch(`http://127.0.0.1:${port}/health/ready`)).status === 200;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const all = Promise.all([probe(), ...Array.from({ length: 8 }, worker)]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill("SIGTERM");
    await all;
    agent.destroy();
    expect(await exited(child)).toBe(0);
    expect(outcomes.filter((o) => o !== "200")).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(8);
  });
  it("on SIGINT stops at once", async () => {
    const child = spawn(process.execPath, ["--conditions=@slipway/source", fileURLToPath(new URL("./testing-server.ts", import.meta.url)), "5000"], { stdio: ["ignore", "pipe", "inherit"] });
    await firstLine(child);
    const before = performance.now();
    child.kill("SIGINT");
    expect(await exited(child)).toBe(0);
    expect(performance.now() - before).toBeLessThan(3000);
  });
  it("closes models only after the last request", async () => {
    const server = await startServer([await loadModelPackage(columnsModel())], { port: 0 });
    const n = 20_000;
    const body = JSON.stringify({ age: Array(n).fill(3), plan: Array(n).fill("pro"), member: Array(n).fill(true) });
    const pending = fetch(`${server.url}/predict?outputs=score`, { method: "POST", body });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const before = performance.now();
    await server.close();
    expect(performance.now() - before).toBeLessThan(5000);
    const answer = await pending;
    expect([200, 503]).toContain(answer.status);
    if (answer.status === 200) expect(((await answer.json()) as { predictions: unknown[] }).predictions.length).toBe(n);
  });
});

function ask(port: number, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const r = request({ port, host: "127.0.0.1", method: "POST", path: "/predict", agent }, (response) => {
      let body = "";
      response.on("data", (d: Buffer) => (body += d.toString()));
      response.on("end", () => resolve(response.statusCode === 200 && body.includes('"value":14') ? "200" : `${response.statusCode} ${body}`));
      response.on("error", (e) => resolve(`broken: ${e.message}`));
    });
    r.on("error", (e: Error & { code?: string }) => resolve(`${e.code}`));
    r.end("[1,2,3]");
  });
}
async function firstLine(child: ChildProcess): Promise<string> {
  const gone = once(child, "exit").then(() => Promise.reject(new Error("the server ended before it listened")));
  const [line] = await Promise.race([once(child.stdout!, "data") as Promise<[Buffer]>, gone]);
  gone.catch(() => undefined);
  return line.toString().trim();
}
async function exited(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, "exit");
  return child.exitCode;
}
