// Who asks, as docker and containers/image have it: the file that `docker login` (podman, skopeo, oras, crane ...) writes,
// and the credential helpers it names (docker-credential-NAME get, https://github.com/docker/docker-credential-helpers).

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { JsonObject, parseJson, type Fail } from "@slipway/core/package";
import { ociError } from "../errors.ts";

export type Credentials =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** An OAuth2 refresh token, for the token server only. */
  | { readonly kind: "identity"; readonly token: string }
  /** Sent to the registry as it is. */
  | { readonly kind: "registry"; readonly token: string };

export interface CredentialSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder. */
  readonly home?: string;
}

const MAX_FILE = 4 << 20;
const HELPER_MS = 60_000;
const HELPER_BYTES = 1 << 20;
/** What helpers call a secret that is an identity token. */
const TOKEN_USER = "<token>";
/** docker's own name for Docker Hub. */
const DOCKER_HUB = "https://index.docker.io/v1/";

/**
 * The credentials for a host, or undefined where there are none.
 * @param host as in a reference: "ghcr.io", "127.0.0.1:5000"
 * @throws oci-credentials
 */
export async function findCredentials(host: string, repository: string, sources: CredentialSources): Promise<Credentials | undefined> {
  for (const path of configFiles(sources)) {
    const bytes = await readConfig(path);
    if (bytes === undefined) continue;
    const found = await fromConfig(bytes, path, host, repository, sources);
    if (found) return found;
  }
  return undefined;
}

/** REGISTRY_AUTH_FILE alone where it is set; else docker's configuration, then that of podman and skopeo. */
function configFiles({ env, home = homedir() }: CredentialSources): string[] {
  const given = env["REGISTRY_AUTH_FILE"];
  if (given !== undefined && given !== "") return [given];
  const docker = join(env["DOCKER_CONFIG"] ?? join(home, ".docker"), "config.json");
  const runtime = env["XDG_RUNTIME_DIR"];
  return [docker, ...(runtime === undefined ? [] : [join(runtime, "containers", "auth.json")]), join(env["XDG_CONFIG_HOME"] ?? join(home, ".config"), "containers", "auth.json")];
}

async function readConfig(path: string): Promise<Uint8Array | undefined> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > MAX_FILE) throw ociError("oci-credentials", `${JSON.stringify(path)} has ${bytes.length} bytes; that is no configuration of docker`);
    return bytes;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    throw ociError("oci-credentials", `${JSON.stringify(path)} cannot be read (${code})`, { cause: error });
  }
}

async function fromConfig(bytes: Uint8Array, path: string, host: string, repository: string, sources: CredentialSources): Promise<Credentials | undefined> {
  const fail: Fail = (message, where) => ociError("oci-credentials", message, { where: `${path}: ${where}`, hint: "Log in again, or correct the file." });
  // A file that was made empty holds nothing.
  if (bytes.length === 0) return undefined;
  const config = new JsonObject(parseJson(bytes, "the file", fail), "", fail);
  const server = host === "docker.io" ? DOCKER_HUB : host;
  const helpers = config.has("credHelpers") ? config.object("credHelpers") : undefined;
  const own = helpers?.optionalString(host) ?? helpers?.optionalString(server);
  const store = config.optionalString("credsStore");
  const helper = own ?? (store === "" ? undefined : store);
  if (helper !== undefined) {
    const found = await askHelper(helper, server, sources);
    if (found) return found;
  }
  if (!config.has("auths")) return undefined;
  const auths = config.object("auths");
  for (const name of authNames(auths, host, repository)) {
    const entry = auths.object(name);
    const found = fromEntry(entry, fail);
    if (found) return found;
  }
  return undefined;
}

/** The most exact first: containers' files may name a repository or a part of its path; docker's old ones are URLs. */
function authNames(auths: JsonObject, host: string, repository: string): string[] {
  const parts = repository.split("/");
  const wanted = [...parts.map((_, i) => `${host}/${parts.slice(0, parts.length - i).join("/")}`), host];
  if (host === "docker.io") wanted.push(DOCKER_HUB, "index.docker.io", "registry-1.docker.io");
  const names = auths.keys();
  const plain = (name: string): string => name.replace(/^https?:\/\//, "").replace(/\/(?:v[12]\/?)?$/, "").toLowerCase();
  return wanted.flatMap((name) => (auths.has(name) ? [name] : names.filter((n) => plain(n) === name)));
}

function fromEntry(entry: JsonObject, fail: Fail): Credentials | undefined {
  const text = (key: string): string | undefined => entry.optionalString(key) || undefined;
  const identity = text("identitytoken");
  if (identity !== undefined) return { kind: "identity", token: identity };
  const registry = text("registrytoken");
  if (registry !== undefined) return { kind: "registry", token: registry };
  const auth = text("auth");
  if (auth !== undefined) {
    const decoded = Buffer.from(auth, "base64").toString("utf8");
    const colon = decoded.indexOf(":");
    if (colon < 1) throw fail("not base64 of USER:PASSWORD", entry.at("auth"));
    return { kind: "password", username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, "") };
  }
  const username = text("username");
  const password = text("password");
  return username === undefined || password === undefined ? undefined : { kind: "password", username, password };
}

async function askHelper(name: string, server: string, sources: CredentialSources): Promise<Credentials | undefined> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) throw ociError("oci-credentials", `${JSON.stringify(name.slice(0, 100))} cannot be a credential helper's name`);
  const program = `docker-credential-${name}`;
  const { failed, stdout, stderr } = await new Promise<{ failed: Error | null; stdout: string; stderr: string }>((done) => {
    const child = execFile(program, ["get"], { timeout: HELPER_MS, maxBuffer: HELPER_BYTES, env: sources.env as NodeJS.ProcessEnv, windowsHide: true }, (failure, out, err) => done({ failed: failure, stdout: out, stderr: err }));
    child.stdin?.on("error", () => {});
    child.stdin?.end(server);
  });
  if (failed) {
    // The helpers' own way of saying that there is nothing, on stdout and with exit code 1.
    if (/credentials not found/i.test(`${stdout}${stderr}`)) return undefined;
    const missing = (failed as NodeJS.ErrnoException).code === "ENOENT";
    throw ociError("oci-credentials", `the credential helper ${program} ${missing ? "is not to be found" : `failed: ${`${stdout}${stderr}`.trim().slice(0, 200) || failed.message.slice(0, 200)}`}`, { hint: missing ? "Install it, or remove it from docker's config.json." : undefined, cause: failed });
  }
  const fail: Fail = (message, where) => ociError("oci-credentials", message, { where: `${program}: ${where}` });
  const answer = new JsonObject(parseJson(new TextEncoder().encode(stdout), "its answer", fail), "", fail);
  const username = answer.string("Username");
  const secret = answer.string("Secret");
  if (secret === "") return undefined;
  return username === TOKEN_USER ? { kind: "identity", token: secret } : { kind: "password", username, password: secret };
}
