// gRPC over node:http2: brings calls to the methods of the routing table, through the same layers as every request.
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
// What clients send and is not yet answered is bounded: one message by the body limit, all together by MAX_HELD of it.

import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { App } from "../app.ts";
import { oipErrorBody, serverError, toSlipwayError } from "../errors.ts";
import { Call, type Answer } from "../http/call.ts";
import { requestId } from "../http/node-host.ts";
import type { Peer } from "../http/peer.ts";
import { ACCEPTED, compressFrame, encodingOf, finishFrame, FrameReader, messageTooLarge, PREFIX, readFrame, type Encoding } from "./frames.ts";
import type { GrpcMethod, MessageCalls } from "./method.ts";
import { decodeMessage } from "./protobuf/decode.ts";
import { encodeMessage } from "./protobuf/encode.ts";
import { encodeStatusMessage, GRPC, grpcCodeOf, grpcCodeOfStatus, httpStatusOf, type GrpcCode } from "./status.ts";
import { readGrpcTimeout } from "./timeout.ts";

/** Body limits that all calls together may hold while they arrive. */
const MAX_HELD = 8;
const SWEEP_MS = 1000;
const LET_GO_MS = 100;
const NO_ERROR = 0;

export interface Connection {
  readonly remote: string | undefined;
  readonly secure: boolean;
  readonly peer: Peer | undefined;
}
interface Status {
  readonly code: GrpcCode;
  readonly message: string;
  readonly error?: string;
}

export function isGrpc(headers: IncomingHttpHeaders): boolean {
  return headers["content-type"]?.startsWith("application/grpc") === true;
}

export class GrpcHost {
  readonly #app: App;
  readonly #adminPort: boolean;
  readonly #limit: number;
  #held = 0;
  /** Calls whose message has not arrived, with the time at which it is too late. */
  readonly #arriving = new Map<ServerHttp2Stream, Call>();
  readonly #sweep: NodeJS.Timeout;

