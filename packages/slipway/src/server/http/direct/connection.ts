// One connection of HTTP/1.1 whose requests are plain: each comes in one piece or has a short body, is handed to the
// application without node:http's objects and streams, and is answered with one write. The first request that is not plain
// takes the connection to node:http for good, with every byte that was not answered.

import type { Socket } from "node:net";
import type { App } from "../../app.ts";
import { withoutBase } from "../base-path.ts";
import { Call, type Answer } from "../call.ts";
import { joinPieces } from "../join-pieces.ts";
import { requestId } from "../node-host.ts";
import type { Peer } from "../peer.ts";
import { answerHead } from "./answer-head.ts";
import { readHead, type RequestHead } from "./request-head.ts";

/** Longer heads go to node:http, which has a limit of its own. */
const MAX_HEAD = 8192;
/** Of longer bodies node:http reads what there is room for. */
const MAX_BODY = 2 ** 20;
const END = Buffer.from("\r\n\r\n");
const NOTHING = Buffer.alloc(0);
/** Of a request that may turn out to be plain, whose lines end in CR LF. */
const BEGINNING = /^(?:G|GE|GET|GET |P|PO|POS|POST|POST |(?:GET|POST) \/(?:[^\r\n]|\r\n|\r$)*)$/;

export interface DirectOptions {
  readonly app: App;
  readonly adminPort: boolean;
  readonly keepAliveMs: number;
  /** A reader that stopped is left after so long. */
  readonly stalledMs: number;
  /** Takes a connection on: what was read is put back into it. */
  readonly handOver: (socket: Socket) => void;
}

export class DirectConnection {
  readonly socket: Socket;
  readonly #options: DirectOptions;
  readonly #peer: Peer | undefined;
  readonly #secure: boolean;
  readonly #remote: string | undefined;
  readonly #keepAlive: string;
  readonly #isGone: () => boolean;
  readonly #closed: () => void;
  /** performance.now() at which it was idle last, or the body that is missing began to come. */
  since: number = performance.now();
  /** A request is being answered. */
  busy = false;
  /** What is being answered is the last request. */
  #last = false;
  /** The client sends no more. */
  #ended = false;
  /** Bytes that came while another request was answered. */
  #held: Buffer | undefined;
  #paused = false;
  /** The beginning of a head. */
  #partial: Buffer | undefined;
  /** A request whose body is not whole. */
  #head: RequestHead | undefined;
  #pieces: Buffer[] = [];
  #missing = 0;
  #headSize = 0;
  /** The head that came last: clients send the same one again and again. */
  #lastBytes: Buffer = NOTHING;
  #lastHead: RequestHead | undefined;

