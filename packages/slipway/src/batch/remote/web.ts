// Requests to where inputs and outputs are: asked again with growing waits where that may help (a full or a broken server, a
// connection that ended), and every failure a coded error that names the source without its secrets.

import { SlipwayError } from "@slipway/core/base";
import { discard, HttpClient, RETRY, Retryable, retryAfterMs, withRetries, type HttpAnswer, type HttpRequest, type RetryPolicy } from "../../oci/index.ts";
import { batchError } from "../errors.ts";

export interface Ask {
  /** Made anew for each try: signatures have a date. */
  readonly request: () => Promise<HttpRequest> | HttpRequest;
  /** As it may be shown. */
  readonly shown: string;
  readonly expect: readonly number[];
  /** What an answer of another status means; undefined: what its number says. */
  readonly refused?: (answer: HttpAnswer) => Promise<Error | undefined>;
  /** What to look at where nobody answers. */
  readonly check?: string;
}

const AGAIN: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

export class Web {
  readonly #client: HttpClient;
  readonly #policy: RetryPolicy;

  constructor(policy: RetryPolicy = RETRY, client: HttpClient = new HttpClient({ ca: [] })) {
    this.#policy = policy;
    this.#client = client;
  }
  /** `read` takes the answer's body to its end or destroys it. @throws SlipwayError batch-source-... */
  async ask<T>({ request, shown, expect, refused, check }: Ask, read: (answer: HttpAnswer) => Promise<T> | T): Promise<T> {
    try {
      return await withRetries(this.#policy, async () => {
        const answer = await this.#client.request(await request());
        if (expect.includes(answer.status)) return read(answer);
        const error = await refused?.(answer);
        discard(answer);
        if (error !== undefined) throw error;
        const failed = statusError(answer, shown);
        throw AGAIN.has(answer.status) ? new Retryable(failed, retryAfterMs(answer.headers["retry-after"])) : failed;
      });
    } catch (error) {
      throw translated(error, shown, check);
    }
  }
  close(): void {
    this.#client.close();
  }
}

function statusError({ status }: HttpAnswer, shown: string): Error {
  if (status === 404 || status === 410) return batchError("batch-input-missing", `there is no ${shown} (${status})`, { where: shown });
  if (status === 401 || status === 403 || status === 407) return batchError("batch-source-denied", `${shown} is not given to whoever asks like this (${status})`, { where: shown, hint: "Check the credentials, and that they may read it." });
  return batchError("batch-source-unavailable", `${shown} answers with ${status}`, { where: shown });
}

/** What the client says is said of the source. */
function translated(error: unknown, shown: string, check: string = "Check the address"): unknown {
  if (!(error instanceof SlipwayError) || !error.code.startsWith("oci-")) return error;
  return batchError(error.code === "oci-too-large" ? "batch-source-changed" : "batch-source-unavailable", `${shown}: ${error.message}`, { where: shown, hint: `${check}, and that this machine reaches it.`, cause: error });
}
