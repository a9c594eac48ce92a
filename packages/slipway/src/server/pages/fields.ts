// One form field a column. What the script needs of a field stands in its data attributes.

import type { Column, Scalar } from "@slipway/core/package";
import { exampleValue, isFlag } from "../../runtime/index.ts";
import { html, type Html } from "./html.ts";

/** Longer lists of categories become suggestions of a text field. */
const MAX_SELECT = 200;
const MAX_SUGGESTIONS = 500;

export function renderField(column: Column, index: number): Html {
  const id = `f${index}`;
  const example = exampleValue(column);
  return html`<div class="field" data-column="${column.name}">
<label for="${id}">${column.name}</label>
${control(column, id, example)}
<p class="hint" id="${id}-hint">${hint(column)}</p>
<p class="problem" id="${id}-problem" hidden></p>
</div>`;
}

function control(column: Column, id: string, example: Scalar | null): Html {
  const described = html` aria-describedby="${id}-hint ${id}-problem" autocomplete="off"`;
  const shared = html` id="${id}" name="${column.name}" data-type="${kindOf(column)}" data-example="${JSON.stringify(example)}"${described}`;
  const categories = column.categories ?? [];
  if (isSelect(column)) {
    const values = categories.length > 0 ? categories : [true, false];
    const open = column.unknown === "allowed" && !isFlag(column);
    return html`<select${shared}><option value="">${column.missing === "allowed" ? "(missing)" : "choose ..."}</option>${values.map((v) => html`<option value="${JSON.stringify(v)}">${String(v)}</option>`)}${open && html`<option value="other">another value ...</option>`}</select>${open && html`<input id="${id}-other" type="${column.type === "string" ? "text" : "number"}" step="any" data-other data-type="${column.type === "string" ? "text" : "number"}" aria-label="${column.name}: another value"${described} hidden>`}`;
  }
  if (categories.length > 0) {
    return html`<input type="text" list="${id}-list"${shared}><datalist id="${id}-list">${categories.slice(0, MAX_SUGGESTIONS).map((v) => html`<option value="${String(v)}"></option>`)}</datalist>`;
  }
  if (column.type === "string") return html`<input type="text"${shared}>`;
  return html`<input type="number" step="${column.type === "int64" ? "1" : "any"}"${shared}>`;
}

function isSelect(column: Column): boolean {
  const count = column.categories?.length ?? 0;
  return isFlag(column) || (count > 0 && count <= MAX_SELECT);
}

/** How the script reads the field's text: `json` fields hold JSON values (a select's options). */
function kindOf(column: Column): string {
  if (isSelect(column)) return "json";
  return column.type === "string" ? "text" : "number";
}

function hint(column: Column): string {
  const flag = isFlag(column);
  const type = flag ? "true or false" : { double: "number", int64: "whole number", boolean: "true or false", string: "text" }[column.type];
  const range = column.range === undefined || flag ? "" : `, usually ${shortNumber(column.range[0])} to ${shortNumber(column.range[1])}`;
  const categories = column.categories === undefined || flag ? "" : column.unknown === "refused" ? `, one of ${column.categories.length}` : `, ${column.categories.length} known or another`;
  return `${type}${range}${categories}${column.missing === "allowed" ? ", may be empty" : ""}`;
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** A cell of a matrix: no hint under each, the grid's legend tells. */
export function renderCell(column: Column, index: number): Html {
  const id = `f${index}`;
  return html`<div class="cell" data-column="${column.name}"><label for="${id}">${column.name}</label><input id="${id}" name="${column.name}" type="number" step="any" data-type="number" data-example="${JSON.stringify(numeric(exampleValue(column)))}" aria-describedby="${id}-problem" autocomplete="off"><p class="problem" id="${id}-problem" hidden></p></div>`;
}

function numeric(value: Scalar | null): Scalar | null {
  return typeof value === "boolean" ? Number(value) : value;
}
