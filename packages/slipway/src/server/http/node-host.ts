// node:http and node:http2 (through its compatible interface) as hosts of the application: bodies are read within the
// limit, answers are written with backpressure, and a body that nobody reads closes the connection.

import { randomFillSync } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { App } from "../app.ts";
import { bodyTooLarge } from "../body.ts";
import { serverError } from "../errors.ts";
import { withoutBase } from "./base-path.ts";
import { Call, type Answer } from "./call.ts";
import { joinPieces } from "./join-pieces.ts";
import { peerOf } from "./peer.ts";
import { refused } from "./request-form.ts";

const REQUEST_ID = /^[\w.:-]{1,100}$/;
const NOTHING = Buffer.alloc(0);

/** What node:http calls for every request. */
export function nodeListener(app: App, adminPort = false): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const { socket } = request;
    const secure = (socket as { encrypted?: boolean } | undefined)?.encrypted === true;
    const call = new Call({
      id: requestId(request.headers["x-request-id"]),
      method: request.method ?? "GET",
      url: withoutBase(request.url ?? "/", app.context.options.basePath),
      headers: request.headers,
      remote: socket?.remoteAddress,
      secure,
      // Over HTTP/2 the request's socket is a stand-in that hands on what it is asked.
      peer: secure ? peerOf((request as { stream?: { session?: { socket: object } } }).stream?.session?.socket ?? socket) : undefined,
      adminPort,
      isGone: () => isClosed(response) || socket?.destroyed === true,
    });
    const answer = app.handle(call, (limit) => readBody(request, response, limit, app.context.options.receiveTimeoutMs), () => piecesOf(request, response));
    const answered = answer instanceof Promise ? answer.then((given) => send(call, given, request, response)) : send(call, answer, request, response);
    answered.then(() => app.finished(call, response.statusCode), () => {
      response.destroy();
      app.finished(call, 500);
    });
  };
}

async function send(call: Call, answer: Answer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { body } = answer;
  const status = answer.status ?? 200;
  const headers = answer.headers as Record<string, string | number>;
  if (!request.complete && (request.headers["content-length"] ?? request.headers["transfer-encoding"]) !== undefined) headers["connection"] = "close";
  if (request.httpVersionMajor > 1) delete headers["connection"];
  const silent = call.method === "HEAD";
  if (body === null || typeof body === "string" || body instanceof Uint8Array) {
    const size = body === null ? 0 : typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
    if (status !== 204 && status !== 304) headers["content-length"] = size;
    response.writeHead(status, headers);
    if (silent || body === null) response.end();
    // As many bytes as characters: ASCII, which is written faster as what it is.
    else if (typeof body === "string") response.end(body, size === body.length ? "latin1" : "utf8");
    else response.end(body);
  } else {
    response.writeHead(status, headers);
    if (!silent) {
      for await (const piece of body) {
        if (isClosed(response)) return;
        if (!response.write(piece)) await drained(response);
      }
    }
    response.end();
  }
  if (!response.writableFinished && !isClosed(response) && response.writableLength > 0) await drainedOrClosed(response);
}

/** Over HTTP/2 a response does not tell that it is closed; its stream does. */
function isClosed(response: ServerResponse): boolean {
  return response.closed || (response as { stream?: { destroyed: boolean } }).stream?.destroyed === true;
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (isClosed(response)) return resolve();
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}
function drainedOrClosed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once("close", resolve);
    response.once("finish", resolve);
  });
}

