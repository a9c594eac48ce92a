// A running service, over its interface /api/v1.

import { SlipwayError, type ErrorKind } from "@slipway/core/base";
import { approvalError, type ReleaseRequest, type RequestDetails } from "../../approvals/index.ts";
import { serviceError } from "../../client/index.ts";
import type { GivenDecision, ReleaseDesk, Subject } from "./desk.ts";

const TIMEOUT_MS = 60_000;
const KINDS: Readonly<Record<number, ErrorKind>> = { 400: "invalid", 401: "unauthenticated", 403: "refused", 404: "not-found", 409: "conflict", 413: "limit", 415: "unsupported", 422: "failed-check", 429: "exhausted", 504: "timeout" };

export class RemoteDesk implements ReleaseDesk {
  readonly #url: string;
  readonly #key: string | undefined;

  constructor(url: string, key: string | undefined) {
    this.#url = url.replace(/\/+$/, "");
    this.#key = key;
  }

  async person(): Promise<string> {
    return (await this.#ask<{ name: string }>("GET", "/me")).name;
  }
  async ask({ model, ...rest }: Subject, comment: string): Promise<RequestDetails> {
    return this.#details((await this.#ask<ReleaseRequest>("POST", `/models/${encodeURIComponent(model)}/requests`, { ...rest, comment })).id);
  }
  async find({ model, version, alias }: Subject): Promise<RequestDetails> {
    const { requests } = await this.#ask<{ requests: readonly ReleaseRequest[] }>("GET", `/models/${encodeURIComponent(model)}/versions/${version}`);
    const all = requests.filter((r) => r.alias === alias);
    const found = all.find((r) => r.state === "open") ?? all[0];
    if (found === undefined) throw approvalError("request-unknown", `nobody has asked that ${alias} name ${model}:${version}`, { hint: `slipway request ${model}:${version} --alias ${alias}` });
    return this.#details(found.id);
  }
  decide(id: string, decision: GivenDecision): Promise<RequestDetails> {
    return this.#ask("POST", `/requests/${encodeURIComponent(id)}/decisions`, decision);
  }
  async register(pem: string): Promise<void> {
    await this.#ask("POST", "/me/keys", { pem });
  }
  promote({ id }: RequestDetails, expected: number | null | undefined, override: string | undefined): Promise<RequestDetails> {
    return this.#ask("POST", `/requests/${encodeURIComponent(id)}/promote`, { ...(expected === undefined ? {} : { expected }), ...(override === undefined ? {} : { override }) });
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
  #details(id: string): Promise<RequestDetails> {
    return this.#ask("GET", `/requests/${encodeURIComponent(id)}`);
  }

  async #ask<T>(method: string, path: string, body?: object): Promise<T> {
    return JSON.parse(await (await askService(this.#url, this.#key, method, path, body)).text()) as T;
  }
}

/** An answer of /api/v1, or the error that the service gives. @throws service-unreachable and the service's own codes */
export async function askService(url: string, key: string | undefined, method: string, path: string, body?: object): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(`${url.replace(/\/+$/, "")}/api/v1${path}`, {
      method, redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS), headers: { ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    throw serviceError("service-unreachable", `${url} does not answer: ${((cause as Error).cause as { code?: string } | undefined)?.code ?? (cause as Error).message}`, { hint: "Look whether slipway up runs there.", cause });
  }
  if (answer.ok) return answer;
  const text = (await answer.text()).slice(0, 100_000);
  let error: { code?: unknown; message?: unknown; hint?: unknown; where?: unknown; data?: unknown } = {};
  try {
    error = (JSON.parse(text) as { error?: typeof error }).error ?? {};
  } catch {
    // Told by its status.
  }
  const optional = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
  throw new SlipwayError(typeof error.code === "string" ? error.code : "service-unreachable", KINDS[answer.status] ?? "unavailable", typeof error.message === "string" ? error.message : `${url} answered with status ${answer.status}`, {
    // What the service says of headers is for programs.
    hint: answer.status === 401 ? `${key === undefined ? "Give an" : "Give another"} API key: --api-key KEY, or the variable SLIPWAY_API_KEY. slipway keys create makes one where the service runs.` : optional(error.hint), where: optional(error.where), ...(typeof error.data === "object" && error.data !== null ? { data: error.data as Record<string, unknown> } : {}) });
}
