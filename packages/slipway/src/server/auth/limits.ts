// How much one client may ask: requests a second (a token bucket that allows a burst), rows a day, rows a request.
// Clients are told apart by their credentials, else by their address. State is this process's own.

import type { Layer } from "../app.ts";
import type { Call } from "../http/call.ts";
import { authError } from "./errors.ts";

export interface LimitOptions {
  /** Requests a second for each client. */
  readonly requestsPerSecond?: number | undefined;
  /** Requests that may come at once; twice the rate by default. */
  readonly burst?: number | undefined;
  /** Rows a day (UTC) for each client. */
  readonly rowsPerDay?: number | undefined;
  /** Tokens a day (UTC) that language models read and write for each client. */
  readonly tokensPerDay?: number | undefined;
}

interface Client {
  tokens: number;
  at: number;
  day: number;
  rows: number;
  /** Of language models. */
  read: number;
}

/** The longest unused are forgotten beyond it: a flood of addresses must not fill the memory. */
const MAX_CLIENTS = 50_000;
const DAY_MS = 86_400_000;

export class ClientLimits {
  readonly #options: LimitOptions;
  readonly #clients = new Map<string, Client>();

  constructor(options: LimitOptions) {
    this.#options = options;
  }

  /** @throws SlipwayError rate-limited, quota-exhausted */
  take(client: string, now: number = Date.now()): { readonly remaining: number } {
    const { requestsPerSecond: rate = Infinity, rowsPerDay = Infinity, tokensPerDay = Infinity } = this.#options;
    const burst = this.#options.burst ?? Math.max(1, 2 * rate);
    const state = this.#of(client, burst, now);
    if (Number.isFinite(rate)) {
      state.tokens = Math.min(burst, state.tokens + (Math.max(0, now - state.at) / 1000) * rate);
      state.at = now;
      if (state.tokens < 1) {
        const waitMs = Math.ceil(((1 - state.tokens) / rate) * 1000);
        throw authError("rate-limited", `more than ${rate} requests a second`, { hint: `Ask again in ${waitMs} ms.`, data: { retryAfterMs: waitMs } });
      }
      state.tokens--;
    }
    if (state.rows >= rowsPerDay) {
      throw authError("quota-exhausted", `the ${rowsPerDay} rows of today are used up`, { data: { retryAfterMs: DAY_MS - (now % DAY_MS) } });
    }
    if (state.read >= tokensPerDay) {
      throw authError("quota-exhausted", `the ${tokensPerDay} tokens of today are used up`, { data: { retryAfterMs: DAY_MS - (now % DAY_MS) } });
    }
    return { remaining: Math.floor(state.tokens) };
  }

  /** Rows that were answered. */
  used(client: string, rows: number, now: number = Date.now()): void {
    if (this.#options.rowsPerDay !== undefined) this.#of(client, 1, now).rows += rows;
  }

  /** Tokens that a language model read and wrote. */
  spent(client: string, tokens: number, now: number = Date.now()): void {
    if (this.#options.tokensPerDay !== undefined) this.#of(client, 1, now).read += tokens;
  }

  #of(client: string, burst: number, now: number): Client {
    const day = Math.floor(now / DAY_MS);
    let state = this.#clients.get(client);
    if (state === undefined) state = { tokens: burst, at: now, day, rows: 0, read: 0 };
    else this.#clients.delete(client);
    if (state.day !== day) {
      state.day = day;
      state.rows = 0;
      state.read = 0;
    }
    this.#clients.set(client, state);
    if (this.#clients.size > MAX_CLIENTS) this.#clients.delete(this.#clients.keys().next().value!);
    return state;
  }
}

export function limitLayer(options: LimitOptions): Layer {
  const limits = new ClientLimits(options);
  const counted = (call: Call): boolean => call.route?.action === "predict" || call.route?.action === "feedback";
  return {
    name: "limits",
    before(call) {
      if (!counted(call)) return;
      call.remaining = limits.take(clientOf(call)).remaining;
      // How many there were is known when the answer has left.
      if (options.tokensPerDay !== undefined) call.onFinished(() => limits.spent(clientOf(call), call.languageTokens));
    },
    headers(call) {
      if (call.observation !== undefined) limits.used(clientOf(call), call.observation.rows);
      if (options.requestsPerSecond === undefined || call.remaining === undefined) return undefined;
      return { "x-ratelimit-limit": String(options.requestsPerSecond), "x-ratelimit-remaining": String(call.remaining) };
    },
  };
}

function clientOf(call: Call): string {
  const { principal } = call;
  return principal === undefined || principal.kind === "anonymous" ? `address:${call.remote ?? ""}` : principal.id;
}
