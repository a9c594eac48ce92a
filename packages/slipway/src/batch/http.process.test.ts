// Files behind HTTP, from a server that behaves well and badly.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planBatch } from "./index.ts";
import { shownAddress } from "./remote/http-source.ts";
import { expectedCsv, loanCsv, loanPackage, loanRows, TestRuns } from "./testing-run.ts";

const rows = loanRows(3000);
const csv = Buffer.from(loanCsv(rows));
/** Longer than a range is. */
const many = loanRows(180_000);
const long = Buffer.from(loanCsv(many));
let runs: TestRuns;
let base: string;
let asked: string[] = [];
let tries = 0;

/** As most servers do: ranges, an ETag. */
function file(request: IncomingMessage, response: ServerResponse, bytes: Buffer, etag = '"1"'): void {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  if (range === null) return void response.writeHead(200, { "content-length": bytes.length, etag }).end(bytes);
  const [from, to] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)];
  response.writeHead(206, { "content-range": `bytes ${from}-${to}/${bytes.length}`, "content-length": to - from + 1, etag }).end(bytes.subarray(from, to + 1));
}
const paths: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
  "/good.csv": (q, r) => file(q, r, csv),
  "/good.csv.gz": (q, r) => file(q, r, gzipSync(csv)),
  "/long.csv": (q, r) => file(q, r, long),
  "/plain.csv": (_, r) => r.end(csv),
  "/busy.csv": (q, r) => (tries++ % 3 === 1 ? file(q, r, long) : r.writeHead(503, { "retry-after": "0" }).end()),
  "/torn.csv": (q, r) => (tries++ % 2 === 0 && q.headers.range !== "bytes=0-0" ? void r.writeHead(206, { "content-range": q.headers.range!.replace("=", " ") + `/${long.length}`, etag: '"1"' }).write("half", () => r.destroy()) : file(q, r, long)),
  "/changing.csv": (q, r) => file(q, r, long, `"${tries++ > 1 ? "new" : "old"}"`),
  "/moved.csv": (_, r) => r.writeHead(302, { location: "/good.csv" }).end(),
  "/circle.csv": (_, r) => r.writeHead(307, { location: "/circle.csv" }).end(),
  "/away.csv": (_, r) => r.writeHead(302, { location: `http://localhost:${new URL(base).port}/good.csv` }).end(),
  "/never.csv": (_, r) => r.writeHead(503).end(),
  "/empty.csv": (_, r) => r.writeHead(416).end(),
  "/secret.csv": (q, r) => (q.headers.authorization === `Basic ${Buffer.from("me:p@ss").toString("base64")}` ? file(q, r, csv) : r.writeHead(401).end()),
};
const server = createServer((request, response) => {
  asked.push(`${request.headers.host} ${request.url} ${request.headers.range ?? ""} ${request.headers.authorization ?? ""}`);
  const answer = paths[request.url!.split("?")[0]!];
  if (answer === undefined) response.writeHead(404).end();
  else answer(request, response);
});

beforeAll(async () => {
  runs = new TestRuns(await loanPackage());
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 60_000);
afterAll(() => {
  server.closeAllConnections();
  server.close();
  runs.remove();
});

describe("files behind HTTP", () => {
  it.each(["good.csv", "good.csv.gz", "plain.csv", "moved.csv", "good.csv?at=1"])("are read: %s", async (name) => {
    expect(await runs.run(`${base}/${name}`, "out.csv", { overwrite: true })).toMatchObject({ rows: 3000, bad: 0 });
    expect(runs.text("out.csv")).toBe(expectedCsv(rows));
  });
  it.each(["long.csv", "busy.csv", "torn.csv"])("are read in ranges, each of which is asked for again where that is needed: %s", async (name) => {
    [asked, tries] = [[], 0];
    expect(await runs.run(`${base}/${name}`, "long-out.csv", { overwrite: true })).toMatchObject({ rows: many.length, bad: 0 });
    expect(runs.text("long-out.csv")).toBe(expectedCsv(many));
    expect(asked.length).toBeGreaterThan(2);
  }, 30_000);
  it("are asked for with the user that the address names, who is told to nobody else", async () => {
    asked = [];
    expect(await runs.run(`${base.replace("//", "//me:p%40ss@")}/secret.csv?token=abc`, "secret.csv")).toMatchObject({ rows: 3000 });
    expect(runs.text("secret.csv.run.json")).not.toMatch(/p%40ss|p@ss|me:|abc/);
    asked = [];
    await runs.run(`${base.replace("//", "//me:p%40ss@")}/away.csv`, "away.csv");
    expect(asked.filter((a) => a.startsWith("localhost"))).not.toEqual([]);
    expect(asked.filter((a) => a.startsWith("localhost") && a.includes("Basic"))).toEqual([]);
    expect(shownAddress("https://u:p@h/x.csv?X-Amz-Signature=1&day=2&X-Amz-Credential=3#f")).toBe("https://h/x.csv?X-Amz-Signature=...&day=2&X-Amz-Credential=...");
  });
  it("are planned as files here are", async () => {
    expect(await planBatch(runs.options(`${base}/good.csv.gz`, "planned.csv"))).toMatchObject({ input: { rows: 3000 }, sample: { bad: 0 } });
  });
  it.each<[string, string]>([["changing.csv", "batch-source-changed"], ["circle.csv", "batch-source-unavailable"], ["nowhere.csv", "batch-input-missing"], ["secret.csv", "batch-source-denied"], ["empty.csv", "batch-input-damaged"], ["never.csv", "batch-source-unavailable"], ["what", "batch-input-missing"]])("are refused by a code: %s", async (name, code) => {
    tries = 0;
    await expect(runs.run(`${base}/${name}`, "refused.csv")).rejects.toMatchObject({ code });
  }, 30_000);
});
