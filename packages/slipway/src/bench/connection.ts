// One keep-alive connection of HTTP/1.1 (RFC 9112) over a bare socket, with one request at a time: as little work as can be
// for each, so that the load is not measured in place of the service.

import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

export interface Reply {
  /** 0: there was none. */
  readonly status: number;
  /** Of a failed request, bounded; else empty. */
  readonly body: string;
  /** Why there was none. */
  readonly failure?: "connection-refused" | "connection-lost" | "timeout" | "malformed-answer";
}

const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");
const MAX_HEAD = 64 * 1024;
const MAX_KEPT = 16 * 1024;
const NOTHING = Buffer.alloc(0);

export class Connection {
  readonly #target: Target;
  readonly #timeoutMs: number;
  #socket: Socket | undefined;
  #connected = false;
  #done: ((reply: Reply) => void) | undefined;
  #held: Buffer = NOTHING;
  #status = 0;
  /** Bytes of the body still to come; -1: in chunks; -2: until the end of the connection. */
  #left: number | undefined;
  #body = "";
  #close = false;
  #chunk: "size" | "data" | "end" = "size";

  constructor(target: Target, timeoutMs: number) {
    this.#target = target;
    this.#timeoutMs = timeoutMs;
  }

  get busy(): boolean {
    return this.#done !== undefined;
  }

  /** `request`: everything, head and body. */
  send(request: Buffer, done: (reply: Reply) => void): void {
    this.#done = done;
    this.#body = "";
    this.#left = undefined;
    this.#socket ??= this.#open();
    this.#socket.write(request);
  }

  end(): void {
    this.#done = undefined;
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open(): Socket {
    const { host, port, tls } = this.#target;
    this.#connected = false;
    this.#held = NOTHING;
    const socket = tls ? connectTls({ host, port, servername: /[a-z]/i.test(host) ? host : "localhost", rejectUnauthorized: false }) : connectPlain({ host, port, noDelay: true });
    let failure: NonNullable<Reply["failure"]> = "connection-lost";
    socket.once("connect", () => (this.#connected = true));
    socket.setTimeout(this.#timeoutMs, () => {
      if (this.#done === undefined) return;
      failure = "timeout";
      socket.destroy();
    });
    socket.on("data", (piece: Buffer) => {
      if (!this.#take(piece)) {
        failure = "malformed-answer";
        socket.destroy();
      }
    });
    socket.on("error", () => undefined);
    socket.once("close", () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      if (this.#left === -2) this.#finish();
      else this.#reply({ status: 0, body: "", failure: !this.#connected && failure === "connection-lost" ? "connection-refused" : failure });
    });
    return socket;
  }

  #reply(reply: Reply): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(reply);
  }

  #finish(): void {
    if (this.#close) {
      this.#socket?.destroy();
      this.#socket = undefined;
    }
    this.#reply({ status: this.#status, body: this.#body });
  }

  /** False where what came is no answer. */
  #take(piece: Buffer): boolean {
    let bytes = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    this.#held = NOTHING;
    if (this.#done === undefined) return false;
    while (this.#left === undefined) {
      const end = bytes.indexOf(HEAD_END);
      if (end < 0) {
        this.#held = bytes;
        return bytes.length <= MAX_HEAD;
      }
      const head = bytes.toString("latin1", 0, end);
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
      if (Number.isNaN(status)) return false;
      bytes = bytes.subarray(end + 4);
      if (status < 200) continue;
      this.#status = status;
      this.#close = /\r\nconnection: *close/i.test(head);
      const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
      this.#left = length !== undefined ? Number(length) : status === 204 || status === 304 ? 0 : /\r\ntransfer-encoding: *chunked/i.test(head) ? -1 : -2;
      this.#chunk = "size";
      this.#chunkLeft = 0;
    }
    if (this.#left === -1) return this.#takeChunks(bytes);
    this.#keep(bytes);
    if (this.#left === -2) return true;
    this.#left -= bytes.length;
    if (this.#left < 0) return false;
    if (this.#left === 0) this.#finish();
    return true;
  }

  #chunkLeft = 0;

  #takeChunks(given: Buffer): boolean {
    let bytes = given;
    for (;;) {
      if (this.#chunk === "data") {
        const n = Math.min(bytes.length, this.#chunkLeft);
        this.#keep(bytes.subarray(0, n));
        bytes = bytes.subarray(n);
        this.#chunkLeft -= n;
        if (this.#chunkLeft > 0) return true;
        this.#chunk = "end";
      }
      const end = bytes.indexOf(LINE_END);
      if (end < 0) {
        this.#held = bytes;
        return bytes.length < 1024;
      }
      const line = bytes.toString("latin1", 0, end);
      bytes = bytes.subarray(end + 2);
      if (this.#chunk === "end") {
        if (line !== "") return false;
        this.#chunk = "size";
        continue;
      }
      if (this.#chunkLeft < 0) {
        // A trailer, or the empty line after the last chunk.
        if (line !== "") continue;
        this.#finish();
        return bytes.length === 0;
      }
      const size = /^([0-9a-f]{1,12})/i.exec(line)?.[1];
      if (size === undefined) return false;
      this.#chunkLeft = Number.parseInt(size, 16);
      if (this.#chunkLeft === 0) this.#chunkLeft = -1;
      else this.#chunk = "data";
    }
  }

  #keep(bytes: Buffer): void {
    if (this.#status >= 400 && this.#body.length < MAX_KEPT) this.#body += bytes.toString("latin1", 0, MAX_KEPT);
  }
}
