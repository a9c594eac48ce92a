// A gRPC client over node:http2 for tests: what real clients cannot be made to send can be sent with it.

import { connect, type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from "node:http2";
import { PREFIX, FrameReader, finishFrame } from "./frames.ts";
import { decodeMessage } from "./protobuf/decode.ts";
import { encodeMessage } from "./protobuf/encode.ts";
import type { Draft, MessageType } from "./protobuf/schema.ts";

export interface GrpcOutcome<R> {
  readonly status: number;
  readonly message: string;
  readonly responses: readonly R[];
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>>;
}

export function connectGrpc(url: string): ClientHttp2Session {
  const session = connect(url);
  session.on("error", () => undefined);
  return session;
}

export function openCall(session: ClientHttp2Session, path: string, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
  const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers", ...headers });
  stream.on("error", () => undefined);
  return stream;
}

export function frameOf<Q>(type: MessageType<Q>, message: Draft<Q>): Buffer {
  return finishFrame(encodeMessage(type, message, PREFIX));
}

/** What comes back of a call: its messages as bytes after their prefix, and its status. */
export async function outcomeOf<R>(stream: ClientHttp2Stream, type: MessageType<R>, plain: (frame: Buffer) => Buffer = (frame) => frame.subarray(PREFIX)): Promise<GrpcOutcome<R>> {
  const seen: { headers: Record<string, unknown>; trailers: Record<string, unknown> } = { headers: {}, trailers: {} };
  stream.on("response", (h) => (seen.headers = h as Record<string, unknown>));
  stream.on("trailers", (t) => (seen.trailers = t as Record<string, unknown>));
  const frames = new FrameReader(2 ** 30);
  const responses: R[] = [];
  stream.on("data", (piece: Buffer) => {
    frames.push(piece);
    for (let frame = frames.next(); frame !== undefined; frame = frames.next()) responses.push(decodeMessage(type, plain(frame)));
  });
  await new Promise((resolve) => stream.on("close", resolve));
  const trailers = seen.trailers["grpc-status"] === undefined ? seen.headers : seen.trailers;
  return { status: Number(trailers["grpc-status"] ?? -1), message: decodeURIComponent(String(trailers["grpc-message"] ?? "")), responses, headers: seen.headers, trailers };
}

export function callGrpc<Q, R>(session: ClientHttp2Session, path: string, types: readonly [MessageType<Q>, MessageType<R>], message: Draft<Q>, headers?: OutgoingHttpHeaders): Promise<GrpcOutcome<R>> {
  const stream = openCall(session, path, headers);
  const outcome = outcomeOf(stream, types[1]);
  stream.end(frameOf(types[0], message));
  return outcome;
}