  constructor(socket: Socket, peer: Peer | undefined, options: DirectOptions, closed: () => void) {
    this.socket = socket;
    this.#options = options;
    this.#peer = peer;
    this.#secure = (socket as { encrypted?: boolean }).encrypted === true;
    this.#remote = socket.remoteAddress;
    this.#keepAlive = `connection: keep-alive\r\nkeep-alive: timeout=${Math.floor(options.keepAliveMs / 1000)}\r\n`;
    this.#isGone = () => socket.destroyed;
    this.#closed = closed;
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("error", this.#onError);
    socket.on("close", closed);
  }

  /** Of a request that has begun to come: what is missing. */
  get waitsFor(): "head" | "body" | undefined {
    return this.busy ? undefined : this.#partial !== undefined ? "head" : this.#head !== undefined ? "body" : undefined;
  }

  readonly #onError = (): void => void this.socket.destroy();
  readonly #onEnd = (): void => {
    this.#ended = true;
    if (!this.busy) this.socket.destroySoon();
  };
  readonly #onData = (piece: Buffer): void => {
    if (this.busy) this.#hold(piece);
    else if (this.#head !== undefined) this.#collect(piece);
    else if (this.#partial !== undefined) {
      const bytes = Buffer.concat([this.#partial, piece]);
      this.#partial = undefined;
      this.#read(bytes, true);
    } else this.#read(piece);
  };

  /** The next request, until this one is answered. */
  #hold(bytes: Buffer): void {
    this.#held = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes]);
    if (this.#paused) return;
    this.#paused = true;
    this.socket.pause();
  }

  /** Bytes that begin with a request, some of which came before. */
  #read(bytes: Buffer, further = false): void {
    const head = this.#headOf(bytes);
    if (head === undefined && bytes.length <= MAX_HEAD && bytes.indexOf(END) < 0 && BEGINNING.test(bytes.toString("latin1"))) {
      if (!further) this.since = performance.now();
      this.#partial = bytes;
      return;
    }
    if (head === undefined || head.length > MAX_BODY || head.length > this.#options.app.context.options.bodyLimit) return this.#handOver(bytes);
    const size = this.#headSize + head.length;
    if (bytes.length < size) {
      this.since = performance.now();
      this.#head = head;
      this.#pieces = [bytes];
      this.#missing = size - bytes.length;
    } else {
      if (bytes.length > size) this.#hold(bytes.subarray(size));
      this.#serve(head, head.length === 0 ? NOTHING : bytes.subarray(this.#headSize, size));
    }
  }

  #headOf(bytes: Buffer): RequestHead | undefined {
    const last = this.#lastBytes;
    if (last.length > 0 && bytes.length >= last.length && bytes.compare(last, 0, last.length, 0, last.length) === 0) return this.#lastHead;
    const end = bytes.indexOf(END);
    if (end < 0 || end > MAX_HEAD) return undefined;
    const head = readHead(bytes.toString("latin1", 0, end));
    if (head === undefined) return undefined;
    this.#headSize = end + END.length;
    this.#lastBytes = Buffer.from(bytes.subarray(0, this.#headSize));
    this.#lastHead = head;
    return head;
  }

  #collect(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#missing -= piece.length;
    if (this.#missing > 0) return;
    const head = this.#head!;
    const size = this.#headSize + head.length;
    const bytes = joinPieces(this.#pieces, size - this.#missing, head.headers, this.#headSize);
    this.#head = undefined;
    this.#pieces = [];
    if (bytes.length > size) this.#hold(bytes.subarray(size));
    this.#serve(head, bytes.subarray(this.#headSize, size));
  }

  #serve(head: RequestHead, body: Buffer): void {
    const { app, adminPort } = this.#options;
    this.busy = true;
    this.#last = head.last;
    const call = new Call({
      id: requestId(head.headers["x-request-id"]), method: head.method, url: withoutBase(head.url, app.context.options.basePath), headers: head.headers,
      remote: this.#remote, secure: this.#secure, peer: this.#peer, adminPort, isGone: this.#isGone,
    });
    const answer = app.handle(call, body);
    if (answer instanceof Promise) this.#sendLater(call, answer);
    else this.#send(call, answer);
  }
  #sendLater(call: Call, answer: Promise<Answer>): void {
    answer.then((given) => this.#send(call, given), () => this.#fail(call));
  }

  #send(call: Call, answer: Answer): void {
    const { body } = answer;
    const status = answer.status ?? 200;
    const headers = answer.headers as Record<string, string | number>;
    const last = this.#last || headers["connection"] === "close" || this.#ended;
    try {
      if (body === null || typeof body === "string" || body instanceof Uint8Array) this.#write(status, headers, body, last);
      else return void this.#streamOrFail(call, status, headers, body, last);
    } catch {
      return this.#fail(call);
    }
    this.#sent(call, status, last);
  }

  #write(status: number, headers: Record<string, string | number>, body: string | Uint8Array | null, last: boolean): void {
    const { socket } = this;
    const empty = body === null || status === 204 || status === 304;
    const size = empty ? 0 : typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
    if (status !== 204 && status !== 304) headers["content-length"] = size;
    if (last) headers["connection"] = "close";
    const head = answerHead(status, headers, last ? "" : this.#keepAlive);
    if (empty) socket.write(head, "latin1");
    // As many bytes as characters: ASCII, which is written faster as what it is.
    else if (typeof body === "string") socket.write(head + body, size === body.length ? "latin1" : "utf8");
    else {
      socket.cork();
      socket.write(head, "latin1");
      socket.write(body);
      socket.uncork();
    }
  }

