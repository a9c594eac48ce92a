// Answers compressed as the client's Accept-Encoding says: br, gzip or deflate, whole or piece by piece. Small ones are
// not worth it; events of a stream must not wait.

import { promisify } from "node:util";
import type { Answer, Call } from "./call.ts";

type Coding = "br" | "gzip" | "deflate";
const CODINGS: readonly Coding[] = ["br", "gzip", "deflate"];
/** Answers of fewer bytes are sent as they are. */
const SMALL = 4096;
/** Of brotli: about as fast as gzip, and smaller. */
const BROTLI_QUALITY = 4;

/** What compresses an answer to this call; undefined: nothing. */
export function codingFor(call: Call, answer: Answer): Coding | undefined {
  const header = call.header("accept-encoding");
  if (header === undefined || call.method === "HEAD" || header.length > 500) return undefined;
  const { body, headers, status = 200 } = answer;
  if (body === null || status === 204 || status === 304 || headers?.["content-encoding"] !== undefined || headers?.["content-type"]?.startsWith("text/event-stream") === true) return undefined;
  if ((typeof body === "string" || body instanceof Uint8Array) && body.length < SMALL) return undefined;
  const type = headers?.["content-type"] ?? "";
  if (/^(?:image|font)\/|^application\/(?:grpc|zip|gzip)/.test(type)) return undefined;
  const weights = new Map(header.split(",").map((part) => {
    const [name = "", ...parameters] = part.split(";").map((p) => p.trim().toLowerCase());
    const q = Number(parameters.find((p) => p.startsWith("q="))?.slice(2) ?? 1);
    return [name, Number.isNaN(q) ? 0 : q] as const;
  }));
  let best: Coding | undefined;
  for (const coding of CODINGS) {
    const weight = weights.get(coding) ?? (coding === "gzip" ? weights.get("x-gzip") : undefined) ?? weights.get("*") ?? 0;
    if (weight > 0 && (best === undefined || weight > (weights.get(best) ?? weights.get("*") ?? 0))) best = coding;
  }
  return best;
}

export async function compressed(answer: Answer, coding: Coding): Promise<Answer> {
  const zlib = await import("node:zlib");
  const options = coding === "br" ? { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } } : { level: 5 };
  const headers = { ...answer.headers, "content-encoding": coding, vary: answer.headers?.["vary"] === undefined ? "accept-encoding" : `${answer.headers["vary"]}, accept-encoding` };
  const { body } = answer;
  if (body === null) return answer;
  if (typeof body === "string" || body instanceof Uint8Array) {
    const compress = promisify({ br: zlib.brotliCompress, gzip: zlib.gzip, deflate: zlib.deflate }[coding] as (data: string | Uint8Array, o: object, done: (e: Error | null, r: Buffer) => void) => void);
    return { ...answer, headers, body: await compress(body, options) };
  }
  const { pipeline, Readable } = await import("node:stream");
  const stream = { br: zlib.createBrotliCompress, gzip: zlib.createGzip, deflate: zlib.createDeflate }[coding](options);
  // A fault of the source ends the stream, whose reader then fails.
  pipeline(Readable.from(body), stream, () => undefined);
  return { ...answer, headers, body: stream as unknown as AsyncIterable<Uint8Array> };
}
