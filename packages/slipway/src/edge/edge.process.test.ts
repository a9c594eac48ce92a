// The written folder in a real browser, with and without a connection, and in Node without a server.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { buildPackage } from "@slipway/core/package";
import { generateSigningKey, readVerificationKey, verifyModel } from "@slipway/core/signing";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_HINT, hasBrowser, launchBrowser, openContext, violations, type Watched } from "../../../../scripts/testing-browser.ts";
import { serveFiles, type StaticServer } from "../../../../scripts/testing-static.ts";
import { loadModelPackage, type OpenedModel } from "../runtime/index.ts";
import { packModel } from "../runtime/pack.ts";
import { filesOf } from "../signing/index.ts";
import { makeEdge, writeFolder } from "./index.ts";

const churn = fileURLToPath(new URL("../../../../examples/churn/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "slipway-edge-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let source: OpenedModel["package"];
let expected: unknown[];
let rows: readonly object[];
beforeAll(async () => {
  const path = join(churn, "churn.joblib");
  source = (await packModel(path, readFileSync(path), { prove: true, name: "churn", version: "1.0.0", check: { file: "check.csv", text: readFileSync(join(churn, "check.csv"), "utf8") } })).package;
  rows = source.checks!.inputs;
  const model = await loadModelPackage(source);
  expected = await model.predict(rows);
  await model.close();
});

/** Every text equal, and every number but for its last bits: exp and its kin are each JavaScript engine's own (ECMA-262, 21.3.2). */
function rounded(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, v: unknown) => (typeof v === "number" && !Number.isInteger(v) ? Number(v.toPrecision(13)) : v)));
}

describe("the browser's module", () => {
  it("is small: nothing of ONNX Runtime is in it, and a page's own thread loads next to nothing", async () => {
    const { files } = await makeEdge(source, "browser", { from: folder });
    const size = (names: readonly string[]): number => names.reduce((n, name) => n + gzipSync(files.get(name)!, { level: 9 }).length, 0);
    expect(size(["slipway-edge.js", "messages.js"])).toBeLessThan(5_000);
    expect(size(["slipway-edge.js", "messages.js", "worker.js", "open-model.js"])).toBeLessThan(75_000);
    expect([...files.keys()].filter((name) => name.startsWith("onnxruntime"))).toEqual([]);
  });
});