  async #streamOrFail(call: Call, status: number, headers: Record<string, string | number>, body: AsyncIterable<string | Uint8Array>, last: boolean): Promise<void> {
    try {
      await this.#stream(call, status, headers, body, last);
    } catch {
      this.#fail(call);
    }
  }
  /** In chunks (RFC 9112, 7.1), as its length is not known. */
  async #stream(call: Call, status: number, headers: Record<string, string | number>, body: AsyncIterable<string | Uint8Array>, last: boolean): Promise<void> {
    const { socket } = this;
    headers["transfer-encoding"] = "chunked";
    if (last) headers["connection"] = "close";
    socket.write(answerHead(status, headers, last ? "" : this.#keepAlive), "latin1");
    for await (const piece of body) {
      if (socket.destroyed) break;
      const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
      if (bytes.byteLength === 0) continue;
      socket.cork();
      socket.write(`${bytes.byteLength.toString(16)}\r\n`, "latin1");
      socket.write(bytes);
      const room = socket.write("\r\n", "latin1");
      socket.uncork();
      if (!room) await this.#drained();
    }
    if (!socket.destroyed) socket.write("0\r\n\r\n", "latin1");
    this.#sent(call, status, last);
  }

  /** The answer is written; it has left once the socket holds none of it. */
  #sent(call: Call, status: number, last: boolean): void {
    if (this.socket.writableLength === 0 || this.socket.destroyed) this.#done(call, status, last);
    else void this.#sentLater(call, status, last);
  }
  async #sentLater(call: Call, status: number, last: boolean): Promise<void> {
    await this.#flushed();
    this.#done(call, status, last);
  }

  #done(call: Call, status: number, last: boolean): void {
    const { socket } = this;
    this.#options.app.finished(call, status);
    this.since = performance.now();
    const held = this.#held;
    if (last || (this.#ended && held === undefined)) socket.destroySoon();
    if (held === undefined) {
      this.busy = false;
      this.#flow();
      return;
    }
    this.#held = undefined;
    // Not from within: requests that came at once would nest as deep as they are many.
    setImmediate(() => {
      this.busy = false;
      if (socket.destroyed || last) return;
      this.#read(held);
      if (!this.busy) this.#flow();
    });
  }

  #flow(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.socket.resume();
  }

  /** There is room again. */
  #drained(): Promise<void> {
    return this.#patiently((done) => void this.socket.once("drain", done));
  }
  /** All is written: "drain" comes only after a write that was told to wait. */
  #flushed(): Promise<void> {
    return this.#patiently((done) => void this.socket.write(NOTHING, done));
  }
  /** `wait` or the connection's end; a reader that stopped is left. */
  #patiently(wait: (done: () => void) => void): Promise<void> {
    const { socket } = this;
    return new Promise((resolve) => {
      const done = (): void => {
        socket.off("drain", done);
        socket.off("close", done);
        socket.setTimeout(0);
        socket.off("timeout", this.#onError);
        resolve();
      };
      socket.setTimeout(this.#options.stalledMs, this.#onError);
      socket.on("close", done);
      wait(done);
    });
  }

  #fail(call: Call): void {
    this.socket.destroy();
    this.#options.app.finished(call, 500);
  }

  /** To node:http, with what it has not seen. */
  #handOver(bytes: Buffer): void {
    const { socket } = this;
    socket.off("data", this.#onData);
    socket.off("end", this.#onEnd);
    socket.off("error", this.#onError);
    socket.off("close", this.#closed);
    socket.pause();
    // In one piece: node:http reads from the system again as soon as it is through with one, and would take what waits behind it later.
    const waiting = socket.readableLength > 0 ? socket.read() as Buffer | null : null;
    socket.unshift(waiting === null ? bytes : Buffer.concat([bytes, waiting]));
    this.#closed();
    this.#options.handOver(socket);
    socket.resume();
  }
}
