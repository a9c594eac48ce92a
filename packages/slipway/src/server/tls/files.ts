// Certificate, key and certificate authority from files: checked before the server starts, and read again when the files
// change (or on SIGHUP), so that a renewed certificate needs no restart. A change that does not hold together is told in
// the log, and the old one stays.

import { X509Certificate, createPrivateKey, type KeyObject } from "node:crypto";
import { readFileSync, watchFile, unwatchFile } from "node:fs";
import type { SecureContextOptions } from "node:tls";
import type { SlipwayError } from "@slipway/core/base";
import { tlsError } from "./errors.ts";

export interface TlsOptions {
  /** PEM: the certificate, followed by those between it and the root. */
  readonly cert: string;
  /** PEM, not encrypted. */
  readonly key: string;
  /** PEM: the authorities whose clients are known. */
  readonly ca?: string | undefined;
  /** Whether clients must show a certificate of `ca`; `required` where there is one. */
  readonly client?: "required" | "optional" | undefined;
}

export interface TlsFiles {
  readonly context: SecureContextOptions;
  readonly client: "none" | "required" | "optional";
  /** Calls `changed` with what was read anew; gives a function that ends it. */
  watch(changed: (context: SecureContextOptions) => void): () => void;
}
interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Certificates are small; a wrong path must not be read into memory. */
const MAX_BYTES = 2 ** 20;
const POLL_MS = 5000;

/** @throws SlipwayError tls-file, tls-certificate, tls-key, tls-options */
export function readTlsFiles(options: TlsOptions, log?: Log, pollMs: number = POLL_MS): TlsFiles {
  if (options.client !== undefined && options.ca === undefined) {
    throw tlsError("tls-options", "client certificates are asked for, and no authority is given that vouches for them", { hint: "Give its certificate with --tls-ca." });
  }
  const context = readContext(options);
  const paths = [...new Set([options.cert, options.key, ...(options.ca === undefined ? [] : [options.ca])])];
  return {
    context,
    client: options.ca === undefined ? "none" : options.client ?? "required",
    watch(changed) {
      let pending: NodeJS.Timeout | undefined;
      const reload = (): void => {
        try {
          changed(readContext(options));
          log?.info("certificate read again", { cert: options.cert });
        } catch (error) {
          const { code, message } = error as SlipwayError;
          log?.error("the changed certificate is not used; the one before stays", { code, err: message });
        }
      };
      // Certificate and key are seldom replaced in the same moment.
      const soon = (): void => {
        clearTimeout(pending);
        pending = setTimeout(reload, Math.min(1000, pollMs));
        pending.unref();
      };
      for (const path of paths) watchFile(path, { interval: pollMs, persistent: false }, soon);
      process.on("SIGHUP", reload);
      return () => {
        clearTimeout(pending);
        for (const path of paths) unwatchFile(path, soon);
        process.off("SIGHUP", reload);
      };
    },
  };
}

function readContext(options: TlsOptions): SecureContextOptions {
  const cert = readPem(options.cert, "the certificate");
  const keyText = readPem(options.key, "the key");
  const leaf = parseCertificate(cert, options.cert);
  let key: KeyObject;
  try {
    key = createPrivateKey(keyText);
  } catch (cause) {
    const locked = /ENCRYPTED/.test(keyText);
    throw tlsError("tls-key", `${options.key} is ${locked ? "protected with a passphrase" : "no private key in PEM"}`, {
      hint: locked ? "Store it without one (openssl pkey -in key.pem -out plain.pem), readable by this user only." : "It begins with -----BEGIN PRIVATE KEY-----.", cause });
  }
  if (!leaf.checkPrivateKey(key)) {
    throw tlsError("tls-key", `the key ${options.key} is not that of the certificate ${options.cert} (${leaf.subject.replaceAll("\n", ", ").slice(0, 200)})`, { hint: "The server's own certificate must come first in its file." });
  }
  if (Date.parse(leaf.validTo) < Date.now()) {
    throw tlsError("tls-certificate", `the certificate ${options.cert} was valid until ${leaf.validTo}`, { hint: "Renew it: clients would refuse the connection." });
  }
  const ca = options.ca === undefined ? undefined : readPem(options.ca, "the certificate authority");
  if (ca !== undefined) parseCertificate(ca, options.ca!);
  return { cert, key: keyText, minVersion: "TLSv1.2", honorCipherOrder: true, ciphers: CIPHERS, ...(ca === undefined ? {} : { ca }) };
}

/** TLS 1.3's, and of 1.2 those with forward secrecy and authenticated encryption, as HTTP/2 wants them (RFC 9113, 9.2.2). */
const CIPHERS = [
  "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

function readPem(path: string, what: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    const { code } = cause as { code?: string };
    throw tlsError("tls-file", `${what} ${path} cannot be read: ${code === "ENOENT" ? "there is no such file" : code === "EACCES" ? "this user may not" : code ?? "unknown"}`, { cause });
  }
  if (bytes.length > MAX_BYTES) throw tlsError("tls-file", `${what} ${path} has ${bytes.length} bytes, more than any certificate`);
  const text = bytes.toString("latin1");
  if (!text.includes("-----BEGIN ")) throw tlsError("tls-file", `${what} ${path} is not in PEM, which begins with -----BEGIN`, { hint: "Convert it: openssl x509 -inform der -in FILE -out FILE.pem." });
  return text;
}

function parseCertificate(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw tlsError("tls-certificate", `${path} holds no certificate that can be read`, { hint: "It begins with -----BEGIN CERTIFICATE-----.", cause });
  }
}
