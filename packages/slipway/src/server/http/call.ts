// One request and its answer, free of any web server: the same handlers run behind node:http, HTTP/2 and `fetch` hosts.

import type { IncomingHttpHeaders } from "node:http";
import type { Principal } from "../auth/principal.ts";
import type { Servable } from "../../runtime/index.ts";
import type { Observation } from "../context.ts";
import { serverError } from "../errors.ts";
import type { Peer } from "./peer.ts";
import type { CallWatch } from "../traffic/steering.ts";
import type { TraceContext } from "../telemetry/trace-context.ts";
import type { Route } from "./routing-table.ts";

export interface CallInit {
  readonly id: string;
  readonly method: string;
  /** With its query, as it came. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The client's address, where there is one. */
  readonly remote?: string | undefined;
  /** Whether the connection is encrypted. */
  readonly secure?: boolean;
  /** Whose certificate the connection checked. */
  readonly peer?: Peer | undefined;
  /** Whether it came over the port of administration. */
  readonly adminPort?: boolean;
  /** Who did this act of administration in another process of the service, which this one repeats. */
  readonly repeats?: string;
  /** Tells whether the client has gone. */
  readonly isGone?: () => boolean;
}

const NO_PARAMS: Readonly<Record<string, string>> = {};
/** Nobody adds to a request's query. */
const NO_QUERY = new URLSearchParams();
const NO_BODY = Buffer.alloc(0);

export class Call {
  readonly id: string;
  readonly method: string;
  /** Without query and without a slash at its end. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly remote: string | undefined;
  readonly secure: boolean;
  readonly peer: Peer | undefined;
  readonly adminPort: boolean;
  readonly repeats: string | undefined;
  /** Who asks; known once the layers have looked. */
  principal: Principal | undefined;
  /** Requests that this client may send at once from now. */
  remaining: number | undefined;
  readonly startedAt: number = performance.now();
  /** Of the route's path, decoded. */
  params: Readonly<Record<string, string>> = NO_PARAMS;
  route: Route | undefined;
  /** Name of the protocol whose route it is. */
  protocol: string | undefined;
  /** Where this request belongs in a trace, where traces are taken. */
  trace: TraceContext | undefined;
  /** performance.now() when the answer was written, before it was sent. */
  answeredAt = 0;
  /** Plain: decompressed, within the limit. */
  body: Buffer = NO_BODY;
  /** The body of a route that streams, once, as it arrives; not decompressed. */
  pieces: (() => AsyncIterable<Uint8Array>) | undefined;
  /** performance.now() at which the answer is of no more use. */
  deadline: number = Infinity;
  /** The model that was asked, once that is known. */
  target: Servable | undefined;
  /** What a handler says of its work, for metrics and the log. */
  observation: Observation | undefined;
  /** Under which labels for its predictions are sent; row i is `<id>-<i>`. */
  predictionId: string | undefined;
  /** Where a rollout watches what comes of it. */
  watch: CallWatch | undefined;
  errorCode: string | undefined;
  /** Tokens that a language model read and wrote for it. */
  languageTokens = 0;
  /** The experiment that it is part of. */
  experiment: string | undefined;
  readonly isGone: () => boolean;
  #ends: (() => void)[] | undefined;
  readonly #search: string;
  #query: URLSearchParams | undefined;

  constructor(init: CallInit) {
    this.id = init.id;
    this.method = init.method;
    this.headers = init.headers;
    this.remote = init.remote;
    this.secure = init.secure ?? false;
    this.peer = init.peer;
    this.adminPort = init.adminPort ?? false;
    this.repeats = init.repeats;
    this.isGone = init.isGone ?? here;
    const { url } = init;
    const cut = url.indexOf("?");
    const path = cut < 0 ? url : url.slice(0, cut);
    this.#search = cut < 0 ? "" : url.slice(cut + 1);
    this.path = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
  }

  /** Of the address, without its question mark. */
  get search(): string {
    return this.#search;
  }
  get query(): URLSearchParams {
    return (this.#query ??= this.#search === "" ? NO_QUERY : new URLSearchParams(this.#search));
  }

  /** A header that came once. */
  header(name: string): string | undefined {
    const value = this.headers[name];
    return typeof value === "string" ? value : undefined;
  }

  /** The answer is made, and may take long to be read: what it was made from is let go of. */
  forgetBody(): void {
    this.body = NO_BODY;
  }
  /** Called once the request is answered: what was held for it is let go. */
  onFinished(end: () => void): void {
    (this.#ends ??= []).push(end);
  }
  finished(): void {
    const ends = this.#ends;
    this.#ends = undefined;
    if (ends !== undefined) for (const end of ends) end();
  }

  /** Stops work when the time is over or the client has gone: looked at between two pieces of work, so it costs no timer. */
  throwIfAborted(): void {
    if (performance.now() > this.deadline) throw serverError("request-timeout", "the prediction took longer than its time", { hint: "Send fewer rows in one request, or allow more time." });
    if (this.isGone()) throw serverError("client-gone", "the client went away");
  }
}

function here(): boolean {
  return false;
}

export type AnswerBody = string | Uint8Array | AsyncIterable<string | Uint8Array> | null;

export interface Answer {
  readonly status?: number;
  /** Lower case names. What the application gives to a host is the host's own, to add to. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: AnswerBody;
}

const JSON_HEADERS: Readonly<Record<string, string>> = { "content-type": "application/json; charset=utf-8" };
const TEXT_HEADERS: Readonly<Record<string, string>> = { "content-type": "text/plain; charset=utf-8" };

export function jsonAnswer(value: unknown, status = 200, headers?: Readonly<Record<string, string>>): Answer {
  return jsonText(JSON.stringify(value), status, headers);
}
/** JSON that is already written. */
export function jsonText(body: AnswerBody, status = 200, headers?: Readonly<Record<string, string>>): Answer {
  return { status, headers: headers === undefined ? JSON_HEADERS : { ...JSON_HEADERS, ...headers }, body };
}
export function textAnswer(body: string, status = 200): Answer {
  return { status, headers: TEXT_HEADERS, body };
}

/** `next` of a value that may still be on its way: without a turn of the queue of promises where it is there. */
export function after<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
