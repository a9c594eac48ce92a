// Server-sent events, and errors in OpenAI's form.

import { statusOf, toSlipwayError, type Answer, type Call } from "../../server/index.ts";
import type { SlipwayError } from "@slipway/core/base";

export const EVENT_STREAM: Readonly<Record<string, string>> = { "content-type": "text/event-stream; charset=utf-8" };
export const DONE = "data: [DONE]\n\n";

export function event(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

/** The first event is waited for: what is wrong with a request is told by a status, not within a stream. */
export async function begun(events: AsyncGenerator<string>): Promise<AsyncIterable<string>> {
  const first = await events.next();
  return (async function* () {
    try {
      if (first.done !== true) yield first.value;
      yield* events;
    } catch (thrown) {
      // The status has gone already: the error is an event, as OpenAI's clients read it.
      yield event(errorBody(toSlipwayError(thrown)));
    } finally {
      await events.return(undefined);
    }
  })();
}

const TYPES: Readonly<Record<number, string>> = { 400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "invalid_request_error", 413: "invalid_request_error", 429: "rate_limit_error" };
/** What OpenAI's clients look for by name. */
const CODES: Readonly<Record<string, string>> = { "context-length": "context_length_exceeded", "model-unknown": "model_not_found", "language-guard": "content_filter", "rate-limited": "rate_limit_exceeded" };

function errorBody(error: SlipwayError): object {
  const status = openAiStatus(error);
  return { error: { message: error.hint === undefined ? error.message : `${error.message}. ${error.hint}`, type: TYPES[status] ?? "server_error", param: error.code.startsWith("language-") ? (error.where ?? null) : null, code: CODES[error.code] ?? error.code } };
}
function openAiStatus(error: SlipwayError): number {
  return error.code === "context-length" || error.code === "language-unsupported" ? 400 : statusOf(error);
}
export function errorAnswer(error: SlipwayError, _call: Call): Answer {
  return { status: openAiStatus(error), headers: { "content-type": "application/json; charset=utf-8" }, body: JSON.stringify(errorBody(error)) };
}
