// Request bodies: raw bytes in, decompressed within the limit, decoded as UTF-8.

import { isAscii, isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import { promisify } from "node:util";
import { serverError } from "./errors.ts";

/** The plain bytes of a body, at most `limit` of them after decompression. */
export async function plainBody(body: Buffer, headers: IncomingHttpHeaders, limit: number): Promise<Buffer> {
  if (headers["content-encoding"] === undefined) return body;
  const encoding = (headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding === "identity" || encoding === "") return body;
  const zlib = await import("node:zlib");
  const decoders = { gzip: zlib.gunzip, "x-gzip": zlib.gunzip, deflate: zlib.inflate, br: zlib.brotliDecompress } as const;
  if (!Object.hasOwn(decoders, encoding)) {
    throw serverError("body-encoding", `the Content-Encoding ${JSON.stringify(encoding.slice(0, 40))} is not understood`, { hint: "Send the body plain, or as gzip, deflate or br." });
  }
  const decode = promisify(decoders[encoding as keyof typeof decoders] as (b: Buffer, o: { maxOutputLength: number }, done: (e: Error | null, r: Buffer) => void) => void);
  try {
    return await decode(body, { maxOutputLength: limit });
  } catch (cause) {
    if ((cause as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") throw serverError("body-too-large", `the body is larger than ${limit} bytes when decompressed`, { hint: "Send it in parts." });
    throw serverError("body-damaged", `the body cannot be decompressed as ${encoding}`, { cause });
  }
}

export function bodyTooLarge(limit: number): Error {
  return serverError("body-too-large", `the request's body is larger than ${limit} bytes, this server's limit`, { hint: "Send the rows in parts, or raise the limit (--body-limit)." });
}

/** A UTF-8 body without a byte order mark. @throws SlipwayError body-encoding, body-damaged */
export function bodyText(bytes: Uint8Array, contentType: string): string {
  const charset = contentType.includes("charset") ? /charset\s*=\s*"?([\w.:-]+)/i.exec(contentType)?.[1]?.toLowerCase() : undefined;
  if (charset !== undefined && !["utf-8", "utf8", "us-ascii", "ascii"].includes(charset)) {
    throw serverError("body-encoding", `the charset ${charset} is not understood`, { hint: "Send UTF-8." });
  }
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isAscii(buffer)) return buffer.toString("latin1");
  if (!isUtf8(buffer)) throw serverError("body-damaged", "the body is not UTF-8", { hint: "Save the file as UTF-8 and send it again." });
  return buffer.toString("utf8", buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf ? 3 : 0);
}

/** "text/csv" of "text/csv; charset=utf-8". */
export function mediaType(headers: IncomingHttpHeaders): string {
  if (headers["content-type"] === "application/json") return "application/json";
  return (headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase();
}
