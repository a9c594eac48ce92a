// Keys that sign and verify: ECDSA on P-256, P-384 or P-521, and Ed25519 (RFC 8032, 8410). Public keys are PEM SPKI; private keys
// PEM PKCS#8, in the clear or encrypted, or what `openssl ecparam -genkey` writes (SEC1). A private key lives in Web Crypto as
// non-extractable.

import { plain, toHex, type Bytes } from "./bytes.ts";
import { CURVES, curveOfOid, EC_PUBLIC_KEY, ED25519, signatureFromDer, signatureToDer, type KeyKind } from "./curves.ts";
import { der, derInteger, derOid, readDerList, readOid, readSequence, TAG } from "./der.ts";
import { decryptPrivateKey, encryptPrivateKey, wrongPassword } from "./encrypted-key.ts";
import { signingError } from "./errors.ts";
import { readPem, writePem, type PemBlock } from "./pem.ts";
import { subtle } from "./subtle.ts";

/** P-256 goes with SHA-256, P-384 with SHA-384, P-521 with SHA-512; some formats ask for SHA-256 always. */
export type Hash = "SHA-256" | "SHA-384" | "SHA-512";

/** A public key. */
export interface VerificationKey {
  readonly curve: KeyKind;
  /** 64 hexadecimal digits: SHA-256 of the SubjectPublicKeyInfo in DER. */
  readonly id: string;
  /** SubjectPublicKeyInfo, "-----BEGIN PUBLIC KEY-----". */
  readonly pem: string;
  /** Whether `signature` (DER; of Ed25519 its 64 bytes) was made by this key over `message`, hashed as the curve has it by default (Ed25519: whole, whatever `hash` says). Never throws for what is in them. */
  verify(message: Uint8Array, signature: Uint8Array, hash?: Hash): Promise<boolean>;
}

export interface SigningKey {
  readonly publicKey: VerificationKey;
  /** The ECDSA signature in DER, or Ed25519's 64 bytes. */
  sign(message: Uint8Array, hash?: Hash): Promise<Bytes>;
}

/** What of a platform's CryptoKey is needed to take one as it is. */
export interface PlatformKey {
  readonly type: string;
  readonly extractable: boolean;
  readonly algorithm: object;
}

/** A new key, and its PKCS#8 for a file. */
export async function generateSigningKey(curve: KeyKind = "P-256"): Promise<{ readonly key: SigningKey; readonly pkcs8: Bytes }> {
  const pair = await subtle().generateKey(algorithmOf(curve), true, ["sign", "verify"]) as CryptoKeyPair;
  const pkcs8 = new Uint8Array(await subtle().exportKey("pkcs8", pair.privateKey));
  return { key: await signingKeyOfPkcs8(pkcs8), pkcs8 };
}

/** PEM of a private key; encrypted where there is a password. */
export async function writePrivateKey(pkcs8: Uint8Array, password?: string): Promise<string> {
  return password === undefined ? writePem("PRIVATE KEY", pkcs8) : writePem("ENCRYPTED PRIVATE KEY", await encryptPrivateKey(pkcs8, password));
}

/** @throws signing-key-malformed, signing-key-unsupported, signing-key-password */
export async function readSigningKey(pem: string, password?: string): Promise<SigningKey> {
  const block = only(pem, (label) => label.endsWith("PRIVATE KEY"), "a private key");
  switch (block.label) {
    case "PRIVATE KEY": return signingKeyOfPkcs8(block.bytes);
    case "EC PRIVATE KEY": return signingKeyOfPkcs8(wrapSec1(block.bytes, pem));
    case "ENCRYPTED PRIVATE KEY": {
      if (password === undefined) throw signingError("signing-key-password", "the private key is encrypted; its password is needed");
      const pkcs8 = await decryptPrivateKey(block.bytes, password);
      // One wrong password in 256 leaves something that looks padded.
      if (readSequence(pkcs8) === undefined) throw wrongPassword();
      return signingKeyOfPkcs8(pkcs8);
    }
    default: throw signingError("signing-key-unsupported", `the file holds "${block.label}"`, { hint: "PKCS#8 of an elliptic curve is read; `slipway keys signing create` makes one." });
  }
}

/** @throws signing-key-malformed, signing-key-unsupported */
export async function readVerificationKey(pem: string): Promise<VerificationKey> {
  const block = only(pem, (label) => label === "PUBLIC KEY" || label.endsWith("PRIVATE KEY"), "a public key");
  if (block.label !== "PUBLIC KEY") {
    throw signingError("signing-key-malformed", "this is a private key; the public one is needed here", { hint: "slipway keys signing show KEY prints the public key of a private one." });
  }
  return verificationKeyOfSpki(block.bytes);
}

