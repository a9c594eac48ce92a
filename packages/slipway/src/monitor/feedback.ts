// POST /feedback: one label as JSON, or many as a JSON list, JSON lines or CSV. All labels of a request are kept, or none.

import { parseJson } from "../runtime/index.ts";
import { authError, bodyText, mayAsk, mediaType, type Call } from "../server/index.ts";
import { monitorError } from "./errors.ts";
import { readLabels, type Label } from "./label.ts";
import { storeLabels, type LabelOutcome } from "./label-store.ts";
import type { Watched } from "./views.ts";

const MOST_LABELS = 100_000;

/** @throws feedback-invalid, feedback-limit, forbidden */
export async function feedback(watched: Watched, call: Call): Promise<LabelOutcome & { readonly labels: number }> {
  const labels: Label[] = [];
  let row = 0;
  for await (const record of recordsOf(call)) {
    labels.push(...readLabels(record, `label ${++row}`));
    if (labels.length > MOST_LABELS) throw monitorError("feedback-limit", `more than ${MOST_LABELS} labels in one request`);
  }
  if (labels.length === 0) throw monitorError("feedback-invalid", "there is no label in the request");
  // Predictions that are only in memory yet are matched too.
  await watched.refresh();
  const store = await watched.store();
  return { labels: labels.length, ...await storeLabels(store.database, labels, watched.now(), mayLabel(call)) };
}

async function* recordsOf(call: Call): AsyncGenerator {
  const type = mediaType(call.headers);
  const text = bodyText(call.body, call.header("content-type") ?? "");
  if (type === "application/json" || type === "") {
    let value: unknown;
    try {
      value = parseJson(text);
    } catch (cause) {
      throw monitorError("feedback-invalid", `the body is not JSON: ${(cause as Error).message.slice(0, 200)}`, { hint: "Say what it is: content-type text/csv or application/jsonlines.", cause });
    }
    const { feedback: list = value } = (typeof value === "object" && value !== null ? value : {}) as { readonly feedback?: unknown };
    if (Array.isArray(list)) yield* list as unknown[];
    else yield list;
    return;
  }
  // An empty field of a CSV is a label that is not known yet, not one that is taken back.
  const { rowsOfText } = await import("../tables/index.ts");
  for await (const { rows, texts } of rowsOfText(text, "the body")) yield* texts ? rows.filter((r) => r["label"] !== null) : rows;
}

/** A key for some models only labels predictions of those. */
function mayLabel(call: Call): ((model: string) => void) | undefined {
  const { principal } = call;
  if (principal?.models === undefined) return undefined;
  return (model) => {
    if (model === "" || !mayAsk(call, model)) throw authError("forbidden", `${principal.id} is for some models only`, { hint: 'It labels known predictions of these by prediction_id, and by key with "model" beside it.' });
  };
}
