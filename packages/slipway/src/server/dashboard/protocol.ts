// The dashboard's addresses and signing in:
//   GET    /dashboard and below             the page; /dashboard/assets/FILE its parts
//   GET    /                                for browsers: leads to the dashboard
//   GET    /api/v1/sign-in                  how one can sign in here
//   POST   /api/v1/session                  {"key": "slip_..."} or {"code": "..."}: begins a session, sets its cookie
//   DELETE /api/v1/session                  ends it
//   GET    /api/v1/sign-in/start, .../callback   with the OpenID Connect provider

import { SlipwayError } from "@slipway/core/base";
import { parseJson } from "../../runtime/index.ts";
import type { Database } from "../../database/index.ts";
import { authError } from "../auth/errors.ts";
import { KeyStore } from "../auth/key-file.ts";
import { sameSite, sessionCookie, SESSION_COOKIE, type SessionHolder } from "../auth/sessions.ts";
import { bodyText } from "../body.ts";
import type { ServerContext } from "../context.ts";
import { jsonAnswer, type Answer, type Call } from "../http/call.ts";
import type { Protocol, Route } from "../http/routing-table.ts";
import { wantsPage } from "../pages/key-page.ts";
import { dashboardError } from "./errors.ts";
import type { DashboardFiles } from "./files.ts";
import { CALLBACK, OidcSignIn, type OidcClient } from "./oidc.ts";
import { SESSION_MS, type SessionStore } from "./session-store.ts";

export interface DashboardOptions {
  readonly files: DashboardFiles;
  readonly sessions: SessionStore;
  readonly database: Database;
  readonly oidc?: OidcClient | undefined;
  /** This service's address as browsers see it, where that is not what they ask for: "https://models.example". */
  readonly publicUrl?: string | undefined;
  /** Whether a one-time link was printed. */
  readonly link?: boolean;
}

/** Deeper addresses are none of the page's. */
const MAX_DEPTH = 6;
const HOME = "/dashboard";

export function dashboardProtocol(options: DashboardOptions): (context: ServerContext) => Protocol {
  return (context) => {
    const { files, sessions } = options;
    const { keys: source } = context.options.auth ?? {};
    const keys = source === undefined ? undefined : new KeyStore(source);
    const oidc = options.oidc === undefined ? undefined : new OidcSignIn(options.oidc, options.database);
    const pages: Route[] = Array.from({ length: MAX_DEPTH + 1 }, (_, depth) => ({ method: "GET", path: HOME + "abcdef".slice(0, depth).replace(/./g, "/{$&}"), action: "open", handle: (call) => files.page(call) }));
    return {
      name: "dashboard",
      prefixes: [HOME, "/api/v1/session", "/api/v1/sign-in"],
      routes: [
        ...pages,
        { method: "GET", path: `${HOME}/assets/{file}`, action: "open", handle: (call) => files.asset(call, call.params["file"]!) },
        { method: "GET", path: "/", action: "open", claims: wantsPage, handle: () => redirect(HOME) },
        { method: "GET", path: "/api/v1/sign-in", action: "open", handle: () => jsonAnswer({ key: keys !== undefined, oidc: oidc === undefined ? null : { name: oidc.name, start: "/api/v1/sign-in/start" }, link: options.link === true }) },
        { method: "POST", path: "/api/v1/session", action: "open", handle: signIn },
        { method: "DELETE", path: "/api/v1/session", action: "open", handle: signOut },
        ...(oidc === undefined ? [] : [
          { method: "GET", path: "/api/v1/sign-in/start", action: "open", handle: (call: Call) => oidc.start(baseOf(call), safeReturn(call.query.get("to"))) } satisfies Route,
          { method: "GET", path: CALLBACK, action: "open", handle: finish } satisfies Route,
        ]),
      ],
    };

    async function signIn(call: Call): Promise<Answer> {
      sameSite(call);
      const body = parseJson(bodyText(call.body, "")) as { key?: unknown; code?: unknown } | null;
      const holder = typeof body?.key === "string" ? byKey(body.key) : typeof body?.code === "string" ? await sessions.useLink(body.code.slice(0, 200)) : undefined;
      if (holder === undefined) throw dashboardError("sign-in-invalid", 'expected {"key": "..."} or {"code": "..."}');
      return begun(call, holder, jsonAnswer({ expiresAt: new Date(Date.now() + SESSION_MS).toISOString() }, 201));
    }
    /** @throws SlipwayError credentials-refused, credentials-expired */
    function byKey(given: string): SessionHolder {
      const verdict = keys?.verify(given);
      if (verdict === undefined) throw authError("credentials-refused", "this is no API key of this service", { hint: "A key begins with slip_. slipway keys create makes one." });
      if ("record" in verdict) return { keyId: verdict.record.id };
      throw verdict.fault === "expired" ? authError("credentials-expired", "the API key has expired", { hint: "Get a new one: slipway keys create." }) : authError("credentials-refused", verdict.fault === "revoked" ? "the API key was revoked" : "the API key is not known here");
    }
    async function finish(call: Call): Promise<Answer> {
      try {
        const { principal, returnTo } = await oidc!.finish(call);
        return await begun(call, { principal }, redirect(returnTo));
      } catch (error) {
        // A browser comes here, not a program: it is led to a page that tells.
        if (!(error instanceof SlipwayError) || error.kind === "internal") throw error;
        call.errorCode = error.code;
        return redirect(`${HOME}/sign-in?${new URLSearchParams({ error: `${error.message}${error.hint === undefined ? "" : `. ${error.hint}`}` }).toString()}`);
      }
    }
    async function begun(call: Call, holder: SessionHolder, answer: Answer): Promise<Answer> {
      const before = sessionCookie(call);
      if (before !== undefined) await sessions.end(before);
      return { ...answer, headers: { ...answer.headers, "set-cookie": cookie(call, await sessions.begin(holder), SESSION_MS / 1000) } };
    }
    async function signOut(call: Call): Promise<Answer> {
      sameSite(call);
      const token = sessionCookie(call);
      if (token !== undefined) await sessions.end(token);
      return { status: 204, headers: { "set-cookie": cookie(call, "", 0)}, body: null };
    }
    function cookie(call: Call, token: string, seconds: number): string {
      return `${SESSION_COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${baseOf(call).startsWith("https:") ? "; Secure" : ""}`;
    }
    function baseOf(call: Call): string {
      return options.publicUrl?.replace(/\/$/, "") ?? `${call.secure ? "https" : "http"}://${call.header("host") ?? call.header(":authority") ?? "localhost"}`;
    }
  };
}

function redirect(location: string): Answer {
  return { status: 302, headers: { location }, body: null };
}

/** A page of the dashboard, never another site. */
function safeReturn(to: string | null): string {
  return to !== null && to.length <= 1000 && /^\/dashboard(?:[/?#][\w\-./~%!$&'()*+,;=:@?#]*)?$/.test(to) ? to : HOME;
}
