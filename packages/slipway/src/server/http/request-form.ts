// What a request of HTTP/1.1 must keep to and node's parser lets pass (RFC 9112): one Host (3.2), the absolute form of an
// address (3.2.2), no transfer coding but chunked, which only HTTP/1.1 has (6.1, 7). A server and a proxy in front of it that
// read one of these in two ways can be made to take one request for two.

import type { IncomingMessage, ServerResponse } from "node:http";

interface Fault {
  readonly status: 400 | 417 | 501;
  readonly message: string;
}

/** Rewrites an address in absolute form, whose authority then counts as the Host, to its path. */
function requestFault(request: IncomingMessage): Fault | undefined {
  const { headers, rawHeaders } = request;
  const coding = headers["transfer-encoding"];
  if (coding !== undefined) {
    if (request.httpVersionMinor === 0) return { status: 400, message: "HTTP/1.0 has no Transfer-Encoding" };
    if (coding.trim().toLowerCase() !== "chunked") return { status: 501, message: "no transfer coding but chunked is understood" };
  }
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]!.length === 4 && rawHeaders[i]!.toLowerCase() === "host") hosts++;
  if (hosts > 1) return { status: 400, message: "the request names two hosts" };
  if (hosts === 0 && request.httpVersionMinor > 0) return { status: 400, message: "the request has no Host header" };
  const { url = "/" } = request;
  if (url.charCodeAt(0) === SLASH || url === "*") return undefined;
  const absolute = /^https?:\/\/([^/?#]+)([^]*)$/i.exec(url);
  if (absolute === null) return { status: 400, message: "the request's address is neither a path nor absolute" };
  const [, authority, rest = ""] = absolute;
  headers.host = authority!.replace(/^.*@/, "");
  request.url = rest.startsWith("/") ? rest : `/${rest}`;
  return undefined;
}
const SLASH = 0x2f;

/** Refuses what does not keep to the form, and closes the connection: where one request ends is no longer sure. */
export function wellFormed(listener: (request: IncomingMessage, response: ServerResponse) => void): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const fault = requestFault(request);
    if (fault === undefined) listener(request, response);
    else refuse(response, fault);
  };
}

export function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  refuse(response, { status: 417, message: "nothing can be expected but 100-continue" });
}

/** Connections that have had their last answer: what still comes over them is answered by nothing. */
export const refused: WeakSet<object> = new WeakSet();

function refuse(response: ServerResponse, { status, message }: Fault): void {
  if (response.socket !== null) refused.add(response.socket);
  const body = JSON.stringify({ error: { code: "request-malformed", message } });
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", "content-length": Buffer.byteLength(body), connection: "close" }).end(body);
}
