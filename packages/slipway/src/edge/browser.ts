// A browser of the Chromium family on a page of ours, without a window, until the page has told what it was opened for.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { edgeFolderError } from "./errors.ts";

const BROWSER_MS = 60_000;
const MAX_TOLD_BYTES = 2 ** 28;

export interface BrowserPage {
  /** The address to POST "kept" to, which ends the site, and "told" with JSON. It outlasts the site. */
  readonly home: string;
  /** What was told; rejected where that has `error`, or the browser does not start, ends or takes too long. */
  readonly told: Promise<unknown>;
  /** Serves the files and opens the browser on one of them. */
  readonly site: (files: ReadonlyMap<string, Uint8Array>, page: string) => Promise<void>;
}

/** @throws edge-browser */
export async function withBrowser<T>(browser: string, use: (page: BrowserPage) => Promise<T>): Promise<T> {
  const profile = await mkdtemp(join(tmpdir(), "slipway-browser-"));
  const told = Promise.withResolvers<unknown>();
  told.promise.catch(() => undefined);
  // What other processes of this machine would need to know to answer in the browser's place.
  const secret = randomBytes(16).toString("hex");
  const cleanup: (() => Promise<void>)[] = [];
  let site: Listening | undefined;
  const home = await listen((request, response) => {
    const path = request.url!.slice(1);
    if (request.method !== "POST" || !path.startsWith(`${secret}/`)) return void response.writeHead(404).end();
    const answer = (): void => void response.writeHead(204, { "access-control-allow-origin": "*" }).end();
    if (path.endsWith("/kept")) return void site!.close().then(answer);
    readBody(request).then((text) => {
      answer();
      const { error, ...what } = JSON.parse(text) as { readonly error?: string };
      if (error === undefined) told.resolve(what);
      else told.reject(edgeFolderError("edge-browser", `in the browser: ${error.slice(0, 500)}`));
    }).catch(told.reject);
  });
  const late = setTimeout(() => told.reject(edgeFolderError("edge-browser", `${browser} gave no answer within ${BROWSER_MS / 1000} s`)), BROWSER_MS);
  try {
    return await use({
      home: `${home.address}/${secret}/`, told: told.promise,
      site: async (files, page) => {
        site = await listen((request, response) => {
          const path = new URL(request.url!, "http://localhost").pathname.slice(1);
          const bytes = files.get(path);
          if (bytes === undefined) return void response.writeHead(404).end();
          response.writeHead(200, { "content-type": typeOf(path) }).end(bytes);
        });
        // Chromium refuses its sandbox to the superuser, as whom containers run.
        const child = spawn(browser, ["--headless=new", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), "--disable-gpu", "--no-first-run", "--no-default-browser-check", `--user-data-dir=${profile}`, `${site.address}/${page}`], { stdio: "ignore" });
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
        cleanup.push(async () => {
          child.kill();
          await ended;
        });
      },
    });
  } finally {
    clearTimeout(late);
    for (const step of cleanup) await step();
    await site?.close();
    await home.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

interface Listening {
  readonly address: string;
  /** More than once does no harm. */
  close(): Promise<void>;
}

async function listen(listener: RequestListener): Promise<Listening> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

function typeOf(path: string): string {
  return /\.m?js$/.test(path) ? "text/javascript" : path.endsWith(".html") ? "text/html; charset=utf-8" : path.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > MAX_TOLD_BYTES) throw edgeFolderError("edge-browser", "the browser's answer is too large");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}
