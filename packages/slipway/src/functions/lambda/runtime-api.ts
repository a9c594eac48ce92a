// AWS Lambda's runtime interface, version 2018-06-01: the process asks for its next event, and gives back an answer or an
// error. Plain HTTP to the address that Lambda names; the wait for an event has no end, and the process sleeps in it.

import { Agent, request } from "node:http";
import { lambdaError } from "./errors.ts";

export interface Invocation {
  readonly id: string;
  readonly event: unknown;
  readonly traceId: string | undefined;
}
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
}

const VERSION = "2018-06-01";
/** Events have at most 6 MB; streams of others somewhat more. */
const MAX_EVENT = 64 << 20;

export class RuntimeApi {
  readonly #host: string;
  readonly #agent: Agent = new Agent({ keepAlive: true, maxSockets: 1 });

  /** @param host "127.0.0.1:9001" */
  constructor(host: string) {
    this.#host = host;
  }

  /** @throws lambda-runtime */
  async next(): Promise<Invocation> {
    const { headers, body } = await this.#send("GET", "runtime/invocation/next");
    const id = headers["lambda-runtime-aws-request-id"];
    if (id === undefined) throw lambdaError("lambda-runtime", "an event without Lambda-Runtime-Aws-Request-Id");
    let event: unknown;
    try {
      event = JSON.parse(body);
    } catch {
      // Told to who asked, by whoever looks at the event.
      event = undefined;
    }
    return { id, event, traceId: headers["lambda-runtime-trace-id"] };
  }
  /** Whether Lambda took it: it takes no more than 6 MB. @throws lambda-runtime */
  async answer(id: string, body: string): Promise<boolean> {
    return (await this.#send("POST", `runtime/invocation/${encodeURIComponent(id)}/response`, body, {}, [413])).status !== 413;
  }
  /** @throws lambda-runtime */
  async fail(id: string, error: FunctionError): Promise<void> {
    await this.#send("POST", `runtime/invocation/${encodeURIComponent(id)}/error`, errorBody(error), errorHeaders(error));
  }
  /** That the process could not be made ready. @throws lambda-runtime */
  async failInit(error: FunctionError): Promise<void> {
    await this.#send("POST", "runtime/init/error", errorBody(error), errorHeaders(error));
  }
  close(): void {
    this.#agent.destroy();
  }

  #send(method: string, path: string, body?: string, headers: Record<string, string> = {}, others: readonly number[] = []): Promise<{ readonly status: number; readonly headers: Readonly<Record<string, string | undefined>>; readonly body: string }> {
    const failed = (what: string, cause?: unknown): Error => lambdaError("lambda-runtime", `${method} ${path}: ${what}`, { where: this.#host, ...(cause === undefined ? {} : { cause }) });
    return new Promise((resolve, reject) => {
      const bytes = body === undefined ? undefined : Buffer.from(body);
      const asked = request(`http://${this.#host}/${VERSION}/${path}`, { method, agent: this.#agent, headers: { ...headers, ...(bytes === undefined ? {} : { "content-type": "application/json", "content-length": bytes.length }) } }, (answer) => {
        const pieces: Buffer[] = [];
        let size = 0;
        answer.on("data", (piece: Buffer) => {
          size += piece.length;
          if (size > MAX_EVENT) answer.destroy(failed(`more than ${MAX_EVENT} bytes`));
          else pieces.push(piece);
        });
        answer.on("error", (cause) => reject(cause));
        answer.on("end", () => {
          const status = answer.statusCode ?? 0;
          if ((status < 200 || status > 299) && !others.includes(status)) reject(failed(`answered ${status}`));
          else resolve({ status, headers: answer.headers as Record<string, string | undefined>, body: Buffer.concat(pieces, size).toString("utf8") });
        });
      });
      asked.on("error", (cause) => reject(failed(cause.message, cause)));
      asked.end(bytes);
    });
  }
}

function errorBody({ errorType, errorMessage }: FunctionError): string {
  return JSON.stringify({ errorMessage, errorType, stackTrace: [] });
}
function errorHeaders({ errorType }: FunctionError): Record<string, string> {
  return { "lambda-runtime-function-error-type": `Slipway.${errorType}` };
}
