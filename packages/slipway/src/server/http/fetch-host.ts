// The web's own Request and Response as a host of the application, for any web framework.

import type { App } from "../app.ts";
import { bodyTooLarge } from "../body.ts";
import { withoutBase } from "./base-path.ts";
import { Call, type AnswerBody } from "./call.ts";
import { requestId } from "./node-host.ts";

export function fetchHandler(app: App): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url);
    const headers = Object.fromEntries(request.headers);
    const call = new Call({
      id: requestId(headers["x-request-id"]), method: request.method, url: withoutBase(url.pathname, app.context.options.basePath) + url.search, headers,
      secure: url.protocol === "https:", isGone: () => request.signal.aborted,
    });
    const answer = await app.handle(call, (limit) => readBody(request, limit), () => piecesOf(request));
    const status = answer.status ?? 200;
    const empty = status === 204 || status === 304 || request.method === "HEAD" || answer.body === null;
    const response = new Response(empty ? null : toBody(answer.body), { status, headers: answer.headers ?? {} });
    app.finished(call, status);
    return response;
  };
}

function toBody(body: AnswerBody): ConstructorParameters<typeof Response>[0] {
  if (body === null || typeof body === "string") return body;
  if (body instanceof Uint8Array) return new Uint8Array(body);
  const encoder = new TextEncoder();
  const pieces = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(typeof value === "string" ? encoder.encode(value) : value);
    },
    async cancel() {
      await pieces.return?.();
    },
  });
}

async function* piecesOf(request: Request): AsyncGenerator<Uint8Array> {
  if (request.body !== null) yield* request.body as unknown as AsyncIterable<Uint8Array>;
}

async function readBody(request: Request, limit: number): Promise<Buffer> {
  if (request.body === null) return Buffer.alloc(0);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += piece.length;
    if (size > limit) throw bodyTooLarge(limit);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, size);
}
