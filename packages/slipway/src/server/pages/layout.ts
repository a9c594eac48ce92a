// What every page has: its head, its headers, and the field for a key.
// Plain HTML with one style sheet and scripts of its own; nothing inline and nothing from elsewhere.

import type { Answer } from "../http/call.ts";
import { html, type Html } from "./html.ts";

const SECURITY = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; media-src blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
};

export function pageAnswer(body: string, status = 200): Answer {
  return { status, headers: { ...SECURITY, "content-type": "text/html; charset=utf-8" }, body };
}

/** `base`: where the service is mounted. */
export function renderPage(title: string, base: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M1 10h14l-3 4H4zM7 2h2v7H7z' fill='%230b6e99'/%3E%3C/svg%3E">
<link rel="stylesheet" href="${base}/assets/try.css">
<script type="module" src="${base}/assets/try.js"></script>
</head>
<body>
${body}
</body>
</html>
`.text;
}

/** Hidden until it is needed; `problem`: why the key that was given is not enough. */
export function keyField(shown: boolean, problem?: string): Html {
  return html`<form id="key-form" class="key" aria-label="Key"${!shown && html` hidden`}>
<label for="key">API key or token</label>
<div class="row"><input id="key" type="password" autocomplete="off" spellcheck="false" aria-describedby="key-hint key-problem"><button type="submit" class="primary">Use</button></div>
<p class="hint" id="key-hint">Held in this page's memory only: it is gone when the page is closed or loaded anew.</p>
<p class="problem" id="key-problem" role="alert"${problem === undefined && html` hidden`}>${problem ?? ""}</p>
</form>
<p id="key-held" class="key" hidden>Asked with your key. <button type="button" id="key-forget">Forget it</button></p>`;
}
