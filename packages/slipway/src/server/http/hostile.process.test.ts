// Requests that no honest client sends, on a real port: what is answered, whether the connection is closed, and that nothing
// which was smuggled in behind one is ever taken for a request.

import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModelPackage } from "../../runtime/index.ts";
import { matrixModel } from "../../runtime/testing.ts";
import { startServer, type RunningServer } from "../index.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer([await loadModelPackage(matrixModel())], { port: 0, receiveTimeoutMs: 700 });
});
afterAll(() => server.close());

interface Heard {
  readonly statuses: string[];
  readonly text: string;
  readonly closed: boolean;
}

/** Sends bytes, then asks for health over the same connection where it is still open: a connection that is in order answers it last. */
function send(text: string): Promise<Heard> {
  return new Promise((resolve) => {
    const socket = connect(server.port, "127.0.0.1");
    let out = "";
    let asked = false;
    const done = (closed: boolean): void => {
      socket.destroy();
      const answers = asked && !closed ? out.slice(0, out.lastIndexOf("HTTP/1.1")) : out;
      resolve({ statuses: [...answers.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((m) => m[1]!), text: answers, closed });
    };
    socket.on("data", (piece) => {
      out += piece.toString("latin1");
      if (asked) {
        if (out.includes("probe-1")) done(false);
      } else if (complete(out, text)) {
        asked = true;
        socket.write("GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: probe-1\r\n\r\n");
      }
    });
    socket.on("close", () => done(true));
    socket.on("error", () => undefined);
    socket.write(Buffer.from(text, "latin1"));
  });
}
/** As many final answers as requests were sent. */
const complete = (out: string, sent: string): boolean => [...out.matchAll(/HTTP\/1\.1 [2-5]\d\d[^]*?\r\n\r\n/g)].length >= sent.split("POST /predict").length - 1 + Number(!sent.includes("POST /predict"));

const HOST = "Host: localhost\r\n";
const ROWS = "[[1,2,3]]";
const POST = `POST /predict HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n`;
const SMUGGLED = `GET /models HTTP/1.1\r\n${HOST}\r\n`;

describe("a request that is refused closes its connection", () => {
  it.each([
    ["a header of 64 kB", `GET /health/live HTTP/1.1\r\n${HOST}X: ${"a".repeat(64_000)}\r\n\r\n`, "431"],
    ["3,500 headers", `GET /health/live HTTP/1.1\r\n${HOST}${"a:\r\n".repeat(3500)}\r\n`, "431"],
    ["an address of 64 kB", `GET /${"a".repeat(64_000)} HTTP/1.1\r\n${HOST}\r\n`, "431"],
    ["a chunk without a size", `${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n`, "400"],
    ["a chunk of more bytes than there are", `${POST}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nabc\r\n`, "400"],
    ["a chunk's extension of 40 kB", `${POST}Transfer-Encoding: chunked\r\n\r\n9;${"a".repeat(40_000)}\r\n${ROWS}\r\n0\r\n\r\n`, "400"],
    ["a length and chunks", `${POST}Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`, "400"],
    ["chunks and a length", `${POST}Transfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n0\r\n\r\n${SMUGGLED}`, "400"],
    ["a coding that is almost chunked", `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${SMUGGLED}`, "501"],
    ["another coding beside chunked", `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n9\r\n${ROWS}\r\n0\r\n\r\n`, "501"],
    ["two codings", `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${SMUGGLED}`, "400"],
    ["chunks over HTTP/1.0", `POST /predict HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n9\r\n${ROWS}\r\n0\r\n\r\n`, "400"],
    ["two lengths", `${POST}Content-Length: 9\r\nContent-Length: 0\r\n\r\n${ROWS}`, "400"],
    ["a signed length", `${POST}Content-Length: +9\r\n\r\n${ROWS}`, "400"],
    ["lines that end in LF alone", "GET /health/live HTTP/1.1\nHost: localhost\n\n", "400"],
    ["a space before a colon", `${POST}Content-Length : 9\r\n\r\n${ROWS}`, "400"],
    ["a folded header", `GET /health/live HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n`, "400"],
    ["a NUL in a header", `GET /health/live HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n`, "400"],
    ["no host", "GET /health/live HTTP/1.1\r\n\r\n", "400"],
    ["two hosts", `GET /health/live HTTP/1.1\r\n${HOST}Host: evil.example\r\n\r\n`, "400"],
    ["an address that is none", `GET health HTTP/1.1\r\n${HOST}\r\n`, "400"],
    ["a method that is none", `FOO / HTTP/1.1\r\n${HOST}\r\n`, "400"],
    ["bytes", "\x00\x01\x02\xff\xfe", "400"],
    ["an expectation that nobody knows", `${POST}Expect: 200-ok\r\nContent-Length: 9\r\n\r\n${ROWS}`, "417"],
    ["a body that is far too large, before it is sent", `${POST}Expect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n`, "413"],
    ["half a request", `${POST}Content-Length: 9\r\n\r\n[[1,`, "408"],
    ["half a header", "GET /health/live HTT", "408"],
  ])("%s", async (_name, text, status) => {
    const heard = await send(text);
    expect(heard).toMatchObject({ statuses: [status], closed: true });
    expect(heard.text).toMatch(/"code":"(?:request-malformed|body-too-large)"/);
    expect(heard.text).not.toContain('"models"');
  });
  it("a tunnel", async () => {
    expect(await send(`CONNECT evil.example:443 HTTP/1.1\r\n${HOST}\r\n`)).toEqual({ statuses: [], text: "", closed: true });
  });
});

describe("a request that is unusual and in order", () => {
  it.each([
    ["three in one write, answered in order", `${POST}Content-Length: 9\r\n\r\n${ROWS}`.repeat(3), ["200", "200", "200"]],
    ["chunks", `${POST}Transfer-Encoding: chunked\r\n\r\n4\r\n[[1,\r\n5;x=y\r\n2,3]]\r\n0\r\n\r\n`, ["200"]],
    ["100-continue", `${POST}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n${ROWS}`, ["100", "200"]],
    ["an absolute address", `GET http://localhost/health/live HTTP/1.1\r\n${HOST}\r\n`, ["200"]],
    ["an absolute address of another host than the header's", `GET http://evil.example/models HTTP/1.1\r\n${HOST}\r\n`, ["403"]],
    ["the server as a whole", `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, ["404"]],
    ["a trace", `TRACE / HTTP/1.1\r\n${HOST}\r\n`, ["405"]],
    ["a line break inside an address", `GET /models/%0d%0aX-Evil:1 HTTP/1.1\r\n${HOST}\r\n`, ["404"]],
  ])("%s", async (_name, text, statuses) => {
    const heard = await send(text);
    expect(heard).toMatchObject({ statuses, closed: false });
    expect(heard.text).not.toMatch(/^X-Evil/m);
  });
  it("HTTP/1.0 with and without a host", async () => {
    for (const host of ["", HOST]) expect(await send(`GET /health/live HTTP/1.0\r\n${host}\r\n`)).toMatchObject({ statuses: ["200"], closed: true });
  });
});

describe("clients that send a byte now and then", () => {
  it("are cut when the request's time is over, headers or body, and nobody else waits for them", async () => {
    const heard: string[] = [];
    const closed = [`${POST}Content-Length: 100000\r\n\r\n[`, "GET /health/live HTTP/1.1\r\nX: "].flatMap((start) => Array.from({ length: 50 }, () => new Promise<void>((resolve) => {
      const socket: Socket = connect(server.port, "127.0.0.1");
      socket.write(start);
      const drip = setInterval(() => socket.write("1"), 100);
      socket.on("data", (piece) => heard.push(piece.toString("latin1").slice(9, 12)));
      socket.on("error", () => undefined);
      socket.on("close", () => {
        clearInterval(drip);
        resolve();
      });
    })));
    const answer = await fetch(`${server.url}/predict`, { method: "POST", body: ROWS });
    expect(answer.status).toBe(200);
    await Promise.all(closed);
    expect(new Set(heard)).toEqual(new Set(["408"]));
  });
});
