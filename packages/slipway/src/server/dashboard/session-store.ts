// Sessions and one-time links in the database, so that every process and replica knows them. A session is a random token
// of 256 bits in the browser's cookie and its hash here; it ends after twelve hours, when it is signed out, or with the key
// that began it.

import { createHash, randomBytes } from "node:crypto";
import { migrate, type Database } from "../../database/index.ts";
import { isRole, principalOf, type Principal, type Role } from "../auth/principal.ts";
import type { SessionHolder, SessionSource } from "../auth/sessions.ts";
import { dashboardError } from "./errors.ts";
import { DASHBOARD_MIGRATIONS } from "./tables.ts";

export const SESSION_MS: number = 12 * 3_600_000;
const LINK_MS = 15 * 60_000;

/** Who signs in, as it is kept: a key's id, or what a provider or the local user said. */
type Holder = { readonly keyId: string } | { readonly id: string; readonly kind: Principal["kind"]; readonly name: string; readonly roles: readonly Role[]; readonly groups: readonly string[]; readonly models?: readonly string[] };

export class SessionStore implements SessionSource {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  static async open(database: Database): Promise<SessionStore> {
    await migrate(database, "dashboard", DASHBOARD_MIGRATIONS);
    return new SessionStore(database);
  }

  /** @returns the token for the browser's cookie; it is not kept */
  async begin(holder: SessionHolder, now: number = Date.now()): Promise<string> {
    const token = randomBytes(32).toString("base64url");
    await this.#database.transaction(async (tx) => {
      await tx.query("delete from sessions where expires_at < $1", [iso(now)]);
      await tx.query("insert into sessions (token_hash, holder, created_at, expires_at) values ($1, $2, $3, $4)", [hash(token), JSON.stringify(kept(holder)), iso(now), iso(now + SESSION_MS)]);
    });
    return token;
  }

  async find(token: string, now: number = Date.now()): Promise<SessionHolder | undefined> {
    const [row] = await this.#database.query<{ holder: string }>("select holder from sessions where token_hash = $1 and expires_at > $2", [hash(token), iso(now)]);
    return row === undefined ? undefined : holderOf(row.holder);
  }

  async end(token: string): Promise<void> {
    await this.#database.query("delete from sessions where token_hash = $1", [hash(token)]);
  }

  /** A code that signs somebody in once, within a quarter of an hour. */
  async makeLink(holder: SessionHolder, now: number = Date.now()): Promise<string> {
    const code = randomBytes(32).toString("base64url");
    await this.#database.transaction(async (tx) => {
      await tx.query("delete from sign_in_links where expires_at < $1", [iso(now)]);
      await tx.query("insert into sign_in_links (code_hash, holder, expires_at) values ($1, $2, $3)", [hash(code), JSON.stringify(kept(holder)), iso(now + LINK_MS)]);
    });
    return code;
  }

  /** Uses a link up. @throws SlipwayError sign-in-refused */
  async useLink(code: string, now: number = Date.now()): Promise<SessionHolder> {
    const [row] = await this.#database.query<{ holder: string; expires_at: string }>("delete from sign_in_links where code_hash = $1 returning holder, expires_at", [hash(code)]);
    const holder = row === undefined || row.expires_at <= iso(now) ? undefined : holderOf(row.holder);
    if (holder === undefined) throw dashboardError("sign-in-refused", "this link was used already, or is older than a quarter of an hour", { hint: "Start `slipway up` again for a new one, or sign in with a key." });
    return holder;
  }
}

export function hash(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function kept(holder: SessionHolder): Holder {
  if ("keyId" in holder) return { keyId: holder.keyId };
  const { id, kind, person, roles, groups, models } = holder.principal;
  return { id, kind, name: person, roles, groups, ...(models === undefined ? {} : { models }) };
}

/** Text that somebody changed in the database gives nobody. */
function holderOf(text: string): SessionHolder | undefined {
  const holder = JSON.parse(text) as Partial<Record<string, unknown>>;
  if (typeof holder["keyId"] === "string") return { keyId: holder["keyId"] };
  const { id, kind, name, roles, groups, models } = holder;
  if (typeof id !== "string" || typeof name !== "string" || !Array.isArray(roles) || !Array.isArray(groups)) return undefined;
  return { principal: principalOf({ id, kind: kind === "key" ? "key" : "token", name, roles: roles.filter(isRole), groups: groups.filter((g) => typeof g === "string"), models: Array.isArray(models) ? models.filter((m) => typeof m === "string") : undefined }) };
}
