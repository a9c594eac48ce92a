// Subresource Integrity (https://www.w3.org/TR/SRI/): "sha384-<base64>", several separated by white space; the strongest
// algorithm counts, and any of its hashes will do.

import { edgeError } from "./errors.ts";

const STRENGTH = ["sha256", "sha384", "sha512"] as const;
const TOKEN = /^(sha256|sha384|sha512)-([A-Za-z0-9+/_-]+={0,2})(?:\?.*)?$/;

/** @throws SlipwayError edge-integrity, edge-integrity-value */
export async function checkIntegrity(bytes: Uint8Array, integrity: string, what: string): Promise<void> {
  const tokens = integrity.trim().split(/\s+/).map((token) => TOKEN.exec(token));
  const strongest = STRENGTH.findLast((name) => tokens.some((t) => t?.[1] === name));
  if (strongest === undefined || tokens.includes(null)) throw edgeError("edge-integrity-value", `${JSON.stringify(integrity.slice(0, 100))} is no integrity value`, { hint: "It looks like sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC." });
  const hash = new Uint8Array(await crypto.subtle.digest(strongest.replace("sha", "SHA-"), bytes as Uint8Array<ArrayBuffer>));
  const found = btoa(String.fromCharCode(...hash));
  const wanted = tokens.filter((t) => t?.[1] === strongest).map((t) => t![2]!.replaceAll("-", "+").replaceAll("_", "/"));
  if (!wanted.includes(found)) throw edgeError("edge-integrity", `${what} is not what was asked for: expected ${strongest}-${wanted[0]}, found ${strongest}-${found}`, { hint: "It was changed on the way or belongs to another version. Publish module and package together." });
}
