// X.509 version 3 certificates (RFC 5280) as far as signing needs them: who signed a model, and whether a chain of
// certificates leads from that name to a root that is trusted. Checked as the reference tool of OpenSSF Model Signing does:
// at the time when the signing certificate began to be valid, and the certificate must be one that may sign.

import { plain } from "./bytes.ts";
import { CURVES, curveOfOid, EC_PUBLIC_KEY, ED25519, signatureFromDer, type Curve } from "./curves.ts";
import { readBits, readDer, readDerList, readOid, readSequence, readSmallInteger, TAG, type DerValue } from "./der.ts";
import { signingError } from "./errors.ts";
import { readPem } from "./pem.ts";
import { subtle } from "./subtle.ts";

export interface Certificate {
  readonly der: Uint8Array;
  /** The part that is signed. */
  readonly tbs: Uint8Array;
  /** Names in DER, compared byte for byte. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** The subject's common name, for people. */
  readonly commonName: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly spki: Uint8Array;
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
  /** Whether it may sign certificates, and how many may stand between it and the last. */
  readonly authority: boolean;
  readonly pathLength: number | undefined;
  /** Bits of keyUsage, bit 0 first; undefined where it does not say. */
  readonly keyUsage: readonly boolean[] | undefined;
  readonly extendedKeyUsage: readonly string[];
  /** Critical extensions that are not understood here. */
  readonly unknownCritical: readonly string[];
}

const OID = { commonName: "2.5.4.3", basicConstraints: "2.5.29.19", keyUsage: "2.5.29.15", extendedKeyUsage: "2.5.29.37", codeSigning: "1.3.6.1.5.5.7.3.3", rsa: "1.2.840.113549.1.1.1" } as const;
const ECDSA_HASH: Readonly<Record<string, string>> = { "1.2.840.10045.4.3.2": "SHA-256", "1.2.840.10045.4.3.3": "SHA-384", "1.2.840.10045.4.3.4": "SHA-512" };
const RSA_HASH: Readonly<Record<string, string>> = { "1.2.840.113549.1.1.11": "SHA-256", "1.2.840.113549.1.1.12": "SHA-384", "1.2.840.113549.1.1.13": "SHA-512" };
const DIGITAL_SIGNATURE = 0;
const SIGN_CERTIFICATES = 5;
const MAX_DEPTH = 10;
const MAX_CERTIFICATES = 500;

const malformed = (what: string): Error => signingError("certificate-malformed", `the certificate is damaged: ${what}`);

/** The certificates of a PEM file, in DER. @throws certificate-malformed */
export function certificatesOfPem(pem: string): Uint8Array[] {
  const found = readPem(pem).filter((b) => b.label === "CERTIFICATE").map((b) => b.bytes);
  if (found.length === 0 || found.length > MAX_CERTIFICATES) throw signingError("certificate-malformed", `there are ${found.length} certificates in PEM form; 1 to ${MAX_CERTIFICATES} are read`);
  return found;
}

