// Rows asked of the module that browsers are given: its built files, in Node or in a real browser.

import type { ModelPackage } from "@slipway/core/package";
import type { loadModel } from "@slipway/edge";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { edgeFolderError } from "./errors.ts";
import { MODULE_ADDRESS } from "./module-files.ts";
import { onnxruntimeAddress, ORT_MODULE } from "./onnxruntime-files.ts";
import { planEdge, type EdgePlan } from "./plan.ts";

export type ReplayRow = Readonly<Record<string, unknown>>;
export interface Replayed {
  readonly answers: readonly ReplayRow[];
  /** What computed them: "Chromium 156", "Node 24 (V8 13.6), no browser". */
  readonly runtime: string;
  readonly engine: "kernel" | "onnxruntime";
}
interface Options {
  readonly engine?: "kernel";
  readonly onnxruntime?: string;
}

const BROWSER_MS = 60_000;
const MAX_ANSWER_BYTES = 2 ** 28;

/** The same files in this process. @throws edge-needs-onnxruntime, and what the module throws */
export async function replayInNode(source: ModelPackage, rows: readonly ReplayRow[], from: string): Promise<Replayed> {
  const plan = await planEdge(source, from);
  const module = (await import(MODULE_ADDRESS)) as { loadModel: typeof loadModel };
  const options: Options = plan.engine === "onnxruntime" ? { onnxruntime: onnxruntimeAddress(from) } : plan.saysSo ? {} : { engine: "kernel" };
  const model = await module.loadModel(plan.files.get(plan.file)!, { ...options, worker: false, checks: "report" });
  try {
    return { answers: await model.predict(rows), engine: model.engine.name, runtime: `Node ${process.versions.node} (V8 ${process.versions.v8}), no browser` };
  } finally {
    await model.close();
  }
}

/** In a browser of the Chromium family, without a window, in the page's worker. @throws edge-browser, edge-needs-onnxruntime */
export async function replayInBrowser(source: ModelPackage, rows: readonly ReplayRow[], { from, browser }: { readonly from: string; readonly browser: string }): Promise<Replayed> {
  const plan = await planEdge(source, from);
  const options: Options = plan.engine === "onnxruntime" ? { onnxruntime: `./${ORT_MODULE}` } : plan.saysSo ? {} : { engine: "kernel" };
  // What other processes of this machine would need to know to answer in the browser's place.
  const secret = randomBytes(16).toString("hex");
  plan.files.set("replay.html", Buffer.from('<!doctype html><title>replay</title><script type="module" src="replay.js"></script>'));
  plan.files.set("rows.json", Buffer.from(JSON.stringify(rows.map((row) => plainRow(row, source)))));
  plan.files.set("replay.js", Buffer.from(REPLAY.replace("SECRET", secret).replace("FILE", JSON.stringify(plan.file)).replace("OPTIONS", JSON.stringify({ ...options, checks: "report" }))));
  const { answers, engine, version } = await askBrowser(plan.files, secret, browser);
  return { answers, engine, runtime: version };
}

const REPLAY = `import { loadModel } from "./slipway-edge.js";
const told = {};
try {
  const model = await loadModel(FILE, OPTIONS);
  told.answers = await model.predict(await (await fetch("rows.json")).json());
  told.engine = model.engine.name;
  told.version = (navigator.userAgentData?.brands ?? []).filter((b) => /^Chrom|Edge/.test(b.brand)).map((b) => b.brand + " " + b.version).join(", ") || navigator.userAgent;
} catch (error) {
  told.error = String(error.message);
}
await fetch("SECRET", { method: "POST", body: JSON.stringify(told) });
`;

interface Told {
  readonly answers: readonly ReplayRow[];
  readonly engine: EdgePlan["engine"];
  readonly version: string;
}

async function askBrowser(files: ReadonlyMap<string, Uint8Array>, secret: string, browser: string): Promise<Told> {
  const profile = await mkdtemp(join(tmpdir(), "slipway-browser-"));
  const told = Promise.withResolvers<Told>();
  const server = createServer((request, response) => {
    const path = new URL(request.url!, "http://localhost").pathname.slice(1);
    if (request.method === "POST" && path === secret) {
      response.end();
      return void readBody(request).then((text) => {
        const { error, ...answer } = JSON.parse(text) as Told & { error?: string };
        if (error === undefined) told.resolve(answer);
        else told.reject(edgeFolderError("edge-browser", `in the browser: ${error.slice(0, 500)}`));
      }).catch(told.reject);
    }
    const bytes = files.get(path);
    if (bytes === undefined) return void response.writeHead(404).end();
    const type = /\.m?js$/.test(path) ? "text/javascript" : path.endsWith(".html") ? "text/html; charset=utf-8" : path.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
    response.writeHead(200, { "content-type": type }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/replay.html`;
  // Chromium refuses its sandbox to the superuser, as whom containers run.
  const child = spawn(browser, ["--headless=new", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), "--disable-gpu", "--no-first-run", "--no-default-browser-check", `--user-data-dir=${profile}`, address], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => {
    child.once("error", (cause) => {
      told.reject(edgeFolderError("edge-browser", `${browser} could not be started: ${cause.message}`, { hint: "Name the program of a Chromium or Chrome.", cause }));
      resolve();
    });
    child.once("exit", (code) => {
      told.reject(edgeFolderError("edge-browser", `${browser} ended with ${code} and gave no answer`));
      resolve();
    });
  });
  const late = setTimeout(() => told.reject(edgeFolderError("edge-browser", `${browser} gave no answer within ${BROWSER_MS / 1000} s`)), BROWSER_MS);
  try {
    return await told.promise;
  } finally {
    clearTimeout(late);
    child.kill();
    await ended;
    server.closeAllConnections();
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > MAX_ANSWER_BYTES) throw edgeFolderError("edge-browser", "the browser's answer is too large");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** What JSON cannot say as rows may: null is a missing value as NaN is, infinities have names. */
function plainRow(row: ReplayRow, { signature }: ModelPackage): ReplayRow {
  const texts = new Set(signature.columns.filter((c) => c.type === "string").map((c) => c.name));
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name,
    typeof value === "bigint" ? (texts.has(name) ? String(value) : Number(value))
      : typeof value === "number" && !Number.isFinite(value) ? (Number.isNaN(value) ? null : String(value)) : value]));
}

