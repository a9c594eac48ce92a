// The dashboard's built files. They are in the published package; in a checkout they are built when they are first needed
// and again when their sources changed. Names hold a hash of the content, so browsers may keep them for good; only the
// page itself is asked for again. Each file lies there compressed as well.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { serverError } from "../errors.ts";
import { dashboardError } from "./errors.ts";
import type { Answer, Call } from "../http/call.ts";

/** Beside `src` and `dist`, so that the same path holds from both. */
const FOLDER = fileURLToPath(new URL("../../../assets/dashboard/", import.meta.url));
/** In a checkout only. */
const BUILDER = new URL("../../../../dashboard/build.mjs", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", html: "text/html; charset=utf-8", svg: "image/svg+xml", woff2: "font/woff2",
};
const SECURITY: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "referrer-policy": "same-origin",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
};

interface StoredFile {
  readonly plain: Buffer;
  readonly br?: Buffer;
  readonly gzip?: Buffer;
  readonly type: string;
  readonly etag: string;
}

export class DashboardFiles {
  readonly #assets: ReadonlyMap<string, StoredFile>;
  readonly #page: StoredFile;

  private constructor(page: StoredFile, assets: ReadonlyMap<string, StoredFile>) {
    this.#page = page;
    this.#assets = assets;
  }

  /** @throws SlipwayError dashboard-missing */
  static async open(): Promise<DashboardFiles> {
    const fromSource = import.meta.url.endsWith(".ts");
    if (fromSource && existsSync(BUILDER)) {
      try {
        await ((await import(BUILDER.href)) as { buildDashboard: () => Promise<unknown> }).buildDashboard();
      } catch (cause) {
        throw dashboardError("dashboard-missing", `the dashboard could not be built: ${(cause as Error).message.slice(0, 300)}`, { hint: "npm ci installs what its build needs.", cause });
      }
    }
    for (let tries = 1; ; tries++) {
      try {
        return await DashboardFiles.#read();
      } catch (cause) {
        // In a checkout another process may be putting a new build in its place just now.
        if (!fromSource || tries === 5) throw dashboardError("dashboard-missing", "the dashboard's files are not in this installation", { hint: "Install the package again.", cause });
        await sleep(100 * tries);
      }
    }
  }

  static async #read(): Promise<DashboardFiles> {
    const page = await stored(FOLDER, "index.html");
    const names = (await readdir(join(FOLDER, "assets"))).filter((name) => !/\.(?:br|gz)$/.test(name));
    return new DashboardFiles(page, new Map(await Promise.all(names.map(async (name) => [name, await stored(join(FOLDER, "assets"), name)] as const))));
  }

  /** The one page; its script shows what the address names. */
  page(call: Call): Answer {
    return answer(call, this.#page, { ...SECURITY, "cache-control": "no-cache" });
  }
  /** @throws SlipwayError route-unknown */
  asset(call: Call, name: string): Answer {
    const file = this.#assets.get(name);
    if (file === undefined) throw serverError("route-unknown", `the dashboard has no file ${JSON.stringify(name.slice(0, 80))}`, { hint: "Load the page anew: it may be of an earlier version." });
    return answer(call, file, { "cache-control": "public, max-age=31536000, immutable", "cross-origin-resource-policy": "same-origin" });
  }
}

async function stored(folder: string, name: string): Promise<StoredFile> {
  const path = join(folder, name);
  const [plain, br, gzip] = await Promise.all([readFile(path), maybe(`${path}.br`), maybe(`${path}.gz`)]);
  return {
    plain, type: TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream",
    etag: `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`,
    ...(br === undefined ? {} : { br }), ...(gzip === undefined ? {} : { gzip }),
  };
}
async function maybe(path: string): Promise<Buffer | undefined> {
  return existsSync(path) ? readFile(path) : undefined;
}

function answer(call: Call, file: StoredFile, headers: Readonly<Record<string, string>>): Answer {
  const all: Record<string, string> = { ...headers, "content-type": file.type, etag: file.etag, vary: "accept-encoding" };
  if (call.header("if-none-match")?.split(",").some((tag) => tag.trim().replace(/^W\//, "") === file.etag) === true) return { status: 304, headers: all, body: null };
  const accepted = call.header("accept-encoding") ?? "";
  if (file.br !== undefined && takes(accepted, "br")) return { headers: { ...all, "content-encoding": "br" }, body: file.br };
  if (file.gzip !== undefined && takes(accepted, "gzip")) return { headers: { ...all, "content-encoding": "gzip" }, body: file.gzip };
  return { headers: all, body: file.plain };
}
function takes(header: string, coding: string): boolean {
  return header.length <= 500 && header.split(",").some((part) => {
    const [name = "", ...parameters] = part.split(";").map((p) => p.trim().toLowerCase());
    return name === coding && !parameters.some((p) => /^q=0(?:\.0*)?$/.test(p));
  });
}
