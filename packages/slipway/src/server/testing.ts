// For tests: an application over small models, and requests brought to it without a socket.

import type { IncomingHttpHeaders } from "node:http";
import { loadModelPackage, type ModelSource } from "../runtime/index.ts";
import { columnsModel, matrixModel, textModel } from "../runtime/testing.ts";
import { createServer, type App } from "./app.ts";
import { bodyTooLarge } from "./body.ts";
import type { ServerOptions } from "./context.ts";
import { Call } from "./http/call.ts";
import { requestId } from "./http/node-host.ts";
import type { Route } from "./http/routing-table.ts";

/** Serves `loan` (columns), `linear` (a matrix) and `tickets` (a text), or other models. `app.context.models.close()` ends it. */
export async function testApp({ models = [columnsModel(), matrixModel(), textModel()], options }: { readonly models?: readonly ModelSource[]; readonly options?: ServerOptions } = {}): Promise<App> {
  return createServer({ models: await Promise.all(models.map((source) => loadModelPackage(source))), ...(options === undefined ? {} : { options }) });
}

export interface Injected {
  readonly method?: string;
  readonly url: string;
  readonly headers?: IncomingHttpHeaders;
  readonly payload?: string | Buffer;
  readonly adminPort?: boolean;
  readonly remote?: string;
  /** The common name of its certificate. */
  readonly peer?: string;
}
export interface InjectedAnswer {
  readonly statusCode: number;
  /** Of the error, in whatever way the protocol wrote it. */
  readonly errorCode: string | undefined;
  /** The route that answered. */
  readonly route: Route | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawPayload: Buffer;
  readonly body: string;
  // eslint-disable-next-line typescript/no-explicit-any -- what a test expects of an answer is what it checks
  json(): any;
}

export async function inject(app: App, request: Injected | string): Promise<InjectedAnswer> {
  const { method = "GET", url, headers = {}, payload, adminPort = false, remote, peer } = typeof request === "string" ? { url: request } as Injected : request;
  const call = new Call({ id: requestId(headers["x-request-id"]), method, url, headers: { host: "localhost", ...headers }, adminPort, remote, peer: peer === undefined ? undefined : { subject: `CN=${peer}`, commonName: peer, alternativeNames: [], fingerprint: "" } });
  const sent = payload === undefined ? Buffer.alloc(0) : Buffer.from(payload as string);
  const answer = await app.handle(call, (limit) => {
    if (sent.length > limit) throw bodyTooLarge(limit);
    return sent;
  });
  const pieces: Buffer[] = [];
  if (typeof answer.body === "string" || answer.body instanceof Uint8Array) pieces.push(Buffer.from(answer.body as string));
  else if (answer.body !== null) for await (const piece of answer.body) pieces.push(Buffer.from(piece as string));
  const status = answer.status ?? 200;
  app.finished(call, status);
  const rawPayload = Buffer.concat(pieces);
  const body = rawPayload.toString();
  return { statusCode: status, errorCode: call.errorCode, route: call.route, headers: answer.headers ?? {}, rawPayload, body, json: () => JSON.parse(body) as unknown };
}
