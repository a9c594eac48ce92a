// The load against servers that answer in every way they may, one that stalls, and the real one; the command line.

import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import { createServer as createTcp, type AddressInfo, type Server as TcpServer } from "node:net";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { startServer } from "../server/index.ts";
import { loadModelPackage } from "../runtime/index.ts";
import { columnsModel, matrixModel } from "../runtime/testing.ts";
import { Connection, makeRequest, PROTOCOLS, randomRows, runLoad, type LoadPlan, type Reply } from "./index.ts";

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

async function listening(server: TcpServer | Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const REQUEST = Buffer.from("POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
const plan = (port: number, more: Partial<LoadPlan> = {}): LoadPlan => ({
  target: { host: "127.0.0.1", port, tls: false }, requests: [REQUEST], connections: 4, arrivals: "constant", warmupMs: 50, durationMs: 400, timeoutMs: 3000, seed: 1, ...more });

describe("a connection", () => {
  it("reads answers of every framing, byte by byte or at once", async () => {
    const answers = [
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: x\r\n\r\n",
      "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 429 Too Many\r\ncontent-length: 2\r\n\r\n{}",
    ];
    let turn = 0;
    const port = await listening(createTcp((socket) => {
      socket.on("error", () => undefined);
      socket.on("data", () => {
        const answer = answers[(turn >> 1) % answers.length]!;
        if (turn++ % 2 === 0) socket.write(answer);
        else [...answer].reduce((done, c) => done.then(() => new Promise<void>((resolve) => socket.write(c, () => setImmediate(resolve)))), Promise.resolve());
      });
    }));
    const connection = new Connection({ host: "127.0.0.1", port, tls: false }, 5000);
    const replies: Reply[] = [];
    for (let i = 0; i < answers.length * 2; i++) replies.push(await new Promise<Reply>((resolve) => connection.send(REQUEST, resolve)));
    connection.end();
    expect(replies.map((r) => r.status)).toEqual([200, 200, 404, 404, 204, 204, 429, 429]);
    expect(replies[3]!.body).toBe("abc0123456789abcdef");
  });
  it("tells why there was no answer, and goes on with a new connection", async () => {
    const ways = ["HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nuntil the end"];
    let turn = 0;
    const port = await listening(createTcp((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.end(ways[turn++ % ways.length]!));
    }));
    const connection = new Connection({ host: "127.0.0.1", port, tls: false }, 5000);
    const ask = (to: Connection): Promise<Reply> => new Promise((resolve) => to.send(REQUEST, resolve));
    expect(await ask(connection)).toMatchObject({ status: 0, failure: "connection-lost" });
    expect(await ask(connection)).toMatchObject({ status: 0, failure: "malformed-answer" });
    expect(await ask(connection)).toMatchObject({ status: 200 });
    expect(await ask(new Connection({ host: "127.0.0.1", port: 1, tls: false }, 5000))).toMatchObject({ failure: "connection-refused" });
    const silent = await listening(createTcp((socket) => void socket.on("error", () => undefined)));
    const waiting = new Connection({ host: "127.0.0.1", port: silent, tls: false }, 50);
    expect(await ask(waiting)).toMatchObject({ failure: "timeout" });
  });
});

describe("the load", () => {
  it("counts what a stalled service would have been asked meanwhile", async () => {
    let stalled = 0;
    const server = createServer((request, response) => request.resume().on("end", () => response.end("{}")));
    const port = await listening(server);
    setTimeout(() => {
      // The whole event loop of the service stands still.
      const until = performance.now() + 200;
      while (performance.now() < until) stalled++;
    }, 250);
    const open = await runLoad(plan(port, { rate: 200, connections: 64 }));
    expect(stalled).toBeGreaterThan(0);
    expect(open.asked).toBe(80);
    expect(open.failed).toBe(0);
    // What was due when the service began to stand still waited all of it, though it was sent later.
    const late = open.good.bars(8).filter(([end]) => end > 100).reduce((n, [, count]) => n + count, 0);
    expect(late).toBeGreaterThan(0);
    server.closeAllConnections();
  });
  it("counts refusals by code, apart from answers, and what was never answered", async () => {
    let n = 0;
    const server = createServer((request, response) => {
      request.resume();
      if (n++ % 2 === 0) response.end("{}");
      else response.writeHead(429).end('{"error": {"code": "overloaded"}}');
    });
    const closed = await runLoad(plan(await listening(server)), 2);
    server.closeAllConnections();
    expect(closed.good.count).toBeGreaterThan(0);
    expect(closed.errors["429 overloaded"]).toBe(closed.refused.count);
    expect(closed.good.count + closed.refused.count).toBe(closed.asked);
    const silent = createServer(() => undefined);
    const unanswered = await runLoad(plan(await listening(silent), { rate: 100, connections: 2, durationMs: 200 }));
    silent.closeAllConnections();
    expect(unanswered).toMatchObject({ asked: 20, errors: { unanswered: 20 }, goodput: 0 });
    expect(unanswered.waited).toBeGreaterThan(0);
    const nobody = await runLoad(plan(1, { durationMs: 100 }));
    expect(nobody.errors["connection-refused"]).toBe(nobody.asked);
  });
  it("is valid in every protocol, for columns and matrices, of many different rows", async () => {
    const server = await startServer([await loadModelPackage(columnsModel()), await loadModelPackage(matrixModel())], { port: 0 });
    closing.push(() => void server.close());
    for (const model of [columnsModel(), matrixModel()]) {
      for (const protocol of PROTOCOLS) {
        // It always asks the first model.
        if (protocol === "mlflow" && model.signature.layout === "matrix") continue;
        const rows = randomRows(model.signature, model.checks ?? null, 30);
        expect(new Set(rows.map((r) => JSON.stringify(r))).size).toBeGreaterThan(10);
        const connection = new Connection({ host: "127.0.0.1", port: server.port, tls: false }, 5000);
        for (let i = 0; i < 30; i += 3) {
          const reply = await new Promise<Reply>((resolve) => connection.send(makeRequest(model.signature, rows.slice(i, i + 3), { protocol, model: model.manifest.name, host: `127.0.0.1:${server.port}`, prefix: "" }), resolve));
          expect([protocol, reply]).toEqual([protocol, { status: 200, body: "" }]);
        }
        connection.end();
      }
    }
  });
});

describe("slipway bench", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const root = fileURLToPath(new URL("../../../../", import.meta.url));
  const run = (...args: string[]): Promise<{ code: number; out: string; err: string }> => new Promise((resolve) => {
    execFile(process.execPath, [join(root, "packages/slipway/bin/slipway.mjs"), "bench", ...args], { cwd: root, timeout: 100_000 }, (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }));
  });
  const short = ["--duration", "300ms", "--warmup", "100ms"];

  it("serves a file, measures it, and says how many replicas a load needs", async () => {
    const report = join(folder, "report.html");
    const { code, out } = await run("examples/churn/churn.joblib", "--target-rps", "3000", "--target-p99", "5s", ...short, "--json", "--report", report);
    const result = JSON.parse(out) as { stages: { asked: number; failed: number; latency_ms: { p50: number; p999: number }; server_memory_bytes?: number }[]; capacity: { rps: number; replicas: number | null; explanation: string } };
    expect(result.stages.length).toBeGreaterThan(1);
    expect(result.stages[0]).toMatchObject({ failed: 0, asked: expect.any(Number), latency_ms: { p50: expect.any(Number), p999: expect.any(Number) } });
    // A machine that does other things as well may hold no percentile at all, which is an answer too.
    const { rps, replicas, explanation } = result.capacity;
    expect(replicas).toBe(rps === 0 ? null : Math.ceil(3000 / (rps * 0.8)));
    expect(code).toBe(rps === 0 ? 1 : 0);
    expect(explanation).toMatch(/this assumes|No number of replicas/);
    const page = readFileSync(report, "utf8");
    expect(page).toContain("<svg");
    expect(page).not.toMatch(/NaN|undefined|<script/);
  });
  it("prints a table and a histogram of a running service", async () => {
    const server = await startServer([await loadModelPackage(columnsModel())], { port: 0 });
    closing.push(() => void server.close());
    const { code, out } = await run(server.url, "--sweep", "--connections", "2", "--rows", "3", ...short);
    expect(code).toBe(0);
    expect(out).toMatch(/1 connections +\d+/);
    expect(out).toMatch(/2 connections +\d+/);
    expect(out).toContain("#");
    expect((await run(server.url, "--model", "nobody", ...short)).err).toContain("It has loan");
  });
  it("never runs without an end, and says what is wrong with a call", async () => {
    for (const [args, text] of [
      [["x.slip", "--duration", "11m"], "--duration must be"], [["x.slip", "--target-rps", "5"], "go together"], [["x.slip", "--rate", "0"], "--rate must be"], [["x.slip", "--protocol", "grpc"], "must be one of"],
      [["http://127.0.0.1:1"], "did not answer"], [["http://127.0.0.1:1", "--serve=--threads=1"], "running one is given"], [["x.slip", "--margin", "1"], "--margin"],
    ] as const) {
      const { code, err } = await run(...args);
      expect([args, code > 0, err]).toEqual([args, true, expect.stringContaining(text)]);
    }
  });
});
