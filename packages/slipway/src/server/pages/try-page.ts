// The try-it page: a form made from the signature, the answer as a picture, the same question as a curl line.

import type { Signature } from "@slipway/core/package";
import { planImages, takesSounds } from "@slipway/core/predict";
import { exampleRequest, exampleValue, shapeText, usedColumns, type Servable } from "../../runtime/index.ts";
import { mayAsk } from "../auth/index.ts";
import type { ServerContext } from "../context.ts";
import type { Answer, Call } from "../http/call.ts";
import { renderCell, renderField } from "./fields.ts";
import { html, type Html } from "./html.ts";
import { keyField, pageAnswer, renderPage } from "./layout.ts";

/** Wider models are asked by pasting rows only. */
const MAX_FIELDS = 400;

/** `version`: the one that the address names, where it names one. */
export function tryPage(call: Call, model: Servable, { models, options }: ServerContext, version?: string): Answer {
  const names = models.all.map((m) => m.name).filter((name) => mayAsk(call, name));
  return pageAnswer(renderTryPage(model, { names, versions: models.versionsOf(model.name), version, base: options.basePath ?? "" }));
}

interface Place {
  /** Models that whoever asks may use. */
  readonly names: readonly string[];
  /** Of this model. */
  readonly versions: readonly string[];
  readonly version: string | undefined;
  readonly base: string;
}

function renderTryPage(model: Servable, { names, versions, version, base }: Place): string {
  const at = (name: string): string => `${base}/models/${encodeURIComponent(name)}`;
  const own = at(model.name);
  const path = version === undefined ? own : `${own}/versions/${encodeURIComponent(version)}`;
  const current = (is: boolean): Html | false => is && html` aria-current="page"`;
  return renderPage(`${model.name} ${model.version}: try it`, base, html`<header>
<div class="bar">
<div class="title"><h1 tabindex="-1">${model.name}</h1><p>version ${model.version} <code title="${model.digest}">${model.digest.slice(0, 19)}</code>${model.engine?.name === "python" && html` run by Python`}</p></div>
<nav aria-label="Service"><a href="${base}/openapi.json">OpenAPI</a> <a href="${path}?format=json">Signature</a> <a href="${base}/metrics">Metrics</a></nav>
</div>
${names.length > 1 && html`<nav class="choices" aria-label="Models">${names.map((name) => html`<a href="${at(name)}"${current(name === model.name)}>${name}</a>`)}</nav>`}
${versions.length > 1 && html`<nav class="choices" aria-label="Versions"><a href="${own}"${current(version === undefined)}>as the service chooses</a>${versions.map((v) => html`<a href="${own}/versions/${encodeURIComponent(v)}"${current(version !== undefined && v === model.version)}>${v}</a>`)}</nav>`}
${keyField(false)}
</header>
<main data-layout="${model.signature.layout}" data-url="${path}/predict" data-versions="${versions.length}">
<form id="ask" novalidate aria-label="Ask the model">
${renderInputs(model.signature)}
<div class="buttons"><button type="submit" class="primary">Predict</button><button type="button" id="example">Example</button><button type="reset">Clear</button></div>
<noscript><p class="problem">This page needs JavaScript. Rows go to POST ${path}/predict.</p></noscript>
</form>
<section class="answer" aria-labelledby="answer-title">
<h2 id="answer-title">Answer</h2>
<div id="failure" role="alert" hidden></div>
<div id="answer" aria-live="polite"><p class="empty">Fill in the form, or press Example, then Predict.</p></div>
<div id="call" hidden>
<div class="call-head"><h3>The same from a terminal</h3><button type="button" id="copy">Copy</button></div>
<pre tabindex="0"><code id="curl"></code></pre>
<details><summary>Whole answer as JSON</summary><pre tabindex="0"><code id="raw"></code></pre></details>
</div>
</section>
</main>`);
}

