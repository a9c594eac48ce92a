// What a connection speaks, from its first bytes: a TLS ClientHello begins with 0x16, HTTP/2 with prior knowledge with
// "PRI * HTTP/2.0" (RFC 9113, 3.4), anything else goes to the HTTP/1.1 parser, which refuses what is none.
// Only the first read of a connection passes here. What was read is put back, and node:http then reads from the socket's
// handle as if it had accepted the connection itself, so that a connection of HTTP/1.1 pays nothing a request.

import type { Socket } from "node:net";

export type Spoken = "tls" | "http2" | "http1";

const PREFACE = Buffer.from("PRI ");

/** Undefined: more bytes are needed. */
export function spokenBy(bytes: Uint8Array): Spoken | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes[0] === 0x16) return "tls";
  const count = Math.min(bytes.length, PREFACE.length);
  for (let i = 0; i < count; i++) if (bytes[i] !== PREFACE[i]) return "http1";
  return count === PREFACE.length ? "http2" : undefined;
}

/** Calls `found` when the first bytes have come; a connection that sends none within `limitMs` is closed, and `gone` called. */
export function sniff(socket: Socket, limitMs: number, found: (spoken: Spoken) => void, gone: () => void): void {
  let held: Buffer | undefined;
  const done = (): void => {
    socket.off("readable", onReadable);
    socket.off("end", drop);
    socket.off("error", drop);
    socket.off("timeout", drop);
    socket.setTimeout(0);
  };
  const drop = (): void => {
    done();
    gone();
    socket.on("error", () => undefined);
    socket.destroy();
  };
  const onReadable = (): void => {
    const piece = socket.read() as Buffer | null;
    if (piece === null) return;
    held = held === undefined ? piece : Buffer.concat([held, piece]);
    const spoken = spokenBy(held);
    if (spoken === undefined) return;
    done();
    socket.unshift(held);
    found(spoken);
  };
  socket.on("readable", onReadable);
  socket.on("end", drop);
  socket.on("error", drop);
  socket.setTimeout(limitMs, drop);
}