  constructor(app: App, adminPort = false) {
    this.#app = app;
    this.#adminPort = adminPort;
    this.#limit = app.context.options.bodyLimit;
    this.#sweep = setInterval(() => this.#dropLate(), SWEEP_MS);
    this.#sweep.unref();
  }
  close(): void {
    clearInterval(this.#sweep);
  }

  serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, connection: Connection): void {
    stream.on("error", ignore);
    const makeCall = (id: string): Call => new Call({
      id, method: headers[":method"] ?? "POST", url: headers[":path"] ?? "/", headers: headers as Call["headers"],
      remote: connection.remote, secure: connection.secure, peer: connection.peer, adminPort: this.#adminPort,
      isGone: () => stream.destroyed || stream.aborted,
    });
    const call = makeCall(requestId(headers["x-request-id"]));
    this.#app.started();
    this.#run(stream, headers, call, makeCall).then(
      (code) => this.#app.finished(call, httpStatusOf(code)),
      (thrown: unknown) => this.#app.finished(call, httpStatusOf(this.#fail(stream, call, thrown))),
    );
  }

  async #run(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, call: Call, makeCall: (id: string) => Call): Promise<GrpcCode> {
    const { route } = this.#app.route(call);
    const method = route.grpc;
    if (method === undefined) throw serverError("route-unknown", `${call.path.slice(0, 200)} is no gRPC method`);
    const given = headers["content-type"]!;
    if (given !== "application/grpc" && !/^application\/grpc(?:\+proto)?(?:;|$)/.test(given)) {
      throw serverError("content-type-unsupported", `messages as ${given.slice(0, 60)} are not understood`, { hint: "Send application/grpc: Protocol Buffers." });
    }
    const encoding = encodingOf(headers["grpc-encoding"] as string | undefined);
    const timeout = readGrpcTimeout(headers["grpc-timeout"]);
    if (method.kind !== "unary") call.deadline = Infinity;
    if (timeout !== undefined) call.deadline = Math.min(call.deadline, call.startedAt + timeout);
    const admitted = this.#app.admit(call);
    const early = admitted instanceof Promise ? await admitted : admitted;
    if (early !== undefined) return this.#refuse(stream, call, early);
    const compressed = encoding === "gzip" && String(headers["grpc-accept-encoding"] ?? "").includes("gzip");
    return method.kind === "unary" ? this.#unary(stream, call, method, encoding, compressed) : this.#stream(stream, call, method, encoding, compressed, makeCall);
  }

  async #unary(stream: ServerHttp2Stream, call: Call, method: GrpcMethod, encoding: Encoding, compressed: boolean): Promise<GrpcCode> {
    this.#arriving.set(stream, call);
    let frame: Buffer;
    try {
      frame = await this.#readOne(stream);
    } finally {
      this.#arriving.delete(stream);
    }
    const plain = readFrame(frame, encoding, this.#limit);
    const message = plain instanceof Promise ? await plain : plain;
    const answered = method.answer!(call, decodeMessage(method.request, message));
    const answer = answered instanceof Promise ? await answered : answered;
    call.answeredAt = performance.now();
    let out = finishFrame(encodeMessage(method.response, answer as never, PREFIX));
    if (compressed) out = await compressFrame(out);
    if (stream.destroyed) return GRPC.CANCELLED;
    stream.respond(this.#headers(call, compressed), WITH_TRAILERS);
    stream.on("wantTrailers", sendOk);
    stream.end(out);
    return GRPC.OK;
  }

  /** The one frame of a call. */
  #readOne(stream: ServerHttp2Stream): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      let first: Buffer | undefined;
      let pieces: Buffer[] | undefined;
      let size = 0;
      let ended = false;
      const most = this.#limit + PREFIX;
      const fail = (error: Error): void => {
        ended = true;
        first = pieces = undefined;
        reject(error);
      };
      stream.on("data", (piece: Buffer) => {
        size += piece.length;
        this.#held += piece.length;
        if (ended || stream.writableEnded) return;
        if (size > most) fail(messageTooLarge(size, this.#limit));
        else if (this.#held > this.#limit * MAX_HELD) fail(serverError("server-busy", "the server holds too many large requests that are still arriving", { hint: "Try again later, or send smaller requests." }));
        else if (first === undefined) first = piece;
        else (pieces ??= [first]).push(piece);
      });
      stream.on("end", () => {
        ended = true;
        if (first === undefined) return reject(serverError("grpc-message", "the call came without a message"));
        const frame = pieces === undefined ? first : Buffer.concat(pieces, size);
        if (frame.length < PREFIX) return reject(serverError("grpc-message", "the message is cut off"));
        const length = frame.readUInt32BE(1);
        if (length !== frame.length - PREFIX) return reject(serverError("grpc-message", `a message of ${length} bytes was announced, ${frame.length - PREFIX} came`, { hint: "A call of this method sends one message." }));
        resolve(frame);
      });
      stream.on("close", () => {
        this.#held -= size;
        if (!ended) reject(serverError("client-gone", "the client went away while it sent the request"));
      });
    });
  }

  async #stream(stream: ServerHttp2Stream, call: Call, method: GrpcMethod, encoding: Encoding, compressed: boolean, makeCall: (id: string) => Call): Promise<GrpcCode> {
    const late = call.deadline === Infinity ? undefined : setTimeout(() => {
      this.#end(stream, call, { code: GRPC.DEADLINE_EXCEEDED, message: "the call's deadline is over" });
      this.#letGo(stream);
    }, Math.max(0, Math.min(call.deadline - performance.now(), 2 ** 31 - 1)));
    try {
      for await (const answer of method.stream!(call, this.#messages(stream, method, encoding), this.#calls(call, makeCall))) {
        let frame = finishFrame(encodeMessage(method.response, answer as never, PREFIX));
        if (compressed) frame = await compressFrame(frame);
        if (stream.destroyed || stream.writableEnded) return GRPC.CANCELLED;
        if (!stream.headersSent) stream.respond(this.#headers(call, compressed), WITH_TRAILERS);
        if (!stream.write(frame)) await drained(stream);
      }
    } finally {
      clearTimeout(late);
    }
    if (stream.destroyed || stream.writableEnded) return performance.now() > call.deadline ? GRPC.DEADLINE_EXCEEDED : GRPC.CANCELLED;
    this.#end(stream, call, { code: GRPC.OK, message: "" });
    return GRPC.OK;
  }

  /** One after the other; what nobody asks for yet stays with the client (flow control). */
  async *#messages(stream: ServerHttp2Stream, method: GrpcMethod, encoding: Encoding): AsyncGenerator<unknown, void, undefined> {
    const frames = new FrameReader(this.#limit);
    try {
      for await (const piece of stream.iterator({ destroyOnReturn: false })) {
        frames.push(piece as Buffer);
        for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
          const plain = readFrame(frame, encoding, this.#limit);
          yield decodeMessage(method.request, plain instanceof Promise ? await plain : plain);
        }
      }
    } catch (error) {
      if (stream.destroyed || stream.aborted) throw serverError("client-gone", "the client went away", { cause: error });
      throw error;
    }
    if (frames.pending > 0) throw serverError("grpc-message", "the last message is cut off");
  }

  #calls(call: Call, makeCall: (id: string) => Call): MessageCalls {
    return {
      begin: () => {
        const own = makeCall(call.id);
        this.#app.started();
        this.#app.route(own);
        own.deadline = Math.min(own.deadline, call.deadline);
        return own;
      },
      admit: async (own) => void await this.#app.admit(own),
      end: (own, thrown) => {
        own.answeredAt = performance.now();
        const error = thrown === undefined ? undefined : toSlipwayError(thrown);
        if (error !== undefined) this.#app.note(own, error);
        this.#app.finished(own, error === undefined ? 200 : httpStatusOf(grpcCodeOf(error)));
      },
    };
  }

  #headers(call: Call, compressed: boolean): Record<string, string | number> {
    const headers: Record<string, string | number> = { ":status": 200, "content-type": "application/grpc", "x-request-id": call.id };
    const more = this.#app.layerHeaders(call, NO_ANSWER);
    if (more !== undefined) Object.assign(headers, more);
    if (compressed) headers["grpc-encoding"] = "gzip";
    return headers;
  }

  #fail(stream: ServerHttp2Stream, call: Call, thrown: unknown): GrpcCode {
    const error = toSlipwayError(thrown);
    this.#app.note(call, error);
    const code = grpcCodeOf(error);
    this.#end(stream, call, { code, message: oipErrorBody(error).error, error: error.code });
    this.#letGo(stream);
    return code;
  }
  #refuse(stream: ServerHttp2Stream, call: Call, answer: Answer): GrpcCode {
    const code = grpcCodeOfStatus(answer.status ?? 200);
    this.#end(stream, call, { code, message: typeof answer.body === "string" ? answer.body : "" });
    this.#letGo(stream);
    return code;
  }
  /** What still comes is of no use. Not at once: a reset would overtake the status. */
  #letGo(stream: ServerHttp2Stream): void {
    if (stream.destroyed || stream.readableEnded) return;
    stream.resume();
    setTimeout(() => {
      if (!stream.destroyed) stream.close(NO_ERROR);
    }, LET_GO_MS).unref();
  }

  #end(stream: ServerHttp2Stream, call: Call, status: Status): void {
    if (stream.destroyed || stream.writableEnded) return;
    const trailers: Record<string, string> = { "grpc-status": String(status.code) };
    if (status.message !== "") trailers["grpc-message"] = encodeStatusMessage(status.message);
    if (status.error !== undefined) trailers["slipway-error"] = status.error;
    if (stream.headersSent) {
      stream.on("wantTrailers", () => stream.sendTrailers(trailers));
      stream.end();
    } else if (status.code === GRPC.OK) {
      stream.respond(this.#headers(call, false), WITH_TRAILERS);
      stream.on("wantTrailers", () => stream.sendTrailers(trailers));
      stream.end();
    } else {
      stream.respond({ ...this.#headers(call, false), ...(status.error === "body-encoding" ? { "grpc-accept-encoding": ACCEPTED } : {}), ...trailers }, { endStream: true });
    }
  }

  #dropLate(): void {
    const now = performance.now();
    for (const [stream, call] of this.#arriving) {
      if (now <= call.deadline) continue;
      this.#arriving.delete(stream);
      this.#end(stream, call, { code: GRPC.DEADLINE_EXCEEDED, message: "the request did not arrive in time" });
      this.#letGo(stream);
    }
  }
}

const WITH_TRAILERS = { waitForTrailers: true };
const NO_ANSWER: Answer = { body: null };
const OK_TRAILERS = { "grpc-status": "0" };
function sendOk(this: ServerHttp2Stream): void {
  this.sendTrailers(OK_TRAILERS);
}
function ignore(): void {}

function drained(stream: ServerHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off("drain", done);
      stream.off("close", done);
      resolve();
    };
    stream.on("drain", done);
    stream.on("close", done);
  });
}
