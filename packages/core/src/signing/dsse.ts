// DSSE (Dead Simple Signing Envelope) version 1.0.2, https://github.com/secure-systems-lab/dsse: a payload with its type and
// signatures over both.

import { JsonObject, type Fail } from "../package/json.ts";
import { concat, fromBase64, toBase64, type Bytes } from "./bytes.ts";
import { signingError } from "./errors.ts";
import type { SigningKey, VerificationKey } from "./keys.ts";

export interface EnvelopeSignature {
  /** A hint only, never believed: which key to try first. */
  readonly keyid?: string;
  /** Base64 of the signature: ECDSA in DER, or Ed25519's 64 bytes. */
  readonly sig: string;
}

/** The JSON form. */
export interface Envelope {
  readonly payloadType: string;
  /** Base64. */
  readonly payload: string;
  readonly signatures: readonly EnvelopeSignature[];
}

export interface VerifiedEnvelope {
  readonly payloadType: string;
  readonly payload: Bytes;
  /** Which of the given keys signed; one at least. */
  readonly keys: readonly VerificationKey[];
}

const MAX_SIGNATURES = 100;
const MAX_PAYLOAD = 16 << 20;

const fail: Fail = (message, where) => signingError("envelope-malformed", message, { where });

/** What is signed: "DSSEv1 SP LEN(type) SP type SP LEN(payload) SP payload", lengths in bytes. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Bytes {
  const type = new TextEncoder().encode(payloadType);
  const text = new TextEncoder();
  return concat(text.encode(`DSSEv1 ${type.length} `), type, text.encode(` ${payload.length} `), payload);
}

/** `keyIds: false` leaves the ids out, as OpenSSF Model Signing does. */
export async function signEnvelope(payloadType: string, payload: Uint8Array, keys: readonly SigningKey[], { keyIds = true }: { readonly keyIds?: boolean } = {}): Promise<Envelope> {
  const message = preAuthEncoding(payloadType, payload);
  const signatures = await Promise.all(keys.map(async (key) => ({ sig: toBase64(await key.sign(message)), keyid: keyIds ? key.publicKey.id : "" })));
  return { payload: toBase64(payload), payloadType, signatures };
}

/** An envelope from outside. @throws envelope-malformed */
export function parseEnvelope(value: unknown, where: string = "envelope"): Envelope {
  const object = new JsonObject(value, where, fail);
  const payload = object.get("payload");
  if (typeof payload !== "string" || payload.length > MAX_PAYLOAD) throw fail("the payload is not a text, or is longer than 16 MiB", object.at("payload"));
  if (fromBase64(payload) === undefined) throw fail("the payload is not base64", object.at("payload"));
  const signatures = object.array("signatures", MAX_SIGNATURES, (item, at) => {
    const signature = new JsonObject(item, at, fail);
    const sig = signature.string("sig");
    if (fromBase64(sig) === undefined) throw fail("the signature is not base64", signature.at("sig"));
    const keyid = signature.get("keyid") === null ? undefined : signature.optionalString("keyid");
    return { sig, ...(keyid === undefined ? {} : { keyid }) };
  });
  return { payloadType: object.string("payloadType"), payload, signatures };
}

/** At least one of the signatures is by one of `keys`. @throws envelope-malformed, signature-invalid */
export async function verifyEnvelope(envelope: Envelope, keys: readonly VerificationKey[]): Promise<VerifiedEnvelope> {
  const payload = fromBase64(envelope.payload);
  if (payload === undefined) throw fail("the payload is not base64", "payload");
  const message = preAuthEncoding(envelope.payloadType, payload);
  const signers = new Set<VerificationKey>();
  for (const { sig } of envelope.signatures) {
    const bytes = fromBase64(sig);
    if (bytes === undefined) throw fail("a signature is not base64", "signatures");
    for (const key of keys) {
      if (!signers.has(key) && (await key.verify(message, bytes))) signers.add(key);
    }
  }
  if (signers.size === 0) throw notSigned(envelope, keys);
  return { payloadType: envelope.payloadType, payload, keys: [...signers] };
}

function notSigned({ signatures }: Envelope, keys: readonly VerificationKey[]): Error {
  if (signatures.length === 0) return signingError("signature-missing", "the envelope holds no signature");
  const named = signatures.flatMap((s) => (s.keyid ? [s.keyid.slice(0, 80)] : []));
  return signingError("signature-invalid", `no signature by ${keys.length === 1 ? `the key ${keys[0]!.id}` : `any of the ${keys.length} keys`} over this content`,
    named.length === 0 ? {} : { hint: `The envelope says that it was signed by ${named.map((id) => JSON.stringify(id)).join(", ")}.` });
}
