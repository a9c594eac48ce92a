// Listening and stopping. Loopback unless told otherwise; a public address without authentication only when asked for.
// Stopping: readiness turns false, requests are served on for a while so that load balancers notice, connections are
// drained, models are closed.

import cluster from "node:cluster";
import { createServer as createNetServer, type AddressInfo, type Server as NetServer } from "node:net";
import type { Servable } from "../runtime/index.ts";
import { createServer } from "./app.ts";
import { isAuthenticated, makeKey, recordOf, type AuthOptions } from "./auth/index.ts";
import type { Repository } from "./models/repository.ts";
import { Member } from "./cluster/index.ts";
import type { ServerOptions } from "./context.ts";
import { serverError } from "./errors.ts";
import { createPort } from "./http/port.ts";
import { readTlsFiles, type TlsOptions } from "./tls/files.ts";
import { isLoopback } from "./hosts.ts";

export interface StartOptions extends ServerOptions {
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port?: number;
  /** Listen beyond loopback though nobody has to prove who they are. */
  readonly insecure?: boolean;
  /** A port of its own, on loopback, where acts of administration are taken (0: any free one). None by default. */
  readonly adminPort?: number | undefined;
  /** Encrypts: https and HTTP/2 by ALPN, nothing plain. */
  readonly tls?: TlsOptions | undefined;
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
  /** Where acts of administration are taken. */
  readonly adminUrl?: string;
  /** A key for it that lives as long as this server, made where no keys were given. */
  readonly adminKey?: string;
  /** Stops taking requests, waits for those in flight, closes the models. */
  close(reason?: string): Promise<void>;
  /** Settled when the server has stopped, whoever stopped it. */
  readonly closed: Promise<void>;
}

/** @throws SlipwayError unsafe-bind, address-in-use, address-unusable, tls-file, tls-certificate, tls-key, tls-options */
export async function startServer(models: readonly Servable[] | Repository, options: StartOptions = {}): Promise<RunningServer> {
  const host = options.host ?? "127.0.0.1";
  const loopback = isLoopback(host);
  if (!loopback && options.insecure !== true && !isAuthenticated(options.auth)) {
    throw serverError("unsafe-bind", `listening on ${host} would let anyone who reaches this machine use the models`, {
      hint: "Leave the host out to stay on this machine, make keys (slipway keys create) and give them (--keys FILE), or say --insecure. In a container: SLIPWAY_KEYS=FILE or SLIPWAY_INSECURE=true." });
  }
  const { auth, adminKey } = withAdminKey(options);
  const app = createServer({ models, options: { ...options, auth, loopbackOnly: loopback } });
  const { context } = app;
  const tls = options.tls === undefined ? undefined : readTlsFiles(options.tls, context.log);
  const door = createPort(app, { tls });
  await listenOrExplain(door.server, sharedPort("_SLIPWAY_SHARED_PORT") ?? options.port ?? 8080, host);
  const admin = options.adminPort === undefined ? undefined : createPort(app, { adminPort: true });
  if (admin !== undefined) await listenOrExplain(admin.server, sharedPort("_SLIPWAY_SHARED_ADMIN_PORT") ?? options.adminPort!, "127.0.0.1");
  const { port } = door.server.address() as AddressInfo;
  const shown = host === "0.0.0.0" || host === "::" ? "localhost" : host;
  const url = `${tls === undefined ? "http" : "https"}://${shown.includes(":") ? `[${shown}]` : shown}:${port}`;

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
  if (cluster.isWorker && process.env["_SLIPWAY_PROCESS"] !== undefined) context.cluster = new Member(app, { port, adminPort: admin === undefined ? undefined : (admin.server.address() as AddressInfo).port }, (reason) => void close(reason, reason === "SIGTERM" ? (options.drainDelayMs ?? 1000) : 0));
  return {
    url, host, port, close: (reason) => close(reason), closed,
    ...(admin === undefined ? {} : { adminUrl: `http://127.0.0.1:${(admin.server.address() as AddressInfo).port}` }), ...(adminKey === undefined ? {} : { adminKey }),
  };

  async function stop(reason: string, delayMs: number): Promise<void> {
    context.ready = false;
    context.log.info("stopping", { reason });
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    await Promise.all([door.close(options.drainTimeoutMs ?? 25_000), admin?.close(0)]);
    await context.models.close();
    await context.exporter?.close();
    for (const [signal, handler] of signalled) process.removeListener(signal, handler);
    settle();
  }
}

/** Administration is never open to everybody: where a port is opened for it and nobody has a key, one is made for this run. */
function withAdminKey(options: StartOptions): { readonly auth: AuthOptions | undefined; readonly adminKey?: string } {
  const { auth } = options;
  if (options.adminPort === undefined || auth?.keys !== undefined || auth?.tokens !== undefined || auth?.certificates !== undefined) return { auth };
  const { key, record } = keyOfRun();
  return { auth: { ...auth, anonymous: auth?.anonymous ?? "developer", keys: { keys: [record] } }, adminKey: key };
}

/** The port on which the first of the processes that serve together listens. */
function sharedPort(name: "_SLIPWAY_SHARED_PORT" | "_SLIPWAY_SHARED_ADMIN_PORT"): number | undefined {
  const text = process.env[name];
  return text === undefined ? undefined : Number(text);
}

/** Processes that serve together have one, which the first of them made. */
function keyOfRun(): ReturnType<typeof makeKey> {
  const given = process.env["_SLIPWAY_RUN_KEY"];
  delete process.env["_SLIPWAY_RUN_KEY"];
  return given === undefined ? makeKey({ name: "this run", roles: ["admin"] }) : recordOf(given, { name: "this run", roles: ["admin"] });
}

/**
 * Whether the port can be had, before models are loaded for nothing. Somebody may take it until the server listens.
 * @throws SlipwayError address-in-use, address-unusable
 */
export async function checkPort(port: number, host: string): Promise<void> {
  // Processes that serve together share theirs.
  if (port === 0 || process.env["_SLIPWAY_PROCESS"] !== undefined) return;
  const probe = createNetServer();
  await listenOrExplain(probe, port, host);
  await new Promise((resolve) => probe.close(resolve));
}

/** @throws SlipwayError address-in-use, address-unusable */
async function listenOrExplain(server: NetServer, port: number, host: string): Promise<void> {
  try {
    await listen(server, port, host);
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? "unknown";
    if (code === "EADDRINUSE") throw serverError("address-in-use", `another program listens on port ${port} of ${host}`, { hint: "Choose another port (--port 9000), or 0 for any free one.", cause });
    throw serverError("address-unusable", `nothing can listen on port ${port} of ${host} (${code})`, {
      hint: code === "EACCES" ? "Ports below 1024 are the administrator's: choose another (--port 8080)." : "The host is an address of this machine: 127.0.0.1 for itself only, 0.0.0.0 for all of its networks.", cause });
  }
}

/** Connections that wait to be accepted: beyond it the system drops the end of a handshake, and a client waits seconds for nothing. */
const BACKLOG = 4096;

function listen(server: NetServer, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // Processes that serve together have a socket each.
    const together = process.env["_SLIPWAY_PROCESS"] === undefined ? {} : { exclusive: true, reusePort: true };
    server.listen({ port, host, backlog: BACKLOG, ...together }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
