// Where a webhook may lead. Public addresses only, unless the configuration names private ones: a webhook must not make
// this server ask the services of its own network, or a cloud's metadata, for somebody else (server-side request forgery).
// The special addresses are those of IANA's registries (RFC 6890, RFC 8190); of IPv6 only 2000::/3 is public at all.

import { BlockList, isIP, isIPv4 } from "node:net";
import { webhookError } from "./errors.ts";

const SPECIAL_4 = [
  "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
  "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
];
/** Documentation, and ways to wrap an IPv4 address: Teredo, ORCHID, 6to4. */
const SPECIAL_6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];
const WORDS: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  // Without link-local addresses, where clouds keep their metadata: those have to be named.
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};
const MAX_URL = 2000;

export interface Destinations {
  /** Whether an address may be connected to. */
  allows(address: string): boolean;
  /** Whether it was named as an exception: plain http is taken there. */
  isException(address: string): boolean;
}

/** @param allow `loopback`, `private`, networks (`10.1.0.0/16`) or addresses @throws webhook-invalid */
export function destinations(allow: readonly string[] = []): Destinations {
  const special = listOf([...SPECIAL_4, ...SPECIAL_6]);
  const global6 = listOf(["2000::/3"]);
  const exceptions = listOf(allow.flatMap((entry) => (Object.hasOwn(WORDS, entry) ? WORDS[entry]! : [entry])));
  const isException = (address: string): boolean => holds(exceptions, plain(address));
  return {
    isException,
    allows(given) {
      const address = plain(given);
      if (isIP(address) === 0) return false;
      if (isException(address)) return true;
      return !holds(special, address) && (isIPv4(address) || holds(global6, address));
    },
  };
}

/** ::ffff:127.0.0.1 is 127.0.0.1, in any of its spellings. */
function plain(address: string): string {
  const bare = address.replace(/%.*$/, "");
  const dotted = /^(?:0*:)*:?(?:0*:)*ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare);
  if (dotted !== null) return dotted[1]!;
  const [, high, low] = /^(?:0*:)*:?(?:0*:)*ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(bare) ?? [];
  if (high === undefined || low === undefined) return bare;
  const bits = [parseInt(high, 16), parseInt(low, 16)].flatMap((n) => [n >> 8, n & 255]);
  return bits.join(".");
}

function holds(list: BlockList, address: string): boolean {
  const kind = isIP(address);
  return kind !== 0 && list.check(address, kind === 4 ? "ipv4" : "ipv6");
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const kind = isIP(address);
    const most = kind === 4 ? 32 : 128;
    const width = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : NaN;
    if (kind === 0 || !(width >= 0 && width <= most)) throw webhookError("webhook-invalid", `webhooks.allow: ${JSON.stringify(network.slice(0, 100))} is neither loopback, private, a network nor an address`, { hint: "For example 10.1.0.0/16." });
    list.addSubnet(address, width, kind === 4 ? "ipv4" : "ipv6");
  }
  return list;
}

/** A webhook's address, as it is kept. @throws webhook-invalid */
export function readDestination(text: unknown): URL {
  const bad = (what: string): Error => webhookError("webhook-invalid", `a webhook's address ${what}`, { where: "url", hint: "For example https://hooks.example/slipway." });
  if (typeof text !== "string" || text.length > MAX_URL) throw bad("is a text of at most 2000 characters");
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw bad(`cannot be ${JSON.stringify(text.slice(0, 200))}`);
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") throw bad("begins with https://");
  if (url.username !== "" || url.password !== "") throw bad("holds no user name and no password: everybody who may see webhooks could read them");
  url.hash = "";
  return url;
}
