// Encrypted PKCS#8 (RFC 5958) by PBES2 (RFC 8018): PBKDF2 with HMAC-SHA-1, -256, -384 or -512, then AES-CBC with 128 or 256
// bits: what OpenSSL and Python's cryptography write. Web Crypto has all of it; scrypt, which some tools use, it has not.

import { plain, type Bytes } from "./bytes.ts";
import { der, derInteger, derOid, readDerList, readOid, readSequence, readSmallInteger, TAG, type DerValue } from "./der.ts";
import { signingError } from "./errors.ts";
import { subtle } from "./subtle.ts";

const PBES2 = "1.2.840.113549.1.5.13";
const PBKDF2 = "1.2.840.113549.1.5.12";
const HMAC: Readonly<Record<string, string>> = {
  "1.2.840.113549.2.7": "SHA-1", "1.2.840.113549.2.9": "SHA-256", "1.2.840.113549.2.10": "SHA-384", "1.2.840.113549.2.11": "SHA-512",
};
const HMAC_SHA256 = "1.2.840.113549.2.9";
const AES_BITS: Readonly<Record<string, number>> = { "2.16.840.1.101.3.4.1.2": 128, "2.16.840.1.101.3.4.1.22": 192, "2.16.840.1.101.3.4.1.42": 256 };
const AES_256_CBC = "2.16.840.1.101.3.4.1.42";
/** OWASP's figure for PBKDF2 with HMAC-SHA-256. */
const ITERATIONS = 600_000;
/** Of a key from outside: beyond it, reading would take minutes. */
const MAX_ITERATIONS = 10_000_000;

/** PKCS#8 in the clear -> EncryptedPrivateKeyInfo. */
export async function encryptPrivateKey(pkcs8: Uint8Array, password: string): Promise<Bytes> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(16));
  const key = await derive(password, { salt, iterations: ITERATIONS, hash: "SHA-256", bits: 256 }, "encrypt");
  const encrypted = new Uint8Array(await subtle().encrypt({ name: "AES-CBC", iv }, key, plain(pkcs8)));
  const iterations = Uint8Array.of(ITERATIONS >>> 16, (ITERATIONS >>> 8) & 0xff, ITERATIONS & 0xff);
  return der(TAG.sequence,
    der(TAG.sequence, derOid(PBES2), der(TAG.sequence,
      der(TAG.sequence, derOid(PBKDF2), der(TAG.sequence, der(TAG.octetString, salt), derInteger(iterations), der(TAG.sequence, derOid(HMAC_SHA256), der(TAG.null)))),
      der(TAG.sequence, derOid(AES_256_CBC), der(TAG.octetString, iv)))),
    der(TAG.octetString, encrypted));
}

/** @throws signing-key-password, signing-key-unsupported, signing-key-malformed */
export async function decryptPrivateKey(bytes: Uint8Array, password: string): Promise<Bytes> {
  const [algorithm, data] = sequence(readSequence(bytes));
  const [scheme, parameters] = sequence(readSequence(algorithm!.whole));
  if (readOid(scheme) !== PBES2) throw unsupported("PBES2");
  const [derivation, cipher] = sequence(readSequence(parameters!.whole));
  const [kdf, kdfParameters] = sequence(readSequence(derivation!.whole));
  if (readOid(kdf) !== PBKDF2) throw unsupported("PBKDF2");
  const [salt, count, ...rest] = sequence(readSequence(kdfParameters!.whole));
  const iterations = readSmallInteger(count);
  // The key's length may stand before the hash; the cipher says it anyway.
  const prf = rest.find((v) => v.tag === TAG.sequence);
  const hash = prf === undefined ? "SHA-1" : HMAC[readOid(readDerList(prf.bytes)?.[0]) ?? ""];
  const [cipherName, iv] = sequence(readSequence(cipher!.whole));
  const bits = AES_BITS[readOid(cipherName) ?? ""];
  if (hash === undefined || bits === undefined) throw unsupported("AES-CBC and HMAC-SHA");
  if (salt!.tag !== TAG.octetString || iv!.tag !== TAG.octetString || iv!.bytes.length !== 16 || data!.tag !== TAG.octetString || iterations === undefined || iterations < 1) throw malformed();
  if (iterations > MAX_ITERATIONS) throw signingError("signing-key-unsupported", `the key's encryption asks for ${iterations} rounds; at most ${MAX_ITERATIONS} are computed`);
  const key = await derive(password, { salt: plain(salt!.bytes), iterations, hash, bits }, "decrypt");
  try {
    return new Uint8Array(await subtle().decrypt({ name: "AES-CBC", iv: plain(iv!.bytes) }, key, plain(data!.bytes)));
  } catch {
    throw wrongPassword();
  }
}

export function wrongPassword(): Error {
  return signingError("signing-key-password", "the password does not open the private key");
}

async function derive(password: string, { salt, iterations, hash, bits }: { salt: Bytes; iterations: number; hash: string; bits: number }, use: "encrypt" | "decrypt"): Promise<CryptoKey> {
  const base = await subtle().importKey("raw", new TextEncoder().encode(password), "PBKDF2", false, ["deriveKey"]);
  return subtle().deriveKey({ name: "PBKDF2", salt, iterations, hash }, base, { name: "AES-CBC", length: bits }, false, [use]);
}

/** Two values at least, or the key is damaged. */
function sequence(values: readonly DerValue[] | undefined): readonly DerValue[] {
  if (values === undefined || values.length < 2) throw malformed();
  return values;
}

function malformed(): Error {
  return signingError("signing-key-malformed", "the encrypted private key is damaged");
}

function unsupported(expected: string): Error {
  return signingError("signing-key-unsupported", `the private key is encrypted with something else than ${expected}`, {
    hint: "openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW writes it in the form that is read." });
}
