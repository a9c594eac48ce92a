// Counters first, then predictions, while the connection lasts. POST HOME/counters takes one JSON object, POST
// HOME/predictions JSON lines; the header idempotency-key is the same when something is sent again.

import type { Counters } from "./counters.ts";
import { deviceError } from "./errors.ts";
import type { Outbox } from "./outbox.ts";

const ANSWER_MS = 30_000;
/** Files of one turn: a device that was long away does not hold the line for ever. */
const MOST = 64;

/** @throws device-home */
export async function sendHome(home: string, counters: Counters, outbox: Outbox, ask: typeof fetch = fetch): Promise<void> {
  counters.counts.dropped += outbox.takeDropped();
  await counters.save();
  const base = home.endsWith("/") ? home : `${home}/`;
  await counters.deliver((file) => post(ask, new URL("counters", base), "application/json", `${file.boot}-${file.counts.requests}`, JSON.stringify(file)));
  for (let i = 0; i < MOST; i++) if (!(await outbox.deliver((name, body) => post(ask, new URL("predictions", base), "application/x-ndjson", `${counters.device}-${name}`, body)))) return;
}

async function post(ask: typeof fetch, address: URL, type: string, key: string, body: string | Uint8Array): Promise<void> {
  let response: Response;
  try {
    response = await ask(address, { method: "POST", headers: { "content-type": type, "idempotency-key": key }, body: body as string, signal: AbortSignal.timeout(ANSWER_MS), redirect: "error" });
    await response.body?.cancel();
  } catch (cause) {
    throw deviceError("device-home", `${address.href} gave no answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (!response.ok) throw deviceError("device-home", `${address.href} answered ${response.status}`);
}