/** @throws certificate-malformed */
export function parseCertificate(der: Uint8Array): Certificate {
  const [tbs, algorithm, signatureBits, ...rest] = readSequence(der) ?? [];
  const signature = readBits(signatureBits);
  if (tbs?.tag !== TAG.sequence || signature === undefined || rest.length > 0) throw malformed("it is not a sequence of three");
  const fields = readDerList(tbs.bytes) ?? [];
  if (fields[0]?.tag === 0xa0) fields.shift();
  const [serial, inner, issuer, validity, subject, spki, ...optional] = fields;
  const times = validity && readDerList(validity.bytes)?.map(timeOf);
  const signatureAlgorithm = readOid(readSequence(algorithm!.whole)?.[0]);
  if (serial?.tag !== TAG.integer || issuer?.tag !== TAG.sequence || subject?.tag !== TAG.sequence || spki?.tag !== TAG.sequence || times?.length !== 2 || times.includes(undefined) || signatureAlgorithm === undefined) throw malformed("a field is missing");
  // RFC 5280, 4.1.1.2: both places must say the same.
  if (inner === undefined || !same(inner.whole, algorithm!.whole)) throw malformed("it names two signature algorithms");
  const extensions = readExtensions(optional.find((v) => v.tag === 0xa3));
  const basic = extensions.get(OID.basicConstraints);
  const constraints = basic === undefined ? [] : (readSequence(basic.value) ?? []);
  const usage = extensions.get(OID.keyUsage);
  const extended = extensions.get(OID.extendedKeyUsage);
  return {
    der, tbs: tbs.whole, issuer: issuer.whole, subject: subject.whole, commonName: commonNameOf(subject), notBefore: times[0]!, notAfter: times[1]!, spki: spki.whole, signatureAlgorithm, signature,
    authority: constraints[0]?.tag === TAG.boolean && constraints[0].bytes[0] === 0xff,
    pathLength: readSmallInteger(constraints[1]),
    keyUsage: usage === undefined ? undefined : bitsOf(usage.value),
    extendedKeyUsage: extended === undefined ? [] : (readSequence(extended.value) ?? []).map((v) => readOid(v) ?? ""),
    unknownCritical: [...extensions].filter(([oid, e]) => e.critical && oid !== OID.basicConstraints && oid !== OID.keyUsage && oid !== OID.extendedKeyUsage).map(([oid]) => oid),
  };
}

/**
 * Checks that a chain leads from the first of `chain` (the signer's) to one of `roots`, and returns the signer's.
 * @throws certificate-malformed, certificate-untrusted
 */
export async function verifyChain(chain: readonly Uint8Array[], roots: readonly Uint8Array[]): Promise<Certificate> {
  const [first, ...between] = chain.map(parseCertificate);
  if (first === undefined) throw signingError("certificate-untrusted", "the signature holds no certificate");
  const trusted = roots.map(parseCertificate);
  const at = first.notBefore;
  if (!maySign(first)) throw signingError("certificate-untrusted", `the certificate of ${JSON.stringify(first.commonName)} may not be used for signing: it has neither the usage digitalSignature nor codeSigning`);
  let current = first;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    if (current.unknownCritical.length > 0) throw signingError("certificate-untrusted", `the certificate of ${JSON.stringify(current.commonName)} demands what is not understood here: ${current.unknownCritical.slice(0, 3).join(", ")}`);
    if (at < current.notBefore || at > current.notAfter) throw signingError("certificate-untrusted", `the certificate of ${JSON.stringify(current.commonName)} was not valid when the signer's began to be (${new Date(at).toISOString()})`);
    const known = current;
    if (trusted.some((r) => same(r.der, known.der))) return first;
    const issuer = await issuerOf(current, trusted, depth) ?? (await issuerOf(current, between, depth));
    if (issuer === undefined) throw signingError("certificate-untrusted", `nothing trusted stands behind the certificate of ${JSON.stringify(first.commonName)}: the issuer of ${JSON.stringify(current.commonName)} is not among the given certificates`);
    current = issuer;
  }
  throw signingError("certificate-untrusted", `the chain of certificates is longer than ${MAX_DEPTH}`);
}

async function issuerOf(certificate: Certificate, candidates: readonly Certificate[], depth: number): Promise<Certificate | undefined> {
  for (const issuer of candidates) {
    if (!same(issuer.subject, certificate.issuer) || !issuer.authority || issuer.keyUsage?.[SIGN_CERTIFICATES] === false || same(issuer.der, certificate.der)) continue;
    // `depth` certificates stand between this one and the signer's.
    if (issuer.pathLength !== undefined && issuer.pathLength < depth) continue;
    if (await signed(certificate, issuer)) return issuer;
  }
  return undefined;
}