describe.skipIf(!hasBrowser)(`the folder in a browser${hasBrowser ? "" : ` (${BROWSER_HINT})`}`, () => {
  let browser: Browser;
  let site: StaticServer;
  let files: Map<string, Uint8Array>;
  let seen: Watched;
  beforeAll(async () => {
    ({ files } = await makeEdge(source, "pwa", { from: folder }));
    site = await serveFiles(files);
    browser = await launchBrowser();
    seen = await openContext(browser);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const ready = (): Promise<void> => seen.page.getByRole("status").filter({ hasText: "60 checked rows answered as they must be" }).waitFor();
  // A text: what this file's own imports are compiled to is unknown there.
  const ask = (): Promise<{ answers: unknown[]; thread: string; engine: string }> => seen.page.evaluate(`(async () => {
    const { loadModel } = await import("./slipway-edge.js");
    const model = await loadModel("churn.slip");
    const answers = await model.predict(${JSON.stringify(rows)});
    await model.close();
    return { answers, thread: model.thread, engine: model.engine.name };
  })()`);

  it("answers as the server does, in a worker, after its own checked rows", async () => {
    await seen.page.goto(site.url);
    await ready();
    expect(rounded(await ask())).toEqual(rounded({ answers: expected, thread: "worker", engine: "kernel" }));
    expect(await violations(seen.page)).toEqual([]);
    expect(seen.faults).toEqual([]);
  });
  it("refuses rows with the server's own words, field by field", async () => {
    await seen.page.getByRole("button", { name: "Predict" }).click();
    await seen.page.getByText("expected true or false, or a number, found a missing value", { exact: true }).waitFor();
  });
  it("works without a connection", async () => {
    await seen.page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    await site.close();
    await seen.context.setOffline(true);
    await seen.page.reload();
    await ready();
    expect(rounded((await ask()).answers)).toEqual(rounded(expected));
    await seen.page.getByRole("button", { name: "Example" }).click();
    await seen.page.getByRole("button", { name: "Predict" }).click();
    await seen.page.locator("#answer .big").waitFor();
    if (process.env["SLIPWAY_PICTURE"] !== undefined) await seen.page.screenshot({ path: process.env["SLIPWAY_PICTURE"] });
    expect(seen.faults).toEqual([]);
  });
  it("keeps its release while a new one arrives cut short, and takes the new one when it is whole", async () => {
    const now = new Map((await makeEdge(source, "pwa", { from: folder })).files);
    const next = (await makeEdge(await buildPackage({ ...source, manifest: { ...source.manifest, version: "2.0.0" } }), "pwa", { from: folder })).files;
    const own = await serveFiles(now);
    const { context, page } = await openContext(browser);
    const version = (text: string): Promise<void> => page.getByText(`version ${text}`).waitFor();
    /** What became of a look for a new release. */
    const look = (): Promise<string> => page.evaluate(`(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      await registration.update();
      const fresh = registration.installing ?? registration.waiting;
      if (!fresh) return "none";
      while (fresh.state === "installing") await new Promise((resolve) => setTimeout(resolve, 20));
      return fresh.state;
    })()`);
    try {
      await page.goto(own.url);
      await page.evaluate("navigator.serviceWorker.ready.then(() => undefined)");
      for (const [name, bytes] of next) now.set(name, name === "churn.slip" ? bytes.slice(0, bytes.length - 600) : bytes);
      expect(await look()).toBe("redundant");
      await page.reload();
      await version("1.0.0");
      await page.getByRole("status").filter({ hasText: "60 checked rows answered" }).waitFor();

      now.set("churn.slip", next.get("churn.slip")!);
      expect(await look()).toMatch(/^(installed|activat)/);
      // The open page goes on with the release it began with; the next one that is opened has the new one.
      await page.goto("about:blank");
      await page.goto(own.url);
      await version("2.0.0");
      await page.getByRole("status").filter({ hasText: "60 checked rows answered" }).waitFor();
    } finally {
      await context.close();
      await own.close();
    }
  });
  it("refuses a package that was changed, and keeps nothing of it", async () => {
    await seen.context.setOffline(false);
    const slip = files.get("churn.slip")!;
    files.set("churn.slip", slip.slice(0, slip.length - 600));
    files.set("service-worker.js", Buffer.concat([Buffer.from(files.get("service-worker.js")!), Buffer.from("// another")]));
    const other = await serveFiles(files);
    const { context, page } = await openContext(browser);
    try {
      await page.goto(other.url);
      await page.getByText("the model was not loaded").waitFor();
      await page.getByText(/is not what was asked for: expected sha384-/).waitFor();
      // The worker's installation failed as a whole: nothing is kept of it.
      expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active ?? null)).toBeNull();
      await page.waitForFunction(async () => (await caches.keys()).length === 0);
    } finally {
      await context.close();
      await other.close();
    }
  });
});

describe("the folder for Node", () => {
  it("answers rows from standard input, and is verified as a whole", async () => {
    const { key } = await generateSigningKey();
    const target = join(folder, "device");
    const made = await makeEdge(source, "node", { from: folder, key });
    await writeFolder(target, made.files);
    const out = execFileSync(process.execPath, [join(target, "predict.mjs")], { input: JSON.stringify(rows), encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });
    expect(out.trimEnd().split("\n").map((line) => JSON.parse(line) as unknown)).toEqual(JSON.parse(JSON.stringify(expected)));
    const bad = spawnSync(process.execPath, [join(target, "predict.mjs")], { input: "[{}]", encoding: "utf8" });
    expect([bad.status, bad.stdout, bad.stderr]).toEqual([1, "", expect.stringMatching(/^\d+ checked rows answered as they must be\nmissing columns?: .*\[request-invalid\]\n {2}what to do: The model takes .*\n$/)]);
    const check = async (): Promise<unknown> => verifyModel(await filesOf(target), readFileSync(join(target, "model.sig")), [await readVerificationKey(key.publicKey.pem)], { own: ["model.sig"] });
    await check();
    writeFileSync(join(target, "worker.js"), "changed");
    await expect(check()).rejects.toMatchObject({ code: "signed-files-differ" });
  });
  it("is not written over what is not its own", async () => {
    const target = join(folder, "mine");
    await writeFolder(target, new Map([["notes.txt", Buffer.from("mine")]]));
    await expect(writeFolder(target, new Map())).rejects.toMatchObject({ code: "edge-folder" });
  });
});
