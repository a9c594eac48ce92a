// One port for HTTP/1.1, HTTP/2 (by prior knowledge, or by ALPN inside TLS), gRPC and TLS. node:http owns the socket that
// listens and counts connections; what speaks something else is handed on. The upgrade from HTTP/1.1 to h2c, which RFC
// 9113 took out, is declined as HTTP allows: the request is answered over HTTP/1.1.
// Stopping: HTTP/2 clients are told (GOAWAY, RFC 9113, 6.8) which of their streams is the last that will be answered;
// those that are on their way are refused, which tells clients to ask again elsewhere. The earlier notice that the RFC
// speaks of cannot be given: after any GOAWAY node stops reading from a connection that has no stream open.

import type { IncomingMessage, Server } from "node:http";
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Server as TlsServer, TLSSocket } from "node:tls";
import type { App } from "../app.ts";
import { GrpcHost, isGrpc, type Connection } from "../grpc/host.ts";
import type { TlsFiles } from "../tls/files.ts";
import { DirectHost } from "./direct/host.ts";
import { answerBrokenRequest, nodeListener } from "./node-host.ts";
import { peerOf } from "./peer.ts";
import { refuseExpectation, wellFormed } from "./request-form.ts";
import { sniff, type Spoken } from "./sniff.ts";

/** Longer than the minute after which load balancers close idle connections, so that it is they who close. */
const KEEP_ALIVE_MS = 72_000;
/** For a connection's first bytes, and for a TLS handshake. */
const FIRST_BYTES_MS = 15_000;
/** For a request's line and headers; all of it has the server's own time. */
const HEADERS_MS = 30_000;
/** When stopping: for a connection's first bytes. */
const WAITING_MS = 500;
/** Dead peers of idle HTTP/2 connections are found by TCP's own probes. */
const PROBE_MS = 60_000;
const MAX_STREAMS = 256;
/** Bytes that may be under way without an acknowledgement: of a stream, and of a connection. */
const STREAM_WINDOW = 2 ** 20;
const CONNECTION_WINDOW = 2 ** 22;
/** Of what a connection's streams hold inside node; its windows bound it before that, answers do not. */
const SESSION_MB = 64;

export interface Port {
  /** Listens, closes, and has the address. */
  readonly server: Server;
  /** Settled when every connection is closed; those that are still busy after `timeoutMs` are cut. */
  close(timeoutMs: number): Promise<void>;
}

export interface PortOptions {
  readonly tls?: TlsFiles | undefined;
  /** Whether acts of administration are taken here. */
  readonly adminPort?: boolean;
}

