// The head of an HTTP/1.1 request in its plainest form (RFC 9112): GET or POST, a path, each header once, a body of a told
// length or none. It reads nothing that two parsers could read in two ways: whatever is not plain is left to node:http.

export interface RequestHead {
  readonly method: "GET" | "POST";
  /** With its query. */
  readonly url: string;
  /** By lower case name, as node:http has them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the body. */
  readonly length: number;
  /** The client wants the connection closed after the answer. */
  readonly last: boolean;
}

const REQUEST_LINE = /^(GET|POST) (\/[\x21-\x7e]*) HTTP\/1\.1$/;
/** A token, and a value without control characters. */
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;
const LENGTH = /^\d{1,15}$/;
/** They change how a message is framed, or what becomes of the connection. */
const NOT_PLAIN = new Set(["transfer-encoding", "expect", "upgrade", "te", "trailer", "http2-settings", "proxy-connection", "keep-alive", "__proto__"]);

/** Undefined: not plain. `text`: without the empty line at its end. */
export function readHead(text: string): RequestHead | undefined {
  const lines = text.split("\r\n");
  const line = REQUEST_LINE.exec(lines[0]!);
  if (line === null) return undefined;
  const headers: Record<string, string> = {};
  for (let i = 1; i < lines.length; i++) {
    const found = HEADER.exec(lines[i]!);
    if (found === null) return undefined;
    const name = found[1]!.toLowerCase();
    if (Object.hasOwn(headers, name) || NOT_PLAIN.has(name)) return undefined;
    headers[name] = found[2]!.trimEnd();
  }
  const { connection, "content-length": length } = headers;
  const wish = connection?.toLowerCase();
  if (headers["host"] === undefined || (wish !== undefined && wish !== "keep-alive" && wish !== "close")) return undefined;
  const method = line[1] as "GET" | "POST";
  if (method === "GET" ? length !== undefined : length === undefined || !LENGTH.test(length)) return undefined;
  return { method, url: line[2]!, headers, length: length === undefined ? 0 : Number(length), last: wish === "close" };
}
