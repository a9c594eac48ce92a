// One request, with a connection of its own and what it took.

import { request } from "node:http";

export interface Asked {
  /** 0 where nothing came. */
  readonly status: number;
  readonly text: string;
  /** Until the connection was taken, and until the whole answer was there. */
  readonly connectMs: number;
  readonly ms: number;
}

export interface AskOptions {
  readonly method: string;
  readonly host?: string;
  readonly port: number;
  readonly path: string;
  readonly body?: string | undefined;
  readonly timeoutMs: number;
}

export function ask({ method, host = "127.0.0.1", port, path, body, timeoutMs }: AskOptions): Promise<Asked> {
  const start = performance.now();
  let connectMs = NaN;
  const nothing = (text: string): Asked => ({ status: 0, text, connectMs, ms: performance.now() - start });
  return new Promise((resolve) => {
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const asked = request({ method, host, port, path, agent: false, headers: bytes === undefined ? {} : { "content-type": "application/json", "content-length": bytes.length } }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      answer.on("error", (error) => resolve(nothing(error.message)));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(pieces).toString("utf8"), connectMs, ms: performance.now() - start }));
    });
    asked.on("socket", (socket) => socket.once("connect", () => (connectMs = performance.now() - start)));
    asked.on("error", (error) => resolve(nothing(error.message)));
    asked.setTimeout(timeoutMs, () => asked.destroy(new Error(`no answer in ${timeoutMs} ms`)));
    asked.end(bytes);
  });
}
