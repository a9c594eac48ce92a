// The HTTP application: routes, bodies, errors, headers and logs. It listens only through `startServer`.

import { randomUUID } from "node:crypto";
import Fastify, { LogController, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { nearest, VERSION, type SlipwayError } from "@slipway/core/base";
import type { Model } from "../runtime/index.ts";
import type { Observation, ServerContext, ServerOptions, Stopper } from "./context.ts";
import { errorBody, oipErrorBody, serverError, statusOf, toSlipwayError } from "./errors.ts";
import { registerHealth } from "./health.ts";
import { hostAllowed } from "./hosts.ts";
import { ModelSet } from "./model-set.ts";
import { registerOip } from "./protocols/oip-v2.ts";
import { registerPredict } from "./protocols/predict.ts";
import { Telemetry } from "./telemetry/telemetry.ts";

declare module "fastify" {
  interface FastifyRequest {
    slipwayObservation: Observation | undefined;
    slipwayErrorCode: string | undefined;
  }
}

export interface App {
  readonly fastify: FastifyInstance;
  readonly context: ServerContext;
}

const DEFAULT_BODY_LIMIT = 64 * 2 ** 20;
const REQUEST_ID = /^[\w.:-]{1,100}$/;

export function createServer(input: { readonly models: readonly Model[]; readonly options?: ServerOptions }): App {
  const given = input.options ?? {};
  const options = { bodyLimit: DEFAULT_BODY_LIMIT, requestTimeoutMs: 60_000, version: VERSION, ...given };
  const { log } = options;
  const fastify = Fastify({
    logger: log === undefined ? false : { level: log.level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"`, formatters: { level: (level) => ({ level }) }, stream: { write: log.write } },
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "request_id" }),
    bodyLimit: options.bodyLimit,
    requestTimeout: options.requestTimeoutMs + 60_000,
    keepAliveTimeout: 72_000,
    return503OnClosing: false,
    // No route has a Fastify schema (rows are checked by the runtime), so its compilers need not be loaded: a tenth of a cold start.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    genReqId: (raw) => {
      const sent = raw.headers["x-request-id"];
      return typeof sent === "string" && REQUEST_ID.test(sent) ? sent : randomUUID();
    },
    routerOptions: { maxParamLength: 512, ignoreTrailingSlash: true },
    frameworkErrors: (error, request, reply) => fail(error, request, reply as FastifyReply),
    clientErrorHandler: badRequest,
  });
  const models = new ModelSet(input.models);
  const telemetry = new Telemetry(models);
  const context: ServerContext = {
    models, options, startedAt: Date.now(), ready: true,
    signal: (request) => stopper(request, options.requestTimeoutMs),
    observe: (request, observation) => (request.slipwayObservation = observation),
    page: async (model, reply) => (await import("./pages/try-page.ts")).sendTryPage(model, context, reply),
  };
  const routes: { method: string; url: string; pattern: RegExp }[] = [];

  fastify.decorateRequest("slipwayObservation", undefined);
  fastify.decorateRequest("slipwayErrorCode", undefined);
  fastify.addHook("onRoute", (route) => {
    for (const method of [route.method].flat()) routes.push({ method, url: route.url, pattern: new RegExp(`^${route.url.replace(/\/:\w+/g, "/[^/]+")}/?$`) });
  });
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));

  fastify.addHook("onRequest", (request, reply, done) => {
    reply.header("x-request-id", request.id).header("x-content-type-options", "nosniff").header("cache-control", "no-store");
    telemetry.started(request);
    if (options.loopbackOnly === true && !hostAllowed(request.headers.host, options.allowedHosts ?? [])) {
      done(serverError("host-refused", `this server is on loopback and was asked as ${JSON.stringify((request.headers.host ?? "").slice(0, 100))}`, {
        hint: "Use localhost or 127.0.0.1, or allow the host name when starting the server." }));
    } else done();
  });
  // Also for requests that were under way when the server began to stop: their connection must not be kept.
  fastify.addHook("onSend", (_request, reply, payload, done) => {
    if (!context.ready) reply.header("connection", "close");
    done(null, payload);
  });
  fastify.addHook("onResponse", (request, reply, done) => {
    telemetry.finished(request, reply);
    if (log !== undefined) logRequest(request, reply);
    done();
  });
  fastify.setErrorHandler((error, request, reply) => fail(error, request, reply));
  fastify.setNotFoundHandler((request, reply) => fail(notFound(request), request, reply));

  registerPredict(fastify, context);
  registerHealth(fastify, context, telemetry);
  registerOip(fastify, context, telemetry);
  return { fastify, context };

  function fail(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const error = toSlipwayError(thrown);
    request.slipwayErrorCode = error.code;
    if (error.kind === "internal") request.log.error({ code: error.code, err: error.cause ?? error }, error.message);
    const oip = isOip(request.url);
    const status = oip && error.kind === "unsupported" ? 400 : statusOf(error);
    const allow = error.code === "method-not-allowed" ? error.data?.["allow"] : undefined;
    if (Array.isArray(allow)) reply.header("allow", allow.join(", "));
    if (error.kind === "unavailable") reply.header("retry-after", "1");
    return reply.code(status).type("application/json; charset=utf-8").send(oip ? oipErrorBody(error) : errorBody(error, request.id));
  }

  function notFound(request: FastifyRequest): SlipwayError {
    const path = request.url.split("?", 1)[0]!;
    const methods = [...new Set(routes.filter((r) => r.pattern.test(path)).map((r) => r.method))];
    if (methods.length > 0) {
      return serverError("method-not-allowed", `${path.slice(0, 200)} takes ${methods.join(", ")}, not ${request.method}`, {
        hint: methods.includes("POST") ? "Send the rows in the body of a POST." : undefined, data: { allow: methods } });
    }
    const near = nearest(path, [...new Set(routes.map((r) => r.url))]);
    return serverError("route-unknown", `there is nothing at ${path.slice(0, 200)}`, {
      hint: near === undefined ? "Rows go to POST /predict; /openapi.json lists every address." : `Did you mean ${near}?` });
  }
}

