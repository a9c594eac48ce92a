// Real registries for tests, on this machine's own address and a free port: Debian's docker-registry (plain; TLS; with
// passwords; with tokens), and `crane registry serve`. Each is ended by `stop`.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { goTool, toolOf } from "../../../../scripts/testing-tools.ts";

export const dockerRegistry: string | undefined = toolOf("docker-registry", "apt-get install docker-registry");
export const crane: string | undefined = goTool("crane");
export const htpasswd: string | undefined = toolOf("htpasswd", "apt-get install apache2-utils");
export const openssl: string | undefined = toolOf("openssl", "apt-get install openssl");

export interface TestRegistry {
  /** "127.0.0.1:41235" */
  readonly host: string;
  /** The folder of its configuration and blobs. */
  readonly folder: string;
  /** The certificate authority's file, with TLS. */
  readonly ca: string | undefined;
  /** Everything it has printed. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}
export interface TestRegistryOptions {
  readonly tls?: boolean;
  /** One user's name and password. */
  readonly user?: { readonly name: string; readonly password: string };
  /** As docker-registry has it under auth.token, with a certificate (PEM) that its tokens are signed by. */
  readonly token?: { readonly realm: string; readonly service: string; readonly issuer: string; readonly certificate: string };
  /** Whether manifests can be removed. True by default. */
  readonly remove?: boolean;
  /** Blobs are kept from an earlier start. */
  readonly folder?: string;
  /** 0 by default: any. */
  readonly port?: number;
}

/** @throws when it does not start, with what it printed */
export async function startDockerRegistry(options: TestRegistryOptions = {}): Promise<TestRegistry> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "slipway-registry-"));
  const certificates = options.tls === true ? makeCertificates(folder) : undefined;
  const { user, token } = options;
  if (user) writeFileSync(join(folder, "htpasswd"), execFileSync(htpasswd!, ["-Bbn", user.name, user.password]));
  if (token) writeFileSync(join(folder, "token.pem"), token.certificate);
  const config = {
    version: 0.1,
    log: { level: "info" },
    storage: { filesystem: { rootdirectory: join(folder, "data") }, delete: { enabled: options.remove !== false } },
    http: { addr: `127.0.0.1:${options.port ?? 0}`, secret: "for tests only", ...(certificates ? { tls: { certificate: certificates.cert, key: certificates.key } } : {}) },
    ...(user ? { auth: { htpasswd: { realm: "tests", path: join(folder, "htpasswd") } } } : {}),
    ...(token ? { auth: { token: { realm: token.realm, service: token.service, issuer: token.issuer, rootcertbundle: join(folder, "token.pem") } } } : {}),
  };
  // JSON is YAML.
  writeFileSync(join(folder, "registry.yml"), JSON.stringify(config));
  return start(dockerRegistry!, ["serve", join(folder, "registry.yml")], /listening on (127\.0\.0\.1:[0-9]+)/, folder, certificates?.ca, options.folder === undefined);
}

/** Go's own small registry, a second implementation: manifests and blobs in memory. */
export async function startCraneRegistry(): Promise<TestRegistry> {
  return start(crane!, ["registry", "serve", "--address", "127.0.0.1:0"], /serving on port ([0-9]+)/, mkdtempSync(join(tmpdir(), "slipway-registry-")), undefined, true);
}

async function start(program: string, args: readonly string[], ready: RegExp, folder: string, ca: string | undefined, temporary: boolean): Promise<TestRegistry> {
  // Into a file: a pipe that nobody reads while a test waits for another program would stop the registry.
  const path = join(folder, "log");
  const file = openSync(path, "w");
  const child = spawn(program, args, { stdio: ["ignore", file, file], env: { PATH: process.env["PATH"], HOME: folder } });
  closeSync(file);
  const log = (): string => readFileSync(path, "utf8");
  let failed: Error | undefined;
  child.on("error", (error) => (failed = error));
  for (let waited = 0; ; waited += 20) {
    const found = ready.exec(log())?.[1];
    if (found !== undefined) {
      return {
        host: found.includes(":") ? found : `127.0.0.1:${found}`, folder, ca, log,
        stop: async () => {
          await end(child);
          if (temporary) rmSync(folder, { recursive: true, force: true });
        },
      };
    }
    if (failed !== undefined || child.exitCode !== null || waited > 30_000) {
      await end(child);
      throw new Error(`${program} does not start: ${failed?.message ?? log()}`);
    }
    await pause(20);
  }
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((done) => {
    child.once("exit", () => done());
    child.kill("SIGKILL");
  });
}

/** An authority of its own and a server's certificate for 127.0.0.1 and localhost. */
export function makeCertificates(folder: string): { readonly ca: string; readonly cert: string; readonly key: string } {
  const file = (name: string): string => join(folder, name);
  if (existsSync(file("server.crt"))) return { ca: file("trust/ca.crt"), cert: file("server.crt"), key: file("server.key") };
  // Alone in its folder, as the --cert-dir of others wants it.
  mkdirSync(file("trust"));
  const run = (...args: string[]): void => void execFileSync(openssl!, args, { stdio: "ignore" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  run("req", "-x509", ...key, "-keyout", file("ca.key"), "-out", file("trust/ca.crt"), "-days", "2", "-subj", "/CN=tests", "-addext", "keyUsage=critical,keyCertSign,cRLSign");
  run("req", ...key, "-keyout", file("server.key"), "-out", file("server.csr"), "-subj", "/CN=localhost");
  writeFileSync(file("server.ext"), "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n");
  run("x509", "-req", "-in", file("server.csr"), "-CA", file("trust/ca.crt"), "-CAkey", file("ca.key"), "-CAcreateserial", "-out", file("server.crt"), "-days", "2", "-extfile", file("server.ext"));
  return { ca: file("trust/ca.crt"), cert: file("server.crt"), key: file("server.key") };
}
