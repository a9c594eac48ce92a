// Signatures verified where the model runs: in a real browser, by Web Crypto, with the key that is pinned in the page.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { attach, buildPackage, writeSlip, type ModelPackage } from "@slipway/core/package";
import { generateSigningKey, MODEL_SIGNATURE_ATTACHMENT, signPackage, type SigningKey } from "@slipway/core/signing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_HINT, hasBrowser, launchBrowser, openContext, type Watched } from "../../../../scripts/testing-browser.ts";
import { serveFiles, type StaticServer } from "../../../../scripts/testing-static.ts";
import { packModel } from "../runtime/pack.ts";
import { makeEdge } from "./index.ts";
import { MODULE_ADDRESS } from "./module-files.ts";

const churn = fileURLToPath(new URL("../../../../examples/churn/", import.meta.url));
let plain: ModelPackage;
let signed: ModelPackage;
let key: SigningKey;
let stranger: SigningKey;
/** By name of the package's file: what is signed by whom. */
const packages = new Map<string, Uint8Array>();
const CASES: readonly (readonly [file: string, trusted: "key" | "stranger", told: string])[] = [
  ["signed.slip", "key", "the key"], ["signed.slip", "stranger", "signature-invalid"], ["plain.slip", "key", "signature-missing"], ["changed.slip", "key", "signed-files-differ"],
];

beforeAll(async () => {
  const path = join(churn, "churn.joblib");
  plain = (await packModel(path, readFileSync(path), { prove: true, name: "churn", version: "1.0.0", check: { file: "check.csv", text: readFileSync(join(churn, "check.csv"), "utf8") } })).package;
  [{ key }, { key: stranger }] = await Promise.all([generateSigningKey(), generateSigningKey()]);
  signed = await signPackage(plain, key);
  // Somebody's version 6.6.6 with the signature of what was signed.
  const changed = await attach(await buildPackage({ ...plain, manifest: { ...plain.manifest, version: "6.6.6" } }), { ...MODEL_SIGNATURE_ATTACHMENT, bytes: signed.attachments.at(-1)!.bytes });
  for (const [name, pkg] of [["signed.slip", signed], ["plain.slip", plain], ["changed.slip", changed]] as const) packages.set(name, writeSlip(pkg));
});

describe.skipIf(!hasBrowser)(`in a browser${hasBrowser ? "" : ` (${BROWSER_HINT})`}`, () => {
  let site: StaticServer;
  let seen: Watched;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const { files } = await makeEdge(signed, "browser", { from: churn, trust: [key.publicKey] });
    site = await serveFiles(new Map([...files, ...packages]));
    const browser = await launchBrowser();
    seen = await openContext(browser);
    close = () => browser.close();
    await seen.page.goto(site.url);
  });
  afterAll(async () => {
    await close();
    await site.close();
  });

  it("the page that has the key pinned loads what was signed, and says by whom", async () => {
    const state = seen.page.getByRole("status").filter({ hasText: "60 checked rows answered as they must be" });
    await state.waitFor();
    expect(await state.getAttribute("title")).toContain(`signed by key ${key.publicKey.id.slice(0, 16)}`);
  });
  it.each(CASES)("%s with the key of %s: %s", async (file, trusted, told) => {
    const { pem } = (trusted === "key" ? key : stranger).publicKey;
    for (const worker of [true, false]) {
      const found = await seen.page.evaluate(`(async () => {
        const { loadModel } = await import("./slipway-edge.js");
        try {
          const model = await loadModel(${JSON.stringify(file)}, { trust: [${JSON.stringify(pem)}], worker: ${worker} });
          await model.close();
          return model.signedBy;
        } catch (error) { return error.code ?? String(error); }
      })()`);
      expect(found).toBe(told === "the key" ? key.publicKey.id : told);
    }
  });
});

describe("in Node", () => {
  it.each(CASES)("%s with the key of %s: %s", async (file, trusted, told) => {
    const { loadModel } = (await import(MODULE_ADDRESS)) as typeof import("@slipway/edge");
    const loading = loadModel(packages.get(file)!, { trust: [(trusted === "key" ? key : stranger).publicKey.pem] });
    if (told !== "the key") return expect(loading).rejects.toMatchObject({ code: told });
    const model = await loading;
    expect(model.signedBy).toBe(key.publicKey.id);
    await model.close();
  });
  it("nothing is written that would refuse itself", async () => {
    await expect(makeEdge(plain, "pwa", { from: churn, trust: [key.publicKey] })).rejects.toMatchObject({ code: "signature-missing" });
  });
});
