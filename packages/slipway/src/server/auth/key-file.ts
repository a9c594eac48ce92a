// API keys at rest: a JSON file of key ids, SHA-256 hashes, roles, models and times. A key is `slip_<id>_<secret>`; the
// secret has 256 random bits, so one round of SHA-256 is enough: there is nothing to guess. The secret itself is shown
// once, when it is made, and never stored.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { authError } from "./errors.ts";
import { GROUP, isRole, ROLE_NAMES, type Role } from "./principal.ts";

export interface KeyRecord {
  readonly id: string;
  /** For people: whose it is. */
  readonly name: string;
  /** sha256:<hex> of the whole key. */
  readonly hash: string;
  readonly roles: readonly Role[];
  readonly models?: readonly string[] | undefined;
  /** Parts of the organisation that its owner speaks for. */
  readonly groups?: readonly string[] | undefined;
  /** ISO 8601. */
  readonly created: string;
  readonly expires?: string | undefined;
  readonly revoked?: string | undefined;
}

const KEY = /^slip_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/;
const MAX_FILE = 16 * 2 ** 20;
/** How often a change of the file is looked for. */
const CHECK_MS = 1000;

function hashKey(key: string): string {
  return `sha256:${createHash("sha256").update(key).digest("hex")}`;
}

/** A new key and what is kept of it. */
export function makeKey(fields: Pick<KeyRecord, "name" | "roles" | "models" | "groups" | "expires">): { readonly key: string; readonly record: KeyRecord } {
  return recordOf(`slip_${randomBytes(6).toString("hex")}_${randomBytes(32).toString("base64url")}`, fields);
}

/** A key that was made before. */
export function recordOf(key: string, fields: Pick<KeyRecord, "name" | "roles" | "models" | "groups" | "expires">): { readonly key: string; readonly record: KeyRecord } {
  return { key, record: { id: key.split("_")[1]!, hash: hashKey(key), created: new Date().toISOString(), ...fields } };
}

/** @throws SlipwayError key-file */
export function readKeyFile(path: string): KeyRecord[] {
  if (!existsSync(path)) return [];
  const bad = (message: string): Error => authError("key-file", `${path}: ${message}`, { hint: "`slipway keys create` makes one; mend or remove this one." });
  if (statSync(path).size > MAX_FILE) throw bad("it is larger than 16 MB");
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw bad(`it is not JSON (${(cause as Error).message.slice(0, 100)})`);
  }
  const keys = (json as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw bad('it has no list "keys"');
  return keys.map((entry: unknown, i) => readRecord(entry, (what) => bad(`key ${i}: ${what}`)));
}

function readRecord(entry: unknown, bad: (what: string) => Error): KeyRecord {
  const { id, name, hash, roles, models, groups, created, expires, revoked } = (typeof entry === "object" && entry !== null ? entry : {}) as Readonly<Record<string, unknown>>;
  if (typeof id !== "string" || !/^[a-z0-9]{12}$/.test(id)) throw bad('its "id" is not 12 letters and digits');
  if (typeof hash !== "string" || !/^sha256:[0-9a-f]{64}$/.test(hash)) throw bad('its "hash" is not sha256:<64 hex digits>');
  if (!Array.isArray(roles) || roles.length === 0 || !roles.every(isRole)) throw bad(`its "roles" are not some of ${ROLE_NAMES.join(", ")}`);
  if (models !== undefined && !(Array.isArray(models) && models.every((m) => typeof m === "string"))) throw bad('its "models" are not a list of names');
  if (groups !== undefined && !(Array.isArray(groups) && groups.every((g) => typeof g === "string" && GROUP.test(g)))) throw bad('its "groups" are not a list of names');
  for (const [label, time] of [["created", created], ["expires", expires], ["revoked", revoked]] as const) {
    if (time !== undefined && (typeof time !== "string" || Number.isNaN(Date.parse(time)))) throw bad(`its "${label}" is not a time`);
  }
  return { id, name: typeof name === "string" ? name : id, hash, roles, created: (created as string | undefined) ?? "", ...(models === undefined ? {} : { models: models as string[] }), ...(groups === undefined ? {} : { groups: groups as string[] }),
    ...(expires === undefined ? {} : { expires: expires as string }), ...(revoked === undefined ? {} : { revoked: revoked as string }) };
}

/** Readable by its owner only; whole or not at all. */
export function writeKeyFile(path: string, keys: readonly KeyRecord[]): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify({ keys }, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}

export type KeyVerdict = { readonly record: KeyRecord } | { readonly fault: "unknown" | "revoked" | "expired" } | undefined;

/** Keys by id, read again when their file has changed. */
export class KeyStore {
  readonly #path: string | undefined;
  #keys: Map<string, KeyRecord>;
  #stamp = "";
  #checked = 0;

  constructor(source: { readonly path: string } | { readonly keys: readonly KeyRecord[] }) {
    this.#path = "path" in source ? source.path : undefined;
    this.#keys = new Map("keys" in source ? source.keys.map((k) => [k.id, k]) : []);
    if (this.#path !== undefined) this.#reload();
  }

  get size(): number {
    return this.#keys.size;
  }

  /** A key by its id, for a session that it began: it ends with the key. */
  find(id: string, now: number = Date.now()): KeyVerdict {
    this.#refresh(now);
    return verdictOn(this.#keys.get(id), now);
  }

  /** undefined: this is no key of ours at all. */
  verify(given: string, now: number = Date.now()): KeyVerdict {
    const match = KEY.exec(given);
    if (match === null) return undefined;
    this.#refresh(now);
    const record = this.#keys.get(match[1]!);
    const hash = hashKey(given);
    const same = timingSafeEqual(Buffer.from(hash), Buffer.from(record?.hash ?? hash.replace(/.$/, (c) => (c === "0" ? "1" : "0"))));
    return same ? verdictOn(record, now) : { fault: "unknown" };
  }

  #refresh(now: number): void {
    if (this.#path === undefined || now - this.#checked <= CHECK_MS) return;
    this.#checked = now;
    // A file that is broken for a moment, or for good, takes nobody's key away; the fault shows at the next start.
    try {
      this.#reload();
    } catch {
      this.#stamp = "";
    }
  }

  #reload(): void {
    const info = existsSync(this.#path!) ? statSync(this.#path!) : undefined;
    const stamp = info === undefined ? "none" : `${info.mtimeMs} ${info.size} ${info.ino}`;
    if (stamp === this.#stamp) return;
    this.#keys = new Map(readKeyFile(this.#path!).map((k) => [k.id, k]));
    this.#stamp = stamp;
  }
}

function verdictOn(record: KeyRecord | undefined, now: number): KeyVerdict {
  if (record === undefined) return { fault: "unknown" };
  if (record.revoked !== undefined) return { fault: "revoked" };
  if (record.expires !== undefined && Date.parse(record.expires) <= now) return { fault: "expired" };
  return { record };
}