/** From SubjectPublicKeyInfo in DER. @throws signing-key-malformed, signing-key-unsupported */
export async function verificationKeyOfSpki(spki: Uint8Array): Promise<VerificationKey> {
  const curve = curveOf(readSequence(spki)?.[0]?.whole);
  const key = await subtle().importKey("spki", plain(spki), algorithmOf(curve), true, ["verify"]).catch((error: unknown) => {
    throw signingError("signing-key-malformed", `the public key is no point of the curve ${curve}`, { cause: error });
  });
  // Written again, so that one key has one form and one id.
  const bytes = new Uint8Array(await subtle().exportKey("spki", key));
  return {
    curve,
    id: toHex(new Uint8Array(await subtle().digest("SHA-256", bytes))),
    pem: writePem("PUBLIC KEY", bytes),
    async verify(message, signature, hash) {
      if (curve === "Ed25519") return signature.length === ED25519_BYTES && subtle().verify("Ed25519", key, plain(signature), plain(message));
      const raw = signatureFromDer(signature, curve);
      return raw !== undefined && subtle().verify({ name: "ECDSA", hash: hash ?? CURVES[curve].hash }, key, raw, plain(message));
    },
  };
}

/** A pair that the platform made, such as a browser's whose private key cannot be taken out of it. */
export async function signingKeyOfPlatform(pair: { readonly privateKey: PlatformKey; readonly publicKey: PlatformKey }): Promise<SigningKey> {
  const publicKey = await verificationKeyOfSpki(new Uint8Array(await subtle().exportKey("spki", pair.publicKey as CryptoKey)));
  const { curve } = publicKey;
  return {
    publicKey,
    async sign(message, hash) {
      if (curve === "Ed25519") return new Uint8Array(await subtle().sign("Ed25519", pair.privateKey as CryptoKey, plain(message)));
      return signatureToDer(new Uint8Array(await subtle().sign({ name: "ECDSA", hash: hash ?? CURVES[curve].hash }, pair.privateKey as CryptoKey, plain(message))));
    },
  };
}

async function signingKeyOfPkcs8(pkcs8: Bytes): Promise<SigningKey> {
  const curve = curveOf(readSequence(pkcs8)?.[1]?.whole);
  const algorithm = algorithmOf(curve);
  const broken = (error: unknown): never => {
    throw signingError("signing-key-malformed", `the private key is no key of the curve ${curve}`, { cause: error });
  };
  const readable = await subtle().importKey("pkcs8", pkcs8, algorithm, true, ["sign"]).catch(broken);
  // Web Crypto gives the public half only by way of the key's parts.
  const { x, y } = await subtle().exportKey("jwk", readable);
  const half = curve === "Ed25519" ? { kty: "OKP", crv: curve, x: x! } : { kty: "EC", crv: curve, x: x!, y: y! };
  const publicKey = await subtle().importKey("jwk", half, algorithm, true, ["verify"]).catch(broken);
  return signingKeyOfPlatform({ publicKey, privateKey: await subtle().importKey("pkcs8", pkcs8, algorithm, false, ["sign"]) });
}

const ED25519_BYTES = 64;
/** For Web Crypto. */
function algorithmOf(curve: KeyKind): EcKeyAlgorithmName | { readonly name: "Ed25519" } {
  return curve === "Ed25519" ? { name: "Ed25519" } : { name: "ECDSA", namedCurve: curve };
}
interface EcKeyAlgorithmName {
  readonly name: "ECDSA";
  readonly namedCurve: string;
}

/** The curve that an AlgorithmIdentifier names. */
function curveOf(algorithm: Uint8Array | undefined): KeyKind {
  const values = algorithm && readSequence(algorithm);
  const kind = readOid(values?.[0]);
  if (kind === undefined) throw signingError("signing-key-malformed", "the key's DER is damaged");
  if (kind === ED25519) return "Ed25519";
  if (kind !== EC_PUBLIC_KEY) throw signingError("signing-key-unsupported", `the key is of the kind ${kind}: neither of an elliptic curve (${EC_PUBLIC_KEY}) nor Ed25519 (${ED25519})`);
  const oid = readOid(values![1]);
  const curve = curveOfOid(oid);
  if (curve === undefined) throw signingError("signing-key-unsupported", `the key's curve is ${oid ?? "not named"}; P-256, P-384 and P-521 are used, and Ed25519`);
  return curve;
}

/** SEC1 (RFC 5915) -> PKCS#8. The curve stands inside, or in a block of parameters before it. */
function wrapSec1(sec1: Bytes, pem: string): Bytes {
  const inner = readSequence(sec1)?.find((v) => v.tag === 0xa0);
  const parameters = inner?.bytes ?? readPem(pem).find((b) => b.label === "EC PARAMETERS")?.bytes;
  const oid = parameters && readOid(readDerList(parameters)?.[0]);
  if (oid === undefined) throw signingError("signing-key-malformed", "the private key does not say its curve");
  return der(TAG.sequence, derInteger(Uint8Array.of(0)), der(TAG.sequence, derOid(EC_PUBLIC_KEY), derOid(oid)), der(TAG.octetString, sec1));
}

function only(pem: string, fits: (label: string) => boolean, what: string): PemBlock {
  const blocks = readPem(pem).filter((b) => fits(b.label));
  if (blocks.length === 1) return blocks[0]!;
  throw signingError("signing-key-malformed", blocks.length === 0 ? `there is no ${what.slice(2)} in PEM form` : `there are ${blocks.length} keys; one is needed`, {
    hint: `Give the file of ${what}: "-----BEGIN ... KEY-----", base64, "-----END ... KEY-----".` });
}