/** @throws SlipwayError body-too-large, body-too-slow, client-gone */
function readBody(request: IncomingMessage, response: ServerResponse, limit: number, timeoutMs: number): Promise<Buffer> | Buffer {
  if (request.readableEnded) return bodyReadBefore(request, limit);
  const declared = Number(request.headers["content-length"] ?? NaN);
  if (declared === 0 || (Number.isNaN(declared) && request.headers["transfer-encoding"] === undefined && request.httpVersionMajor === 1)) return NOTHING;
  if (declared > limit) throw bodyTooLarge(limit);
  // In someone's own server node may have sent it already, which it notes there.
  if (request.headers.expect !== undefined && request.httpVersionMajor === 1 && (response as { _sent100?: boolean })._sent100 !== true) response.writeContinue();
  return new Promise((resolve, reject) => {
    // Of HTTP/1.1 node itself looks after the time.
    const late = request.httpVersionMajor === 1 ? undefined : setTimeout(() => reject(serverError("body-too-slow", `the request's body did not arrive within ${timeoutMs} ms`)), timeoutMs);
    let first: Buffer | undefined;
    let pieces: Buffer[] | undefined;
    let size = 0;
    let ended = false;
    // Comes after every request, and an error costs as much as parsing one.
    const gone = (): void => {
      clearTimeout(late);
      if (!ended) reject(serverError("client-gone", "the client went away while it sent the request"));
    };
    request.on("data", (piece: Buffer) => {
      size += piece.length;
      if (size > limit) {
        ended = true;
        request.removeAllListeners("data");
        request.pause();
        reject(bodyTooLarge(limit));
      } else if (first === undefined) first = piece;
      else (pieces ??= [first]).push(piece);
    });
    request.on("end", () => {
      clearTimeout(late);
      ended = true;
      resolve(pieces === undefined ? (first ?? NOTHING) : joinPieces(pieces, size, request.headers));
    });
    request.on("error", gone);
    request.on("close", gone);
  });
}

/** The body as it arrives; who takes it slowly is sent it slowly. @throws SlipwayError client-gone */
async function* piecesOf(request: IncomingMessage, response: ServerResponse): AsyncGenerator<Uint8Array> {
  if (request.readableEnded) return yield bodyReadBefore(request, Infinity);
  if (request.headers.expect !== undefined && request.httpVersionMajor === 1 && (response as { _sent100?: boolean })._sent100 !== true) response.writeContinue();
  try {
    // Not destroyed where it is left early: the answer goes over the same connection.
    for await (const piece of request.iterator({ destroyOnReturn: false })) yield piece as Buffer;
  } catch (cause) {
    throw serverError("client-gone", "the client went away while it sent the request", { cause });
  }
}

/** Of a request whose body a framework has read and parsed already, as Express's `json()` does. */
function bodyReadBefore(request: IncomingMessage, limit: number): Buffer {
  const { body } = request as { readonly body?: unknown };
  const bytes = body === undefined ? NOTHING : Buffer.isBuffer(body) ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  if (bytes.length > limit) throw bodyTooLarge(limit);
  return bytes;
}

/** A sane id that the client sent, or a new one. */
export function requestId(sent: string | string[] | undefined): string {
  return typeof sent === "string" && REQUEST_ID.test(sent) ? sent : newId();
}

/** Made at once. */
const IDS = 128;
const ID_LENGTH = 36;
const random = Buffer.alloc(16 * IDS);
const ids = Buffer.alloc(ID_LENGTH * IDS, "-");
/** Where the digits of an id stand, two for each byte. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const DIGITS = Buffer.from("0123456789abcdef");
let next = IDS;

function makeIds(): void {
  randomFillSync(random);
  for (let i = 0; i < IDS; i++) {
    random[16 * i + 6] = (random[16 * i + 6]! & 0x0f) | 0x40;
    random[16 * i + 8] = (random[16 * i + 8]! & 0x3f) | 0x80;
    for (let k = 0; k < 16; k++) {
      const byte = random[16 * i + k]!;
      const at = ID_LENGTH * i + PLACES[k]!;
      ids[at] = DIGITS[byte >> 4]!;
      ids[at + 1] = DIGITS[byte & 15]!;
    }
  }
  next = 0;
}

/** A random UUID, version 4 (RFC 9562), as one text: node's own takes twice as long, and is put together of twenty. */
export function newId(): string {
  if (next === IDS) makeIds();
  const at = ID_LENGTH * next++;
  return ids.toString("latin1", at, at + ID_LENGTH);
}

/** A request so malformed that it has no route: answered on the bare socket. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed || !socket.writable || refused.has(socket)) {
    // What was written before is sent all the same.
    if (refused.has(socket) && socket.writable) socket.end(() => socket.destroy());
    else socket.destroy();
    return;
  }
  const timeout = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const large = error.code === "HPE_HEADER_OVERFLOW";
  const status = timeout ? "408 Request Timeout" : large ? "431 Request Header Fields Too Large" : "400 Bad Request";
  const body = JSON.stringify({ error: { code: "request-malformed", message: timeout ? "the request did not arrive in time" : large ? "the request's headers are too large" : "this is not an HTTP request" } });
  socket.end(`HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
}
