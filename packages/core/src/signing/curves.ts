// The elliptic curves that sigstore and OpenSSF Model Signing use, each with its hash, and the two forms of an ECDSA
// signature: DER (everybody else's) and two numbers side by side (Web Crypto's, IEEE P1363).

import { concat, type Bytes } from "./bytes.ts";
import { der, derInteger, readSequence, TAG } from "./der.ts";

export type Curve = "P-256" | "P-384" | "P-521";

export interface CurveFacts {
  readonly oid: string;
  readonly hash: "SHA-256" | "SHA-384" | "SHA-512";
  /** Bytes of a coordinate and of each half of a signature. */
  readonly bytes: number;
}

export const CURVES: Readonly<Record<Curve, CurveFacts>> = {
  "P-256": { oid: "1.2.840.10045.3.1.7", hash: "SHA-256", bytes: 32 },
  "P-384": { oid: "1.3.132.0.34", hash: "SHA-384", bytes: 48 },
  "P-521": { oid: "1.3.132.0.35", hash: "SHA-512", bytes: 66 },
};

/** Ed25519 (RFC 8032) signs messages as they are: it has no hash to choose and one form of a signature, 64 bytes. */
export type KeyKind = Curve | "Ed25519";
export const ED25519 = "1.3.101.112";

export const EC_PUBLIC_KEY = "1.2.840.10045.2.1";

export function curveOfOid(oid: string | undefined): Curve | undefined {
  return (Object.keys(CURVES) as Curve[]).find((curve) => CURVES[curve].oid === oid);
}

/** Web Crypto's signature -> DER: SEQUENCE { r INTEGER, s INTEGER }. */
export function signatureToDer(raw: Uint8Array): Bytes {
  const half = raw.length / 2;
  return der(TAG.sequence, derInteger(raw.subarray(0, half)), derInteger(raw.subarray(half)));
}

/** DER -> Web Crypto's form; undefined where it is no ECDSA signature of this curve's size. */
export function signatureFromDer(bytes: Uint8Array, curve: Curve): Bytes | undefined {
  const values = readSequence(bytes);
  if (values?.length !== 2) return undefined;
  const size = CURVES[curve].bytes;
  const halves: Uint8Array[] = [];
  for (const { tag, bytes: number } of values) {
    if (tag !== TAG.integer || number.length === 0 || number[0]! >= 0x80) return undefined;
    // One leading zero is there only to keep the number from being negative.
    if (number.length > 1 && number[0] === 0 && number[1]! < 0x80) return undefined;
    const trimmed = number[0] === 0 ? number.subarray(1) : number;
    if (trimmed.length > size) return undefined;
    halves.push(new Uint8Array(size - trimmed.length), trimmed);
  }
  return concat(...halves);
}
