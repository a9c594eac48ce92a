// As much of a NATS client as the example needs, over TCP: connect, publish, subscribe (protocol of NATS 2, docs.nats.io).
// A program of yours takes the `nats` package, which knows clusters, TLS and JetStream.

import { once } from "node:events";
import { connect, type Socket } from "node:net";

const LARGEST = 1_000_000;
const AGAIN_MS = 1000;

export interface Nats {
  publish(subject: string, text: string): void;
  close(): void;
}

/** Calls `take` with every message on `subject`; connects again when the server was away. Resolves when it is connected. */
export async function connectNats(url: string, subject: string, take: (text: string) => void): Promise<Nats> {
  const { hostname, port } = new URL(url);
  let socket: Socket;
  let closed = false;

  function open(): Promise<unknown> {
    let rest: Buffer = Buffer.alloc(0);
    socket = connect(Number(port || 4222), hostname);
    socket.on("data", (bytes) => {
      rest = readLines(Buffer.concat([rest, bytes]));
      if (rest.length > LARGEST) socket.destroy();
    });
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => void (closed || setTimeout(open, AGAIN_MS)));
    socket.write(`CONNECT {"verbose":false,"lang":"example","version":"1"}\r\nSUB ${subject} 1\r\n`);
    return once(socket, "connect");
  }

  /** Whole messages are taken; what has only begun is given back. */
  function readLines(bytes: Buffer): Buffer {
    for (;;) {
      const end = bytes.indexOf("\r\n");
      if (end < 0) return bytes;
      const line = bytes.toString("utf8", 0, end);
      if (line.startsWith("MSG ")) {
        const size = Number(line.split(" ").at(-1));
        if (bytes.length < end + 2 + size + 2) return bytes;
        take(bytes.toString("utf8", end + 2, end + 2 + size));
        bytes = bytes.subarray(end + 2 + size + 2);
        continue;
      }
      if (line === "PING") socket.write("PONG\r\n");
      else if (line.startsWith("-ERR")) console.error(`NATS: ${line}`);
      bytes = bytes.subarray(end + 2);
    }
  }

  await open();
  return {
    publish: (to, text) => void socket.write(`PUB ${to} ${Buffer.byteLength(text)}\r\n${text}\r\n`),
    close: () => {
      closed = true;
      socket.end();
    },
  };
}
