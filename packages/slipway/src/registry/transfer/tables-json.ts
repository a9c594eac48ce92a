// registry.json of an export: what it holds, and checking what somebody gives.

import { JsonObject, parseJson, type Fail } from "@slipway/core/package";
import { registryError } from "../errors.ts";
import { ATTACHMENT_KINDS, type Alias, type AliasMove, type Attachment, type Imported, type ModelRecord, type VersionRecord } from "../types.ts";

export const FORMAT = "slipway-registry";
export const FORMAT_VERSION = 1;
/** SHA-256 of nothing. */
export const NO_HISTORY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const MAX_ROWS = 1_000_000;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

export interface Tables {
  readonly exportedAt: string;
  readonly exportedBy: string;
  /** The audit log's length and last hash; null where only some models were exported. */
  readonly audit: { readonly entries: number; readonly head: string } | null;
  /** history.jsonl: entries of other logs that came here before, and those of some models where only these were exported. */
  readonly history: { readonly entries: number; readonly digest: string };
  readonly models: readonly ModelRecord[];
  readonly versions: readonly VersionRecord[];
  readonly aliases: readonly Alias[];
  readonly moves: readonly AliasMove[];
  readonly attachments: readonly Attachment[];
  /** Rows of companions by their names; theirs to read. */
  readonly companions: Readonly<Record<string, unknown>>;
}

export const fail: Fail = (message, where) => registryError("registry-export", message, { where: `registry.json: ${where}`, hint: "It was written by another program, or changed: export again." });

/** @throws registry-export */
export function parseTables(bytes: Uint8Array): Tables {
  const top = new JsonObject(parseJson(bytes, "registry.json", fail), "", fail);
  if (top.string("format") !== FORMAT) throw fail(`the format is not ${FORMAT}`, "format");
  const version = top.count("formatVersion");
  if (version !== FORMAT_VERSION) throw fail(`the format's version is ${version}; this Slipway reads ${FORMAT_VERSION}`, "formatVersion");
  const audit = top.get("audit") === null ? undefined : top.object("audit");
  return {
    exportedAt: time(top, "exportedAt"), exportedBy: top.string("exportedBy"),
    audit: audit === undefined ? null : { entries: audit.count("entries"), head: audit.string("head") },
    history: top.has("history") ? historyOf(top.object("history")) : { entries: 0, digest: NO_HISTORY },
    models: rows(top, "models", (m) => ({ name: m.string("name"), description: m.string("description"), createdAt: time(m, "createdAt"), createdBy: m.string("createdBy"), updatedAt: time(m, "updatedAt") })),
    versions: rows(top, "versions", (v) => ({
      model: v.string("model"), version: number(v, "version"), digest: digest(v, "digest"), packageVersion: v.string("packageVersion"), state: v.oneOf("state", ["available", "deleted"]),
      createdAt: time(v, "createdAt"), createdBy: v.string("createdBy"), sourceName: v.string("sourceName"), sourceDigest: digest(v, "sourceDigest"), parent: orNull(v, "parent", number),
      trainingData: orNull(v, "trainingData", (o, key) => o.string(key)), commit: orNull(v, "commit", (o, key) => o.string(key)), imported: imported(v),
    })),
    aliases: rows(top, "aliases", (a) => ({ model: a.string("model"), alias: a.string("alias"), version: number(a, "version"), revision: number(a, "revision"), updatedAt: time(a, "updatedAt"), updatedBy: a.string("updatedBy") })),
    moves: rows(top, "moves", (m) => ({ model: m.string("model"), alias: m.string("alias"), revision: number(m, "revision"), version: orNull(m, "version", number), previous: orNull(m, "previous", number), at: time(m, "at"), by: m.string("by") })),
    attachments: rows(top, "attachments", (a) => ({
      id: a.string("id"), model: a.string("model"), version: number(a, "version"), kind: a.oneOf("kind", ATTACHMENT_KINDS), mediaType: a.string("mediaType"), digest: digest(a, "digest"),
      manifestDigest: digest(a, "manifestDigest"), size: a.count("size"), createdAt: time(a, "createdAt"), createdBy: a.string("createdBy"), summary: plain(a, "summary"), imported: imported(a),
    })),
    // Exports of earlier versions have none.
    companions: top.has("companions") ? plain(top, "companions") : {},
  };
}

function rows<T>(top: JsonObject, key: string, read: (row: JsonObject) => T): T[] {
  return top.array(key, MAX_ROWS, (value, where) => read(new JsonObject(value, where, fail)));
}
function number(object: JsonObject, key: string): number {
  const value = object.count(key, 1_000_000_000);
  if (value < 1) throw fail("expected a number from 1", object.at(key));
  return value;
}
function digest(object: JsonObject, key: string): string {
  const text = object.string(key);
  if (!DIGEST.test(text)) throw fail("expected sha256: and 64 hex digits", object.at(key));
  return text;
}
function time(object: JsonObject, key: string): string {
  const text = object.string(key);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(text) || Number.isNaN(Date.parse(text))) throw fail("expected a time such as 2026-01-31T12:00:00Z", object.at(key));
  return text;
}
function historyOf(history: JsonObject): Tables["history"] {
  return { entries: history.count("entries"), digest: digest(history, "digest") };
}
/** Exports of earlier versions do not tell. */
function imported(row: JsonObject): Imported | null {
  if (!row.has("imported") || row.get("imported") === null) return null;
  const o = row.object("imported");
  return { by: o.string("by"), at: time(o, "at") };
}
function orNull<T>(object: JsonObject, key: string, read: (object: JsonObject, key: string) => T): T | null {
  return object.get(key) === null ? null : read(object, key);
}
function plain(object: JsonObject, key: string): Record<string, unknown> {
  object.object(key);
  return object.get(key) as Record<string, unknown>;
}
