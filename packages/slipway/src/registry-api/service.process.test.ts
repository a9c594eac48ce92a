// The service on a real port: uploads as they arrive, the command line as its client, and what it says of itself.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { request as open } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Validator } from "@seriousme/openapi-schema-validator";
import { backends } from "../../../../scripts/testing-backends.ts";
import { ModelDirectory, Repository, startServer, type RunningServer } from "../server/index.ts";
import { testPackage } from "../server/models/testing-packages.ts";
import { openRegistryService, registryProtocol, type RegistryService } from "./index.ts";
import { personWith } from "./testing.ts";

const backend = backends.find((b) => b.database === "sqlite")!;
const dana = personWith("dana", ["developer"]);
const anna = personWith("anna", ["reviewer"], ["business"]);
const olga = personWith("olga", ["operator"]);
const folder = mkdtempSync(join(tmpdir(), "slipway-service-"));
const LIMIT = 8 * 2 ** 20;
let service: RegistryService;
let server: RunningServer;
beforeAll(async () => {
  await backend.start();
  service = await openRegistryService({ ...(await backend.place().open()), folder, uploadLimit: LIMIT });
  server = await startServer(new Repository(new ModelDirectory([])), { port: 0, auth: { keys: { keys: [dana.record, anna.record, olga.record] } }, protocols: [registryProtocol(service)] });
}, 60_000);
afterAll(async () => {
  await server.close();
  await service.close();
  await service.registry.close();
  await backend.stop();
  rmSync(folder, { recursive: true });
});
const headers = { authorization: `Bearer ${dana.key}` };
const uploads = (): string[] => readdirSync(join(folder, "uploads"));

/** A request whose body comes in chunks, written by `write`. */
function post(write: (send: (bytes: Buffer) => void, end: () => void, cut: () => void) => void): Promise<{ readonly status: number; readonly code: string | undefined }> {
  return new Promise((resolve, reject) => {
    const call = open(`${server.url}/api/v1/models/linear/versions`, { method: "POST", headers: { ...headers, "transfer-encoding": "chunked" } }, (answer) => {
      let text = "";
      answer.on("data", (piece) => (text += String(piece)));
      answer.on("end", () => resolve({ status: answer.statusCode!, code: (JSON.parse(text) as { error?: { code: string } }).error?.code }));
    });
    call.on("error", reject);
    write((bytes) => void call.write(bytes), () => void call.end(), () => void call.destroy());
  });
}

describe("uploads", () => {
  it("arrive piece by piece, in chunks or with their length, and leave nothing behind", async () => {
    const bytes = Buffer.from(await testPackage({ ballast: 3 * 2 ** 20 }));
    const whole = await fetch(`${server.url}/api/v1/models/linear/versions`, { method: "POST", headers, body: bytes });
    expect([whole.status, await whole.json()]).toEqual([201, expect.objectContaining({ version: 1 })]);
    const chunked = await post((send, end) => {
      for (let at = 0; at < bytes.length; at += 100_000) send(bytes.subarray(at, at + 100_000));
      end();
    });
    expect(chunked.status).toBe(201);
    const pulled = await fetch(`${server.url}/api/v1/models/linear/versions/1/package`, { headers });
    expect(Buffer.from(await pulled.arrayBuffer()).equals(bytes)).toBe(true);
    expect(uploads()).toEqual([]);
  });
  it("that are too large are refused before or while they arrive", async () => {
    const declared = await fetch(`${server.url}/api/v1/models/linear/versions`, { method: "POST", headers, body: Buffer.alloc(LIMIT + 1) }).then((a) => a.status, () => "cut");
    expect([413, "cut"]).toContain(declared);
    const outcome = await post((send) => send(Buffer.alloc(LIMIT + 1)));
    expect(outcome).toEqual({ status: 413, code: "upload-too-large" });
    expect(uploads()).toEqual([]);
  });
  it("that break off leave nothing behind", async () => {
    await expect(post((send, _end, cut) => {
      send(Buffer.alloc(100_000));
      setTimeout(cut, 300);
    })).rejects.toThrow();
    for (let i = 0; i < 100 && uploads().length > 0; i++) await sleep(50);
    expect(uploads()).toEqual([]);
  });
});

it("the command line asks, approves and verifies over it", async () => {
  const slipway = async (key: string, ...words: string[]): Promise<unknown> => JSON.parse((await promisify(execFile)(process.execPath, [fileURLToPath(new URL("../../bin/slipway.mjs", import.meta.url)), ...words, "--json"], { cwd: folder, env: { ...process.env, SLIPWAY_SERVER: server.url, SLIPWAY_API_KEY: key } })).stdout);
  expect(await slipway(dana.key, "request", "linear:1", "--comment", "try it")).toMatchObject({ state: "open", requestedBy: "dana", comment: "try it", alias: "production" });
  const refused = slipway("", "request", "linear:1").then(() => "", (error: { stderr: string }) => error.stderr);
  expect(await refused).toMatch(/SLIPWAY_API_KEY.*\[credentials-missing\]|\[credentials-missing\][^]*SLIPWAY_API_KEY/);
  expect(await refused).not.toContain("Authorization");
  await slipway(anna.key, "keys", "signing", "create", "anna.key");
  expect(await slipway(anna.key, "approve", "linear:1", "--as", "business", "--key", "anna.key", "--register-key")).toMatchObject({ decisions: [{ person: "anna", as: "business", signedBy: "person", counts: true }] });
  expect(await slipway(anna.key, "audit", "verify")).toMatchObject({ whole: true });
  expect(await slipway(anna.key, "audit", "list", "--actor", "anna")).toMatchObject({ entries: [{ action: "person-key.added" }, { action: "request.approved" }, { action: "attachment.added" }] });
}, 240_000);

it("docs/registry-api.md has every route and no other, and its calls work", async () => {
  const root = fileURLToPath(new URL("../../../..", import.meta.url));
  const text = readFileSync(join(root, "docs", "registry-api.md"), "utf8");
  const told = [...text.matchAll(/^\| `(\w+ [^`]+)` \| (\w+) \|/gm)].map(([, address, action]) => `${address} ${action}`);
  expect(told.sort()).toEqual(registryProtocol(service)(undefined as never).routes.map((r) => `${r.method} ${r.path} ${r.action}`).sort());
  const [, script] = /```bash\n([^]*?)```/.exec(text)!;
  for (const line of script!.trim().split("\n").filter((l) => l.startsWith("curl"))) {
    const { stdout } = await promisify(execFile)("bash", ["-c", line.replace("curl -s", "curl -sS --fail-with-body")], { cwd: root, env: { ...process.env, KEY: line.includes("PUT") ? olga.key : dana.key, SERVER: server.url } });
    expect(JSON.parse(stdout), line).not.toHaveProperty("error");
  }
  await service.gate.settled();
}, 240_000);

it("its OpenAPI document is valid and has every route with a summary", async () => {
  const document = await (await fetch(`${server.url}/openapi.json`, { headers })).json() as { paths: Record<string, Record<string, { summary: string; tags: string[] }>> };
  expect((await new Validator().validate(document as never)).errors ?? []).toEqual([]);
  const ours = Object.entries(document.paths).filter(([path]) => path.startsWith("/api/v1"));
  expect(ours.length).toBeGreaterThan(25);
  for (const [path, operations] of ours) for (const [verb, { summary, tags }] of Object.entries(operations)) expect([path, verb, summary.startsWith(verb.toUpperCase()), tags[0]]).toEqual([path, verb, false, expect.stringMatching(/^Registry: /)]);
});
