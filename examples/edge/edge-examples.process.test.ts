// The examples in a real browser. React's place is taken by Preact's equal, which is in the tree already.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeEdge } from "../../packages/slipway/src/edge/index.ts";
import { packModel } from "../../packages/slipway/src/runtime/pack.ts";
import { BROWSER_HINT, hasBrowser, launchBrowser, openContext, type Watched } from "../../scripts/testing-browser.ts";
import { serveFiles, type StaticServer } from "../../scripts/testing-static.ts";
import type { Browser } from "playwright-core";

const here = fileURLToPath(new URL(".", import.meta.url));
const require = createRequire(new URL("../../packages/dashboard/package.json", import.meta.url));

describe.skipIf(!hasBrowser)(`the examples of @slipway/edge${hasBrowser ? "" : ` (${BROWSER_HINT})`}`, () => {
  let browser: Browser;
  let site: StaticServer;
  let seen: Watched;
  beforeAll(async () => {
    const path = fileURLToPath(new URL("../churn/churn.joblib", import.meta.url));
    const { package: source } = await packModel(path, readFileSync(path), { prove: true, name: "churn", version: "1.0.0" });
    const { files } = await makeEdge(source, "browser", { from: here });
    const { output } = await build({
      input: `${here}churn-form.tsx`, platform: "browser", write: false, tsconfig: false, logLevel: "warn",
      resolve: {
        conditionNames: ["@slipway/source", "import", "browser", "default"],
        alias: { "react-dom/client": require.resolve("preact/compat/client"), "react/jsx-runtime": require.resolve("preact/jsx-runtime"), react: require.resolve("preact/compat") },
      },
    });
    const bundle = output.map((chunk) => ("code" in chunk ? [chunk.fileName, Buffer.from(chunk.code)] as const : undefined)).filter((f) => f !== undefined);
    for (const [name, code] of bundle) files.set(name, code);
    files.set("react.html", Buffer.from('<!doctype html><title>React</title><div id="root"></div><script type="module" src="./churn-form.js"></script>'));
    files.set("plain.html", readFileSync(`${here}plain.html`));
    site = await serveFiles(files);
    browser = await launchBrowser();
    seen = await openContext(browser);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  it.each(["plain.html", "react.html"])("%s answers, and anew as what was typed changes", async (page) => {
    await seen.page.goto(site.url + page);
    await seen.page.locator("output", { hasText: "leaves with 11.6 %" }).waitFor();
    await seen.page.locator("input").fill("2");
    await seen.page.locator("output", { hasText: "leaves with 10.5 %" }).waitFor();
    expect(seen.faults).toEqual([]);
  });
});
