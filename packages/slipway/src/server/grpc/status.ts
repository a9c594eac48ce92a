// gRPC's status codes: https://grpc.io/docs/guides/status-codes, and its HTTP/2 mapping for how a message is written:
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md

import type { ErrorKind, SlipwayError } from "@slipway/core/base";

export const GRPC = {
  OK: 0, CANCELLED: 1, UNKNOWN: 2, INVALID_ARGUMENT: 3, DEADLINE_EXCEEDED: 4, NOT_FOUND: 5, ALREADY_EXISTS: 6, PERMISSION_DENIED: 7, RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9, ABORTED: 10, OUT_OF_RANGE: 11, UNIMPLEMENTED: 12, INTERNAL: 13, UNAVAILABLE: 14, DATA_LOSS: 15, UNAUTHENTICATED: 16,
} as const;
export type GrpcCode = (typeof GRPC)[keyof typeof GRPC];

const BY_KIND: Readonly<Record<ErrorKind, GrpcCode>> = {
  usage: GRPC.INVALID_ARGUMENT, invalid: GRPC.INVALID_ARGUMENT, unsupported: GRPC.UNIMPLEMENTED, refused: GRPC.PERMISSION_DENIED, limit: GRPC.RESOURCE_EXHAUSTED,
  "not-found": GRPC.NOT_FOUND, conflict: GRPC.FAILED_PRECONDITION, "failed-check": GRPC.FAILED_PRECONDITION, unavailable: GRPC.UNAVAILABLE,
  exhausted: GRPC.RESOURCE_EXHAUSTED, timeout: GRPC.DEADLINE_EXCEEDED, unauthenticated: GRPC.UNAUTHENTICATED, unimplemented: GRPC.UNIMPLEMENTED, internal: GRPC.INTERNAL,
};
const BY_CODE: Readonly<Record<string, GrpcCode>> = { "route-unknown": GRPC.UNIMPLEMENTED, "client-gone": GRPC.CANCELLED };
const BY_STATUS: Readonly<Record<number, GrpcCode>> = { 401: GRPC.UNAUTHENTICATED, 403: GRPC.PERMISSION_DENIED, 404: GRPC.UNIMPLEMENTED, 429: GRPC.RESOURCE_EXHAUSTED, 503: GRPC.UNAVAILABLE, 504: GRPC.DEADLINE_EXCEEDED };

export function grpcCodeOf(error: SlipwayError): GrpcCode {
  return Object.hasOwn(BY_CODE, error.code) ? BY_CODE[error.code]! : BY_KIND[error.kind];
}
/** For an answer that a layer gave in a method's place. */
export function grpcCodeOfStatus(status: number): GrpcCode {
  return BY_STATUS[status] ?? (status >= 500 ? GRPC.INTERNAL : status >= 400 ? GRPC.INVALID_ARGUMENT : GRPC.UNKNOWN);
}

/** What metrics and logs count calls under. */
const HTTP: Readonly<Record<GrpcCode, number>> = { 0: 200, 1: 499, 2: 500, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 409, 10: 409, 11: 400, 12: 501, 13: 500, 14: 503, 15: 500, 16: 401 };
export function httpStatusOf(code: GrpcCode): number {
  return HTTP[code];
}

/** Trailers are limited by clients, to 8 KB in some. */
const MAX_MESSAGE = 4000;
const PLAIN = /^[\x20-\x24\x26-\x7e]*$/;

/** `grpc-message`: percent-encoded UTF-8, cut where it is long. */
export function encodeStatusMessage(message: string): string {
  const cut = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)} ...` : message;
  if (PLAIN.test(cut)) return cut;
  let out = "";
  for (const byte of Buffer.from(cut, "utf8")) {
    out += byte >= 0x20 && byte < 0x7f && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    if (out.length > MAX_MESSAGE * 2) return out;
  }
  return out;
}
