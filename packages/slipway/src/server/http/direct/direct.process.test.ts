// Requests over a real port, in all pieces that a network may make of them: answered as node:http's own listener answers
// them, in their order, whichever of the two serves the connection.

import fc from "fast-check";
import { createServer as createHttpServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { App } from "../../app.ts";
import { testApp } from "../../testing.ts";
import { nodeListener } from "../node-host.ts";
import { wellFormed } from "../request-form.ts";
import { createPort, type Port } from "../port.ts";

let app: App;
let port: Port;
let reference: Server;
const address = (server: Server): number => (server.address() as AddressInfo).port;

beforeAll(async () => {
  app = await testApp({ options: { receiveTimeoutMs: 600, bodyLimit: 200_000 } });
  app.context.ready = true;
  port = createPort(app);
  reference = createHttpServer({ keepAliveTimeout: 72_000 }, wellFormed(nodeListener(app)));
  await Promise.all([port.server, reference].map((server) => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()))));
});
afterAll(async () => {
  reference.closeAllConnections();
  reference.close();
  await port.close(100);
  await app.context.models.close();
});
const open: { destroy(): void }[] = [];
afterEach(() => open.splice(0).forEach((socket) => socket.destroy()));

interface Heard {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Writes the pieces one after the other; gives `count` answers, or those that came before the connection was closed. */
function converse(to: number, pieces: readonly Buffer[], count: number, half = false): Promise<Heard[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: to, host: "127.0.0.1", noDelay: true, allowHalfOpen: half });
    open.push(socket);
    let out = Buffer.alloc(0);
    const finish = (): void => {
      socket.destroy();
      try {
        resolve(answersIn(out).answers);
      } catch (error) {
        reject(error as Error);
      }
    };
    socket.on("data", (piece: Buffer) => {
      out = Buffer.concat([out, piece]);
      if (!half && answersIn(out).answers.length >= count) finish();
    });
    socket.on("end", finish);
    socket.on("error", reject);
    void (async () => {
      for (const piece of pieces) {
        socket.write(piece);
        await new Promise((next) => setImmediate(next));
      }
      if (half) socket.end();
    })();
  });
}
function answersIn(bytes: Buffer): { answers: Heard[] } {
  const answers: Heard[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf("\r\n\r\n", at);
    if (end < 0) return { answers };
    const [line, ...rest] = bytes.toString("latin1", at, end).split("\r\n");
    const headers = Object.fromEntries(rest.map((h) => [h.slice(0, h.indexOf(":")).toLowerCase(), h.slice(h.indexOf(":") + 1).trim()]));
    at = end + 4;
    let body = "";
    if (headers["transfer-encoding"] === "chunked") {
      for (;;) {
        const stop = bytes.indexOf("\r\n", at);
        if (stop < 0) return { answers };
        const size = Number.parseInt(bytes.toString("latin1", at, stop), 16);
        if (bytes.length < stop + 2 + size + 2) return { answers };
        body += bytes.toString("utf8", stop + 2, stop + 2 + size);
        at = stop + 2 + size + 2;
        if (size === 0) break;
      }
    } else {
      const length = Number(headers["content-length"] ?? 0);
      if (bytes.length < at + length) return { answers };
      body = bytes.toString("utf8", at, at + length);
      at += length;
    }
    answers.push({ status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(line!)![1]), headers, body });
  }
}
/** Without what is of this very answer: ids, dates, times. */
const essence = ({ status, headers, body }: Heard): unknown => ({
  status, type: headers["content-type"], names: Object.keys(headers).toSorted(), connection: headers["connection"], keepAlive: headers["keep-alive"],
  body: body.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID"),
});