function noSchemas(): never {
  throw serverError("server-failed", "routes have no schemas here");
}

function isOip(url: string): boolean {
  return url === "/v2" || url.startsWith("/v2/") || url.startsWith("/v2?");
}

/** Stops work when the time is over or the client has gone: looked at between two chunks, so it costs no timer. */
function stopper(request: FastifyRequest, timeoutMs: number): Stopper {
  const deadline = performance.now() + timeoutMs;
  return {
    throwIfAborted() {
      if (performance.now() > deadline) throw serverError("request-timeout", `the prediction took longer than ${timeoutMs} ms`, { hint: "Send fewer rows in one request." });
      if (request.raw.socket?.destroyed === true) throw serverError("client-gone", "the client went away");
    },
  };
}

/** A request so malformed that it has no route: answered on the bare socket. */
function badRequest(error: Error & { code?: string }, socket: { writable: boolean; destroyed: boolean; end: (text: string) => void; destroy: () => void }): void {
  if (error.code === "ECONNRESET" || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const timeout = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const large = error.code === "HPE_HEADER_OVERFLOW";
  const status = timeout ? "408 Request Timeout" : large ? "431 Request Header Fields Too Large" : "400 Bad Request";
  const body = JSON.stringify({ error: { code: "request-malformed", message: timeout ? "the request did not arrive in time" : large ? "the request's headers are too large" : "this is not an HTTP request" } });
  socket.end(`HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
}

function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const { slipwayObservation: seen, slipwayErrorCode: code } = request;
  const line = {
    method: request.method, path: request.url.split("?", 1)[0]!.slice(0, 300), status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 100) / 100,
    ...(seen === undefined ? {} : { model: seen.model.name, version: seen.model.version, rows: seen.rows, compute_ms: Math.round(seen.computeMs * 100) / 100 }),
    ...(code === undefined ? {} : { code }),
  };
  if (reply.statusCode >= 500) request.log.error(line, "request");
  else if (/^\/(?:health|metrics|v2\/health)/.test(request.url)) request.log.debug(line, "request");
  else request.log.info(line, "request");
}
