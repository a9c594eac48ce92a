// How registries are reached: from the environment, and from the folders where docker and podman look for certificates.

import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { ociError } from "../errors.ts";
import { isLoopback } from "../reference.ts";
import { HTTP_LIMITS, type HttpLimits, type TlsFiles } from "./http-client.ts";
import { RETRY, type RetryPolicy } from "./retry.ts";

export interface RegistryOptions {
  /** Where credentials and settings are looked for: process.env by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly home?: string;
  /** Plain HTTP for this host. By default for this machine's own addresses, where TLS is not answered. */
  readonly plainHttp?: boolean;
  /** A file of certificates (PEM) to trust beside the public ones. */
  readonly ca?: string;
  /** Blobs larger than this travel in pieces of this size, so that a broken connection costs one. 64 MiB by default. */
  readonly chunkBytes?: number;
  readonly limits?: Partial<HttpLimits>;
  readonly retry?: Partial<RetryPolicy>;
}
export interface ResolvedOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** undefined: found out, which is only done for this machine's own addresses. */
  readonly plainHttp: boolean | undefined;
  readonly tls: TlsFiles;
  readonly chunkBytes: number;
  readonly limits: HttpLimits;
  readonly retry: RetryPolicy;
}

const MAX_FILE = 16 << 20;
const CERTIFICATES = "-----BEGIN CERTIFICATE-----";

/** @throws oci-credentials (a certificate that cannot be read) */
export async function resolveOptions(host: string, options: RegistryOptions): Promise<ResolvedOptions> {
  const { env = process.env, home = homedir() } = options;
  const told = (env["SLIPWAY_REGISTRY_PLAIN_HTTP"] ?? "").split(",").map((h) => h.trim().toLowerCase()).includes(host);
  const named = options.ca ?? (env["SLIPWAY_REGISTRY_CA"] || undefined);
  const found = await certificatesOf(host, [join(env["XDG_CONFIG_HOME"] ?? join(home, ".config"), "containers", "certs.d"), join(home, ".docker", "certs.d"), "/etc/containers/certs.d", "/etc/docker/certs.d"]);
  return {
    env, home,
    plainHttp: options.plainHttp ?? (told ? true : isLoopback(host) ? undefined : false),
    tls: { ...found, ca: [...(named === undefined ? [] : [await certificate(named)]), ...found.ca] },
    chunkBytes: options.chunkBytes ?? 64 << 20,
    limits: { ...HTTP_LIMITS, ...options.limits },
    retry: { ...RETRY, ...options.retry },
  };
}

/** docker's folder for a host: *.crt are authorities, *.cert with *.key a client's own. */
async function certificatesOf(host: string, roots: readonly string[]): Promise<TlsFiles> {
  for (const root of roots) {
    const folder = join(root, host);
    const names = (await readdir(folder).catch(() => [])).sort();
    const ca = await Promise.all(names.filter((n) => n.endsWith(".crt")).map((n) => certificate(join(folder, n))));
    const cert = names.find((n) => n.endsWith(".cert") && names.includes(n.replace(/cert$/, "key")));
    if (cert !== undefined) return { ca, cert: await text(join(folder, cert)), key: await text(join(folder, cert.replace(/cert$/, "key"))) };
    if (ca.length > 0) return { ca };
  }
  return { ca: [] };
}

async function certificate(path: string): Promise<string> {
  const pem = await text(path);
  if (!pem.includes(CERTIFICATES)) throw ociError("oci-credentials", `${JSON.stringify(path)} holds no certificate`, { hint: "It must be PEM, beginning with -----BEGIN CERTIFICATE-----." });
  return pem;
}

async function text(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => Promise.reject(ociError("oci-credentials", `${JSON.stringify(path)} cannot be read (${error.code ?? "unknown"})`, { cause: error })));
  if (bytes.length > MAX_FILE) throw ociError("oci-credentials", `${JSON.stringify(path)} has ${bytes.length} bytes; that is no certificate`);
  return bytes.toString("utf8");
}
