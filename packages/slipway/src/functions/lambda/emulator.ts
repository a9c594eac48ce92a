// The other side of Lambda's runtime interface, on this machine: what a function is asked through, for `slipway deploy
// --check lambda` and for tests. One invocation after the other, as Lambda does for one environment.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface InvocationResult {
  readonly ok: boolean;
  /** What the function gave back, or its error. */
  readonly payload: unknown;
  /** Milliseconds from asking to the answer. */
  readonly ms: number;
}

interface Pending {
  readonly id: string;
  readonly event: string;
  readonly since: number;
  readonly settle: (result: InvocationResult) => void;
}

/** What Lambda takes at most, each way, of a synchronous invocation. */
const MAX_PAYLOAD = 6 * 1024 * 1024 + 100 * 1024;

export class LambdaEmulator {
  readonly #server: Server;
  readonly #waiting: Pending[] = [];
  readonly #running = new Map<string, Pending>();
  #poll: ((pending: Pending) => void) | undefined;
  #count = 0;
  #initFailed: (error: unknown) => void = () => undefined;
  #ready: () => void = () => undefined;
  /** Settled when the function asks for its first event; rejected with what it says where it cannot. */
  readonly ready: Promise<void> = new Promise((resolve, reject) => {
    this.#ready = resolve;
    this.#initFailed = reject;
  });

  private constructor() {
    this.ready.catch(() => undefined);
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<LambdaEmulator> {
    const emulator = new LambdaEmulator();
    await new Promise<void>((resolve) => emulator.#server.listen(0, "127.0.0.1", resolve));
    return emulator;
  }

  /** For AWS_LAMBDA_RUNTIME_API. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  invoke(event: unknown): Promise<InvocationResult> {
    return new Promise((settle) => {
      const pending = { id: `invocation-${++this.#count}`, event: typeof event === "string" ? event : JSON.stringify(event), since: performance.now(), settle };
      if (this.#poll === undefined) this.#waiting.push(pending);
      else this.#poll(pending);
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    const path = request.url ?? "";
    const done = (status: number): void => void response.writeHead(status, { "content-type": "application/json" }).end("{}");
    if (request.method === "GET" && path === "/2018-06-01/runtime/invocation/next") {
      this.#ready();
      const give = (pending: Pending): void => {
        this.#poll = undefined;
        this.#running.set(pending.id, pending);
        response.writeHead(200, {
          "content-type": "application/json", "lambda-runtime-aws-request-id": pending.id, "lambda-runtime-deadline-ms": String(Date.now() + 60_000),
          "lambda-runtime-invoked-function-arn": "arn:aws:lambda:local:000000000000:function:slipway", "lambda-runtime-trace-id": "Root=1-00000000-000000000000000000000000",
        }).end(pending.event);
      };
      const next = this.#waiting.shift();
      if (next === undefined) this.#poll = give;
      else give(next);
      return;
    }
    if (request.method === "POST" && path === "/2018-06-01/runtime/init/error") {
      this.#initFailed(JSON.parse(body.toString()));
      return done(202);
    }
    const [, id, kind] = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    const pending = id === undefined ? undefined : this.#running.get(id);
    if (pending === undefined || request.method !== "POST") return done(404);
    if (kind === "response" && body.length > MAX_PAYLOAD) return done(413);
    this.#running.delete(pending.id);
    pending.settle({ ok: kind === "response", payload: parsed(body.toString()), ms: performance.now() - pending.since });
    done(202);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
