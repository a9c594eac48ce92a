import { describe, expect, it } from "vitest";
import { answerHead } from "./answer-head.ts";
import { readHead } from "./request-head.ts";

const lines = (...text: string[]): string => text.join("\r\n");

describe("a plain request's head", () => {
  it("is read as node:http reads it", () => {
    expect(readHead(lines("POST /predict?outputs=a HTTP/1.1", "Host: localhost:1", "Content-Length: 12", "X-A:b \t", "X-Empty:", "Connection: Keep-Alive"))).toEqual({
      method: "POST", url: "/predict?outputs=a", length: 12, last: false,
      headers: { host: "localhost:1", "content-length": "12", "x-a": "b", "x-empty": "", connection: "Keep-Alive" } });
    expect(readHead(lines("GET / HTTP/1.1", "host: a"))).toEqual({ method: "GET", url: "/", length: 0, last: false, headers: { host: "a" } });
    expect(readHead(lines("GET / HTTP/1.1", "host: a", "connection: close"))?.last).toBe(true);
  });
  it.each([
    ["another version", lines("GET / HTTP/1.0", "host: a")],
    ["another method", lines("PUT / HTTP/1.1", "host: a", "content-length: 1")],
    ["an absolute address", lines("GET http://a/ HTTP/1.1", "host: a")],
    ["no address", lines("GET  HTTP/1.1", "host: a")],
    ["a space in the address", lines("GET /a b HTTP/1.1", "host: a")],
    ["no host", lines("GET / HTTP/1.1")],
    ["two hosts", lines("GET / HTTP/1.1", "host: a", "Host: a")],
    ["two lengths", lines("POST / HTTP/1.1", "host: a", "content-length: 1", "Content-Length: 1")],
    ["a list of lengths", lines("POST / HTTP/1.1", "host: a", "content-length: 1, 1")],
    ["a signed length", lines("POST / HTTP/1.1", "host: a", "content-length: +1")],
    ["a hexadecimal length", lines("POST / HTTP/1.1", "host: a", "content-length: 0x1")],
    ["a length of sixteen digits", lines("POST / HTTP/1.1", "host: a", "content-length: 1000000000000000")],
    ["a body without a length", lines("POST / HTTP/1.1", "host: a")],
    ["a body with GET", lines("GET / HTTP/1.1", "host: a", "content-length: 0")],
    ["chunks", lines("POST / HTTP/1.1", "host: a", "transfer-encoding: chunked")],
    ["chunks and a length", lines("POST / HTTP/1.1", "host: a", "content-length: 1", "transfer-encoding: chunked")],
    ["an expectation", lines("POST / HTTP/1.1", "host: a", "content-length: 1", "expect: 100-continue")],
    ["an upgrade", lines("GET / HTTP/1.1", "host: a", "upgrade: h2c", "connection: upgrade")],
    ["a space before the colon", lines("POST / HTTP/1.1", "host: a", "content-length : 1")],
    ["a folded line", lines("GET / HTTP/1.1", "host: a", " b")],
    ["a bare line feed", "GET / HTTP/1.1\r\nhost: a\nx: y"],
    ["a bare carriage return", "GET / HTTP/1.1\r\nhost: a\rx: y"],
    ["a control character", lines("GET / HTTP/1.1", "host: a", "x: \u0000")],
    ["a name that is none", lines("GET / HTTP/1.1", "host: a", "x(y): z")],
    ["the prototype's name", lines("GET / HTTP/1.1", "host: a", "__proto__: z")],
    ["an empty line", lines("", "GET / HTTP/1.1", "host: a")],
  ])("leaves %s to node:http", (_what, text) => {
    expect(readHead(text)).toBeUndefined();
  });
});

describe("an answer's head", () => {
  it("has the status, the date and each header on its line", () => {
    expect(answerHead(429, { "retry-after": 1, "x-a": "b" }, "connection: keep-alive\r\n")).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\ndate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\nconnection: keep-alive\r\nretry-after: 1\r\nx-a: b\r\n\r\n$/);
  });
  it("lets no header out of its line", () => {
    expect(() => answerHead(200, { "x-a": "b\r\nx-c: d" }, "")).toThrow(TypeError);
    expect(() => answerHead(200, { "x-a": "\u20ac" }, "")).toThrow(TypeError);
    expect(() => answerHead(200, { "x a": "b" }, "")).toThrow(TypeError);
  });
});