async function signed(certificate: Certificate, issuer: Certificate): Promise<boolean> {
  const [kind, parameters] = readSequence(readSequence(issuer.spki)?.[0]?.whole ?? new Uint8Array()) ?? [];
  const algorithm = certificate.signatureAlgorithm;
  try {
    if (readOid(kind) === EC_PUBLIC_KEY && ECDSA_HASH[algorithm] !== undefined) {
      const curve: Curve | undefined = curveOfOid(readOid(parameters));
      const raw = curve && signatureFromDer(certificate.signature, curve);
      if (curve === undefined || raw === undefined || CURVES[curve] === undefined) return false;
      const key = await subtle().importKey("spki", plain(issuer.spki), { name: "ECDSA", namedCurve: curve }, false, ["verify"]);
      return await subtle().verify({ name: "ECDSA", hash: ECDSA_HASH[algorithm] }, key, raw, plain(certificate.tbs));
    }
    if (readOid(kind) === ED25519 && algorithm === ED25519) {
      const key = await subtle().importKey("spki", plain(issuer.spki), { name: "Ed25519" }, false, ["verify"]);
      return await subtle().verify("Ed25519", key, plain(certificate.signature), plain(certificate.tbs));
    }
    if (readOid(kind) === OID.rsa && RSA_HASH[algorithm] !== undefined) {
      const key = await subtle().importKey("spki", plain(issuer.spki), { name: "RSASSA-PKCS1-v1_5", hash: RSA_HASH[algorithm] }, false, ["verify"]);
      return await subtle().verify("RSASSA-PKCS1-v1_5", key, plain(certificate.signature), plain(certificate.tbs));
    }
  } catch {
    // A key that the platform does not take signs nothing.
  }
  return false;
}

function maySign({ keyUsage, extendedKeyUsage }: Certificate): boolean {
  return keyUsage?.[DIGITAL_SIGNATURE] === true || extendedKeyUsage.includes(OID.codeSigning);
}

function readExtensions(value: DerValue | undefined): Map<string, { readonly critical: boolean; readonly value: Uint8Array }> {
  const found = new Map<string, { readonly critical: boolean; readonly value: Uint8Array }>();
  if (value === undefined) return found;
  for (const item of readSequence(value.bytes) ?? []) {
    const parts = readSequence(item.whole) ?? [];
    const oid = readOid(parts[0]);
    const content = parts.at(-1);
    if (oid === undefined || content?.tag !== TAG.octetString || found.has(oid)) throw malformed("an extension");
    found.set(oid, { critical: parts[1]?.tag === TAG.boolean && parts[1].bytes[0] === 0xff, value: content.bytes });
  }
  return found;
}

function bitsOf(bytes: Uint8Array): boolean[] {
  const value = readDer(bytes, TAG.bitString)?.bytes ?? new Uint8Array();
  return [...value.subarray(1)].flatMap((b) => Array.from({ length: 8 }, (_, i) => (b & (0x80 >> i)) !== 0));
}

function commonNameOf(name: DerValue): string {
  for (const set of readDerList(name.bytes) ?? []) {
    for (const pair of readDerList(set.bytes) ?? []) {
      const [oid, value] = readDerList(pair.bytes) ?? [];
      if (readOid(oid) === OID.commonName && value !== undefined) return new TextDecoder().decode(value.bytes).slice(0, 200);
    }
  }
  return "";
}

/** UTCTime "YYMMDDHHMMSSZ" or GeneralizedTime "YYYYMMDDHHMMSSZ", in milliseconds. */
function timeOf({ tag, bytes }: DerValue): number | undefined {
  const text = new TextDecoder().decode(bytes);
  const digits = tag === TAG.utcTime ? `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}` : tag === TAG.generalizedTime ? text : "";
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits);
  if (parts === null) return undefined;
  const time = Date.parse(`${parts[1]!}-${parts[2]!}-${parts[3]!}T${parts[4]!}:${parts[5]!}:${parts[6]!}Z`);
  return Number.isNaN(time) ? undefined : time;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((v, i) => v === b[i]);
}
