// What a browser gets in a page's place where the service asks for a key: a field for it.

import type { SlipwayError } from "@slipway/core/base";
import { errorBody, statusOf } from "../errors.ts";
import { jsonAnswer, type Answer, type Call } from "../http/call.ts";
import { html } from "./html.ts";
import { keyField, pageAnswer, renderPage } from "./layout.ts";

/** Whether a browser asks for a page; `?format=json` asks for the JSON. */
export function wantsPage(call: Call): boolean {
  return /text\/html/.test(call.header("accept") ?? "") && call.query.get("format") !== "json";
}

/** Errors of the addresses that have pages: as JSON, unless a browser could do better with another key. */
export function pageError(base = ""): (error: SlipwayError, call: Call) => Answer {
  return (error, call) => {
    const status = statusOf(error);
    if ((status !== 401 && error.code !== "forbidden") || call.method !== "GET" || !wantsPage(call)) return jsonAnswer(errorBody(error, call.id), status);
    return pageAnswer(renderPage("A key is needed", base, html`<main class="one">
<section class="panel">
<h1 tabindex="-1">A key is needed</h1>
<p>This service answers those who have a key.</p>
${keyField(true, error.code === "credentials-missing" ? undefined : `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`)}
<noscript><p class="problem">This page needs JavaScript. Programs send the key as Authorization: Bearer ...</p></noscript>
</section>
</main>`), status);
  };
}
