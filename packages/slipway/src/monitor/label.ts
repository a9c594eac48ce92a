// A label: what turned out to be true of a prediction, told by the prediction's id or by a business key.

import { monitorError } from "./errors.ts";
import { listIn } from "./judged-lists.ts";

export interface Label {
  readonly kind: "id" | "key";
  readonly ref: string;
  /** Of a key: for predictions of this model only; empty: of any. */
  readonly model: string;
  /** null takes a label back. */
  readonly label: string | null;
  /** When it turned out, where that was told. */
  readonly at: string | null;
}

const MAX_REF = 200;
const MAX_LABEL = 500;
const MAX_CHOSEN = 50;
const MAX_ROWS_OF_ONE = 10_000;
const ROW = /-\d{1,9}$/;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * One record: `prediction_id` (of a row, or of a request: its first row) or `key`, with `label`; or, for a request of several
 * rows, `labels` in their order. `model` and `at` may be there too.
 * @throws feedback-invalid
 */
export function readLabels(record: unknown, where: string): Label[] {
  const bad = (message: string, hint?: string): Error => monitorError("feedback-invalid", message, { where, hint: hint ?? 'For example {"prediction_id": "...-0", "label": "yes"}, or {"key": "customer 17", "label": "yes"}.' });
  if (typeof record !== "object" || record === null || Array.isArray(record)) throw bad("a label is an object");
  const given = record as Readonly<Record<string, unknown>>;
  const id = textIn(given, "prediction_id", bad);
  const key = textIn(given, "key", bad);
  if (id === undefined && key === undefined) throw bad("it has neither a prediction_id nor a key");
  if (id !== undefined && key !== undefined) throw bad("it has both a prediction_id and a key");
  const model = textIn(given, "model", bad) ?? "";
  const at = textIn(given, "at", bad);
  if (at !== undefined && Number.isNaN(Date.parse(at))) throw bad(`at is ${JSON.stringify(at.slice(0, 100))}, and no time`, "Times look like 2026-03-01T10:00:00Z.");
  const time = at === undefined ? null : new Date(at).toISOString();
  const label = (value: unknown, ref: string): Label => ({ kind: id === undefined ? "key" : "id", ref, model: id === undefined ? model : "", label: labelOf(value, bad), at: time });
  if (Object.hasOwn(given, "labels")) {
    const { labels } = given;
    if (id === undefined || !ID.test(id)) throw bad("labels are for the rows of one request: they need its prediction_id");
    if (!Array.isArray(labels) || labels.length > MAX_ROWS_OF_ONE) throw bad(`labels is no list of at most ${MAX_ROWS_OF_ONE}`);
    return labels.map((value, row) => label(value, `${id}-${row}`));
  }
  if (!Object.hasOwn(given, "label")) throw bad("it has no label");
  return [label(given["label"], id === undefined ? key! : ROW.test(id) && !ID.test(id) ? id : `${id}-0`)];
}

function textIn(given: Readonly<Record<string, unknown>>, name: string, bad: (message: string) => Error): string | undefined {
  const value = Object.hasOwn(given, name) ? given[name] : undefined;
  if (value === undefined || value === null || value === "") return undefined;
  const text = typeof value === "number" || typeof value === "bigint" ? String(value) : value;
  if (typeof text !== "string" || text.length > MAX_REF) throw bad(`${name} is no text of at most ${MAX_REF} characters`);
  return text;
}
/** As text: what a label is compared with is text too. A list of items that were chosen is one as JSON. */
function labelOf(value: unknown, bad: (message: string) => Error): string | null {
  if (value === null) return null;
  if (Array.isArray(value)) {
    if (value.length > MAX_CHOSEN || !value.every((item) => (typeof item === "string" && item.length <= MAX_REF) || typeof item === "number")) throw bad(`a list of chosen items has at most ${MAX_CHOSEN}, each a text of at most ${MAX_REF} characters or a number`);
    return JSON.stringify(value.map(String));
  }
  const text = typeof value === "number" || typeof value === "boolean" || typeof value === "bigint" ? String(value) : value;
  if (typeof text !== "string" || (text.length > MAX_LABEL && !isList(text))) throw bad(`a label is a text of at most ${MAX_LABEL} characters, a number, true or false, a list of chosen items, or null to take it back`);
  return text;
}
/** As a file of CSV has it. */
function isList(text: string): boolean {
  const items = text.length <= MAX_CHOSEN * MAX_REF ? listIn(text) : undefined;
  return items !== undefined && items.length <= MAX_CHOSEN;
}
