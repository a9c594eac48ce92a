// Certificates for tests, made by openssl: an authority, a server of it, a client of it, and strangers.

import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TestCertificates {
  readonly folder: string;
  /** Path of NAME.pem or NAME.key. */
  path(name: string): string;
  /** A certificate NAME.pem with the key NAME.key, of the authority. */
  issue(name: string, subject: string, extension: string, days?: number): void;
}

/** Undefined, with a line that says so, where there is no openssl. */
export function makeCertificates(): TestCertificates | undefined {
  const folder = mkdtempSync(join(tmpdir(), "slipway-tls-"));
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
  try {
    openssl("version");
  } catch {
    console.warn("SKIPPED: there is no openssl. apt-get install openssl");
    return undefined;
  }
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...newKey, "-keyout", path("ca.key"), "-out", path("ca.pem"), "-subj", "/CN=Test authority", "-days", "2");
  const issue = (name: string, subject: string, extension: string, days = 2): void => {
    openssl("req", ...newKey, "-keyout", path(`${name}.key`), "-out", path(`${name}.csr`), "-subj", subject, "-addext", extension);
    openssl("x509", "-req", "-in", path(`${name}.csr`), "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial", "-days", String(days), "-copy_extensions", "copy", "-out", path(`${name}.pem`));
  };
  issue("server", "/CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1");
  issue("client", "/O=Shop/CN=checkout", "subjectAltName=URI:spiffe://shop/checkout");
  openssl("req", "-x509", ...newKey, "-keyout", path("stranger.key"), "-out", path("stranger.pem"), "-subj", "/CN=stranger", "-days", "2");
  return { folder, path, issue };
}
