// The options of `slipway serve` that say who may ask, and how much.

import { existsSync } from "node:fs";
import type { ServeSettings } from "../config/index.ts";
import { isRole, ROLE_NAMES, type AuthOptions, type Role, type StartOptions } from "../server/index.ts";
import { usageError } from "./command.ts";

export function accessOptions(settings: ServeSettings): Pick<StartOptions, "auth" | "limits" | "corsOrigins" | "adminPort" | "auditLog"> {
  const { rateLimit, quotaRows, quotaTokens, corsOrigin, adminPort, auditLog } = settings;
  return {
    auth: authOptions(settings),
    limits: rateLimit === undefined && quotaRows === undefined && quotaTokens === undefined ? undefined : { requestsPerSecond: rateLimit, rowsPerDay: quotaRows, tokensPerDay: quotaTokens },
    corsOrigins: corsOrigin?.map(origin), adminPort, auditLog,
  };
}

function authOptions(settings: ServeSettings): AuthOptions {
  const { keys: path, oidcIssuer: issuer, oidcAudience: audience, anonymous } = settings;
  if (path !== undefined && !existsSync(path)) throw usageError("bad-argument", `--keys: there is no file ${path}`, { hint: `Make a key first: slipway keys create --keys ${path}` });
  if ((issuer === undefined) !== (audience === undefined)) throw usageError("bad-argument", "--oidc-issuer and --oidc-audience go together", { hint: "Without an audience a token made for any other service would be taken." });
  const certificates = settings.clientRole?.map((pair): readonly [string, Role] => {
    const cut = pair.lastIndexOf("=");
    const role = pair.slice(cut + 1);
    if (cut < 1 || !isRole(role)) throw usageError("bad-argument", `--client-role is ${JSON.stringify(pair)}`, { hint: `It is NAME=ROLE; roles are ${ROLE_NAMES.join(", ")}.` });
    return [pair.slice(0, cut), role];
  });
  return {
    keys: path === undefined ? undefined : { path },
    tokens: issuer === undefined ? undefined : { issuer, audience: audience!, jwks: settings.oidcJwks, rolesClaim: settings.oidcRoles, groupsClaim: settings.oidcGroups, personClaim: settings.oidcPerson, defaultRole: settings.oidcDefaultRole },
    certificates: certificates === undefined ? undefined : Object.fromEntries(certificates),
    anonymous,
  };
}

function origin(text: string): string {
  if (text === "*") return text;
  try {
    const url = new URL(text);
    if (url.origin === text.replace(/\/$/, "")) return url.origin;
  } catch {
    // Said below.
  }
  throw usageError("bad-argument", `--cors-origin is ${JSON.stringify(text)}`, { hint: "An origin is a scheme, a host and a port, such as https://app.example, or * for any." });
}