const soundField = html`<fieldset><legend>Sound</legend><div class="field"><label for="sound">A sound</label><input id="sound" type="file" accept=".wav,audio/wav" data-file aria-describedby="sound-hint"><p class="hint" id="sound-hint">WAV, of any rate and number of channels.</p></div></fieldset>`;
const sentPicture = html`<fieldset><legend>Picture</legend><div class="field"><label for="picture">A picture</label><input id="picture" type="file" accept="image/png,image/jpeg" data-file aria-describedby="picture-hint"><p class="hint" id="picture-hint">PNG or JPEG. It is sent to the model as it is.</p></div></fieldset>`;

/** Told by the package, or a tensor with a dimension for channels: one without may hold anything. */
function takesPictures(signature: Signature): boolean {
  try {
    const { plan } = planImages(signature);
    return !plan.flat || signature.tensors?.[0]?.image !== undefined;
  } catch {
    return false;
  }
}

/** The form's fields. `pasted`: what rows may be pasted as; `pictureField`: how a picture is given, of a model that takes any. */
export function renderInputs(signature: Signature, pasted = "CSV with a header line, or JSON records", pictureField: Html = sentPicture): Html {
  const columns = usedColumns(signature);
  const unused = signature.columns.filter((c) => !c.used);
  if (signature.layout === "text") {
    return html`<fieldset><legend>Text</legend><div class="field" data-column="${columns[0]?.name}"><label for="f0">${columns[0]?.name ?? "text"}</label><textarea id="f0" name="text" rows="7" data-type="raw" data-example="${JSON.stringify(columns[0] === undefined ? "" : exampleValue(columns[0]))}" aria-describedby="f0-hint f0-problem"></textarea><p class="hint" id="f0-hint">The text as the model gets it.</p><p class="problem" id="f0-problem" hidden></p></div></fieldset>`;
  }
  if (signature.tensors) {
    const file = takesSounds(signature) ? soundField : takesPictures(signature) && pictureField;
    const example = JSON.stringify(exampleRequest(signature));
    const shapes = signature.tensors.map((t) => `${t.name}: ${t.type} ${shapeText(t, signature)}`).join("; ");
    const tensors = html`<div class="field"><label for="f0">Inputs as JSON</label><textarea id="f0" name="inputs" rows="10" spellcheck="false" data-type="raw" data-example="${JSON.stringify(example)}" aria-describedby="f0-hint"></textarea><p class="hint" id="f0-hint">${shapes}. Nested lists, as {"inputs": {name: [...]}}${signature.tensorRows === "none" ? "" : ", or a list of rows"}.</p></div>`;
    return file === false ? html`<fieldset><legend>Tensors</legend>${tensors}</fieldset>` : html`${file}<details class="more"><summary>Tensors as JSON</summary>${tensors}</details>`;
  }
  const paste = html`<div class="field paste"><label for="paste">Paste rows</label><textarea id="paste" rows="3" spellcheck="false" aria-describedby="paste-hint"></textarea><p class="hint" id="paste-hint">${signature.layout === "matrix" ? `One row a line, ${signature.columns.length} numbers each, separated by commas, tabs or spaces. Takes the place of the fields.` : `${pasted}. Takes the place of the fields.`}</p></div>`;
  const known = unused.length > 0 && html`<p class="note">${unused.length === 1 ? "One column" : `${unused.length} columns`} known to the file ${unused.length === 1 ? "plays" : "play"} no part: ${unused.slice(0, 12).map((c) => c.name).join(", ")}${unused.length > 12 ? ", ..." : ""}.</p>`;
  if (columns.length > MAX_FIELDS) return html`<fieldset><legend>${columns.length} columns</legend>${paste}${known}</fieldset>`;
  if (signature.layout === "matrix") {
    return html`<fieldset><legend>${columns.length} numbers</legend><div class="cells">${columns.map(renderCell)}</div>${paste}</fieldset>`;
  }
  return html`<fieldset><legend>Columns</legend><div class="fields">${columns.map(renderField)}</div>${known}<details class="more"><summary>Several rows</summary>${paste}</details></fieldset>`;
}
