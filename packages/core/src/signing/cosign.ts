// Signatures as cosign makes them (sigstore/cosign 2): of an OCI manifest's digest, and by that of everything it names.
// Two forms: "simple signing" (a JSON payload that names the digest, signed as it is; kept under the tag sha256-<hex>.sig)
// and, since 2.4, a sigstore bundle whose statement is about the digest.

import { JsonObject, parseJson, type Attachment, type Fail } from "../package/index.ts";
import { BUNDLE_TYPE, keyHint, writeBundle } from "./bundle.ts";
import { fromBase64, toBase64 } from "./bytes.ts";
import { signingError } from "./errors.ts";
import type { SigningKey, VerificationKey } from "./keys.ts";
import { makeStatement, signStatement } from "./statement.ts";

/** What a bundle's statement says when it signs and says nothing more. */
export const COSIGN_SIGN = "https://sigstore.dev/cosign/sign/v1";
export const SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json";
/** Of the layer that holds the payload: base64 of the signature in DER. */
export const COSIGN_SIGNATURE = "dev.cosignproject.cosign/signature";
/** The hash that cosign takes whatever the curve, unless it is told another. */
const HASH = "SHA-256";
const TYPE = "cosign container image signature";

const fail: Fail = (message, where) => signingError("envelope-malformed", message, { where });

export interface SimpleSignature {
  readonly payload: Uint8Array;
  /** Base64 of DER. */
  readonly signature: string;
}

/** @param repository "host/team/churn", for people: what is signed is the digest */
export async function signSimple(repository: string, digest: string, key: SigningKey): Promise<SimpleSignature> {
  const payload = new TextEncoder().encode(JSON.stringify({ critical: { identity: { "docker-reference": repository }, image: { "docker-manifest-digest": digest }, type: TYPE }, optional: null }));
  return { payload, signature: toBase64(await key.sign(payload, HASH)) };
}

/** The key of `keys` that signed this digest. @throws envelope-malformed, signature-invalid, statement-mismatch */
export async function verifySimple({ payload, signature }: SimpleSignature, digest: string, keys: readonly VerificationKey[]): Promise<VerificationKey> {
  const bytes = fromBase64(signature);
  if (bytes === undefined) throw fail("the signature is not base64", COSIGN_SIGNATURE);
  const signer = await firstOf(keys, (key) => key.verify(payload, bytes, HASH));
  if (signer === undefined) throw signingError("signature-invalid", `no signature by ${keys.length === 1 ? `the key ${keys[0]!.id}` : `any of the ${keys.length} keys`} over this payload`);
  const critical = new JsonObject(parseJson(payload, "payload", fail), "payload", fail).object("critical");
  const named = critical.object("image").string("docker-manifest-digest");
  if (critical.string("type") !== TYPE || named !== digest) throw signingError("statement-mismatch", `the signature is about ${named.slice(0, 100)}, not about ${digest}`);
  return signer;
}

/** A statement in a bundle, about an OCI manifest's digest. */
export async function signDigest(name: string, digest: string, predicateType: string, predicate: unknown, key: SigningKey): Promise<Uint8Array> {
  // Without a key id: cosign passes signatures by whose id is not its own kind.
  const envelope = await signStatement(makeStatement([{ name, digest }], predicateType, predicate), [key], { keyIds: false });
  return writeBundle({ envelope, keyHint: await keyHint(key.publicKey), certificates: [] });
}

/** A simple signature that came along as an attachment. */
export function simpleSignatureOf({ mediaType, bytes, annotations }: Pick<Attachment, "mediaType" | "bytes" | "annotations">): SimpleSignature | undefined {
  const signature = Object.hasOwn(annotations, COSIGN_SIGNATURE) ? annotations[COSIGN_SIGNATURE] : undefined;
  return mediaType === SIMPLE_SIGNING && signature !== undefined ? { payload: bytes, signature } : undefined;
}

export function isBundle({ mediaType }: Pick<Attachment, "mediaType">): boolean {
  return mediaType === BUNDLE_TYPE;
}

async function firstOf<T>(items: readonly T[], fits: (item: T) => Promise<boolean>): Promise<T | undefined> {
  for (const item of items) if (await fits(item)) return item;
  return undefined;
}