const post = (body: string, headers = "", path = "/models/linear/predict"): string => `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;
const REQUESTS: readonly string[] = [
  post("[1,2,3]"), post("[[4,5,6],[1,1,1]]"), post("[7,8,9]", "X-Request-Id: mine-1\r\n"), post("{", ""), post("[1]"), post('["a"]', "Accept: text/csv\r\n"),
  post("[1,2,3]", "Accept: text/csv\r\n"), post(JSON.stringify(Array.from({ length: 2000 }, (_, i) => [i, 1, 2]))), post('{"text":"Schl\u00fcssel \u{1f511}"}', "", "/models/tickets/predict"), post('{"text":"Schl\u00fcssel \u{1f511}"}', "Content-Encoding: gzip\r\n", "/models/tickets/predict"),
  "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /models/tickets HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n", "GET /predict HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "GET /health/live HTTP/1.1\r\nHost: example.org\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
  // Not plain: the connection goes to node:http.
  "POST /models/linear/predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n[1,2,3]\r\n0\r\n\r\n", "DELETE /models/linear HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET http://localhost/health/live HTTP/1.1\r\nHost: localhost\r\nX: 1\r\n\r\n",
];

describe("a connection", () => {
  it("is answered as node:http answers it, however its bytes are cut and whoever serves it", async () => {
    await fc.assert(fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: REQUESTS.length - 1 }), { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat({ max: 3000 }), { maxLength: 8 }),
      async (chosen, cuts) => {
        const bytes = Buffer.from(chosen.map((i) => REQUESTS[i]!).join(""));
        const at = [0, ...cuts.filter((c) => c > 0 && c < bytes.length).toSorted((a, b) => a - b), bytes.length];
        const pieces = at.slice(1).map((end, i) => bytes.subarray(at[i]!, end)).filter((p) => p.length > 0);
        // node:http's own listener gets one request after the other, whole.
        const expected: Heard[] = [];
        for (const i of chosen) expected.push(...await converse(address(reference), [Buffer.from(REQUESTS[i]!)], 1));
        const found = await converse(address(port.server), pieces, chosen.length);
        expect(found.map(essence)).toEqual(expected.map(essence));
      }), { numRuns: 60 });
  });

  it("answers what was asked before the client closed its side, then closes too", async () => {
    const found = await converse(address(port.server), [Buffer.from(REQUESTS[0]! + REQUESTS[1]! + REQUESTS[10]!)], 3, true);
    expect(found.map((a) => a.status)).toEqual([200, 200, 200]);
  });
  it("is closed with the answer to a request that says so, and what follows is not answered", async () => {
    const found = await converse(address(port.server), [Buffer.from(REQUESTS[0]! + post("[1,2,3]", "Connection: close\r\n") + REQUESTS[1]!)], 3);
    expect(found.map((a) => [a.status, a.headers["connection"]])).toEqual([[200, "keep-alive"], [200, "close"]]);
  });
  it("waits for a client that reads late, whose answers are more than the system holds", async () => {
    // Answers that a socket takes without asking for a pause.
    const request = post(JSON.stringify(Array.from({ length: 300 }, (_, i) => [i, 1, 2])));
    const count = 8000;
    const socket = connect(address(port.server), "127.0.0.1");
    open.push(socket);
    socket.pause();
    socket.write(request.repeat(count));
    await new Promise((resolve) => setTimeout(resolve, 3000));
    let seen = 0;
    let tail = "";
    await new Promise<void>((resolve, reject) => {
      socket.on("data", (piece: Buffer) => {
        const text = tail + piece.toString("latin1");
        seen += text.split("HTTP/1.1 200 OK").length - 1;
        tail = text.slice(-14);
        if (seen === count) resolve();
      });
      socket.on("close", () => reject(new Error(`closed after ${seen} answers`)));
      socket.resume();
    });
    socket.removeAllListeners("close");
  });
  it("refuses a body beyond the limit, of which the rest never comes", async () => {
    const found = await converse(address(port.server), [Buffer.from(`POST /models/linear/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200001\r\n\r\n[`)], 1);
    expect(found.map((a) => a.status)).toEqual([413]);
  });
  it("gives up on a body that does not arrive, and on one that is cut off", async () => {
    const half = Buffer.from("POST /models/linear/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\n[1,2");
    expect((await converse(address(port.server), [half], 1)).map((a) => a.status)).toEqual([408]);
    expect(await converse(address(port.server), [half], 1, true)).toEqual([]);
  });
  it("is closed when the service stops, once it is answered", async () => {
    const other = createPort(app);
    await new Promise<void>((resolve) => other.server.listen(0, "127.0.0.1", () => resolve()));
    const socket = connect(address(other.server), "127.0.0.1");
    open.push(socket);
    socket.write(REQUESTS[0]!);
    await new Promise((resolve) => socket.once("data", resolve));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await other.close(5000);
    await closed;
  });
});
