// Who asks, and whether they may. Every route says which action it is; nothing here knows a protocol.
// Credentials: `Authorization: Bearer KEY-OR-TOKEN`, `X-Api-Key: KEY`, or a client certificate (mutual TLS).

import type { Layer } from "../app.ts";
import type { Call } from "../http/call.ts";
import type { Action } from "../http/routing-table.ts";
import { authError } from "./errors.ts";
import { KeyStore, type KeyRecord } from "./key-file.ts";
import { mayUse, principalOf, ROLE_NAMES, ROLES, type Principal, type Role } from "./principal.ts";
import { sameSite, sessionCookie, type SessionSource } from "./sessions.ts";
import { TokenVerifier, type TokenOptions } from "./tokens.ts";

export interface AuthOptions {
  /** API keys: a file that `slipway keys` writes, or the records themselves. */
  readonly keys?: { readonly path: string } | { readonly keys: readonly KeyRecord[] } | undefined;
  /** Tokens of an OpenID Connect provider. */
  readonly tokens?: TokenOptions | undefined;
  /** Roles of client certificates by their common name; `*` stands for every one that the authority signed. */
  readonly certificates?: Readonly<Record<string, Role>> | undefined;
  /**
   * What somebody without credentials may be. Without keys, tokens and certificates: everything but administration.
   * With any of them: nothing but health.
   */
  readonly anonymous?: Role | "nobody" | undefined;
  /** Sessions of browsers: a cookie in a key's place. */
  readonly sessions?: SessionSource | undefined;
  /** Where acts of administration are taken: on the port of their own (default), or on every port. */
  readonly administration?: "own-port" | "any-port" | undefined;
}

const NOBODY: Principal = principalOf({ id: "anonymous", kind: "anonymous", roles: [] });
const EVERYONE: Principal = { ...NOBODY, actions: new Set<Action>(["open", "read", "predict", "observe", "feedback"]) };

export function isAuthenticated(options: AuthOptions | undefined): boolean {
  return options !== undefined && (options.keys !== undefined || options.tokens !== undefined || options.certificates !== undefined) && (options.anonymous === undefined || options.anonymous === "nobody");
}

export function authLayer(options: AuthOptions = {}): Layer {
  const keys = options.keys === undefined ? undefined : new KeyStore(options.keys);
  const tokens = options.tokens === undefined ? undefined : new TokenVerifier(options.tokens);
  const anonymous = options.anonymous === undefined ? (keys ?? tokens ?? options.certificates) === undefined ? EVERYONE : NOBODY
    : options.anonymous === "nobody" ? NOBODY : principalOf({ id: "anonymous", kind: "anonymous", roles: [options.anonymous] });

  return {
    name: "auth",
    before(call) {
      // Another process of this service has looked at who asks.
      if (call.repeats !== undefined) {
        call.principal = principalOf({ id: call.repeats, kind: "key", roles: ["admin"] });
        return;
      }
      const given = credentials(call);
      // Health is answered whatever comes with the question: a probe's wrong header must not restart a server.
      if (call.route?.action === "open") {
        call.principal = anonymous;
        return;
      }
      const principal = given === undefined ? fromSession(call) ?? fromCertificate(call) ?? anonymous : identify(given);
      if (!(principal instanceof Promise)) return allow(call, principal);
      return principal.then((p) => allow(call, p));
    },
    headers: (call, answer) => (answer.status === 401 ? { "www-authenticate": `Bearer realm="slipway"${call.errorCode === "credentials-missing" ? "" : ', error="invalid_token"'}` } : undefined),
  };

  function identify(given: string): Principal | Promise<Principal> {
    const verdict = keys?.verify(given);
    if (verdict !== undefined) {
      if ("record" in verdict) return ofKey(verdict.record);
      if (verdict.fault === "expired") throw authError("credentials-expired", "the API key has expired", { hint: "Get a new one: slipway keys create." });
      throw authError("credentials-refused", verdict.fault === "revoked" ? "the API key was revoked" : "the API key is not known here");
    }
    if (tokens !== undefined && given.split(".").length === 3) return tokens.principal(given);
    // A server that asks nobody who they are is asked by clients that always send a key, the OpenAI clients for example.
    if (keys === undefined && tokens === undefined) return anonymous;
    throw authError("credentials-refused", "what was sent is neither an API key of this server nor a token");
  }

  function fromSession(call: Call): Promise<Principal> | undefined {
    const token = options.sessions === undefined ? undefined : sessionCookie(call);
    if (token === undefined) return undefined;
    return options.sessions!.find(token).then((found) => {
      // One that is over is as good as none: pages then ask to sign in.
      if (found === undefined) return fromCertificate(call) ?? anonymous;
      sameSite(call);
      if ("principal" in found) return found.principal;
      const verdict = keys?.find(found.keyId);
      return verdict !== undefined && "record" in verdict ? ofKey(verdict.record) : anonymous;
    });
  }

  function fromCertificate(call: Call): Principal | undefined {
    if (call.peer === undefined || options.certificates === undefined) return undefined;
    const peer = call.peer.commonName ?? call.peer.subject;
    const role = Object.hasOwn(options.certificates, peer) ? options.certificates[peer] : options.certificates["*"];
    return role === undefined ? undefined : principalOf({ id: `certificate:${peer.slice(0, 200)}`, kind: "certificate", name: peer, roles: [role] });
  }

  function allow(call: Call, principal: Principal): void {
    call.principal = principal;
    const action = call.route?.action ?? "admin";
    const administrative = action === "operate" || action === "admin";
    if (!principal.actions.has(action)) {
      if (principal.kind === "anonymous") {
        throw authError("credentials-missing", administrative ? "this is an act of administration: it needs a key or token with the role operator or admin" : "this address needs a key or a token", {
          hint: "Send it as `Authorization: Bearer ...`. `slipway keys create` makes one." });
      }
      throw authError("forbidden", `${principal.id} may not ${action} here`, { hint: `It needs the role ${ROLE_NAMES.filter((role) => ROLES[role].includes(action)).join(" or ")}.` });
    }
    if (administrative && options.administration !== "any-port" && !call.adminPort) {
      throw authError("admin-closed", "acts of administration are not taken on this port", { hint: "Start the server with --admin-port and ask there." });
    }
    const name = call.params["name"];
    if (name !== undefined) allowModel(call, name);
  }
}

/** Whether whoever asks may use the model. */
export function mayAsk({ principal }: Call, model: string): boolean {
  return principal === undefined || mayUse(principal, model);
}
/** @throws SlipwayError forbidden */
export function allowModel(call: Call, model: string): void {
  if (!mayAsk(call, model)) {
    throw authError("forbidden", `${call.principal!.id} may not use the model ${JSON.stringify(model.slice(0, 150))}`, { hint: "Its key is for other models." });
  }
}

function ofKey(record: KeyRecord): Principal {
  const { id, name, roles, groups, models } = record;
  return principalOf({ id: `key:${id}`, kind: "key", name, roles, groups, models });
}

function credentials(call: Call): string | undefined {
  const header = call.header("authorization");
  if (header !== undefined) {
    const bearer = /^Bearer +([^\s]{1,8192})$/i.exec(header);
    if (bearer !== null) return bearer[1]!;
    const basic = /^Basic +([A-Za-z0-9+/=]{1,2048})$/i.exec(header);
    // Clients that know only user and password send the key as the password.
    if (basic !== null) return Buffer.from(basic[1]!, "base64").toString().replace(/^[^:]*:/, "");
    return header.slice(0, 100);
  }
  return call.header("x-api-key") ?? call.header("api-key");
}
