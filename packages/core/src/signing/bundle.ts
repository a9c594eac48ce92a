// Sigstore bundles, version 0.3 (protobuf-specs, sigstore_bundle.proto, as JSON): a DSSE envelope and what it can be verified
// with: a public key, known by a hint, or certificates. Entries of transparency logs are neither made nor believed: who
// verifies has the key or the root certificate.

import { JsonObject, parseJson, toJsonBytes, type Fail } from "../package/json.ts";
import { fromBase64, toBase64, toHex } from "./bytes.ts";
import { parseEnvelope, type Envelope } from "./dsse.ts";
import { signingError } from "./errors.ts";
import type { VerificationKey } from "./keys.ts";
import { subtle } from "./subtle.ts";

export const BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const BUNDLE_TYPES: readonly string[] = [BUNDLE_TYPE, "application/vnd.dev.sigstore.bundle+json;version=0.3"];
const MAX_BUNDLE = 32 << 20;
const MAX_CERTIFICATES = 20;

export interface Bundle {
  readonly envelope: Envelope;
  /** Says which key signed; not believed. */
  readonly keyHint?: string;
  /** X.509 in DER: the signing certificate, then those between it and a root. */
  readonly certificates: readonly Uint8Array[];
}

const fail: Fail = (message, where) => signingError("bundle-malformed", message, { where });

/** How OpenSSF Model Signing names a key: SHA-256 of its PEM, 64 hexadecimal digits. */
export async function keyHint(key: VerificationKey): Promise<string> {
  return toHex(new Uint8Array(await subtle().digest("SHA-256", new TextEncoder().encode(key.pem))));
}

export function writeBundle({ envelope, keyHint: hint, certificates }: Bundle): Uint8Array {
  return toJsonBytes({
    mediaType: BUNDLE_TYPE,
    verificationMaterial: {
      ...(certificates.length > 0 ? { x509CertificateChain: { certificates: certificates.map((c) => ({ rawBytes: toBase64(c) })) } } : { publicKey: { hint: hint ?? "" } }),
      tlogEntries: [],
    },
    dsseEnvelope: envelope,
  });
}

/** @throws bundle-malformed, bundle-unsupported, envelope-malformed */
export function readBundle(bytes: Uint8Array): Bundle {
  if (bytes.length > MAX_BUNDLE) throw signingError("bundle-malformed", `the signature has ${bytes.length} bytes; at most ${MAX_BUNDLE} are allowed`);
  const object = new JsonObject(parseJson(bytes, "bundle", fail), "bundle", fail);
  const mediaType = object.string("mediaType");
  if (!BUNDLE_TYPES.includes(mediaType)) throw signingError("bundle-unsupported", `the bundle is ${JSON.stringify(mediaType.slice(0, 100))}, not ${BUNDLE_TYPE}`);
  if (object.has("messageSignature")) throw signingError("bundle-unsupported", "the bundle signs a message's hash, not a DSSE envelope");
  const material = object.object("verificationMaterial");
  const certificate = (value: unknown, where: string): Uint8Array => {
    const raw = fromBase64(new JsonObject(value, where, fail).string("rawBytes"));
    if (raw === undefined) throw fail("the certificate is not base64", where);
    return raw;
  };
  const certificates = material.has("x509CertificateChain") ? material.object("x509CertificateChain").array("certificates", MAX_CERTIFICATES, certificate)
    : material.has("certificate") ? [certificate(material.get("certificate"), material.at("certificate"))] : [];
  const publicKey = material.has("publicKey") ? material.object("publicKey") : undefined;
  const hint = publicKey?.get("hint");
  return { envelope: parseEnvelope(object.get("dsseEnvelope"), "bundle.dsseEnvelope"), certificates, ...(typeof hint === "string" && hint !== "" ? { keyHint: hint.slice(0, 200) } : {}) };
}
