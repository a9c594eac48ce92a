// Listening and stopping. Loopback unless told otherwise; a public address without authentication only when asked for.
// Stopping: readiness turns false, requests are served on for a while so that load balancers notice, connections are
// drained, models are closed.

import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Servable } from "../runtime/index.ts";
import { createServer } from "./app.ts";
import type { ServerOptions } from "./context.ts";
import { serverError } from "./errors.ts";
import { answerBrokenRequest, nodeListener } from "./http/node-host.ts";
import { isLoopback } from "./hosts.ts";

export interface StartOptions extends ServerOptions {
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port?: number;
  /** Listen beyond loopback though nobody has to prove who they are. */
  readonly insecure?: boolean;
  /** Stop on SIGTERM and SIGINT. */
  readonly signals?: boolean;
  /** How long requests are still served after SIGTERM, before connections are drained. */
  readonly drainDelayMs?: number;
  /** How long requests in flight may take to finish. */
  readonly drainTimeoutMs?: number;
}

export interface RunningServer {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Stops taking requests, waits for those in flight, closes the models. */
  close(reason?: string): Promise<void>;
  /** Settled when the server has stopped, whoever stopped it. */
  readonly closed: Promise<void>;
}

/** Longer than the minute after which load balancers close idle connections, so that it is they who close. */
const KEEP_ALIVE_MS = 72_000;

/** @throws SlipwayError unsafe-bind, address-in-use */
export async function startServer(models: readonly Servable[], options: StartOptions = {}): Promise<RunningServer> {
  const host = options.host ?? "127.0.0.1";
  const loopback = isLoopback(host);
  if (!loopback && options.insecure !== true) {
    throw serverError("unsafe-bind", `listening on ${host} would let anyone who reaches this machine use the models`, {
      hint: "Leave the host out to stay on this machine, put a proxy that authenticates in front, or say --insecure." });
  }
  const app = createServer({ models, options: { ...options, loopbackOnly: loopback } });
  const { context } = app;
  const http = createHttpServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: context.options.requestTimeoutMs + 60_000, noDelay: true }, nodeListener(app));
  http.on("clientError", answerBrokenRequest);
  try {
    await listen(http, options.port ?? 8080, host);
  } catch (cause) {
    if ((cause as { code?: string }).code === "EADDRINUSE") {
      throw serverError("address-in-use", `another program listens on port ${options.port ?? 8080} of ${host}`, { hint: "Choose another port, or 0 for any free one.", cause });
    }
    throw cause;
  }
  const { port } = http.address() as AddressInfo;
  const shown = host === "0.0.0.0" || host === "::" ? "localhost" : host;
  const url = `http://${shown.includes(":") ? `[${shown}]` : shown}:${port}`;

  let stopping: Promise<void> | undefined;
  let settle: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (settle = resolve));
  const close = (reason = "asked to", delayMs = 0): Promise<void> => (stopping ??= stop(reason, delayMs));
  const signalled = new Map<NodeJS.Signals, () => void>();
  if (options.signals === true) {
    signalled.set("SIGTERM", () => void close("SIGTERM", options.drainDelayMs ?? 1000));
    signalled.set("SIGINT", () => void close("SIGINT"));
    for (const [signal, handler] of signalled) process.once(signal, handler);
  }
  return { url, host, port, close: (reason) => close(reason), closed };

  async function stop(reason: string, delayMs: number): Promise<void> {
    context.ready = false;
    context.log.info("stopping", { reason });
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    const force = setTimeout(() => http.closeAllConnections(), options.drainTimeoutMs ?? 25_000);
    const idle = setInterval(() => http.closeIdleConnections(), 50);
    await new Promise<void>((resolve) => http.close(() => resolve()));
    clearTimeout(force);
    clearInterval(idle);
    await context.models.close();
    for (const [signal, handler] of signalled) process.removeListener(signal, handler);
    settle();
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
