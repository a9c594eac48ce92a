// oci://HOST[:PORT]/REPOSITORY[:TAG][@sha256:DIGEST], as distribution-spec 1.1 has names and tags and docker has hosts.

import { checkDigest, checkTag } from "./digest.ts";
import { ociError } from "./errors.ts";

export interface OciReference {
  /** With the port, in lower case: "ghcr.io", "127.0.0.1:5000", "[::1]:5000". */
  readonly host: string;
  /** "team/churn" */
  readonly repository: string;
  readonly tag: string | undefined;
  /** Where both are given, the digest counts. */
  readonly digest: string | undefined;
}

const SCHEME = "oci://";
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const MAX_LENGTH = 255;

export function isOciReference(text: string): boolean {
  return text.startsWith(SCHEME);
}

/** @throws oci-reference */
export function parseReference(text: string): OciReference {
  const bad = (why: string, more = ""): Error => ociError("oci-reference", `${JSON.stringify(text.slice(0, 300))} is not a reference to an artifact: ${why}`, { hint: `Write oci://HOST[:PORT]/REPOSITORY:TAG, or @sha256:DIGEST in place of the tag.${more}` });
  if (!isOciReference(text)) throw bad("it does not begin with oci://", " An image layout on disk is oci-layout:FOLDER:TAG; Slipway's own registry has slipway registry push and pull.");
  let rest = text.slice(SCHEME.length);
  let digest: string | undefined;
  const at = rest.indexOf("@");
  if (at >= 0) {
    digest = rest.slice(at + 1);
    rest = rest.slice(0, at);
    // Before a host, this would be a user's name and password.
    if (!rest.includes("/")) throw bad("a digest comes after the repository, and credentials are not written here");
    checkDigest(digest);
  }
  const slash = rest.indexOf("/");
  if (slash < 0) throw bad("the repository is missing");
  const host = rest.slice(0, slash).toLowerCase();
  let repository = rest.slice(slash + 1);
  let tag: string | undefined;
  const colon = repository.indexOf(":");
  if (colon >= 0) {
    tag = repository.slice(colon + 1);
    repository = repository.slice(0, colon);
    checkTag(tag);
  }
  if (host.length > MAX_LENGTH || !HOST.test(host)) throw bad(`${JSON.stringify(host.slice(0, 100))} is not a host`);
  const port = /:([0-9]+)$/.exec(host.startsWith("[") ? host.slice(host.indexOf("]")) : host)?.[1];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) throw bad(`there is no port ${port}`);
  if (host === "docker.io" && !repository.includes("/")) repository = `library/${repository}`;
  checkRepository(repository, bad);
  return { host, repository, tag, digest };
}

export function formatReference({ host, repository, tag, digest }: OciReference): string {
  return `${SCHEME}${host}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

export function checkRepository(repository: string, bad: (why: string) => Error = (why) => ociError("oci-reference", why)): void {
  if (repository.length > MAX_LENGTH || !repository.split("/").every((part) => COMPONENT.test(part))) {
    throw bad(`${JSON.stringify(repository.slice(0, 100))} is not a repository: parts in lower case with digits and '.', '_', '-' between them, joined by '/'`);
  }
}

/** This machine's own addresses, where plain HTTP meets nobody. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:[0-9]+$/, "");
  return name === "localhost" || name.endsWith(".localhost") || name === "[::1]" || /^127(?:\.[0-9]{1,3}){3}$/.test(name);
}