export function createPort(app: App, { tls, adminPort = false }: PortOptions = {}): Port {
  const { requestTimeoutMs, receiveTimeoutMs } = app.context.options;
  const listener = nodeListener(app, adminPort);
  const listener1 = wellFormed(listener);
  // An import would read every export of node:http, and with WebSocket load undici, HTTP/2 and TLS: 40 ms of a start.
  const http = process.getBuiltinModule("node:http").createServer({
    keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: receiveTimeoutMs, headersTimeout: Math.min(HEADERS_MS, receiveTimeoutMs),
    connectionsCheckingInterval: Math.min(5000, Math.max(100, receiveTimeoutMs / 4)), requireHostHeader: false, noDelay: true,
  }, listener1);
  // A connection on which nothing moves: a reader that stopped, while no prediction is on its way any longer.
  http.timeout = requestTimeoutMs + receiveTimeoutMs;
  // The client is told to go on when its body is read: one that is refused is never sent.
  http.on("checkContinue", listener1);
  http.on("checkExpectation", refuseExpectation);
  http.on("clientError", answerBrokenRequest);
  const serveHttp1 = http.listeners("connection")[0] as (this: Server, socket: Socket) => void;
  http.removeAllListeners("connection");
  const direct = new DirectHost({ app, adminPort, receiveTimeoutMs, headTimeoutMs: Math.min(HEADERS_MS, receiveTimeoutMs), keepAliveMs: KEEP_ALIVE_MS, stalledMs: http.timeout, handOver: (socket) => void serveHttp1.call(http, socket) });

  const grpc = new GrpcHost(app, adminPort);
  const sessions = new Set<ServerHttp2Session>();
  let http2: Http2Server | undefined;
  const secure = tls === undefined ? undefined : tlsServer(tls);
  const stopWatching = tls?.watch((context) => secure?.setSecureContext(context));

  /** Connections that have sent nothing yet, and since when. */
  const waiting = new Map<Socket, number>();
  const encrypted = new Set<Socket>();
  /** What a connection, or what is inside a TLS connection, turns out to speak. */
  const take = (socket: Socket, inside: boolean): void => {
    waiting.set(socket, performance.now());
    sniff(socket, FIRST_BYTES_MS, (spoken) => {
      waiting.delete(socket);
      if (secure === undefined || inside) serve(socket, spoken);
      else if (spoken !== "tls") refusePlain(socket);
      else {
        // node:http keeps half-open sockets for HTTP/1.1; with TLS, whose end is told, they would never close.
        socket.allowHalfOpen = false;
        encrypted.add(socket);
        socket.once("close", () => encrypted.delete(socket));
        secure.emit("connection", socket);
      }
    }, () => waiting.delete(socket));
  };
  const serve = (socket: Socket, spoken: Spoken): void => {
    if (spoken !== "http2") return direct.serve(socket);
    socket.allowHalfOpen = false;
    socket.setKeepAlive(true, PROBE_MS);
    http2 ??= http2Server(sessions, grpc, listener);
    http2.emit("connection", socket);
  };
  http.on("connection", (socket: Socket) => take(socket, false));
  secure?.on("secureConnection", (socket: TLSSocket) => {
    if (socket.alpnProtocol === "h2") serve(socket, "http2");
    else take(socket, true);
  });

  return {
    server: http,
    async close(timeoutMs) {
      stopWatching?.();
      const force = setTimeout(() => {
        http.closeAllConnections();
        direct.closeAll();
        for (const session of sessions) session.destroy();
        for (const socket of encrypted) socket.destroy();
      }, timeoutMs);
      const idle = setInterval(() => {
        http.closeIdleConnections();
        direct.closeIdle();
        // Who has just connected is about to ask.
        for (const [socket, since] of waiting) if (performance.now() - since > WAITING_MS) socket.destroy();
        for (const session of sessions) if (!session.closed && !session.destroyed) session.close();
      }, 50);
      // Connections that the system has accepted for a listener which closes are reset: closed right after it took them all.
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise<void>((resolve) => http.close(() => resolve()));
      clearTimeout(force);
      clearInterval(idle);
      grpc.close();
    },
  };
}

function http2Server(sessions: Set<ServerHttp2Session>, grpc: GrpcHost, listener: (request: IncomingMessage, response: never) => void): Http2Server {
  // Taken when the first connection asks for it.
  const { createServer, Http2ServerRequest, Http2ServerResponse } = process.getBuiltinModule("node:http2");
  const server = createServer({ maxSessionMemory: SESSION_MB, settings: { maxConcurrentStreams: MAX_STREAMS, initialWindowSize: STREAM_WINDOW, enablePush: false } });
  const connections = new WeakMap<ServerHttp2Session, Connection>();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("error", () => session.destroy());
    session.setLocalWindowSize(CONNECTION_WINDOW);
    const { socket } = session;
    const secure = (socket as { encrypted?: boolean }).encrypted === true;
    connections.set(session, { remote: socket.remoteAddress, secure, peer: secure ? peerOf(socket) : undefined });
  });
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, rawHeaders: string[]) => {
    const connection = stream.session === undefined ? undefined : connections.get(stream.session as ServerHttp2Session);
    if (connection === undefined) return;
    if (isGrpc(headers)) grpc.serve(stream, headers, connection);
    else listener(new Http2ServerRequest(stream, headers, {}, rawHeaders) as unknown as IncomingMessage, new Http2ServerResponse(stream) as never);
  });
  return server;
}

function tlsServer(files: TlsFiles): TlsServer {
  const server = process.getBuiltinModule("node:tls").createServer({ ...files.context, ALPNProtocols: ["h2", "http/1.1"], handshakeTimeout: FIRST_BYTES_MS, requestCert: files.client !== "none", rejectUnauthorized: files.client === "required" });
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return server;
}

/** Whoever forgot the s in https. */
function refusePlain(socket: Socket): void {
  socket.on("error", () => undefined);
  const body = JSON.stringify({ error: { code: "request-malformed", message: "this port speaks TLS, and the request came without", hint: "Ask under https://." } });
  socket.end(`HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`, () => socket.destroy());
}
