// JSON Web Tokens (RFC 7519) of an OpenID Connect provider or of one's own keys, checked by the jose library: signature,
// issuer, audience, times. Keys come from the provider's discovery document, from a JWKS address, or from a JWKS file.

import { readFileSync } from "node:fs";
import { authError } from "./errors.ts";
import { GROUP, isRole, principalOf, type Principal, type Role } from "./principal.ts";

export interface TokenOptions {
  /** What `iss` must be; its `/.well-known/openid-configuration` is asked for the keys unless `jwks` is given. */
  readonly issuer: string;
  /** What `aud` must hold. */
  readonly audience: string;
  /** A JWKS document: an address or a file. */
  readonly jwks?: string | undefined;
  /** The claim that holds roles or scopes: a name, or a path with dots; `roles` and then `scope` by default. Values may carry the prefix `slipway:`. */
  readonly rolesClaim?: string | undefined;
  /** The claim that lists models; `slipway_models` by default. Without it all models. */
  readonly modelsClaim?: string | undefined;
  /** The claim that lists groups; `groups` by default. What cannot be a group's name is left out. */
  readonly groupsClaim?: string | undefined;
  /** The claim that names the person, such as `email`; `sub` by default. Must be one that people cannot change themselves. */
  readonly personClaim?: string | undefined;
  /** Role of tokens that name none of ours; none by default: such tokens may do nothing. */
  readonly defaultRole?: Role | undefined;
  readonly clockToleranceSeconds?: number | undefined;
}

type Verify = (token: string) => Promise<{ readonly payload: Readonly<Record<string, unknown>> }>;

const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
const DISCOVERY_MS = 5000;

export class TokenVerifier {
  readonly #options: TokenOptions;
  #verify: Promise<Verify> | undefined;

  constructor(options: TokenOptions) {
    this.#options = options;
    for (const [name, value] of [["issuer", options.issuer], ["audience", options.audience]] as const) {
      if (value === "") throw authError("auth-config", `the tokens' ${name} is empty`, { hint: "A token of any other service would be taken without it." });
    }
  }

  /** @throws SlipwayError credentials-refused, credentials-expired, auth-config */
  async principal(token: string): Promise<Principal> {
    this.#verify ??= this.#prepare();
    let verify: Verify;
    try {
      verify = await this.#verify;
    } catch (cause) {
      // The provider may be back for the next request.
      this.#verify = undefined;
      throw cause;
    }
    let payload: Readonly<Record<string, unknown>>;
    try {
      ({ payload } = await verify(token));
    } catch (cause) {
      const code = (cause as { code?: string }).code;
      if (code === "ERR_JWT_EXPIRED") throw authError("credentials-expired", "the token has expired", { cause });
      throw authError("credentials-refused", `the token is not believed: ${(cause as Error).message.slice(0, 200)}`, { cause });
    }
    return this.#read(payload);
  }

  #read(payload: Readonly<Record<string, unknown>>): Principal {
    const { rolesClaim, modelsClaim = "slipway_models", groupsClaim = "groups", personClaim = "sub", defaultRole } = this.#options;
    const found = rolesClaim === undefined ? [...words(payload["roles"]), ...words(payload["scope"])] : words(at(payload, rolesClaim));
    const roles = found.map((name) => name.replace(/^slipway:/, "")).filter(isRole);
    const models = at(payload, modelsClaim);
    const subject = typeof payload["sub"] === "string" ? payload["sub"] : typeof payload["client_id"] === "string" ? payload["client_id"] : "unknown";
    const person = at(payload, personClaim);
    return principalOf({
      id: `token:${subject.slice(0, 200)}`, kind: "token", roles: roles.length > 0 ? roles : defaultRole === undefined ? [] : [defaultRole],
      name: typeof person === "string" ? person : subject, groups: words(at(payload, groupsClaim)).filter((g) => GROUP.test(g)),
      models: models === undefined ? undefined : words(models),
    });
  }

  async #prepare(): Promise<Verify> {
    const { createLocalJWKSet, createRemoteJWKSet, jwtVerify } = await import("jose");
    const { issuer, audience, jwks, clockToleranceSeconds = 30 } = this.#options;
    const options = { issuer, audience, algorithms: ALGORITHMS, clockTolerance: clockToleranceSeconds };
    if (jwks !== undefined && !/^https?:/.test(jwks)) {
      let set: Parameters<typeof createLocalJWKSet>[0];
      try {
        set = JSON.parse(readFileSync(jwks, "utf8")) as typeof set;
      } catch (cause) {
        throw authError("auth-config", `the file of token keys ${jwks} cannot be read as JSON`, { cause });
      }
      const keys = createLocalJWKSet(set);
      return (token) => jwtVerify(token, keys, options);
    }
    const keys = createRemoteJWKSet(new URL(jwks ?? (await discover(issuer))), { timeoutDuration: DISCOVERY_MS });
    return (token) => jwtVerify(token, keys, options);
  }
}

/** The provider's `jwks_uri`: OpenID Connect Discovery 1.0, section 4. */
async function discover(issuer: string): Promise<string> {
  const address = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const refuse = (what: string, cause?: unknown): Error => authError("auth-config", `the provider's discovery document ${address} ${what}`, { hint: "Check the issuer, or give the keys' address as jwks.", cause });
  let document: unknown;
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(DISCOVERY_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    document = await answer.json();
  } catch (cause) {
    throw refuse(`cannot be read: ${(cause as Error).message}`, cause);
  }
  const { issuer: named, jwks_uri: uri } = (document ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
  if (named !== issuer) throw refuse(`names another issuer: ${JSON.stringify(named)?.slice(0, 200)}`);
  if (typeof uri !== "string") throw refuse("has no jwks_uri");
  return uri;
}

function at(payload: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path];
  return path.split(".").reduce<unknown>((value, key) => (typeof value === "object" && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined), payload);
}
function words(value: unknown): string[] {
  if (typeof value === "string") return value.split(/[\s,]+/).filter((w) => w !== "");
  return Array.isArray(value) ? value.filter((w) => typeof w === "string") : [];
}
