// The example page: a form made from the signature, answered by the model in the page's own worker. Everything is a file of
// the folder; the Content-Security-Policy takes nothing from elsewhere, and import maps and attributes name each file's hash.

import { createHash } from "node:crypto";
import { Html, html, renderInputs } from "../server/index.ts";
import { integrityOf } from "./integrity.ts";
import { pageFile } from "./module-files.ts";
import { ORT_MODULE } from "./onnxruntime-files.ts";
import type { EdgePlan } from "./plan.ts";

const SCRIPTS = { "page.js": "edge-page/page.js", "ask.js": "ask.js", "draw.js": "draw.js", "draw-picture.js": "draw-picture.js" } as const;

const picture = html`<fieldset><legend>Picture</legend><div class="field"><label for="picture">A picture</label><input id="picture" type="file" accept="image/*" data-file aria-describedby="picture-hint"><p class="hint" id="picture-hint">It stays on this device.</p></div><div class="buttons"><button type="button" id="camera">Camera</button></div><video id="video" muted playsinline hidden></video></fieldset>`;

/** Adds the page's files to the plan's. `offline`: with a service worker, to be installed like a program. */
export async function addPage({ package: source, file, integrity, engine, saysSo, trust, files }: EdgePlan, offline: boolean): Promise<void> {
  const { manifest: { name, version }, digest, signature } = source;
  for (const [path, asset] of Object.entries(SCRIPTS)) files.set(path, await pageFile(asset));
  files.set("page.css", await pageFile("try.css"));
  files.set("icon.svg", await pageFile("edge-page/icon.svg"));
  if (offline) files.set("manifest.webmanifest", webManifest(name));
  const imports = JSON.stringify({ integrity: Object.fromEntries([...files].filter(([path]) => /\.m?js$/.test(path)).map(([path, bytes]) => [`./${path}`, integrityOf(bytes)])) });
  const policy = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-${createHash("sha256").update(imports).digest("base64")}'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; manifest-src 'self'; form-action 'self'; base-uri 'none'`;
  const options = JSON.stringify({ integrity, digest, ...(trust.length === 0 ? {} : { trust }), ...(engine === "kernel" ? (saysSo ? {} : { engine }) : { onnxruntime: `./${ORT_MODULE}` }) });
  files.set("index.html", new TextEncoder().encode(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${name} ${version}, on this device</title>
<link rel="icon" href="icon.svg">
${offline && html`<link rel="manifest" href="manifest.webmanifest">`}
<link rel="stylesheet" href="page.css" integrity="${integrityOf(files.get("page.css")!)}">
<script type="importmap">${new Html(imports)}</script>
<script type="module" src="page.js"></script>
</head>
<body>
<header><div class="bar">
<div class="title"><h1>${name}</h1><p>version ${version} <code title="${digest}">${digest.slice(0, 19)}</code></p></div>
<p id="state" role="status">loading ...</p>
</div></header>
<main data-layout="${signature.layout}" data-versions="1" data-package="${file}" data-options="${options}"${offline && html` data-offline`}>
<form id="ask" novalidate aria-label="Ask the model">
${renderInputs(signature, "JSON records", picture)}
<div class="buttons"><button type="submit" class="primary" disabled>Predict</button><button type="button" id="example">Example</button><button type="reset">Clear</button></div>
<noscript><p class="problem">This page needs JavaScript.</p></noscript>
</form>
<section class="answer" aria-labelledby="answer-title">
<h2 id="answer-title">Answer</h2>
<div id="failure" role="alert" hidden></div>
<div id="answer" aria-live="polite"><p class="empty">Fill in the form, or press Example, then Predict. Nothing leaves this device.</p></div>
<div id="call" hidden><details><summary>Whole answer as JSON</summary><pre tabindex="0"><code id="raw"></code></pre></details></div>
</section>
</main>
</body>
</html>
`.text));
}

function webManifest(name: string): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ name, short_name: name.slice(0, 30), start_url: "./index.html", scope: "./", display: "standalone", background_color: "#f5f7f8", theme_color: "#0b6e99", icons: [{ src: "icon.svg", sizes: "any", type: "image/svg+xml" }] }));
}
