// Sessions of browsers, as the layer of authentication sees them: a cookie that stands for somebody. Who keeps them, and how
// one is begun, is told in server/dashboard.

import type { Call } from "../http/call.ts";
import { serverError } from "../errors.ts";
import type { Principal } from "./principal.ts";

export const SESSION_COOKIE = "slipway_session";

/** Whom a session stands for: a key, which is looked up each time so that the session ends with it, or somebody as they signed in. */
export type SessionHolder = { readonly keyId: string } | { readonly principal: Principal };

export interface SessionSource {
  /** undefined: there is no such session, or it is over. */
  find(token: string): Promise<SessionHolder | undefined>;
}

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** The session's token of a request's cookies. */
export function sessionCookie(call: Call): string | undefined {
  const token = cookieOf(call, SESSION_COOKIE);
  return token !== undefined && TOKEN.test(token) ? token : undefined;
}

export function cookieOf(call: Call, name: string): string | undefined {
  const header = call.header("cookie");
  if (header === undefined || header.length > 16_384) return undefined;
  for (const pair of header.split(";")) {
    const cut = pair.indexOf("=");
    if (cut > 0 && pair.slice(0, cut).trim() === name) return pair.slice(cut + 1).trim();
  }
  return undefined;
}

/**
 * A browser sends its cookie along whoever made it ask. What changes something must come from a page of this very origin,
 * which browsers tell in Sec-Fetch-Site and Origin; one of them has to be there. (The cookie is SameSite=Strict besides.)
 * @throws SlipwayError cross-site
 */
export function sameSite(call: Call): void {
  if (call.method === "GET" || call.method === "HEAD") return;
  const site = call.header("sec-fetch-site");
  const origin = call.header("origin");
  const own = origin !== undefined && hostOf(origin) === (call.header("host") ?? call.header(":authority"));
  if ((site === undefined && origin === undefined) || (site !== undefined && site !== "same-origin") || (origin !== undefined && !own)) {
    throw serverError("cross-site", "a session is used only from the service's own pages", { hint: "Programs send a key: Authorization: Bearer ..." });
  }
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}
