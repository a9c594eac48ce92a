// Keys in files. A private key is written readable by its owner only, never over another file, and neither it nor its
// password is ever printed or logged.

import { closeSync, constants, fchmodSync, fsyncSync, mkdirSync, openSync, writeSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { certificatesOfPem, generateSigningKey, readSigningKey, readVerificationKey, writePrivateKey, type KeyKind, type SigningKey, type VerificationKey } from "@slipway/core/signing";
import { signingFileError } from "./errors.ts";

const MAX_FILE = 1 << 20;

/**
 * A new private key at `path` and its public one at `path`.pub.
 * @throws signing-key-exists, signing-write
 */
export async function createKeyFiles(path: string, { curve = "P-256", password }: { readonly curve?: KeyKind; readonly password?: string | undefined } = {}): Promise<VerificationKey> {
  const { key, pkcs8 } = await generateSigningKey(curve);
  const pem = await writePrivateKey(pkcs8, password);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // The public one first: where it exists already, no private key is left without it.
    writeNew(`${path}.pub`, key.publicKey.pem, 0o644);
    writeNew(path, pem, 0o600);
  } catch (cause) {
    const { code = "unknown", path: at = path } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST") throw signingFileError("signing-key-exists", `${JSON.stringify(at)} exists already`, { hint: "Keys are never overwritten. Choose another name." });
    throw signingFileError("signing-write", `${JSON.stringify(at)} cannot be written (${code})`, { cause });
  }
  return key.publicKey;
}

/** @throws signing-key-file, and what readSigningKey throws, with the path */
export async function readSigningKeyFile(path: string, password?: string): Promise<SigningKey> {
  return at(path, async () => readSigningKey(await readText(path), password));
}

/** Public keys that are trusted. @throws signing-key-file, and what readVerificationKey throws, with the path */
export async function readTrustedKeys(paths: readonly string[]): Promise<VerificationKey[]> {
  return Promise.all(paths.map((path) => at(path, async () => readVerificationKey(await readText(path)))));
}

/** The public key of a file that holds a public or a private one. */
export async function readAnyPublicKey(path: string, password?: string): Promise<VerificationKey> {
  return at(path, async () => {
    const pem = await readText(path);
    return pem.includes("PRIVATE KEY-----") ? (await readSigningKey(pem, password)).publicKey : readVerificationKey(pem);
  });
}

/** X.509 certificates in DER, of PEM files that hold one or more each. */
export async function readCertificateFiles(paths: readonly string[]): Promise<Uint8Array[]> {
  return (await Promise.all(paths.map((path) => at(path, async () => certificatesOfPem(await readText(path)))))).flat();
}

/** @throws signing-key-file */
export async function readText(path: string): Promise<string> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined || !info.isFile()) throw signingFileError("signing-key-file", `there is no file ${JSON.stringify(path)}`, { hint: "Check the path. slipway keys signing create FILE makes a key." });
  if (info.size > MAX_FILE) throw signingFileError("signing-key-file", `${JSON.stringify(path)} has ${info.size} bytes: that is no key`, { hint: "A key or a certificate is a PEM file of some hundred bytes. Give that file." });
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw signingFileError("signing-key-file", `${JSON.stringify(path)} cannot be read (${(cause as NodeJS.ErrnoException).code ?? "unknown"})`, { hint: "Give the user who runs this the right to read it.", cause });
  });
}

/** Says which file it was, where the error does not. */
async function at<T>(path: string, work: () => Promise<T>): Promise<T> {
  const { SlipwayError } = await import("@slipway/core/base");
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.where !== undefined || error.code.startsWith("signing-key-file")) throw error;
    throw new SlipwayError(error.code, error.kind, error.message, { where: path, hint: error.hint, data: error.data, cause: error });
  }
}

function writeNew(path: string, text: string, mode: number): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
  try {
    // Whatever the process's mask is.
    fchmodSync(fd, mode);
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
