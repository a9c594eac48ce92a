// The models of a running service, as GET /models and GET /models/NAME tell them. What comes back is as hostile as a file.

import { defineErrors, type ErrorMaker } from "@slipway/core/base";
import { parseSignature } from "@slipway/core/package";
import { parseJson } from "../runtime/index.ts";
import type { ClientModel } from "./generate-client.ts";

const table = {
  "service-unreachable": { kind: "unavailable", doc: "The service at the address did not answer. Check the address, and that the service runs." },
  "service-refused": { kind: "unavailable", doc: "The service refused to tell about its models. The error has its answer; where keys are asked for, give one (`--api-key` or SLIPWAY_API_KEY)." },
  "service-answer": { kind: "invalid", doc: "What answers at the address is no Slipway service, or one of another version." },
} as const;
export const serviceError: ErrorMaker<typeof table> = defineErrors(table);

const TIMEOUT_MS = 10_000;
const MAX_ANSWER = 64 * 2 ** 20;
const MAX_MODELS = 1000;

export interface ServiceOptions {
  readonly apiKey?: string | undefined;
}

/** @throws SlipwayError service-unreachable, service-refused, service-answer, package-signature */
export async function serviceModels(url: string, options: ServiceOptions = {}): Promise<ClientModel[]> {
  const base = url.replace(/\/+$/, "");
  const { models } = object(await get(`${base}/models`, options), `${base}/models`);
  if (!Array.isArray(models) || models.length > MAX_MODELS) throw serviceError("service-answer", `${base}/models lists no models`);
  const found: ClientModel[] = [];
  for (const listed of models) {
    const { name } = object(listed, `${base}/models`);
    if (typeof name !== "string" || name.length > 200) throw serviceError("service-answer", `${base}/models lists a model without a name`);
    const address = `${base}/models/${encodeURIComponent(name)}?format=json`;
    const { version, digest, signature } = object(await get(address, options), address);
    if (typeof version !== "string" || typeof digest !== "string") throw serviceError("service-answer", `${address} tells no version or digest`);
    found.push({ name, version, digest, signature: parseSignature(signature) });
  }
  return found;
}

async function get(address: string, { apiKey }: ServiceOptions): Promise<unknown> {
  let text = "";
  let status = 0;
  try {
    const response = await fetch(address, { redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS), headers: { accept: "application/json", ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }) } });
    ({ status } = response);
    const decoder = new TextDecoder();
    let size = 0;
    for await (const piece of response.body ?? []) {
      size += piece.length;
      if (size > MAX_ANSWER) throw serviceError("service-answer", `${address} answers with more than ${MAX_ANSWER} bytes`);
      text += decoder.decode(piece, { stream: true });
    }
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "service-answer") throw cause;
    const reason = cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : String(cause);
    throw serviceError("service-unreachable", `${address} did not answer: ${reason}`, { hint: "Check the address, and that the service runs.", cause });
  }
  if (status !== 200) throw serviceError("service-refused", `${address} answered ${status}: ${text.slice(0, 300)}`, { hint: status === 401 || status === 403 ? "Give a key: --api-key KEY, or SLIPWAY_API_KEY." : undefined });
  try {
    return parseJson(text);
  } catch (cause) {
    throw serviceError("service-answer", `${address} does not answer with JSON`, { cause });
  }
}

function object(value: unknown, address: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw serviceError("service-answer", `${address} does not answer as a Slipway service does`, { hint: "The address is that of the service itself, such as http://127.0.0.1:8080." });
  return value as Readonly<Record<string, unknown>>;
}
