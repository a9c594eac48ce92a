// The connections that are served directly: looked after as node:http looks after its own.

import type { Socket } from "node:net";
import { peerOf } from "../peer.ts";
import { DirectConnection, type DirectOptions } from "./connection.ts";

export interface DirectHostOptions extends DirectOptions {
  /** For all of a request. */
  readonly receiveTimeoutMs: number;
  /** For its head. */
  readonly headTimeoutMs: number;
}

const LATE = JSON.stringify({ error: { code: "request-malformed", message: "the request did not arrive in time" } });
const TOO_LATE = `HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\nContent-Length: ${LATE.length}\r\nConnection: close\r\n\r\n${LATE}`;

export class DirectHost {
  readonly #options: DirectHostOptions;
  readonly #connections = new Set<DirectConnection>();
  #sweeping: NodeJS.Timeout | undefined;

  constructor(options: DirectHostOptions) {
    this.#options = options;
  }

  serve(socket: Socket): void {
    const connection = new DirectConnection(socket, peerOf(socket), this.#options, () => {
      this.#connections.delete(connection);
      if (this.#connections.size > 0) return;
      clearInterval(this.#sweeping);
      this.#sweeping = undefined;
    });
    this.#connections.add(connection);
    this.#sweeping ??= setInterval(() => this.#sweep(), Math.min(5000, Math.max(100, this.#options.receiveTimeoutMs / 4))).unref();
  }

  #sweep(): void {
    const now = performance.now();
    for (const connection of this.#connections) {
      if (connection.busy) continue;
      const { socket, since } = connection;
      const { waitsFor } = connection;
      if (waitsFor !== undefined) {
        if (now - since > (waitsFor === "head" ? this.#options.headTimeoutMs : this.#options.receiveTimeoutMs)) socket.end(TOO_LATE, () => socket.destroy());
      } else if (now - since > this.#options.keepAliveMs) socket.destroy();
    }
  }

  /** Those that ask nothing. */
  closeIdle(): void {
    for (const { busy, waitsFor, socket } of this.#connections) if (!busy && waitsFor === undefined) socket.destroySoon();
  }
  closeAll(): void {
    for (const { socket } of this.#connections) socket.destroy();
  }
}
